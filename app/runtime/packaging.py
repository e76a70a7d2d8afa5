"""From a pack's folder to stored versions of the pack and of its diagrams."""

from __future__ import annotations

from pathlib import Path

from app.core.db import unit_of_work
from app.core.identity import Actor
from app.policy import services as policy
from app.policy.packs import load_folder
from app.runtime import definitions
from app.runtime.models import Definition


def deploy_pack(
    actor: Actor, root: Path, key: str, *, publish: bool, production: bool = False
) -> list[Definition]:
    """Store a pack and its models; each start process of the pack becomes a definition (导入政策包).

    A start process is an executable one that no other diagram of the pack calls.

    Args:
        production: keep a pack with open figures without putting it in force.
    """
    with unit_of_work():
        pack = load_folder(root, key)
        policy.prepare(actor, pack, production=production)
        files = {
            name: data for name, data in pack.files.items() if name.split("/")[0] in definitions.MODEL_FOLDERS
        }
        return [
            definitions.deploy(
                actor,
                pack_key=key,
                process_key=process,
                title=title,
                files=files,
                publish=publish,
                lanes=pack.lanes,
            )
            for process, title in definitions.start_processes(files)
        ]
