"""Paid, delivered and elapsed beside each other."""

from __future__ import annotations

from datetime import date

import pytest

from app.contracts.models import Contract, Instalment, Payment
from app.contracts.progress import last_day, triangle


def contract(**kw: object) -> Contract:
    return Contract(
        **{
            "amount": 10_000_00, "paid": 0, "deducted": 0, "final_paid": 0, "start_day": date(2026, 1, 1),
            "months": 12, "state": "published", **kw,
        }
    )  # fmt: skip


def plan(*states: str) -> list[Instalment]:
    return [Instalment(kind="progress", state=state) for state in states]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 11, 7), 12, date(2027, 11, 6)),
        (date(2026, 12, 15), 1, date(2027, 1, 14)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 1, 30), 13, date(2028, 2, 29)),
        (date(2026, 12, 1), 36, date(2029, 11, 30)),
    ],
)
def test_a_term_ends_the_day_before(start: date, months: int, end: date) -> None:
    assert last_day(start, months) == end


def test_shares_are_whole_percent_on_one_scale() -> None:
    made = triangle(contract(paid=3_000_00), plan("accepted", "planned"), [], date(2026, 7, 2), 40)
    assert [(bar.key, bar.percent) for bar in made.bars] == [("paid", 30), ("delivered", 50), ("elapsed", 50)]
    assert made.bars[0].mark == 40
    assert made.remarks == (("good", "付款、交付和时间相称。"),)


def test_before_and_after_the_term_the_time_stands_at_its_ends() -> None:
    early = triangle(contract(), plan("planned"), [], date(2025, 12, 1), 40)
    late = triangle(contract(), plan("planned"), [], date(2027, 5, 1), 40)
    assert (early.bars[2].percent, late.bars[2].percent) == (0, 100)


def test_what_is_wrong_is_said() -> None:
    owed = Payment(state="approved", due_day=date(2026, 3, 1), amount=1_000_00)
    made = triangle(contract(paid=5_000_00), plan("planned"), [owed], date(2026, 6, 1), 40)
    words = " ".join(text for _, text in made.remarks)
    assert "已拖欠 92 天" in words
    assert "付款快于交付" in words
    assert "交付落后于时间" in words


def test_on_the_due_day_nothing_is_owed_yet() -> None:
    due = Payment(state="approved", due_day=date(2026, 1, 9), amount=1_000_00)
    assert triangle(contract(), plan("planned"), [due], date(2026, 1, 9), 40).remarks[0][0] == "good"
    assert triangle(contract(), plan("planned"), [due], date(2026, 1, 10), 40).remarks[0][0] == "bad"


def test_an_ended_contract_is_not_nagged() -> None:
    made = triangle(contract(state="settled", paid=9_000_00), plan("planned"), [], date(2026, 9, 1), 40)
    assert made.remarks == (("good", "合同已经结束，没有拖欠的款项。"),)
