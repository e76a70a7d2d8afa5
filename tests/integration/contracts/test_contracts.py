"""Contracts and payments through their services, and what the database itself refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.contracts import payments, rules, services
from app.contracts.queries import contract_of
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.identity import Role
from app.funds.queries import imbalances, pots_by_id
from tests.factories.contracts import AMOUNT, answers, deliver, make_awarded, pay, request, sign
from tests.factories.people import actor_of, make_person

pytestmark = pytest.mark.usefixtures("database")
REASONS = {f"stability_{key}": "有依据" for key in rules.STABILITY}


@pytest.fixture
def world(pack: Any, clock: Any) -> SimpleNamespace:
    """An awarded case."""
    return make_awarded(pack, clock)


def refused(call: Any, *args: Any, **more: Any) -> Refusal:
    """The refusal of a call; nothing of it may be kept."""
    with pytest.raises(Refusal) as caught:
        call(*args, **more)
    assert imbalances() == []
    return caught.value


def plan(*lines: tuple[str, int]) -> list[dict[str, Any]]:
    """A payment plan."""
    return [{"kind": kind, "name": f"第{n}笔", "amount": amount} for n, (kind, amount) in enumerate(lines, 1)]


@pytest.mark.requirement("ZH-22", "accept")
def test_three_years_with_all_four_reasons(world: SimpleNamespace) -> None:
    made = services.draft(world.clerk, world.case, world.pack, answers(months=36, **REASONS))
    assert made.months == 36
    assert set(made.stability) == set(rules.STABILITY)


@pytest.mark.requirement("ZH-22", "reject")
def test_longer_or_with_a_reason_missing(world: SimpleNamespace) -> None:
    longer = refused(services.draft, world.clerk, world.case, world.pack, answers(months=37, **REASONS))
    assert longer.rule == "ZH-22"
    three = {**REASONS, "stability_funded": " "}
    fewer = refused(services.draft, world.clerk, world.case, world.pack, answers(months=24, **three))
    assert (fewer.rule, fewer.field) == ("ZH-22", "months")
    assert contract_of(world.case.id) is None


@pytest.mark.requirement("ZH-23a", "accept")
def test_forty_percent_in_advance_to_the_last_fen(world: SimpleNamespace) -> None:
    contract = sign(world)
    assert contract.advance_cap == 5_920_000
    pay(world, "advance", 5_920_000, "凭证-1")
    paid = contract_of(world.case.id)
    assert paid is not None
    assert (paid.advance_paid, paid.paid) == (5_920_000, 5_920_000)
    assert imbalances() == []


@pytest.mark.requirement("ZH-23a", "accept")
def test_thirty_and_ten_percent_in_advance(world: SimpleNamespace) -> None:
    lines = plan(
        ("advance", 4_440_000), ("advance", 1_480_000), ("progress", 5_920_000), ("final", 2_960_000)
    )
    sign(world, plan=lines)
    pay(world, "advance", 4_440_000, "凭证-1")
    pay(world, "advance", 1_480_000, "凭证-2")
    found = contract_of(world.case.id)
    assert found is not None
    assert found.advance_paid == found.advance_cap


@pytest.mark.requirement("ZH-23a", "reject")
@pytest.mark.parametrize(
    "advances", [[5_920_001], [4_440_000, 1_481_480]], ids=["59,200.01", "30 % and 10.01 %"]
)
def test_above_forty_percent(world: SimpleNamespace, advances: list[int]) -> None:
    rest = AMOUNT - sum(advances) - 2_960_000
    lines = plan(*[("advance", a) for a in advances], ("progress", rest), ("final", 2_960_000))
    answer = refused(services.draft, world.clerk, world.case, world.pack, answers(plan=lines))
    assert (answer.rule, answer.field) == ("ZH-23a", "plan")
    assert "40%" in answer.message


@pytest.mark.requirement("ZH-23a", "reject")
def test_before_the_signature(world: SimpleNamespace) -> None:
    services.draft(world.clerk, world.case, world.pack, answers())
    answer = refused(request, world, "advance", 5_920_000)
    assert answer.rule == "ZH-23a"
    assert "签订" in answer.message


@pytest.mark.requirement("ZH-23b", "accept")
def test_an_accepted_milestone_is_paid(world: SimpleNamespace) -> None:
    sign(world)
    deliver(world)
    pay(world, "progress", 4_440_000, "凭证-1")
    found = contract_of(world.case.id)
    assert found is not None
    assert found.paid == 4_440_000


@pytest.mark.requirement("ZH-23b", "reject")
def test_an_open_milestone_is_not_paid_nor_a_plan_above_the_contract(world: SimpleNamespace) -> None:
    lines = plan(("advance", 5_920_000), ("progress", 5_920_000), ("final", 2_961_480))
    more = refused(services.draft, world.clerk, world.case, world.pack, answers(plan=lines))
    assert more.rule == "ZH-23b"
    sign(world)
    assert refused(request, world, "progress", 4_440_000).rule == "ZH-23b"
    deliver(world)
    pay(world, "progress", 4_440_000, "凭证-1")
    early = refused(request, world, "progress", 1_480_000)
    assert early.rule == "ZH-23b"
    assert "里程碑" in early.message


def evaluated(world: SimpleNamespace, grade: str) -> None:
    """Delivered, all but the final part paid, the evaluation published."""
    contract = sign(world)
    pay(world, "advance", 5_920_000, "凭证-1")
    for number, amount in ((2, 4_440_000), (3, 1_480_000)):
        deliver(world)
        pay(world, "progress", amount, f"凭证-{number}")
    factor = world.pack.decide("final_payment_factor", {"grade": grade})["factor_pct"]
    services.record_evaluation(
        world.clerk,
        world.case.id,
        round_no=1,
        grade=grade,
        factor_pct=factor,
        published_at=world.clock.now(),
        notice_id=_notice(contract),
    )


def _notice(contract: Any) -> int:
    with unit_of_work() as db:
        return int(db.scalar(text("SELECT max(id) FROM notice WHERE case_id = :c"), {"c": contract.case_id}))


@pytest.mark.requirement("ZH-27d", "accept")
@pytest.mark.requirement("ZH-27c", "accept")
@pytest.mark.parametrize(("grade", "final"), [("良", 2_960_000), ("基本合格", 2_664_000)])
def test_the_grade_decides_what_is_paid_last(world: SimpleNamespace, grade: str, final: int) -> None:
    evaluated(world, grade)
    taken = 2_960_000 - final
    rows = [{"clause_no": "第十条", "reason": f"评价{grade}", "amount": taken}] if taken else []
    assert payments.settle_amounts(world.clerk, world.case, rows) == final
    pay(world, "final", final, "凭证-9")
    payments.settle(world.clerk, world.case)
    found = contract_of(world.case.id)
    assert found is not None
    assert (found.state, found.paid + found.deducted) == ("settled", AMOUNT)
    pot = pots_by_id([world.pot.id])[world.pot.id]
    assert (pot.reserved, pot.encumbered, pot.paid) == (0, 0, found.paid)
    assert imbalances() == []


@pytest.mark.requirement("ZH-27d", "reject")
def test_a_deduction_without_its_clause(world: SimpleNamespace) -> None:
    evaluated(world, "基本合格")
    row = {"clause_no": "第九十九条", "reason": "评价", "amount": 296_000}
    answer = refused(payments.settle_amounts, world.clerk, world.case, [row])
    assert (answer.rule, answer.field) == ("ZH-27d", "deductions-0-clause_no")
    too_little = {**row, "clause_no": "第十条", "amount": 295_999}
    assert refused(payments.settle_amounts, world.clerk, world.case, [too_little]).rule == "ZH-27d"


@pytest.mark.requirement("ZH-27c", "reject")
def test_nothing_final_before_the_published_evaluation(world: SimpleNamespace) -> None:
    sign(world)
    assert refused(payments.settle_amounts, world.clerk, world.case, []).rule == "ZH-27c"
    assert refused(request, world, "final", AMOUNT).rule == "ZH-27c"


def test_a_contract_above_the_award_is_refused(world: SimpleNamespace) -> None:
    lines = plan(("progress", AMOUNT), ("final", 1))
    answer = refused(
        services.draft, world.clerk, world.case, world.pack, answers(amount=AMOUNT + 1, plan=lines)
    )
    assert answer.field == "amount"


def test_duties_are_separate(world: SimpleNamespace) -> None:
    contract = sign(world)
    both = actor_of(make_person("身兼两职", Role.STREET_LEADER, world.units.street))
    request(world, "advance", 5_920_000, actor=both)
    refused(payments.check, both, world.case, "ok", world.pack)
    payments.check(world.finance, world.case, "ok", world.pack)
    refused(payments.approve, both, world.case, "approve")
    refused(payments.approve, world.finance, world.case, "approve")
    payments.approve(world.leader, world.case, "approve")
    for actor in (both, world.leader):
        refused(payments.pay, actor, world.case, "凭证-1", contract.signed_on)


def test_a_voucher_counts_once_and_only_for_the_provider(world: SimpleNamespace) -> None:
    sign(world)
    with pytest.raises(Refusal) as caught:
        payments.request(
            world.provider,
            world.case,
            "advance",
            {"amount": 5_920_000, "account_name": "别人", "invoice_no": "1", "invoice_day": "2026-04-01"},
        )
    assert caught.value.field == "account_name"
    pay(world, "advance", 5_920_000, "凭证-1")
    refused(request, world, "advance", 5_920_000)
    deliver(world)
    answer = refused(pay, world, "progress", 4_440_000, "凭证-1")
    assert answer.field == "voucher_no"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contract SET paid = amount + 1",
        "UPDATE contract SET advance_paid = advance_cap + 1",
        "UPDATE contract SET final_paid = 1",
        "UPDATE contract SET amount = budget + 1",
        "UPDATE contract SET months = 37",
        "UPDATE contract SET signed_on = NULL",
        "UPDATE payment SET approved_by = requested_by",
        "UPDATE payment SET paid_by = approved_by",
        "UPDATE payment SET voucher_no = NULL",
        "UPDATE payment SET amount = 0",
        "UPDATE pot SET paid = allotted + 1",
        "UPDATE pot SET reserved = -1",
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "UPDATE instalment SET state = 'forged'",
    ],
)
def test_the_database_itself_keeps_the_law(world: SimpleNamespace, statement: str) -> None:
    sign(world)
    pay(world, "advance", 5_920_000, "凭证-1")
    with pytest.raises(DBAPIError), unit_of_work() as db:
        db.execute(text(statement))
