"""From a pack's folder to stored versions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.core.db import unit_of_work
from app.core.identity import Actor
from app.policy import services as policy
from app.policy.packs import load_folder
from app.runtime import definitions
from app.runtime.models import Definition
from workflows.model import xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def deploy_pack(actor: Actor, root: Path, key: str, *, publish: bool) -> list[Definition]:
    """Store a pack and its models; each start process of the pack becomes a definition.

    A start process is an executable one that no other diagram of the pack calls.
    """
    with unit_of_work():
        pack = load_folder(root, key)
        policy.store(actor, pack)
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
            for process, title in start_processes(files)
        ]


def start_processes(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Ids and names of the processes that nothing calls."""
    found: dict[str, str] = {}
    called: set[str] = set()
    for name, data in files.items():
        if not name.endswith(".bpmn"):
            continue
        root = xml.parse(data)
        for process in root.iter(f"{BPMN}process"):
            if process.get("isExecutable") == "true":
                found[str(process.get("id"))] = str(process.get("name") or process.get("id"))
        called.update(str(call.get("calledElement")) for call in root.iter(f"{BPMN}callActivity"))
    return [(key, title) for key, title in found.items() if key not in called]
