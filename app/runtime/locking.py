"""The lock of a case: everything that happens to it queues at its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import undefer

from app.accounts.queries import unit_name
from app.core.db import session
from app.core.errors import Conflict, Decision, Forbidden, NotFound, no
from app.core.identity import Actor
from app.runtime.models import Case, Task, TaskSigner
from app.runtime.rules import NOT_NOW, Parts, may_act, sees

LOCKED = select(Case).options(undefer(Case.state)).with_for_update().execution_options(populate_existing=True)
CASE = LOCKED.where(Case.id == bindparam("wanted"))
CASE_OF_TASK = LOCKED.where(
    Case.id == select(Task.case_id).where(Task.id == bindparam("wanted")).scalar_subquery()
)
ITS_TASKS = (
    select(Task)
    .where(Task.case_id == bindparam("of_case"), or_(Task.state == "open", Task.id == bindparam("wanted")))
    .order_by(Task.id)
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True, slots=True)
class Locked:
    """A task with its case, the case's row locked until the unit of work ends.

    Attributes:
        open: all open tasks of the case, this one among them when it is open.
    """

    task: Task
    case: Case
    open: Sequence[Task]


def lock(actor: Actor, task_id: int) -> Locked:
    """Lock the case of a task and read both anew.

    Raises:
        NotFound: no such task for these eyes.
    """
    case = _locked(actor, CASE_OF_TASK, task_id)
    rows = session().scalars(ITS_TASKS, {"of_case": case.id, "wanted": task_id})
    tasks = {task.id: task for task in rows}
    return Locked(tasks[task_id], case, [task for task in tasks.values() if task.state == "open"])


def lock_case(actor: Actor, case_id: int) -> Case:
    """The case, its row locked until the unit of work ends.

    Raises:
        NotFound: no such case for these eyes.
    """
    return _locked(actor, CASE, case_id)


def _locked(actor: Actor, query: Select[Case], wanted: int) -> Case:
    found = session().scalar(query, {"wanted": wanted})
    if found is None or not sees(actor, found):
        raise NotFound
    return found


def visible(actor: Actor, task_id: int) -> tuple[Task, Case]:
    """A task and its case, to read.

    Raises:
        NotFound: no such task for these eyes.
    """
    query = select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.id == task_id)
    found = session().execute(query).one_or_none()
    if found is None or not sees(actor, found[1]):
        raise NotFound
    return found[0], found[1]


def require_open(task: Task) -> None:
    """Refuse what comes too late.

    Raises:
        Conflict: somebody else has done the step, or the flow has closed it.
    """
    if task.state != "open":
        raise Conflict("这一步已经办理完毕，不需要再办。您填写的内容没有提交，请刷新页面查看最新进展。")


def require_may_act(actor: Actor, task: Task) -> None:
    """Refuse whom the step does not belong to.

    Raises:
        Forbidden: with the reason.
    """
    if not (decision := may(actor, task)):
        raise Forbidden(decision.reason)


def may(actor: Actor, task: Task) -> Decision:
    """Whether an open step is the actor's to do now, and the reason when it is not."""
    parts, turn = parts_of(task), turn_of(task)
    decision = may_act(actor, task, "", parts, turn)
    if decision:
        return decision
    if turn is not None and (why := _not_now(actor, task)):
        return no(why)
    return may_act(actor, task, unit_name(task.unit_id), parts, turn)


def _not_now(actor: Actor, task: Task) -> str | None:
    """Why one of those asked to sign does not sign now; None for others."""
    query = select(TaskSigner.state).where(
        TaskSigner.task_id == task.id, TaskSigner.person_id.in_(actor.persons)
    )
    return NOT_NOW.get(session().scalars(query.order_by(TaskSigner.seq.desc())).first() or "")


def parts_of(task: Task) -> Parts:
    """Who has the other parts of the step, when several do it side by side.

    Of a person who holds two, whatever brought it about, only the first counts as held: it can be done.
    """
    if task.group_id is None:
        return Parts()
    own = (Task.case_id == task.case_id, Task.group_id == task.group_id, Task.id != task.id)
    rows = session().execute(select(Task.id, Task.state, Task.done_by, Task.claimed_by).where(*own)).all()
    held = [row for row in rows if row.state == "open" and row.claimed_by is not None]
    done = [row.done_by for row in rows if row.done_by is not None]
    earlier = [row for row in rows if row.state == "open" and row.claimed_by is None and row.id < task.id]
    return Parts(
        frozenset(done),
        frozenset(row.claimed_by for row in held if row.claimed_by != task.claimed_by or row.id < task.id),
        count=len(rows) + 1,
        done=len(done),
        follows=task.claimed_by is None and bool(earlier),
    )


def turn_of(task: Task) -> set[int] | None:
    """Of a step that several sign those who may sign now, None for other steps."""
    if not task.has_signers:
        return None
    query = select(TaskSigner.person_id).where(TaskSigner.task_id == task.id, TaskSigner.state == "open")
    return set(session().scalars(query))
