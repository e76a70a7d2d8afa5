"""Working days: announced years exact, later ones provisional, own notices first."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.db import unit_of_work
from app.policy.calendar import add_working_days, is_working_day
from app.policy.models import WorkCalendarDay

pytestmark = pytest.mark.usefixtures("database")


def test_a_made_up_saturday_is_worked_and_a_holiday_is_not() -> None:
    assert is_working_day(date(2026, 2, 14)).working  # Saturday before Spring Festival
    assert not is_working_day(date(2026, 2, 17)).working
    assert not is_working_day(date(2026, 10, 1)).provisional


def test_a_period_begins_the_day_after() -> None:
    deadline = add_working_days(date(2026, 3, 2), 5)
    assert deadline.day == date(2026, 3, 9)
    assert [d.day for d in deadline.days] == [3, 4, 5, 6, 9]
    assert not deadline.provisional


def test_a_period_over_spring_festival() -> None:
    assert add_working_days(date(2026, 2, 13), 3).day > date(2026, 2, 23)


def test_a_year_nobody_has_announced_is_provisional() -> None:
    assert add_working_days(date(2030, 3, 4), 1).provisional
    assert not is_working_day(date(2030, 3, 9)).working


def test_an_imported_notice_wins() -> None:
    with unit_of_work() as db:
        db.add(WorkCalendarDay(day=date(2030, 3, 5), working=False, source="测试通知"))
    assert not is_working_day(date(2030, 3, 5)).provisional
    assert add_working_days(date(2030, 3, 4), 1).day == date(2030, 3, 6)


def test_agrees_with_a_second_source() -> None:
    other = holidays.country_holidays("CN", years=range(2022, 2027))
    day, differ = date(2022, 1, 1), []
    while day <= date(2026, 12, 31):
        if is_working_day(day).working != other.is_working_day(day):
            differ.append(day)
        day += timedelta(days=1)
    assert differ == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(offset=st.integers(0, 900), n=st.integers(1, 30))
def test_more_days_end_later_and_on_a_working_day(database: Any, offset: int, n: int) -> None:
    start = date(2024, 6, 1) + timedelta(days=offset)
    one, more = add_working_days(start, n), add_working_days(start, n + 1)
    assert start < one.day < more.day
    assert is_working_day(one.day).working
    assert len(one.days) == n
