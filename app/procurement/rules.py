"""What the law says about methods, conditions, scores. Amounts in fen, points in hundredths."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import YES, Decision, no

METHODS = {
    "open_tender": "公开招标",
    "invited_tender": "邀请招标",
    "negotiation": "竞争性谈判",
    "consultation": "竞争性磋商",
    "single_source": "单一来源",
    "internal_selection": "内控遴选（限额以下）",
}
FULL = 100
FORBIDDEN_KINDS = {"years": "成立年限", "locality": "注册所在地", "size": "规模", "rating": "评估等级"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A bid as the ranking sees it."""

    bid_id: int
    amount: int
    points: Mapping[int, Mapping[str, int]]  # scorer → criterion → points in hundredths


def method_allowed(method: str, allowed: Collection[str], basis: str) -> Decision:
    """Only a method the law allows for these facts (ZH-21, K-07)."""
    if method not in allowed:
        names = "、".join(METHODS[m] for m in METHODS if m in allowed)
        return no(f"按现有情况不能采用这种方式；可用：{names}（{basis}）。", "ZH-21", "method")
    return YES


def criteria_allowed(
    criteria: Sequence[Mapping[str, Any]], patterns: Sequence[Mapping[str, str]]
) -> list[Decision]:
    """No condition on age, place, size or rating, neither by kind nor by its words (ZH-16b)."""
    found = []
    for index, row in enumerate(criteria):
        kind = row.get("kind")
        if kind in FORBIDDEN_KINDS and row.get("mandatory"):
            found.append(
                no(f"不得将{FORBIDDEN_KINDS[kind]}作为必须条件，请删去。", "ZH-16b", f"criteria-{index}-kind")
            )
            continue
        hit = next((p for p in patterns if re.search(p["pattern"], str(row.get("text", "")))), None)
        if hit is not None:
            found.append(
                no(f"这一条涉及{hit['text']}，不得作为资格条件，请改写。", "ZH-16b", f"criteria-{index}-text")
            )
    return found


def scoring_allowed(scoring: Sequence[Mapping[str, Any]], low: int, high: int) -> list[Decision]:
    """Weights sum to 100, one price line within the law's band (L-31)."""
    found = []
    total = sum(int(row["weight"]) for row in scoring)
    if total != FULL:
        found.append(no(f"评分权重合计 {total}，应为 100。", "L-31", "scoring"))
    price = [int(row["weight"]) for row in scoring if row["kind"] == "price"]
    if len(price) != 1:
        found.append(no("评分项中应当正好有一项“价格”。", "L-31", "scoring"))
    elif not low <= price[0] <= high:
        found.append(no(f"价格权重应在 {low} 到 {high} 之间。", "L-31", "scoring"))
    names = [row["name"] for row in scoring]
    if len(set(names)) != len(names):
        found.append(no("评分项名称不能重复。", None, "scoring"))
    return found


def bid_allowed(amount: int, ceiling: int, until: datetime | None, now: datetime, opened: bool) -> list[Decision]:
    """In time and not above the ceiling (L-03)."""
    late = opened or until is None or now > until
    return [
        no("响应时间已经截止，不能再提交或修改。", "L-03") if late else YES,
        no(f"报价不能超过最高限价 {ceiling / 100:,.2f} 元。", "L-03", "amount") if amount > ceiling else YES,
    ]


def points_allowed(rows: Sequence[Mapping[str, Any]], scoring: Mapping[str, int]) -> list[Decision]:
    """Each given point lies between 0 and its criterion's weight."""
    return [
        no(f"“{row['criterion']}”最高 {scoring[row['criterion']]} 分。", None, f"scores-{index}-points")
        for index, row in enumerate(rows)
        if not 0 <= int(row["points"]) <= scoring[row["criterion"]]
    ]


def price_points(amount: int, lowest: int, weight: int) -> int:
    """Lowest price first: lowest ÷ price × weight, in hundredths of a point, rounded half up (L-31)."""
    return (2 * lowest * weight * 100 + amount) // (2 * amount)


def rank(offers: Sequence[Offer], scoring: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Bids from best to worst: mean points in hundredths; a tie goes to the lower price (then the earlier bid)."""
    if not offers:
        return []
    lowest = min(offer.amount for offer in offers)
    weight = next((int(row["weight"]) for row in scoring if row["kind"] == "price"), 0)
    table = []
    for offer in offers:
        given = [sum(points.values()) for points in offer.points.values()]
        quality = (2 * sum(given) + len(given)) // (2 * len(given)) if given else 0
        price = price_points(offer.amount, lowest, weight)
        table.append(
            {"bid_id": offer.bid_id, "amount": offer.amount, "quality": quality, "price": price,
             "total": quality + price}
        )  # fmt: skip
    return sorted(table, key=lambda row: (-row["total"], row["amount"], row["bid_id"]))


def low_price(amount: int, others: Sequence[int], ceiling: int) -> bool:
    """Whether a price has to be explained (L-33): strictly under half the mean, or under 45 % of the ceiling."""
    everyone = [amount, *others]
    return amount * 2 * len(everyone) < sum(everyone) or amount * 100 < ceiling * 45
