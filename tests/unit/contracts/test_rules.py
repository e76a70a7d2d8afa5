"""The rules of contracts and payments, without a database."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts import rules
from app.contracts.rules import PlanLine

FEN = st.integers(min_value=1, max_value=10**11)


def plan(*lines: tuple[str, int]) -> list[PlanLine]:
    """A payment plan from kinds and amounts."""
    return [PlanLine(kind, f"第{n}笔", amount, None) for n, (kind, amount) in enumerate(lines, start=1)]


@given(base=FEN, pct=st.integers(min_value=0, max_value=100))
def test_cap_is_never_above_the_share(base: int, pct: int) -> None:
    cap = rules.advance_cap(base, pct)
    assert Fraction(cap) <= Fraction(base * pct, 100) < cap + 1


@pytest.mark.parametrize(
    ("paid", "amount", "allowed"),
    [
        (0, 5_920_000, True),
        (0, 5_920_001, False),
        (4_440_000, 1_480_000, True),
        (4_440_000, 1_480_100, False),
    ],
)
def test_advance_stays_within_forty_percent(paid: int, amount: int, allowed: bool) -> None:
    cap = rules.advance_cap(14_800_000, 40)
    assert bool(rules.advance_allowed(True, paid, amount, cap)) is allowed


def test_nothing_is_paid_before_the_signature() -> None:
    assert rules.advance_allowed(False, 0, 1, 100).ref == "ZH-23a"
    assert not rules.progress_allowed(False, 1, {1: "accepted"})


@pytest.mark.parametrize(
    ("months", "reasons", "allowed"),
    [
        (12, {}, True),
        (13, {}, False),
        (36, dict.fromkeys(rules.STABILITY, "有依据"), True),
        (37, dict.fromkeys(rules.STABILITY, "有依据"), False),
        (24, {"fixed": "是", "continuous": "是", "funded": "是", "stable_price": "  "}, False),
    ],
)
def test_term(months: int, reasons: dict[str, str], allowed: bool) -> None:
    assert bool(rules.term_allowed(months, reasons, 12, 36)) is allowed


def test_plan_must_add_up_to_the_last_fen() -> None:
    good = plan(("advance", 4000), ("progress", 4000), ("final", 2000))
    assert all(rules.plan_allowed(good, 10000, 4000, 40))
    bad = plan(("advance", 4000), ("progress", 4000), ("final", 2001))
    assert [d.ref for d in rules.plan_allowed(bad, 10000, 4000, 40) if not d] == ["ZH-23b"]


@pytest.mark.parametrize(
    "lines",
    [
        (("advance", 4001), ("progress", 3999), ("final", 2000)),
        (("advance", 4000), ("final", 6000)),
        (("progress", 8000), ("final", 1000), ("final", 1000)),
        (("progress", 4000), ("advance", 4000), ("final", 2000)),
        (("advance", 4000), ("progress", 6000)),
    ],
)
def test_bad_plans(lines: tuple[tuple[str, int], ...]) -> None:
    assert not all(rules.plan_allowed(plan(*lines), 10000, 4000, 40))


def test_milestones_are_paid_in_order() -> None:
    assert rules.progress_allowed(True, 2, {1: "accepted", 2: "accepted", 3: "planned"})
    refused = rules.progress_allowed(True, 3, {1: "accepted", 2: "reported", 3: "accepted"})
    assert refused.ref == "ZH-23b"
    assert "里程碑 2" in refused.reason


@given(amount=FEN, paid_share=st.integers(0, 100), factor=st.integers(0, 100))
def test_evaluation_takes_off_what_the_grade_says(amount: int, paid_share: int, factor: int) -> None:
    unpaid = amount - amount * paid_share // 100
    taken = rules.due_deduction(unpaid, factor)
    assert 0 <= taken <= unpaid
    assert Fraction(unpaid - taken) <= Fraction(unpaid * factor, 100)


def test_deduction_needs_its_clause() -> None:
    clauses = [{"no": "第十条", "text": "按评价结果支付"}]
    row = {"clause_no": "第十条", "reason": "基本合格", "amount": 200}
    assert all(rules.deductions_allowed([row], clauses, 2000, 200))
    stray = rules.deductions_allowed([{**row, "clause_no": "第九十条"}], clauses, 2000, 200)
    assert [d.field for d in stray if not d] == ["deductions-0-clause_no"]
    assert not all(rules.deductions_allowed([{**row, "amount": 199}], clauses, 2000, 200))
    assert not all(rules.deductions_allowed([{**row, "amount": 2001}], clauses, 2000, 200))


def test_final_payment_waits_for_publication_and_is_exactly_the_rest() -> None:
    assert rules.final_allowed(True, 2000, 2000)
    assert rules.final_allowed(False, 2000, 2000).ref == "ZH-27c"
    assert rules.final_allowed(True, 2000, 1999).ref == "ZH-27d"


def test_duties_are_separate() -> None:
    assert rules.separate(3, 1, 2)
    assert not rules.separate(1, 1, 2)
    assert not rules.separate(2, 1, 2)


def test_signature_needs_accepted_text_and_a_past_day() -> None:
    today = date(2026, 3, 2)
    assert rules.signature_allowed(today, today, True)
    assert not rules.signature_allowed(date(2026, 3, 3), today, True)
    assert not rules.signature_allowed(today, today, False)
