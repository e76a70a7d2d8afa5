"""The calendar: single days and announced years, told to whom it concerns, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core import db
from app.core.db import session
from app.core.errors import Forbidden, Refusal
from app.core.identity import Actor, Role
from app.policy import holidays
from app.policy.calendar import add_working_days, is_working_day
from app.policy.models import WorkCalendarDay
from tests.factories.people import actor_of, make_person, make_units

pytestmark = pytest.mark.usefixtures("database")
NOTICE = "国务院办公厅关于 2028 年部分节假日安排的通知"


@pytest.fixture
def office(database: Any) -> SimpleNamespace:
    units = make_units()
    told: list[date] = []

    def hear(actor: Actor, days: Sequence[date]) -> None:
        told.extend(days)

    holidays.on_change(hear)
    made = SimpleNamespace(
        admin=actor_of(make_person("系统管理员", Role.SYSTEM_ADMIN, units.city)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        told=told,
    )
    db.close()
    return made


def test_a_day_is_changed_told_and_changed_back(office: SimpleNamespace) -> None:
    day = date(2026, 3, 9)
    holidays.set_day(office.admin, day, False, "台风停工通知")
    assert not is_working_day(day)
    assert office.told == [day]
    assert add_working_days(date(2026, 3, 6), 1).day == date(2026, 3, 10)
    entry = session().scalars(select(AuditEntry).where(AuditEntry.action == "policy.calendar")).one()
    assert entry.after == {"source": "台风停工通知", "changed": ["2026-03-09 休"]}
    holidays.forget_day(office.admin, day)
    assert is_working_day(day)
    assert office.told == [day, day]
    shown = {one.day: one for month in holidays.year_of(2026) for one in month}
    assert len(shown) == 365
    assert shown[date(2026, 10, 1)].why == "国庆节"
    assert not shown[day].own


def test_an_announced_year_makes_every_day_of_it_certain(office: SimpleNamespace) -> None:
    assert is_working_day(date(2028, 3, 1)).provisional
    year, listed = holidays.read(
        [["日期", "类型"], ["2028-01-01", "休"], ["2028/01/03", "休"], ["2028-01-08", "班"], ["", ""]]
    )
    assert year == 2028
    changes = holidays.preview(year, listed)
    assert changes == [(date(2028, 1, 3), True, False), (date(2028, 1, 8), False, True)]
    assert session().scalars(select(WorkCalendarDay)).all() == []
    assert holidays.import_year(office.admin, year, listed, NOTICE) == 2
    db.close()
    assert not is_working_day(date(2028, 3, 1)).provisional
    assert not is_working_day(date(2028, 1, 3))
    assert is_working_day(date(2028, 1, 8))
    assert len(office.told) == 366
    assert holidays.import_year(office.admin, year, listed, NOTICE) == 0
    assert len(office.told) == 366  # nothing new, nobody disturbed


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([], "日期、类型"),
        ([["日期", "类型"]], "没有日期"),
        ([["日期", "类型"], ["2028年1月1日", "休"]], "第 2 行"),
        ([["日期", "类型"], ["2028-01-01", "节"]], "第 2 行的类型"),
        ([["日期", "类型"], ["2028-01-01", "休"], ["2028-01-01", "班"]], "既休又班"),
    ],
)
def test_a_table_that_is_none_names_its_row(database: Any, table: list[list[str]], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        holidays.read(table)


def test_only_the_system_administrator_with_a_notice(office: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        holidays.set_day(office.clerk, date(2026, 3, 9), False, "通知")
    with pytest.raises(Forbidden):
        holidays.forget_day(office.clerk, date(2026, 3, 9))
    with pytest.raises(Refusal, match="通知名称"):
        holidays.set_day(office.admin, date(2026, 3, 9), False, " ")
    with pytest.raises(Refusal, match="年份"):
        holidays.import_year(office.admin, 2206, {}, NOTICE)
