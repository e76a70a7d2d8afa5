"""When the calendar changes, running deadlines are counted again and those concerned are told (期限重算).

Only terms of steps move. A period that has been published (a notice, a call for bids, a survey) ends on the day the
public was told, whatever is announced later; its case's owner is asked to see whether it is still long enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.core import clock, marks
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Actor
from app.messages.services import notify
from app.policy import queries as policy
from app.policy.calendar import add_working_days
from app.runtime import definitions
from app.runtime.acts import holders, speaks
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from app.runtime.stepping import BoundOperators, append_history, audit_step, place
from workflows.repair import values

BATCH = 200
"""So many cases are counted again in the calendar's own transaction; the worker goes on with the rest."""
MARK = "recount"
Span: TypeAlias = tuple[date, date]


def recompute(actor: Actor, days: Sequence[date]) -> int:
    """Count again every running term that one of these days lies in; answers how many terms moved at once."""
    if not days:
        return 0
    with unit_of_work():
        return _count(actor, (min(days), max(days)), after=0)


def go_on() -> int:
    """Go on with cases that were left for the worker; answers how many terms moved."""
    left = marks.get(MARK)
    if not left:
        return 0
    first, last, after = left.split(":")
    with unit_of_work():
        marks.put(MARK, "")
        return _count(SYSTEM, (date.fromisoformat(first), date.fromisoformat(last)), int(after))


def _count(actor: Actor, span: Span, after: int) -> int:
    ids = _cases(span, after)
    moved = sum(_count_case(actor, case_id, span) for case_id in ids[:BATCH])
    if len(ids) > BATCH:
        first, last, since = *span, ids[BATCH - 1]
        if left := marks.get(MARK):
            other_first, other_last, other_since = left.split(":")
            first = min(first, date.fromisoformat(other_first))
            last, since = max(last, date.fromisoformat(other_last)), min(since, int(other_since))
        marks.put(MARK, f"{first}:{last}:{since}")
    return moved


def _cases(span: Span, after: int) -> list[int]:
    """Running cases with a term or a waiting period that reaches into the span, one more than a batch."""
    begins = datetime.combine(span[0], time(), clock.SHANGHAI)
    terms = select(Task.case_id).where(
        Task.state == "open", Task.due_at >= begins, Task.created_at < clock.end_of_day(span[1])
    )
    query = select(Case.id).where(Case.status == "running", Case.id > after)
    query = query.where(Case.id.in_(terms) | (Case.next_due >= begins))
    return list(session().scalars(query.order_by(Case.id).limit(BATCH + 1)))


def _count_case(actor: Actor, case_id: int, span: Span) -> int:
    case = session().scalars(
        select(Case)
        .where(Case.id == case_id)
        .options(undefer(Case.state))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()  # fmt: skip
    open_tasks = tasks_of(case.id, "open")
    if not open_tasks:
        _ask_owner(case, span)
    before = {task.id: task.due_at for task in open_tasks}
    touched = [task for task in open_tasks if _counted_again(task)]
    moved = [task for task in touched if task.due_at != before[task.id]]
    if moved:
        _set_reminders(case, actor, moved)
    for task in filter(speaks, moved):
        days = (f"{clock.local(end):%Y-%m-%d}" for end in (before[task.id], task.due_at) if end is not None)
        words = f"“{task.title}”的办理期限由 {' 改为 '.join(days)}"
        append_history(case, actor, clock.now(), "deadline", f"{words}（工作日历调整）"[:200], **place(task))
        notify(holders(task), "deadline", words, f"/desk/tasks/{task.id}", case.id, body=case.title)
    if moved:
        audit_step(case, actor, "runtime.deadline")
    return len(moved)


def _counted_again(task: Task) -> bool:
    """Count a term again from its beginning; answers whether anything about it changed."""
    if task.due_at is None or task.due_days is None:
        return False
    found = add_working_days(clock.local(task.created_at).date(), task.due_days)
    due = clock.end_of_day(found.day)
    if (due, found.provisional) == (task.due_at, task.due_provisional):
        return False
    if due != task.due_at:
        warning = clock.morning_of(found.warning) if task.reminded_at is None else due
        task.attention_at = None if task.escalated_at is not None else warning
        task.rank_at = due
    task.due_at, task.due_provisional = due, found.provisional
    return True


def _set_reminders(case: Case, actor: Actor, moved: Sequence[Task]) -> None:
    """Set the reminders drawn at these steps anew."""
    pack, bundle = policy.pack(case.pack_version_id), definitions.bundle(case.definition_id)
    begun = {(tuple(filter(None, task.path.split("/"))), task.element): task.created_at for task in moved}
    operators = BoundOperators(case, actor, pack, clock.now())
    result = values.set_reminders(bundle.model, case.state, begun, operators=operators, now=clock.now)
    case.state, case.next_due, case.rev = result.state, result.next_due, case.rev + 1


def _ask_owner(case: Case, span: Span) -> None:
    """A case that waits for the end of a published period: is it still long enough?"""
    if case.next_due is not None and clock.local(case.next_due).date() >= span[0]:
        notify(
            {case.owner_id},
            "deadline",
            f"工作日历有调整，请核对“{case.title}”已公布的期限是否仍然足够",
            f"/cases/{case.no}",
            case.id,
            body=f"已公布的截止时间不变：{clock.local(case.next_due):%Y-%m-%d %H:%M}。如短于规定天数，请按规定延长。",
        )
