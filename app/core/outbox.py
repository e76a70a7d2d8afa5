"""What has to happen after an act, because it leaves the database or may take long: written with the act, done later.

An effect inside the database is done in one transaction with its mark, so it happens once. An effect outside is
tried at least once, with growing pauses; its key never changes, so that a receiver can tell a second copy.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, Text, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Row, add_later, session, unit_of_work

log = logging.getLogger(__name__)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""How long an effect rests after each failure; after the last it is laid aside for a person."""
LEASE = timedelta(minutes=2)
"""So long a worker may take for one effect before another may try."""
BATCH = 50
KEPT = timedelta(days=90)
"""So long one can look up what was sent."""


class Outgoing(Row):
    """An effect that waits, has been done, or has been laid aside."""

    __tablename__ = "outgoing"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','done','dead')", name="state"),
        Index("ix_outgoing_due", "state", "next_at"),
    )
    key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    lease_by: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


Effect: TypeAlias = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Channel:
    """How effects of a kind are carried out.

    Attributes:
        run: gets the key and the payload; whatever it raises is a failure.
        outside: it leaves the database, so it runs between two transactions instead of in one.
    """

    run: Effect
    outside: bool


_channels: dict[str, Channel] = {}


def channel(kind: str, run: Effect, *, outside: bool) -> None:
    """Register how effects of a kind are carried out."""
    _channels[kind] = Channel(run, outside)


def put(kind: str, key: str, payload: Mapping[str, Any]) -> None:
    """Note an effect in the transaction of the act that wants it.

    Args:
        key: what the receiver can tell a second copy by; used once for ever.
    """
    now = clock.now()
    row = {"key": key, "kind": kind, "payload": dict(payload), "state": "waiting", "attempts": 0}
    add_later(Outgoing, {**row, "created_at": now, "next_at": now})


def deliver(limit: int = BATCH) -> int:
    """Carry out what is due (投递); answers how many were tried.

    Several workers may do this at once. A failure never stops the others.
    """
    now = clock.now()
    due = session().execute(
        select(Outgoing.id, Outgoing.kind)
        .where(Outgoing.state == "waiting", Outgoing.next_at <= now, _free(now))
        .order_by(Outgoing.next_at, Outgoing.id)
        .limit(limit)
    )
    return sum(_carry_out(number, kind) for number, kind in due.all())


def listed(state: str, before: int | None, limit: int) -> list[Outgoing]:
    """What goes outside, and what was laid aside wherever it was to go, newest first.

    Args:
        state: "waiting", "done", "dead" or "" for all.
        before: id of the last row of the page before.
    """
    query = select(Outgoing).where(_shown())
    if state:
        query = query.where(Outgoing.state == state)
    if before is not None:
        query = query.where(Outgoing.id < before)
    return list(session().scalars(query.order_by(Outgoing.id.desc()).limit(limit)))


def counts() -> dict[str, int]:
    """How many of those there are in each state."""
    query = select(Outgoing.state, func.count()).where(_shown()).group_by(Outgoing.state)
    rows = session().execute(query)
    return {state: number for state, number in rows}


def _shown() -> ColumnElement[bool]:
    outside = [kind for kind, one in _channels.items() if one.outside]
    return or_(Outgoing.kind.in_(outside), Outgoing.state == "dead")


def tidy() -> None:
    """Forget what was done long ago (清理)."""
    with unit_of_work() as db:
        old = clock.now() - KEPT
        db.execute(delete(Outgoing).where(Outgoing.state == "done", Outgoing.next_at < old))


def again(number: int) -> None:
    """Try an effect that was laid aside once more (重新投递)."""
    with unit_of_work() as db:
        row = db.get_one(Outgoing, number, with_for_update=True)
        if row.state == "dead":
            row.state, row.attempts, row.next_at = "waiting", 0, clock.now()


def _free(now: datetime) -> Any:
    return or_(Outgoing.lease_until.is_(None), Outgoing.lease_until < now)


def _carry_out(number: int, kind: str) -> int:
    found = _channels.get(kind)
    if found is None:
        return 0  # a newer version of the application knows it
    return (_outside if found.outside else _inside)(number, found.run)


def _taken(number: int) -> Outgoing | None:
    now = clock.now()
    return session().scalar(
        select(Outgoing)
        .where(Outgoing.id == number, Outgoing.state == "waiting", Outgoing.next_at <= now, _free(now))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _inside(number: int, run: Effect) -> int:
    try:
        with unit_of_work():
            row = _taken(number)
            if row is None:
                return 0
            run(row.key, row.payload)
            session().delete(row)  # gone with its effect; what went outside is kept for a while instead
    except Exception as error:
        log.exception("effect %s failed", number)
        _failed(number, None, error)
    return 1


def _outside(number: int, run: Effect) -> int:
    me = str(uuid.uuid4())
    with unit_of_work():
        row = _taken(number)
        if row is None:
            return 0
        row.lease_by, row.lease_until = me, clock.now() + LEASE
        key, payload = row.key, dict(row.payload)
    try:
        run(key, payload)
    except Exception as error:
        log.warning("effect %s failed", number, exc_info=True)
        _failed(number, me, error)
        return 1
    with unit_of_work() as db:
        row = db.get_one(Outgoing, number, with_for_update=True)
        row.state, row.done_at, row.attempts = "done", clock.now(), row.attempts + 1
        row.lease_by = row.lease_until = row.error = None
    return 1


def _failed(number: int, me: str | None, error: Exception) -> None:
    with unit_of_work() as db:
        row = db.get_one(Outgoing, number, with_for_update=True)
        if row.state != "waiting" or row.lease_by != me:
            return  # somebody else has it by now
        row.error = f"{type(error).__name__}: {error}"[:2000]
        row.lease_by = row.lease_until = None
        if row.attempts < len(PAUSES):
            row.next_at = clock.now() + PAUSES[row.attempts]
        else:
            row.state = "dead"
        row.attempts += 1
