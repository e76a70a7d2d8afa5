"""Paid, delivered and elapsed beside each other: neither arrears nor rush payment (ZH-23c)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.contracts.models import Contract, Instalment, Payment

BEHIND = 20
"""Percentage points by which delivery may lag behind time before it is said."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One share of a contract, in whole percent.

    Attributes:
        mark: where a limit stands on the same scale, None for none.
    """

    key: str
    label: str
    percent: int
    words: str
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Triangle:
    """Three shares and what they say together; `remarks` are (tone, words)."""

    bars: tuple[Bar, ...]
    remarks: tuple[tuple[str, str], ...]


def last_day(start: date, months: int) -> date:
    """The last day of a term: the day before the same day so many months later."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    if start.day > length:
        return date(year, month + 1, length)
    return date(year, month + 1, start.day) - timedelta(days=1)


def triangle(
    contract: Contract, plan: Sequence[Instalment], payments: Sequence[Payment], today: date, cap_pct: int
) -> Triangle:
    """The three shares of a contract on a day.

    Args:
        cap_pct: the most that may be paid in advance, in percent.
    """
    end = last_day(contract.start_day, contract.months)
    whole = (end - contract.start_day).days + 1
    gone = min(whole, max(0, (today - contract.start_day).days + 1))
    elapsed = gone * 100 // whole
    paid = contract.paid * 100 // contract.amount
    steps = [line for line in plan if line.kind == "progress"]
    done = [line for line in steps if line.state == "accepted"]
    delivered = len(done) * 100 // len(steps) if steps else (100 if contract.final_paid else 0)
    bars = (
        Bar("paid", "已付款", paid, f"{_yuan(contract.paid)} / {_yuan(contract.amount)}", cap_pct),
        Bar("delivered", "已交付", delivered, f"验收 {len(done)} / {len(steps)} 个阶段"),
        Bar("elapsed", "时间已过", elapsed, f"{contract.start_day} 至 {end}，第 {gone} / {whole} 天"),
    )
    return Triangle(bars, tuple(_remarks(contract, payments, today, paid, delivered, elapsed, cap_pct)))


def _remarks(
    contract: Contract,
    payments: Sequence[Payment],
    today: date,
    paid: int,
    delivered: int,
    elapsed: int,
    cap_pct: int,
) -> list[tuple[str, str]]:
    found = []
    for one in payments:
        if one.state != "paid" and one.due_day is not None and one.due_day < today:
            late = (today - one.due_day).days
            found.append(
                ("bad", f"有一笔 {_yuan(one.amount)} 的款项应在 {one.due_day} 前付出，已拖欠 {late} 天。")
            )
    if contract.state in ("settled", "terminated"):
        return found or [("good", "合同已经结束，没有拖欠的款项。")]
    if paid > max(delivered, cap_pct):
        found.append(("warn", "付款快于交付，请核对是否存在突击支付。"))
    if elapsed - delivered > BEHIND:
        found.append(("warn", "交付落后于时间，请了解实施情况。"))
    return found or [("good", "付款、交付和时间相称。")]


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d} 元"
