"""Keep versions of packs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import orjson
from sqlalchemy import func, select, update

from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor
from app.policy.models import PackVersion
from app.policy.packs import DECIDED, Pack, PackError, decide_on
from app.policy.queries import latest
from app.policy.queries import pack as stored


def store(actor: Actor, pack: Pack, *, production: bool = False) -> PackVersion:
    """Keep a pack as its next version and put it in force; the same content answers the same version (存入政策包).

    Running cases keep the version they started with.

    Raises:
        Refusal: in production, while figures are open: demo values or figures not confirmed.
    """
    with unit_of_work():
        made = keep(actor, pack, production=production)
        if made.fresh:
            activate(actor, made.row.id)
        return made.row


def prepare(actor: Actor, pack: Pack, *, production: bool) -> PackVersion:
    """Keep a pack as its next version; in production it comes into force when nothing is open (导入政策包)."""
    with unit_of_work():
        made = keep(actor, pack)
        if made.fresh and not (production and made.pack.waiting):
            activate(actor, made.row.id)
        return made.row


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored version of a pack, and whether this act stored it."""

    row: PackVersion
    pack: Pack
    fresh: bool


def keep(actor: Actor, pack: Pack, *, production: bool = False) -> Kept:
    """Keep a pack as its next version without putting it in force (留存政策包).

    What its owners decided on the version before stays decided.

    Raises:
        Refusal: in production, while figures are open: demo values or figures not confirmed.
    """
    with unit_of_work() as db:
        pack = _with_decided(pack)
        waiting = sorted(one.label for one in pack.waiting)
        if production and waiting:
            raise Refusal(
                f"政策包还有待确认的取值，不能在正式环境启用：{'、'.join(waiting[:8])} 等 {len(waiting)} 项。"
            )
        known = db.scalar(
            select(PackVersion).where(PackVersion.key == pack.key, PackVersion.sha256 == pack.sha256)
        )
        if known is not None:
            return Kept(known, pack, fresh=False)
        last = db.scalar(select(func.max(PackVersion.no)).where(PackVersion.key == pack.key)) or 0
        raw = orjson.dumps({name: data.decode() for name, data in sorted(pack.files.items())})
        made = PackVersion(
            key=pack.key,
            no=last + 1,
            title=pack.title,
            sha256=pack.sha256,
            files=zlib.compress(raw, 6),
            valid_from=pack.valid_from,
            valid_to=pack.valid_to,
            continued=pack.continuation is not None,
            active=False,
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
        return Kept(made, pack, fresh=True)


def activate(actor: Actor, version_id: int) -> None:
    """Put a kept version of a pack in force (启用政策包); cases that start from now on get it.

    What its owners have decided since that version was kept holds on it too: going back to an older way of
    working brings no older figure back.
    """
    with unit_of_work() as db:
        row = db.get_one(PackVersion, version_id)
        kept, newest = stored(version_id), latest(row.key)
        if newest is not None and newest.files.get(DECIDED) != kept.files.get(DECIDED):
            row = keep(actor, _decided_as(kept, newest)).row
        if row.active:
            return
        db.execute(update(PackVersion).where(PackVersion.key == row.key).values(active=False))
        row.active = True
        db.flush()
        record(
            f"pack_version:{row.id}",
            "policy.activate",
            actor=actor,
            subject=f"{row.key} v{row.no}",
            after={"active": True},
        )


def _with_decided(pack: Pack) -> Pack:
    """The pack with what its owners decided on the version before, unless it says so itself."""
    before = latest(pack.key)
    return pack if before is None or DECIDED in pack.files else _decided_as(pack, before)


def _decided_as(pack: Pack, other: Pack) -> Pack:
    """The pack with all that was decided on another version of it.

    Raises:
        Refusal: the pack forbids what was decided.
    """
    decided = other.files.get(DECIDED)
    if decided is None:
        return pack
    try:
        return decide_on(pack, orjson.loads(decided))
    except PackError as error:
        raise Refusal(f"原来确认的取值与新的政策包不一致，请先修改政策包：{error}") from error
