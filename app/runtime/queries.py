"""Reads of the runtime: the desk's lists, a case with its history, the diagram's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_, union
from sqlalchemy import case as sql_case
from sqlalchemy.orm import aliased

from app.accounts.models import OrgUnit
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.core.pinyin import looks_like_initials
from app.runtime.models import LAST, Case, Copy, Draft, History, Incident, Task, TaskSigner
from app.runtime.rules import sees

SOON = timedelta(hours=48)
"""A step due within two days is shown as due soon."""
PAGE = 20
MOST_COUNTED = 1000
"""Nobody reads an exact count beyond this; the most pressing are counted first."""
MOST_MARKED = 100
"""The mark in the navigation says 99+."""
MOST_STREETS = 60
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


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """The cases an actor may see, as a condition (ZH-24a)."""
    units = sorted(actor.scope)
    return or_(
        Case.street_id.in_(units),
        Case.community_id.in_(units),
        Case.provider_id.in_(units),
        Case.evaluator_id.in_(units),
        Case.started_by == actor.person_id,
    )


def matching(text: str) -> ColumnElement[bool]:
    """Cases by part of their title or number, of a unit that takes part in them, or by pinyin initials."""
    named = or_(
        OrgUnit.name.contains(text, autoescape=True), OrgUnit.short_name.contains(text, autoescape=True)
    )
    units = select(OrgUnit.id).where(named).scalar_subquery()
    found = [
        Case.title.contains(text, autoescape=True),
        Case.no.contains(text, autoescape=True),
        *(one.in_(units) for one in (Case.provider_id, Case.community_id, Case.street_id)),
    ]
    if looks_like_initials(text):
        found.append(Case.initials.contains(text.lower(), autoescape=True))
    return or_(*found)


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


def cases(
    actor: Actor,
    *,
    mine: bool = False,
    status: str = "",
    stage: str = "",
    text: str = "",
    among: Sequence[int] | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Case]:
    """Cases the actor may see, newest first, by keyset pages.

    Args:
        among: the only cases that can match the text, when they are few.
    """
    wanted: list[ColumnElement[bool]] = []
    if status:
        wanted.append(Case.status == status)
    if stage:
        wanted.append(Case.stage == stage)
    if text:
        wanted.append(matching(text))
        if among is not None:
            wanted.append(Case.id.in_(among))
    if before is not None:
        wanted.append(Case.id < before)
    parts = []
    for way in [Case.started_by == actor.person_id] if mine else _sights(actor):
        page = select(Case.id).where(way, *wanted).order_by(Case.id.desc()).limit(limit).subquery()
        parts.append(select(page.c.id))
    first = union(*parts).subquery()
    chosen = select(first.c.id).order_by(first.c.id.desc()).limit(limit).subquery()
    query = select(Case).join(chosen, chosen.c.id == Case.id).order_by(Case.id.desc())
    return list(session().scalars(query))


def _sights(actor: Actor) -> list[ColumnElement[bool]]:
    """What `visible_cases` says, each way by itself, so that each can follow an index of its own."""
    query = select(OrgUnit.id, OrgUnit.kind, OrgUnit.parent_id).where(OrgUnit.id.in_(sorted(actor.scope)))
    units = session().execute(query).all()
    streets = {unit_id for unit_id, kind, _ in units if kind == "street"}
    rest = sorted(unit_id for unit_id, _, above in units if unit_id not in streets and above not in streets)
    if len(streets) > MOST_STREETS:  # who looks into so many sees most of the newest cases
        ways: list[ColumnElement[bool]] = [func.coalesce(Case.street_id, 0).in_(sorted(streets))]
    else:
        ways = [Case.street_id == one for one in sorted(streets)]
    if rest:
        ways += [column.in_(rest) for column in (Case.community_id, Case.provider_id, Case.evaluator_id)]
    return [*ways, Case.started_by == actor.person_id]


def case_by_no(actor: Actor, no: str) -> Case:
    """A case by its number.

    Raises:
        NotFound: no such case for these eyes.
    """
    found = session().scalar(select(Case).where(Case.no == no))
    if found is None or not sees(actor, found):
        raise NotFound
    return found


def task_of(actor: Actor, task_id: int) -> tuple[Task, Case]:
    """A task with its case, whatever its state.

    Raises:
        NotFound: no such task for these eyes.
    """
    row = (
        session()
        .execute(select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.id == task_id))
        .one_or_none()
    )
    if row is None or not sees(actor, row[1]):
        raise NotFound
    return row[0], row[1]


def draft_of(actor: Actor, task_id: int) -> Draft | None:
    """What the actor has typed and not yet sent."""
    return session().scalar(select(Draft).where(Draft.task_id == task_id, Draft.person_id == actor.person_id))


def completion_of(task: Task) -> History | None:
    """The history line of a step that was done, with what was answered."""
    query = select(History).where(
        History.case_id == task.case_id, History.task_id == task.id, History.kind == "completed"
    )
    return session().scalar(query.order_by(History.seq.desc()).limit(1))


def asked_with(task: Task, person_id: int | None) -> str:
    """What a colleague said who last asked others to sign a step, "" for nothing (加签说明)."""
    query = select(History.opinion).where(
        History.case_id == task.case_id,
        History.task_id == task.id,
        History.kind == "signer_added",
        History.actor_id == person_id,
    )
    return session().scalar(query.order_by(History.seq.desc()).limit(1)) or ""


def history_of(case_id: int) -> list[History]:
    """What happened to a case, oldest first."""
    return list(session().scalars(select(History).where(History.case_id == case_id).order_by(History.seq)))


def tasks_of(case_id: int, state: str | None = None) -> list[Task]:
    """The steps of a case in the order they were opened."""
    query = select(Task).where(Task.case_id == case_id)
    if state:
        query = query.where(Task.state == state)
    return list(session().scalars(query.order_by(Task.id)))


def copies_of(actor: Actor, *, before: int | None = None, limit: int = PAGE) -> list[tuple[Copy, Case]]:
    """Cases brought to the actor's notice, newest first (抄送我的)."""
    query = select(Copy, Case).join(Case, Case.id == Copy.case_id).where(Copy.person_id == actor.person_id)
    if before is not None:
        query = query.where(Copy.id < before)
    return [(row, case) for row, case in session().execute(query.order_by(Copy.id.desc()).limit(limit))]


def incidents_of(case_id: int) -> list[Incident]:
    """Open incidents of a case."""
    return list(
        session().scalars(
            select(Incident)
            .where(Incident.case_id == case_id, Incident.state == "open")
            .order_by(Incident.id)
        )
    )


def open_task_count(case_ids: Sequence[int]) -> dict[int, list[Task]]:
    """Open tasks by case, for lists that say who has a case now."""
    found: dict[int, list[Task]] = {}
    if case_ids:
        query = select(Task).where(Task.case_id.in_(case_ids), Task.state == "open").order_by(Task.id)
        for task in session().scalars(query):
            found.setdefault(task.case_id, []).append(task)
    return found


def my_open_tasks(actor: Actor, case_id: int) -> list[Task]:
    """The open steps of one case that the actor may act on."""
    return list(
        session().scalars(select(Task).where(_mine(actor), Task.case_id == case_id).order_by(Task.id))
    )
