"""Steps that are due soon or late: those who have them are reminded, their leader is told (催办、督办).

Diagrams draw it on the steps whose lateness matters in law; `sweep` does the same for all others. Both set the same
marks on the task, so whoever comes second does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.accounts.queries import people_with
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.messages.services import notify
from app.runtime.acts import holders, speaks
from app.runtime.models import Case, Task
from app.runtime.stepping import append_history, audit_step, place

BATCH = 200
LEADERS = {"street": Role.STREET_LEADER, "community": Role.SECRETARY}
"""Who is told when a step of such a unit is late; for steps of organisations the street's person in charge."""


def sweep(limit: int = BATCH) -> int:
    """Remind of what is due soon, tell leaders of what is late (到期提醒); answers how many steps.

    One indexed query finds them, each in a transaction of its own under the lock of its case.
    """
    query = select(Task.id, Task.case_id).where(Task.state == "open", Task.attention_at <= clock.now())
    found = session().execute(query.order_by(Task.attention_at).limit(limit)).all()
    return sum(_attend(task_id, case_id) for task_id, case_id in found)


def remind(case: Case, task: Task, actor: Actor, at: datetime) -> bool:
    """Tell those who have a step that its time is nearly over, once (到期提醒); the case is locked."""
    if task.reminded_at is not None or task.state != "open":
        return False
    task.reminded_at = at
    task.attention_at = task.due_at if task.escalated_at is None else None
    if not speaks(task):
        return True
    until = f"，{clock.local(task.due_at):%m月%d日} 到期" if task.due_at else ""
    _write(case, task, actor, at, "reminded", f"提醒办理“{task.title}”{until}")
    notify(
        holders(task),
        "due",
        f"即将到期：{task.title}{until}",
        f"/desk/tasks/{task.id}",
        case.id,
        body=case.title,
    )
    return True


def escalate(case: Case, task: Task, actor: Actor, at: datetime) -> bool:
    """Tell those who have a step, and their leader, that it is late, once (超期督办); the case is locked."""
    if task.escalated_at is not None or task.state != "open":
        return False
    task.escalated_at, task.attention_at = at, None
    task.reminded_at = task.reminded_at or at
    if not speaks(task):
        return True
    own = holders(task)
    above = leaders(case, task, own)
    _write(case, task, actor, at, "escalated", f"“{task.title}”超过办理期限，已告知负责人督办")
    notify(own, "late", f"已超期：{task.title}", f"/desk/tasks/{task.id}", case.id, body=case.title)
    notify(above, "late", f"请督办：{task.title}已超期", f"/cases/{case.no}", case.id, body=case.title)
    return True


def leaders(case: Case, task: Task, own: Sequence[int]) -> set[int]:
    """Whom to tell that a step is late besides those who have it."""
    role = LEADERS.get((task.role or "").partition(".")[0])
    people = people_with(role, task.unit_id) if role and task.unit_id else []
    return ({person.id for person in people} - set(own)) or ({case.owner_id} - set(own))


def _attend(task_id: int, case_id: int) -> bool:
    with unit_of_work() as db:
        case = db.scalar(
            select(Case)
            .where(Case.id == case_id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if case is None:
            return False  # somebody acts on it now; the next sweep looks again
        task = db.get_one(Task, task_id, populate_existing=True)
        at = clock.now()
        if (
            case.status != "running"
            or task.state != "open"
            or task.attention_at is None
            or task.attention_at > at
        ):
            return False
        late = task.due_at is not None and task.due_at < at
        act = escalate if late else remind
        if not act(case, task, SYSTEM, at):
            task.attention_at = None
        return True


def _write(case: Case, task: Task, actor: Actor, at: datetime, kind: str, title: str) -> None:
    append_history(case, actor, at, kind, title[:200], **place(task))
    audit_step(case, actor, f"runtime.{kind}")
