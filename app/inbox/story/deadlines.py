"""Running deadlines of a case, explained day by day (期限)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core import clock
from app.notices.models import KINDS
from app.notices.queries import NoticeView
from app.policy.calendar import CountedDay, add_working_days, explain
from app.runtime.models import Task

MOST_DAYS = 90
"""Longer periods are told by their ends: nobody counts a quarter day by day."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One running deadline; `begins` is the day before the first that counts."""

    title: str
    begins: date
    until: datetime
    provisional: bool
    days: list[CountedDay]

    @property
    def working_days(self) -> int:
        """How many days count."""
        return sum(1 for one in self.days if one.number is not None)


def deadlines(open_tasks: Sequence[Task], published: Sequence[NoticeView]) -> list[Deadline]:
    """The deadlines that run now: of open steps, and of notices whose period has not ended."""
    found = [
        _explained(task.title, clock.local(task.created_at).date(), task.due_at, task.due_provisional)
        for task in open_tasks
        if task.due_at is not None
    ]
    for view in published:
        if view.is_open:
            notice = view.notice
            begins = notice.from_day - timedelta(days=1)
            found.append(_explained(f"{KINDS[notice.kind]}期", begins, notice.until_at, provisional=False))
    return sorted(found, key=lambda one: one.until)


def _explained(title: str, begins: date, until: datetime, provisional: bool) -> Deadline:
    last = clock.local(until).date()
    span = (last - begins).days
    if not 0 < span <= MOST_DAYS:
        return Deadline(title, begins, until, provisional, [])
    counted = sum(1 for day in add_working_days(begins, span).days if day <= last)
    return Deadline(title, begins, until, provisional, explain(begins, counted))
