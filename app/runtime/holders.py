"""Who has a step now and since when, for every list that shows one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_

from app.accounts.models import Membership, Person
from app.core.db import session
from app.runtime.models import Task, TaskSigner
from app.runtime.rules import role_name

MOST_NAMED = 2
"""More people than this are told by their post and number."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a step.

    Attributes:
        who: names, or the post when many hold it.
        since: when it came to them.
        claimed: one person has taken it; nobody else works on it.
    """

    who: str
    since: datetime
    claimed: bool


def holdings(tasks: Sequence[Task]) -> dict[int, Holding]:
    """Who has these open steps, by task, in at most three statements."""
    claimed = _names(task.claimed_by for task in tasks)
    signing = _signing([task.id for task in tasks if task.has_signers])
    posts = _posts({(t.role, t.unit_id) for t in tasks if t.claimed_by is None and not t.has_signers})
    made = {}
    for task in tasks:
        if task.has_signers:
            made[task.id] = Holding(_told(signing.get(task.id, []), task), task.created_at, False)
        elif task.claimed_by is not None:
            since = task.claimed_at or task.created_at
            made[task.id] = Holding(claimed.get(task.claimed_by, ""), since, task.role is not None)
        else:
            people = posts.get((task.role, task.unit_id), [])
            made[task.id] = Holding(_told(people, task), task.created_at, False)
    return made


def _told(names: Sequence[str], task: Task) -> str:
    post = role_name(task.role)
    if not names:
        return f"{post}（暂无人员）"
    return "、".join(names) if len(names) <= MOST_NAMED else f"{post} {len(names)} 人"


def _names(ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return {}
    return {row.id: row.name for row in session().execute(_NAMES.where(Person.id.in_(wanted)))}


_NAMES = select(Person.id, Person.name)


def _signing(task_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    if task_ids:
        query = (
            select(TaskSigner.task_id, Person.name)
            .join(Person, Person.id == TaskSigner.person_id)
            .where(TaskSigner.task_id.in_(task_ids), TaskSigner.state == "open")
            .order_by(TaskSigner.seq)
        )
        for task_id, name in session().execute(query):
            found.setdefault(task_id, []).append(name)
    return found


def _posts(pairs: set[tuple[str | None, int | None]]) -> dict[tuple[str | None, int | None], list[str]]:
    known = sorted((role, unit) for role, unit in pairs if role is not None and unit is not None)
    found: dict[tuple[str | None, int | None], list[str]] = {}
    if known:
        query = (
            select(Membership.role, Membership.unit_id, Person.name)
            .join(Person, Person.id == Membership.person_id)
            .where(tuple_(Membership.role, Membership.unit_id).in_(known), Person.active)
            .order_by(Person.id)
        )
        for role, unit_id, name in session().execute(query):
            found.setdefault((role, unit_id), []).append(name)
    return found
