"""Who works on what: workers say that they live, and take due cases on for a while."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import session, unit_of_work
from app.runtime.models import Case
from app.runtime.work_models import Lease, WorkerRow

LASTS = timedelta(seconds=30)
"""A worker that has died keeps its cases so long from the others; less than the minute a timer may be late."""
BEAT = timedelta(seconds=10)
SILENT = timedelta(minutes=1)
"""A worker not seen for so long is taken for dead."""
FORGOTTEN = timedelta(days=2)


def begin() -> str:
    """Enter a worker; answers its id (登记)."""
    name, at = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(3)}", clock.now()
    with unit_of_work() as db:
        db.execute(delete(WorkerRow).where(WorkerRow.seen_at < at - FORGOTTEN))
        db.add(
            WorkerRow(id=name, host=socket.gethostname()[:120], pid=os.getpid(), started_at=at, seen_at=at)
        )
    return name


def beat(worker: str, moved: int) -> None:
    """Say that the worker lives, and how many cases it has moved since it said so last (报到)."""
    at = clock.now()
    with unit_of_work() as db:
        db.execute(
            update(WorkerRow)
            .where(WorkerRow.id == worker)
            .values(seen_at=at, stopped_at=None, moved=WorkerRow.moved + moved)
        )
        db.execute(delete(Lease).where(Lease.until < at - SILENT))


def end(worker: str) -> None:
    """Leave: what was taken on is free at once (签退)."""
    at = clock.now()
    with unit_of_work() as db:
        db.execute(update(WorkerRow).where(WorkerRow.id == worker).values(seen_at=at, stopped_at=at))
        db.execute(delete(Lease).where(Lease.worker_id == worker))


def due(at: datetime, limit: int, worker: str | None = None) -> Sequence[int]:
    """Cases that are due, oldest first, without those another worker has taken on."""
    query = select(Case.id).where(Case.status == "running", Case.next_due <= at)
    if worker is not None:
        others = exists().where(Lease.case_id == Case.id, Lease.until > at, Lease.worker_id != worker)
        query = query.where(~others)
    return session().scalars(query.order_by(Case.next_due).limit(limit)).all()


def take(worker: str, limit: int) -> Sequence[int]:
    """Take due cases on (认领到期项目); what another has taken meanwhile is left to him.

    A lease saves work and decides nothing: whoever steps a case locks its row and looks again whether it is due.
    """
    at = clock.now()
    wanted = due(at, limit, worker)
    if not wanted:
        return []
    with unit_of_work() as db:
        insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Lease)
        rows = [{"case_id": case_id, "worker_id": worker, "until": at + LASTS} for case_id in sorted(wanted)]
        free = or_(Lease.until <= at, Lease.worker_id == worker)
        taken = insert.values(rows).on_conflict_do_update(
            index_elements=[Lease.case_id],
            set_={"worker_id": insert.excluded.worker_id, "until": insert.excluded.until},
            where=free,
        )
        got = set(db.scalars(taken.returning(Lease.case_id)))
    return [case_id for case_id in wanted if case_id in got]


def give_back(worker: str, case_ids: Sequence[int]) -> None:
    """The worker has done with these cases."""
    with unit_of_work() as db:
        db.execute(delete(Lease).where(Lease.worker_id == worker, Lease.case_id.in_(case_ids)))


def backlog(at: datetime) -> tuple[int, datetime | None]:
    """How many cases are due and not yet moved, and since when the oldest."""
    query = select(func.count(), func.min(Case.next_due)).where(Case.status == "running", Case.next_due <= at)
    row = session().execute(query).one()
    return row[0], row[1]


def workers(at: datetime) -> list[tuple[WorkerRow, int]]:
    """The workers of late, those that live first, with how many cases each has taken on."""
    held = (
        select(Lease.worker_id, func.count().label("held"))
        .where(Lease.until > at)
        .group_by(Lease.worker_id)
        .subquery()
    )
    query = (
        select(WorkerRow, func.coalesce(held.c.held, 0))
        .outerjoin(held, held.c.worker_id == WorkerRow.id)
        .where(or_(WorkerRow.stopped_at.is_(None), WorkerRow.seen_at > at - FORGOTTEN))
        .order_by(and_(WorkerRow.stopped_at.is_not(None)), WorkerRow.seen_at.desc())
        .limit(50)
    )
    return [(row, count) for row, count in session().execute(query)]
