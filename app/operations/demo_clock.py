"""The movable clock of demo and training: time passes at a click, what is due happens (演示时钟)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.audit.services import record
from app.core import clock, db, marks
from app.core.db import session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor
from app.policy.calendar import add_working_days
from app.runtime import jobs, reminding
from app.runtime.models import Case, Task
from app.runtime.queries import case_by_no

MARK = "clock.ahead"
MOST_AHEAD = timedelta(days=3 * 366)
MOST_ROUNDS = 50
JUMPS = {"hour": "一小时", "day": "一天", "workday": "下一个工作日上午九点"}


def install(allowed: bool) -> None:
    """Let the process's clock go as far ahead as this database says; elsewhere only the machine's time counts."""
    if not isinstance(clock.current(), clock.SystemClock | clock.ShiftedClock):
        return  # a test or a scenario has set a clock of its own
    if not allowed:
        clock.use(clock.SystemClock())
        return
    seconds = (marks.get(MARK) if marks.exists() else None) or "0"
    clock.use(clock.ShiftedClock(timedelta(seconds=float(seconds))))
    db.close()


def jump(actor: Actor, to: str, case_no: str = "") -> int:
    """Let time pass and do what becomes due (调整时间); answers how many cases and steps it touched.

    Args:
        to: one of `JUMPS`, or `case`: to the next deadline of a case the actor may see.

    Raises:
        Refusal: nothing to wait for, or too far ahead.
    """
    present = clock.now()
    moment = _moment(actor, to, case_no, present)
    real = clock.SystemClock().now()
    if moment - max(real, present) > MOST_AHEAD or moment - real > 2 * MOST_AHEAD:
        raise Refusal("演示时间不能再往后调。")
    current = clock.current()
    if not isinstance(current, clock.ShiftedClock | clock.MovableClock):
        raise Refusal("这里不能调整时间。")
    with unit_of_work():
        marks.put(MARK, str((moment - real).total_seconds()))
        record("demo:0", "demo.clock", actor=actor, subject=to, after={"now": moment.isoformat()})
    current.set(moment)
    return _run()


def next_deadline(case: Case) -> datetime | None:
    """The next moment at which something happens to a case by itself."""
    now = clock.now()
    found = [case.next_due] if case.next_due is not None else []
    for column in (Task.attention_at, Task.due_at):
        query = select(func.min(column)).where(Task.case_id == case.id, Task.state == "open", column > now)
        moment = session().scalar(query)
        found += [moment] if moment is not None else []
    return min((one for one in found if one > now), default=None)


def _moment(actor: Actor, to: str, case_no: str, now: datetime) -> datetime:
    if to == "hour":
        return now + timedelta(hours=1)
    if to == "day":
        return now + timedelta(days=1)
    if to == "workday":
        return clock.morning_of(add_working_days(clock.local(now).date(), 1).day)
    if to != "case":
        raise Refusal("请选择把时间调到哪里。")
    moment = next_deadline(case_by_no(actor, case_no))
    if moment is None:
        raise Refusal("这个项目现在不等任何期限。")
    return moment + timedelta(seconds=2)


def _run() -> int:
    touched = 0
    for _ in range(MOST_ROUNDS):
        moved = jobs.run_due() + reminding.sweep()
        if not moved:
            break
        touched += moved
    return touched
