"""Reads of the desk: what waits for a person, how much of it presses, what he has done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_, union
from sqlalchemy import case as sql_case
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.runtime.models import LAST, Case, Task, TaskSigner
from app.runtime.queries import PAGE, matching

SOON = timedelta(hours=48)
"""A step due within two days is shown as due soon."""
MOST_COUNTED = 1000
"""Nobody reads an exact count beyond this; the most pressing are counted first."""
MOST_MARKED = 100
"""The mark in the navigation says 99+."""
SIBLING = aliased(Task)
"""Another part of the same multi-instance step; made once, for making it costs more than the query."""


@dataclass(frozen=True, slots=True)
class DeskItem:
    """One line of a to-do list."""

    task: Task
    case: Case


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """How many open steps a person has, by how pressing they are."""

    total: int
    overdue: int
    soon: int


def _mine(actor: Actor) -> ColumnElement[bool]:
    """Open tasks the actor may act on: by role and unit, by name, as one of several signers."""
    return or_(*_ways(actor))


def _ways(actor: Actor) -> list[ColumnElement[bool]]:
    """Each way in which an open task can be the actor's, so that each can follow an index of its own."""
    who = sorted(actor.persons)
    of_role = and_(
        Task.has_signers.is_(False),
        or_(Task.claimed_by.is_(None), Task.claimed_by.in_(who)),
        or_(
            Task.group_id.is_(None),
            and_(~_has_other_part(actor), or_(Task.claimed_by.in_(who), ~_has_earlier_part())),
        ),
    )
    pairs = sorted({(grant.role, grant.unit_id) for grant in actor.grants})
    ways = [and_(Task.state == "open", Task.role == r, Task.unit_id == u, of_role) for r, u in pairs]
    ways.append(
        and_(
            Task.state == "open",
            Task.claimed_by.in_(who),
            Task.has_signers.is_(False),
            Task.role.is_(None),
        )
    )
    signing = select(TaskSigner.task_id).where(TaskSigner.person_id.in_(who), TaskSigner.state == "open")
    # Not the bare column: SQLite would walk all open tasks by their index instead of the few to be signed.
    ways.append(and_(func.coalesce(Task.state, "") == "open", Task.id.in_(signing)))
    return ways


def _has_other_part(actor: Actor) -> ColumnElement[bool]:
    """A person acts on one part of a multi-instance step only: on none beside the one he has done or holds."""
    return exists().where(
        SIBLING.case_id == Task.case_id,
        SIBLING.group_id == Task.group_id,
        SIBLING.id != Task.id,
        or_(
            SIBLING.done_by == actor.person_id,
            and_(
                SIBLING.state == "open",
                SIBLING.claimed_by == actor.person_id,
                or_(Task.claimed_by.is_distinct_from(actor.person_id), SIBLING.id < Task.id),
            ),
        ),
    )


def _has_earlier_part() -> ColumnElement[bool]:
    """Of the open parts of one multi-instance step a person is shown only the first that is free."""
    return exists().where(
        SIBLING.case_id == Task.case_id,
        SIBLING.group_id == Task.group_id,
        SIBLING.state == "open",
        SIBLING.id < Task.id,
        SIBLING.claimed_by.is_(None),
    )


def desk_counts(actor: Actor) -> DeskCounts:
    """Counts above the to-do list; counting ends at `MOST_COUNTED`."""
    now = clock.now()
    parts = [
        select(Task.id, Task.rank_at)
        .where(way)
        .order_by(Task.rank_at, Task.id)
        .limit(MOST_COUNTED)
        .subquery()
        for way in _ways(actor)
    ]
    mine = union(*(select(part) for part in parts)).subquery()
    late = sql_case((mine.c.rank_at < now, 1), else_=0)
    soon = sql_case((and_(mine.c.rank_at >= now, mine.c.rank_at < now + SOON), 1), else_=0)
    counts = select(func.count(), func.coalesce(func.sum(late), 0), func.coalesce(func.sum(soon), 0))
    row = session().execute(counts.select_from(mine)).one()
    return DeskCounts(*(min(count, MOST_COUNTED) for count in row))


def desk_total(actor: Actor) -> int:
    """How many open steps a person has, counted up to `MOST_MARKED`: for the mark on every page."""
    parts = [select(Task.id).where(way).limit(MOST_MARKED).subquery() for way in _ways(actor)]
    mine = union(*(select(part) for part in parts)).subquery()
    return min(session().scalar(select(func.count()).select_from(mine)) or 0, MOST_MARKED)


def desk(
    actor: Actor,
    *,
    due: str = "",
    stage: str = "",
    text: str = "",
    among: Sequence[int] | None = None,
    after: tuple[datetime | None, int] | None = None,
    limit: int = PAGE,
) -> list[DeskItem]:
    """The to-do list, most pressing first, by keyset pages (待办).

    Args:
        due: "overdue", "soon", "normal" or "" for all.
        text: what `matching` finds, or part of the task's title.
        among: the only cases that can match the text, when they are few: then the list is not walked for them.
        after: due moment and id of the last line of the page before.
    """
    now = clock.now()
    wanted: list[ColumnElement[bool]] = []
    if due == "overdue":
        wanted.append(Task.rank_at < now)
    elif due == "soon":
        wanted.append(and_(Task.rank_at >= now, Task.rank_at < now + SOON))
    elif due == "normal":
        wanted.append(Task.rank_at >= now + SOON)
    if stage:
        wanted.append(Task.stage == stage)
    if after is not None:
        wanted.append(tuple_(Task.rank_at, Task.id) > tuple_(after[0] or LAST, after[1]))
    parts = []
    for part in _matched(text, among):
        for way in _ways(actor):
            # Each way reads its own page in the order of its index: cost follows the page, not the list.
            page = part.where(way, *wanted).order_by(Task.rank_at, Task.id).limit(limit).subquery()
            parts.append(select(page.c.id, page.c.rank_at))
    first = union(*parts).subquery()
    chosen = select(first.c.id).order_by(first.c.rank_at, first.c.id).limit(limit).subquery()
    rows = session().execute(
        select(Task, Case)
        .join(chosen, chosen.c.id == Task.id)
        .join(Case, Case.id == Task.case_id)
        .order_by(Task.rank_at, Task.id)
    )
    return [DeskItem(task, found) for task, found in rows]


def _matched(text: str, among: Sequence[int] | None) -> list[Select[int, datetime]]:
    """Tasks that a text finds, in as many questions as there are indexes to follow."""
    tasks = select(Task.id, Task.rank_at)
    if not text:
        return [tasks]
    named = Task.title.contains(text, autoescape=True)
    of_cases = tasks.join(Case, Case.id == Task.case_id)
    if among is None:
        return [of_cases.where(or_(matching(text), named))]
    return [of_cases.where(Task.case_id.in_(among), matching(text)), tasks.where(named)]


def done_by(
    actor: Actor, *, before: tuple[datetime | None, int] | None = None, limit: int = PAGE
) -> list[DeskItem]:
    """What the actor completed, newest first (已办).

    Args:
        before: when the last line of the page before was done, and its id.
    """
    query = (
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.done_by == actor.person_id, Task.state == "done")
        .order_by(Task.done_at.desc(), Task.id.desc())
    )
    if before is not None:
        query = query.where(tuple_(Task.done_at, Task.id) < tuple_(before[0] or LAST, before[1]))
    return [DeskItem(t, c) for t, c in session().execute(query.limit(limit))]


def my_open_tasks(actor: Actor, case_id: int) -> list[Task]:
    """The open steps of one case that the actor may act on."""
    return list(
        session().scalars(select(Task).where(_mine(actor), Task.case_id == case_id).order_by(Task.id))
    )
