"""Keep versions of packs."""

from __future__ import annotations

import zlib

import orjson
from sqlalchemy import func, select, update

from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor
from app.policy.models import PackVersion
from app.policy.packs import Pack


def store(actor: Actor, pack: Pack, *, production: bool = False) -> PackVersion:
    """Keep a pack as its next version and put it in force; the same content answers the same version (存入政策包).

    Running cases keep the version they started with.

    Raises:
        Refusal: in production, while figures are open: demo values or figures not confirmed.
    """
    waiting = sorted(p.label for p in pack.parameters.values() if p.open)
    if production and waiting:
        raise Refusal(
            f"政策包还有待确认的取值，不能在正式环境启用：{'、'.join(waiting[:8])} 等 {len(waiting)} 项。"
        )
    with unit_of_work() as db:
        known = db.scalar(
            select(PackVersion).where(PackVersion.key == pack.key, PackVersion.sha256 == pack.sha256)
        )
        if known is not None:
            return known
        last = db.scalar(select(func.max(PackVersion.no)).where(PackVersion.key == pack.key)) or 0
        raw = orjson.dumps({name: data.decode() for name, data in sorted(pack.files.items())})
        db.execute(update(PackVersion).where(PackVersion.key == pack.key).values(active=False))
        made = PackVersion(
            key=pack.key,
            no=last + 1,
            title=pack.title,
            sha256=pack.sha256,
            files=zlib.compress(raw, 6),
            valid_from=pack.valid_from,
            valid_to=pack.valid_to,
            continued=pack.continuation is not None,
            active=True,
            stored_at=clock.now(),
        )
        db.add(made)
        db.flush()
        record(
            f"pack_version:{made.id}",
            "policy.store",
            actor=actor,
            subject=f"{pack.key} v{made.no}",
            after={"sha256": pack.sha256},
        )
        return made
