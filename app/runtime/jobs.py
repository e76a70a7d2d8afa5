"""Timers: one indexed query finds the cases that are due, each fires in a transaction of its own."""

from __future__ import annotations

import logging

from sqlalchemy import exists, select
from sqlalchemy.orm import undefer

from app.core import clock
from app.core.db import is_outage, session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import SYSTEM, Actor
from app.runtime import deadlines, faults, leases
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import tasks_of
from app.runtime.rules import unit_of
from app.runtime.signers import enough

log = logging.getLogger(__name__)
BATCH = 200
WENT_ON = ("timer", "passed", "reminded", "escalated")
"""Kinds of history that show a timer has fired."""


def run_due(limit: int = BATCH, worker: str | None = None) -> int:
    """Fire what is due now (到期处理); answers how many cases moved.

    Promises: a case whose timer fails is left as it was, has an incident, and rests before the next try;
    the others go on. Several workers may run this at once: a case is handled by whoever locks it first.

    Args:
        worker: takes the cases on first, so that others need not look at them.
    """
    if worker is None:
        return sum(_fire(case_id) for case_id in leases.due(clock.now(), limit))
    taken = leases.take(worker, limit)
    moved = sum(_fire(case_id) for case_id in taken)
    if taken:
        leases.give_back(worker, taken)
    return moved


def step_on(case: Case, actor: Actor, title: str) -> None:
    """Fire the timers of a locked case that are due and run on, in the open unit of work."""
    deadlines.fire(case, tasks_of(case.id, "open"), actor, title)


def _fire(case_id: int) -> bool:
    try:
        with unit_of_work() as db:
            case = db.scalar(
                select(Case)
                .where(Case.id == case_id, Case.status == "running", Case.next_due <= clock.now())
                .with_for_update(skip_locked=True)
                .options(undefer(Case.state))
                .execution_options(populate_existing=True)
            )
            if case is None:
                return False
            step_on(case, SYSTEM, deadlines.FIRED)
            return True
    except Refusal as refusal:
        faults.open_for_timer(case_id, refusal, "refused")
    except Exception as error:
        if is_outage(error):
            raise  # the worker's next round tries again at once; nothing rests
        log.exception("timer of case %s failed", case_id)
        faults.open_for_timer(case_id, error, "fault")
    return False


def settle_incidents(limit: int = BATCH) -> int:
    """Resolve the incidents that have settled by themselves (自动消除); answers how many.

    A step that failed and has been done since, a step of a post that now has its people, a case that has ended.
    """
    rows = session().execute(
        select(Incident.id, Incident.case_id, Incident.kind, Task.state, Case.status)
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(Task, Task.id == Incident.task_id)
        .where(Incident.state == "open")
        .order_by(Incident.id)
    )
    wanted = [
        (number, case_id)
        for number, case_id, kind, task_state, case_status in rows
        if case_status != "running" or kind == "no_people" or task_state != "open"
    ]
    return sum(_settle_incident(number, case_id) for number, case_id in wanted[:limit])


def _settle_incident(incident_id: int, case_id: int) -> bool:
    with unit_of_work() as db:
        case = db.get_one(Case, case_id, with_for_update=True, populate_existing=True)
        incident = db.get_one(Incident, incident_id, populate_existing=True)
        task = db.get_one(Task, incident.task_id, populate_existing=True) if incident.task_id else None
        words = _settled(case, incident, task) if incident.state == "open" else None
        if words is None:
            return False
        faults.close(incident, SYSTEM, clock.now(), words)
        return True


def _settled(case: Case, incident: Incident, task: Task | None) -> str | None:
    """Why an incident needs nobody any more, None while it does."""
    if case.status != "running":
        return "项目流程已经结束"
    if task is None:
        went_on = exists().where(
            History.case_id == case.id, History.kind.in_(WENT_ON), History.at > incident.last_at
        )
        return "流程已经继续" if session().scalar(select(went_on)) else None
    if task.state != "open":
        return f"“{task.title}”已经{'办理' if task.state == 'done' else '关闭'}"
    if incident.kind != "no_people":
        return None
    if task.unit_id is None:
        task.unit_id = unit_of(case, task.role)
    return "已有人员可以办理" if enough(task) else None
