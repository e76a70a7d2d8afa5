"""A changed calendar moves running terms, tells those concerned, and leaves published periods alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts.models import OrgUnit
from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import Role
from app.messages.models import Message
from app.policy import holidays
from app.policy.calendar import explain
from app.policy.models import WorkCalendarDay
from app.runtime import jobs, operators, recounting
from app.runtime.models import Case
from app.runtime.queries import history_of
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person
from tests.integration.runtime.conftest import do, opened
from tests.integration.runtime.test_reminding import Watched, two
from tests.integration.runtime.test_workers import waiting

Begin = Callable[..., Case]
FRIDAY = date(2026, 3, 6)


def rest(*days: date, working: bool = False) -> None:
    """The office's calendar says otherwise of these days."""
    with db.unit_of_work() as current:
        for day in days:
            current.merge(WorkCalendarDay(day=day, working=working, source="国办发明电〔2026〕1号"))
    db.close()


def due(case: Case, element: str = "write") -> date:
    task = opened(case, element)
    assert task.due_at is not None
    assert task.rank_at == task.due_at
    return time.local(task.due_at).date()


def told() -> list[str]:
    db.close()
    return list(session().scalars(select(Message.title).where(Message.kind == "deadline").distinct()))


def test_a_term_moves_with_its_calendar_and_says_so(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(two())
    assert due(case) == date(2026, 3, 9)
    rest(FRIDAY)
    assert recounting.recompute(office.leader, [FRIDAY]) == 1
    assert due(case) == date(2026, 3, 10)
    assert opened(case, "write").attention_at == time.morning_of(date(2026, 3, 9))
    assert recounting.recompute(office.leader, [FRIDAY]) == 0
    line = next(one for one in history_of(case.id) if one.kind == "deadline")
    assert "2026-03-09 改为 2026-03-10" in line.title
    assert line.actor_name == "领导"
    assert told() == ["“拟稿”的办理期限由 2026-03-09 改为 2026-03-10"]
    assert audit.verify().ok


def test_a_day_outside_the_term_moves_nothing(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(two())
    rest(date(2026, 4, 1))
    assert recounting.recompute(office.leader, [date(2026, 4, 1)]) == 0
    assert (due(case), told()) == (date(2026, 3, 9), [])
    assert recounting.recompute(office.leader, []) == 0


def test_reminders_drawn_at_the_step_move_with_it(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    operators.register()
    case = begin(two(Watched))
    clock.advance(timedelta(days=1))
    rest(FRIDAY)
    assert recounting.recompute(office.leader, [FRIDAY]) == 1
    db.close()
    row = session().get_one(Case, case.id)
    assert row.next_due == time.morning_of(date(2026, 3, 9)) + timedelta(seconds=1)
    clock.set(time.end_of_day(date(2026, 3, 10)) + timedelta(seconds=2))
    assert jobs.run_due() == 1
    assert opened(case, "write").escalated_at is not None
    do(office.clerks[0], case, "write")


def test_a_provisional_term_becomes_certain_without_a_word(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    clock.set(time.morning_of(date(2028, 3, 6)))
    case = begin(two())
    assert opened(case, "write").due_provisional
    before = due(case)
    days = [date(2028, 3, 6) + timedelta(days=n) for n in range(30)]
    for day in days:
        rest(day, working=day.weekday() < 5)
    assert recounting.recompute(office.leader, days) == 0
    task = opened(case, "write")
    assert (task.due_provisional, due(case), told()) == (False, before, [])


def test_a_published_period_stays_and_its_owner_is_asked(office: SimpleNamespace, begin: Begin) -> None:
    until = (time.now() + timedelta(days=9)).isoformat()
    case = begin(waiting(), until=until)
    before = session().get_one(Case, case.id).next_due
    rest(FRIDAY)
    recounting.recompute(office.leader, [FRIDAY])
    assert [title for title in told() if "请核对" in title]
    assert session().get_one(Case, case.id).next_due == before


def test_the_worker_goes_on_where_the_calendar_stopped(
    office: SimpleNamespace, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(number: int) -> Diagram:
        made = two()
        made.id = f"two{number}"
        return made

    found = [begin(named(number)) for number in range(3)]
    monkeypatch.setattr(recounting, "BATCH", 1)
    rest(FRIDAY)
    assert recounting.recompute(office.leader, [FRIDAY]) == 1
    assert [recounting.go_on() for _ in range(3)] == [1, 1, 0]
    assert {due(case) for case in found} == {date(2026, 3, 10)}


def test_a_term_is_explained_day_by_day(office: SimpleNamespace) -> None:
    rest(FRIDAY)
    found = explain(date(2026, 3, 4), 3)
    assert [(one.day.day, one.number) for one in found] == [
        (5, 1), (6, None), (7, None), (8, None), (9, 2), (10, 3),
    ]  # fmt: skip
    assert [one.why for one in found[:3]] == ["工作日", "休息日（国办发明电〔2026〕1号）", "周末"]
    spring = explain(date(2026, 2, 13), 1)
    assert spring[0].why == "调休上班，计入"
    holidays = explain(date(2026, 2, 14), 1)
    assert "春节" in {one.why for one in holidays}
    assert explain(date(2028, 3, 3), 1)[0].provisional


def test_a_day_changed_in_the_office_calendar_moves_terms_at_once(
    office: SimpleNamespace, begin: Begin
) -> None:
    operators.register()
    city = session().scalars(select(OrgUnit).where(OrgUnit.kind == "city")).one()
    keeper = actor_of(make_person("系统管理员", Role.SYSTEM_ADMIN, city))
    case = begin(two())
    holidays.set_day(keeper, FRIDAY, False, "国办发明电〔2026〕1号")
    assert due(case) == date(2026, 3, 10)
    line = next(one for one in history_of(case.id) if one.kind == "deadline")
    assert line.actor_name == "系统管理员"
