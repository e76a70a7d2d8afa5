"""Reads of the runtime: lists of cases, a case with its steps and its history."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, union

from app.accounts.models import OrgUnit
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.core.pinyin import looks_like_initials
from app.runtime.models import Case, Copy, Draft, History, Incident, Task
from app.runtime.rules import sees

PAGE = 20
MOST_STREETS = 60


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
