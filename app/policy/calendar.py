"""Working days: exact for announced years, provisional after them.

Announced years come from the State Council's notices as the library `chinesecalendar` holds them; an office
imports later notices into `work_calendar`. A year nobody has announced yet counts weekdays and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import select

from app.core.db import session
from app.policy.models import WorkCalendarDay


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """Whether a day is worked, and whether that is only a guess."""

    working: bool
    provisional: bool

    def __bool__(self) -> bool:
        return self.working


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a period.

    Attributes:
        provisional: some day counted lies in a year whose calendar has not been announced.
        days: the working days counted, for explaining the deadline day by day.
    """

    day: date
    provisional: bool
    days: tuple[date, ...]


def is_working_day(day: date) -> WorkingDay:
    """Whether a day is worked."""
    own = session().get(WorkCalendarDay, day)
    if own is not None:
        return WorkingDay(own.working, False)
    return _library(day)


def add_working_days(day: date, n: int) -> Deadline:
    """The day on which a period of n working days ends; it begins the day after `day`."""
    span = timedelta(days=3 * n + 20)
    query = select(WorkCalendarDay).where(WorkCalendarDay.day > day, WorkCalendarDay.day <= day + span)
    own = {row.day: row.working for row in session().scalars(query)} if n > 0 else {}
    counted: list[date] = []
    provisional = False
    while len(counted) < n:
        day += timedelta(days=1)
        found = WorkingDay(own[day], False) if day in own else _library(day)
        provisional = provisional or found.provisional
        if found.working:
            counted.append(day)
    return Deadline(day, provisional, tuple(counted))


def _library(day: date) -> WorkingDay:
    try:
        return WorkingDay(chinese_calendar.is_workday(day), False)
    except NotImplementedError:
        return WorkingDay(day.weekday() < 5, True)
