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

    @property
    def warning(self) -> date:
        """The working day on which those concerned are reminded: the last but one, if there are two."""
        return self.days[-2] if len(self.days) > 1 else self.day


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a period, and why it counts or does not.

    Attributes:
        number: which working day of the period it is, None when it does not count.
    """

    day: date
    number: int | None
    why: str
    provisional: bool


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


def explain(start: date, n: int) -> list[CountedDay]:
    """A period of n working days, day by day (期限说明); it begins the day after `start`."""
    end = add_working_days(start, n).day
    query = select(WorkCalendarDay).where(WorkCalendarDay.day > start, WorkCalendarDay.day <= end)
    own = {row.day: row for row in session().scalars(query)}
    made: list[CountedDay] = []
    number = 0
    day = start
    while day < end:
        day += timedelta(days=1)
        row = own.get(day)
        found = WorkingDay(row.working, False) if row else _library(day)
        number += found.working
        words = f"{'工作日' if found.working else '休息日'}（{row.source}）" if row else why(day, found)
        made.append(CountedDay(day, number if found.working else None, words, found.provisional))
    return made


def why(day: date, found: WorkingDay) -> str:
    """Why a day of the library's calendar is worked or not."""
    weekend = day.weekday() > 4
    if found.provisional:
        return "周末（当年放假安排尚未公布，暂按周末计）" if weekend else "暂按工作日计，当年放假安排尚未公布"
    if found.working:
        return "调休上班，计入" if weekend else "工作日"
    _, holiday = chinese_calendar.get_holiday_detail(day)
    return HOLIDAYS.get(holiday, "法定节假日") if holiday else "周末"


HOLIDAYS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


def _library(day: date) -> WorkingDay:
    try:
        return WorkingDay(chinese_calendar.is_workday(day), False)
    except NotImplementedError:
        return WorkingDay(day.weekday() < 5, True)
