"""What the law says about methods, conditions, scores. Amounts in fen, points in hundredths."""

from __future__ import annotations

import re
import unicodedata
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
INVITING = ("invited_tender", "single_source")
"""Methods that ask some organisations only; every other call is for all (ZH-16a)."""
GROUNDS = {
    "none": "没有",
    "unique": "只能从唯一供应商处采购",
    "urgent": "不可预见的紧急情况",
    "continuity": "须保证原有项目一致或服务配套",
}
FULL = 100
FORBIDDEN_KINDS = {"years": "成立年限", "locality": "注册所在地", "size": "规模", "rating": "评估等级"}
TIE_RULE = "总分相同的，报价低的在前；报价也相同的，先提交响应文件的在前。"
SKIPS = {"low_price": "报价异常偏低且不能说明合理", "gave_up": "书面放弃成交"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A bid as the ranking sees it."""

    bid_id: int
    amount: int
    points: Mapping[int, Mapping[str, int]]  # scorer → criterion → points in hundredths


@dataclass(frozen=True, slots=True)
class LowPrice:
    """From which prices on an explanation is asked, in per cent (L-33)."""

    mean_pct: int
    second_pct: int
    ceiling_pct: int


def method_allowed(
    method: str, allowed: Collection[str], basis: str, *, ground: str, approval: bool, above_open: bool
) -> Decision:
    """Only a method the law allows for these facts (ZH-21, K-07).

    Args:
        above_open: the amount reaches the figure from which tenders are open.
    """
    if method in allowed:
        return YES
    if above_open and method != "open_tender" and not approval:
        return no(
            "已达到公开招标数额，采用其他方式须先经批准，请填写批准文号，或改用公开招标。",
            "ZH-21",
            "approval_no",
        )
    if method == "single_source" and ground == "none":
        return no(
            "单一来源须有法定情形（政府采购法第三十一条），请选择具体情形，或改用其他方式。",
            "ZH-21",
            "ground",
        )
    names = "、".join(METHODS[m] for m in METHODS if m in allowed)
    return no(f"按现有情况不能采用这种方式；可用：{names}（{basis}）。", "ZH-21", "method")


def plain(text: str) -> str:
    """A condition's words as the patterns read them: no blanks, no wide letters, so that none hides."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def suspicion(text: str, patterns: Sequence[Mapping[str, str]]) -> str | None:
    """What a condition's words seem to demand although it must not be demanded (ZH-16b); None if nothing."""
    words = plain(text)
    return next((p["text"] for p in patterns if re.search(p["pattern"], words, re.IGNORECASE)), None)


def criteria_allowed(
    criteria: Sequence[Mapping[str, Any]], verdicts: Sequence[str], patterns: Sequence[Mapping[str, str]]
) -> list[Decision]:
    """No condition on age, place, size or rating, neither by kind nor by its words (ZH-16b).

    Args:
        verdicts: what the pack's table says of each kind: allowed, needs_reason, needs_link or forbidden.
    """
    found = []
    for index, (row, verdict) in enumerate(zip(criteria, verdicts, strict=True)):
        reason = str(row.get("reason") or "").strip()
        if verdict == "forbidden":
            name = FORBIDDEN_KINDS.get(row["kind"], "这一类")
            found.append(no(f"不得将{name}作为必须条件，请删去。", "ZH-16b", f"criteria-{index}-kind"))
        elif verdict != "allowed" and not reason:
            found.append(
                no("请在“说明”中写明这一条与本项目需要的关系。", "ZH-16b", f"criteria-{index}-reason")
            )
        elif (what := suspicion(str(row.get("text", "")), patterns)) is not None and not reason:
            found.append(
                no(
                    f"这一条涉及{what}，不得作为资格条件，请改写；确不属于这种情况的，"
                    "请在“说明”中写明理由，由批准人复核。",
                    "ZH-16b",
                    f"criteria-{index}-text",
                )
            )
    return found


def to_clear(
    criteria: Sequence[Mapping[str, Any]], patterns: Sequence[Mapping[str, str]]
) -> list[tuple[int, str]]:
    """Conditions whose words are suspect and that a second person has to clear: (index, what)."""
    found = ((index, suspicion(str(row.get("text", "")), patterns)) for index, row in enumerate(criteria))
    return [(index, what) for index, what in found if what is not None]


def clearing_allowed(
    suspects: Sequence[tuple[int, str]], cleared: Mapping[int, Mapping[str, Any]]
) -> list[Decision]:
    """Every suspect condition is cleared by the approver with a reason, else nothing is published (ZH-16b)."""
    found = []
    for place, (index, what) in enumerate(suspects):
        row = cleared.get(index, {})
        if not row.get("cleared"):
            found.append(
                no(
                    f"资格条件第 {index + 1} 条涉及{what}，没有通过复核，不能发布；请退回修改。",
                    "ZH-16b",
                    f"clearances-{place}-cleared",
                )
            )
        elif not str(row.get("cleared_reason") or "").strip():
            found.append(no("请写明复核通过的理由。", "ZH-16b", f"clearances-{place}-cleared_reason"))
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


def invitation_allowed(method: str, invited: Sequence[int], least: int, note: str) -> list[Decision]:
    """A method that asks some organisations only says whom, and how they were found (L-02, L-12)."""
    if method not in INVITING:
        return [YES]
    if len(set(invited)) < least:
        return [no(f"采用{METHODS[method]}的，至少邀请 {least} 家，请选择受邀单位。", "L-02", "invited")]
    if not note.strip():
        return [no("请写明受邀单位是怎样产生的（随机抽取记录或法定情形）。", "L-02", "invited_note")]
    return [YES]


def bid_allowed(
    amount: int, ceiling: int, until: datetime | None, now: datetime, closed: bool
) -> list[Decision]:
    """In time and not above the ceiling (L-03)."""
    late = closed or until is None or now > until
    return [
        no("响应时间已经截止，不能再提交、修改或撤回。", "L-03") if late else YES,
        no(f"报价不能超过最高限价 {ceiling / 100:,.2f} 元。", "L-03", "amount") if amount > ceiling else YES,
    ]


def bidder_allowed(form: str, organisation_id: int, invited: Collection[int]) -> list[Decision]:
    """Who may answer a call: asked if the method asks, and able to bear liability above the limit (K-03).

    Args:
        form: what the pack's table says: "alone" or "federation".
    """
    return [
        YES
        if form == "alone"
        else no(
            "达到采购限额的项目，备案的社区社会组织不能单独承接，请由已登记的社会组织（如联合会）牵头参加。",
            "L-24",
        ),
        YES
        if not invited or organisation_id in invited
        else no("这次采购只接受受邀单位的响应，您的单位不在受邀名单中。", "L-02"),
    ]


def checks_allowed(rows: Sequence[Mapping[str, Any]]) -> list[Decision]:
    """Whoever is found not to meet the conditions is told which one (ZH-16a)."""
    return [
        no("不合格的请写明不符合哪一条资格条件。", "ZH-16a", f"checks-{index}-reason")
        for index, row in enumerate(rows)
        if not row["qualified"] and not str(row.get("reason") or "").strip()
    ]


def points_allowed(
    rows: Sequence[Mapping[str, Any]], most: Mapping[str, int], tied: Collection[int], places: Sequence[int]
) -> list[Decision]:
    """Points lie between 0 and their criterion's weight, and none are given under a declared tie (L-19).

    Args:
        tied: bids of organisations with which the scorer has declared a tie before.
        places: where each row stands in the form.
    """
    found = []
    for row, place in zip(rows, places, strict=True):
        where = f"scores-{place}-points"
        if int(row["bid_id"]) in tied:
            found.append(no("您已申报与这家单位有利害关系，应当回避，不能给它打分。", "L-19", where))
        elif row["criterion"] in most and not 0 <= int(row["points"]) <= most[row["criterion"]]:
            found.append(no(f"“{row['criterion']}”最高 {most[row['criterion']]} 分。", None, where))
    return found


def price_points(amount: int, lowest: int, weight: int) -> int:
    """Lowest price first: lowest ÷ price × weight, in hundredths of a point, rounded half up (L-31)."""
    return (2 * lowest * weight * 100 + amount) // (2 * amount)


def rank(
    offers: Sequence[Offer], scoring: Sequence[Mapping[str, Any]], ceiling: int, low: LowPrice
) -> list[dict[str, Any]]:
    """Bids from best to worst by mean points in hundredths; ties by `TIE_RULE`.

    Args:
        offers: in the order they were handed in.
    """
    if not offers:
        return []
    prices = [offer.amount for offer in offers]
    weight = next((int(row["weight"]) for row in scoring if row["kind"] == "price"), 0)
    table = []
    for number, offer in enumerate(offers):
        given = [sum(points.values()) for points in offer.points.values()]
        quality = (2 * sum(given) + len(given)) // (2 * len(given)) if given else 0
        price = price_points(offer.amount, min(prices), weight)
        others = [*prices[:number], *prices[number + 1 :]]
        table.append(
            {
                "bid_id": offer.bid_id,
                "amount": offer.amount,
                "quality": quality,
                "price": price,
                "total": quality + price,
                "scorers": len(given),
                "low_price": low_price(offer.amount, others, ceiling, low),
            }
        )
    return sorted(
        table, key=lambda row: (-row["total"], row["amount"])
    )  # stable: the earlier bid stays first


def low_price(amount: int, others: Sequence[int], ceiling: int, low: LowPrice) -> bool:
    """Whether a price has to be explained (L-33): strictly below a share of mean, second lowest or ceiling."""
    everyone = [amount, *others]
    below_mean = amount * 100 * len(everyone) < sum(everyone) * low.mean_pct
    below_second = bool(others) and amount * 100 < min(others) * low.second_pct
    return below_mean or below_second or amount * 100 < ceiling * low.ceiling_pct


def choice_allowed(
    ranking: Sequence[Mapping[str, Any]],
    bid_id: int,
    blocked: Collection[int],
    ground: str | None,
    opinion: str,
) -> Decision:
    """The first of the ranking is taken; one before the chosen is passed over only for a lawful reason.

    Args:
        blocked: bids whose organisation is barred by the credit gate.
        ground: one of `SKIPS`, or None.
    """
    order = [row["bid_id"] for row in ranking]
    if bid_id not in order:
        return no("请从排名中选择成交单位。", "ZH-16a", "bid_id")
    ahead = ranking[: order.index(bid_id)]
    passed = [row for row in ahead if row["bid_id"] not in blocked]
    if not ahead:
        return YES
    lawful = ground == "gave_up" or (ground == "low_price" and all(row["low_price"] for row in passed))
    if passed and not lawful:
        return no("应当选择排名第一的响应；不选第一名的须有法定理由并写明。", "ZH-16a", "bid_id")
    if not opinion.strip():
        return no("不选排名第一的，请写明理由。", "ZH-16a", "opinion")
    return YES


def award_allowed(
    *, name: str, gate: str, low: bool, low_reason: str, opinion: str, tied: bool, scored: bool
) -> list[Decision]:
    """Who awards is free of ties and did not score; credit and a low price are dealt with (ZH-24c, L-24, L-33).

    Args:
        gate: what the pack's credit gate says: ok, inform, block, or anything that asks for a reason.
    """
    return [
        no("您参加了评分，不能同时确定成交，请由其他领导办理。", "L-19") if scored else YES,
        no(f"您已申报与“{name}”有利害关系，应当回避。", "L-19", "bid_id") if tied else YES,
        no(f"“{name}”在严重违法失信名单中，不能成交。", "L-24", "bid_id") if gate == "block" else YES,
        no(f"“{name}”有失信记录，仍选择它的请写明理由。", "ZH-24c", "opinion")
        if gate not in ("ok", "inform", "block") and not opinion.strip()
        else YES,
        no(f"“{name}”报价异常偏低，请写明其成本说明和审查结论。", "L-33", "low_price_reason")
        if low and not low_reason.strip()
        else YES,
    ]


def closing_allowed(decision: str, upheld: bool, opinion: str) -> list[Decision]:
    """An upheld challenge cannot be passed over; a new round needs its reason (L-10, L-23)."""
    return [
        no("有质疑成立，不能确认成交，请重新采购。", "L-23", "decision")
        if upheld and decision == "confirmed"
        else YES,
        no("请写明重新采购的理由。", "L-23", "opinion")
        if decision == "retender" and not opinion.strip()
        else YES,
    ]
