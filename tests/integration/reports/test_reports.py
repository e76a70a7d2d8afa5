"""Figures are the ledger's and the desk's own; late payments and rushes show."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.contracts import arrears, payments
from app.contracts.models import Payment
from app.core import clock as time
from app.core import db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM, Actor, Role
from app.funds.models import Entry
from app.messages.queries import inbox
from app.policy import services as policy
from app.reports import behind, queries, services, sheets
from app.reports.tables import Cell, Column, Report
from app.runtime.models import Case
from tests.factories.contracts import deliver, make_awarded, pay, request, sign
from tests.factories.people import actor_of, make_person

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def world(pack: Any, clock: MovableClock) -> SimpleNamespace:
    """A signed contract, and the street's second leader who only reads."""
    policy.store(SYSTEM, pack)
    made = make_awarded(pack, clock)
    sign(made)
    made.reader = actor_of(make_person("读者", Role.STREET_LEADER, made.units.street))
    made.district_finance = actor_of(make_person("区财政", Role.DISTRICT_FINANCE, made.units.district))
    return made


def half_way(world: SimpleNamespace, kind: str, amount: int) -> Payment:
    """Requested, checked and approved, not paid."""
    request(world, kind, amount)
    payments.check(world.finance, world.case, "ok", world.pack)
    return payments.approve(world.leader, world.case, "approve")


@pytest.mark.requirement("ZH-23c", "accept")
def test_what_is_paid_on_its_day_raises_no_alarm(world: SimpleNamespace, clock: MovableClock) -> None:
    payment = half_way(world, "advance", 5_920_000)
    assert payment.due_day is not None
    clock.set(time.end_of_day(payment.due_day) - timedelta(hours=8))
    assert arrears.sweep() == 0
    payments.pay(world.cashier, world.case, "凭证-1", time.today())
    clock.advance(timedelta(days=3))
    assert arrears.sweep() == 0
    assert services.arrears(world.reader, 2026).rows == []
    assert queries.paid_late(world.reader, 2026) == (0, 1)


@pytest.mark.requirement("ZH-23c", "reject")
def test_a_day_too_late_raises_the_alarm_once(world: SimpleNamespace, clock: MovableClock) -> None:
    payment = half_way(world, "advance", 5_920_000)
    assert payment.due_day is not None
    clock.set(time.end_of_day(payment.due_day) + timedelta(hours=9))
    assert (arrears.sweep(), arrears.sweep()) == (1, 0)
    for person in (world.reader, world.leader, world.district_finance):
        assert [one.kind for one in inbox(person) if "付款期限" in one.title] == ["due"]
    (row,) = services.arrears(world.reader, 2026).rows
    assert (row[3].value, row[5].value, row[6].value) == (5_920_000, 1, "30 天以内")
    payments.pay(world.cashier, world.case, "凭证-1", time.today())
    assert services.arrears(world.reader, 2026).rows == []
    assert queries.paid_late(world.reader, 2026) == (1, 1)


@pytest.mark.requirement("ZH-23c", "reject")
def test_a_year_paid_in_its_last_days_is_a_rush(world: SimpleNamespace, clock: MovableClock) -> None:
    pay(world, "advance", 5_920_000, "凭证-1")
    deliver(world)
    calm = services.rush(world.reader, 2026)
    assert "正常" in calm.rows[1][2].value
    clock.set(datetime(2026, 12, 18, 10, tzinfo=time.SHANGHAI))
    pay(world, "progress", 4_440_000, "凭证-2")
    found = services.rush(world.reader, 2026)
    assert [row[1].value for row in found.rows[:2]] == [10_360_000, 4_440_000]
    assert "占 43%，超过 40%，需要说明" in found.rows[1][2].value


@pytest.mark.requirement("ZH-01", "accept")
def test_the_sums_are_the_ledgers(world: SimpleNamespace) -> None:
    pay(world, "advance", 5_920_000, "凭证-1")
    deliver(world)
    pay(world, "progress", 4_440_000, "凭证-2")
    ledger = db.session().scalar(select(func.sum(Entry.amount)).where(Entry.kind == "pay"))
    short = queries.year_in_short(world.reader, 2026)
    assert short == {"paid": ledger, "served": 100, "organisations": 1}
    listed = behind.payments(world.reader, 2026)
    assert sum(row[3].value for row in listed.rows) == ledger
    (progress,) = behind.payments(world.reader, 2026, quarter=1, kind="progress").rows
    assert progress[3].value == 4_440_000
    assert behind.payments(world.reader, 2026, quarter=4).rows == []
    assert sum(row[3].value for row in behind.served(world.reader, 2026).rows) == 100
    assert len(behind.contracts(world.reader, 2026).rows) == 1
    quarters = services.quarters(world.reader, 2026)
    assert sum(row[-1].value for row in quarters.rows) == ledger
    pots = services.pots(world.reader, 2026)
    assert sum(row[2].value for row in pots.rows) == ledger


@pytest.mark.requirement("ZH-01", "reject")
def test_a_cancelled_project_is_not_counted(world: SimpleNamespace) -> None:
    pay(world, "advance", 5_920_000, "凭证-1")
    with db.unit_of_work() as session:
        session.get_one(Case, world.case.id).status = "cancelled"
    assert queries.year_in_short(world.reader, 2026) == {"paid": 0, "served": 0, "organisations": 0}


def test_who_holds_what_and_how_long(world: SimpleNamespace, clock: MovableClock) -> None:
    clock.advance(timedelta(days=3))
    waiting = services.waiting(world.reader, 2026)
    listed = queries.tasks(world.reader, limit=100)
    assert sum(row[1].value for row in waiting.rows) == len(listed)
    assert sum(row[2].value for row in services.stages(world.reader, 2026).rows) <= len(listed)
    late = queries.tasks(world.reader, late=True, limit=100)
    assert sum(row[2].value for row in waiting.rows) == len(late)


def test_another_street_sees_nothing_of_it(world: SimpleNamespace) -> None:
    pay(world, "advance", 5_920_000, "凭证-1")
    other: Actor = actor_of(make_person("外", Role.STREET_LEADER, world.units.other_street))
    assert queries.year_in_short(other, 2026)["paid"] == 0
    for make in (
        services.waiting,
        services.pots,
        services.arrears,
        services.organisations,
        services.time_taken,
    ):
        assert make(other, 2026).rows == []
    assert queries.tasks(other, limit=10) == []
    assert behind.payments(other, 2026).rows == []
    assert behind.contracts(other, 2026, running=True).rows == []


def test_the_time_of_steps_is_measured_in_days(world: SimpleNamespace) -> None:
    done = services.time_taken(world.reader, 2026).rows
    assert sum(row[1].value for row in done) == len(behind.steps(world.reader, 2026).rows)
    for row in done:
        assert 0 <= row[2].value <= row[3].value
        assert 0 <= row[4].value <= 100


def test_a_text_that_looks_like_a_formula_stays_a_text() -> None:
    report = Report(
        "x",
        "表",
        "",
        (Column("名称"), Column("金额", "fen")),
        [[Cell("=1+1"), Cell(123_456)], [Cell("@x"), Cell(None)]],
    )
    sheet = load_workbook(io.BytesIO(sheets.workbook(report))).active
    assert sheet is not None
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].quotePrefix) == ("=1+1", "s", True)
    assert (sheet["B2"].value, sheet["B3"].value) == (1234.56, None)
    assert sheet["A3"].quotePrefix
