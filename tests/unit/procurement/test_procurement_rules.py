"""The rules of procurement, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.packs import Pack
from app.procurement import documents, rules
from app.procurement.rules import LowPrice, Offer

LOW = LowPrice(50, 50, 45)
SCORING = [
    {"name": "服务方案", "kind": "quality", "weight": 70},
    {"name": "价格", "kind": "price", "weight": 30},
]
PRICES = st.integers(min_value=1, max_value=10**9)


@pytest.fixture(scope="module")
def patterns(pack: Pack) -> Any:
    return pack.value("qualification_forbidden_patterns")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("成立满三年", "成立年限"),
        ("须成立 3 年以上", "成立年限"),
        ("登记时间不少于５年", "成立年限"),
        ("注 册 满 两 年", "成立年限"),
        ("评估等级3A及以上方可报名", "评估等级"),
        ("４Ａ级社会组织", "评估等级"),
        ("须在香洲区注册", "注册所在地"),
        ("本市登记的社会组织", "注册所在地"),
        ("注册资金不低于10万元", "规模"),
        ("专职人员不少于20人", "规模"),
    ],
)
def test_forbidden_demands_are_found_in_whatever_words(patterns: Any, text: str, what: str) -> None:
    assert rules.suspicion(text, patterns) == what


@pytest.mark.parametrize(
    "text",
    [
        "持有社工证的项目人员 2 名",
        "依法登记的社会组织或在镇街备案的社区社会组织",
        "参加采购活动前三年内没有重大违法记录",
        "有开展长者助餐服务的经验",
        "能够在狮山街道提供服务",
    ],
)
def test_lawful_demands_pass(patterns: Any, text: str) -> None:
    assert rules.suspicion(text, patterns) is None


def test_a_forbidden_kind_is_no_mandatory_condition(pack: Pack, patterns: Any) -> None:
    for kind in rules.FORBIDDEN_KINDS:
        row = {"kind": kind, "text": "有相应材料", "mandatory": True, "reason": "需要"}
        verdict = str(pack.decide("eligibility_kind", {"kind": kind, "mandatory": True})["result"])
        found = rules.criteria_allowed([row], [verdict], patterns)
        assert [(d.ref, d.field) for d in found] == [("ZH-16b", "criteria-0-kind")]


def test_an_unusual_condition_says_what_it_is_for(patterns: Any) -> None:
    row = {"kind": "other", "text": "有固定的配餐车辆", "mandatory": True}
    assert rules.criteria_allowed([row], ["needs_link"], patterns)[0].field == "criteria-0-reason"
    assert rules.criteria_allowed([{**row, "reason": "每天配送午餐"}], ["needs_link"], patterns) == []


def test_suspect_words_wait_for_a_second_person(patterns: Any) -> None:
    row = {"kind": "service", "text": "服务点在香洲区登记备案", "mandatory": True}
    assert rules.criteria_allowed([row], ["allowed"], patterns)[0].field == "criteria-0-text"
    explained = {**row, "reason": "说的是服务点，不是单位注册地"}
    assert rules.criteria_allowed([explained], ["allowed"], patterns) == []
    suspects = rules.to_clear([explained], patterns)
    assert suspects == [(0, "注册所在地")]
    assert not all(rules.clearing_allowed(suspects, {}))
    assert rules.clearing_allowed(suspects, {0: {"cleared": True}})[0].field == "clearances-0-cleared_reason"
    assert rules.clearing_allowed(suspects, {0: {"cleared": True, "cleared_reason": "属实"}}) == []


@pytest.mark.parametrize(
    ("weights", "faults"),
    [((70, 30), 0), ((69, 30), 1), ((71, 30), 1), ((60, 40), 1), ((95, 5), 1)],
)
def test_weights_add_up_and_the_price_stays_in_its_band(weights: tuple[int, int], faults: int) -> None:
    scoring = [{**row, "weight": weight} for row, weight in zip(SCORING, weights, strict=True)]
    assert len(rules.scoring_allowed(scoring, 10, 30)) == faults


def test_exactly_one_price_line_and_no_name_twice() -> None:
    assert rules.scoring_allowed([{"name": "方案", "kind": "quality", "weight": 100}], 0, 100)
    twice = [SCORING[0], {**SCORING[1], "weight": 15}, {**SCORING[1], "weight": 15}]
    assert len(rules.scoring_allowed(twice, 10, 30)) == 2


def test_methods_are_refused_with_what_is_missing() -> None:
    def ask(method: str, **facts: Any) -> Any:
        given_facts = {"ground": "none", "approval": False, "above_open": False, **facts}
        return rules.method_allowed(method, ["open_tender", "consultation"], "依据", **given_facts)

    assert ask("consultation")
    assert ask("single_source").field == "ground"
    assert ask("negotiation", above_open=True).field == "approval_no"
    assert ask("inquiry").field == "method"


@given(amount=PRICES, lowest=PRICES, weight=st.integers(1, 100))
def test_price_points_are_rounded_half_up(amount: int, lowest: int, weight: int) -> None:
    lowest, amount = sorted((lowest, amount))
    exact = Fraction(lowest * weight * 100, amount)
    points = rules.price_points(amount, lowest, weight)
    assert Fraction(points) - exact <= Fraction(1, 2)
    assert exact - Fraction(points) < Fraction(1, 2)
    assert 0 <= points <= weight * 100


@given(
    amounts=st.lists(PRICES, min_size=1, max_size=6),
    data=st.data(),
)
def test_the_ranking_is_whole_ordered_and_does_not_depend_on_who_scored_first(
    amounts: list[int], data: st.DataObject
) -> None:
    offers = []
    for number, amount in enumerate(amounts):
        points = data.draw(st.dictionaries(st.integers(1, 5), st.integers(0, 7000), min_size=1))
        offers.append(Offer(number, amount, {who: {"服务方案": given} for who, given in points.items()}))
    table = rules.rank(offers, SCORING, max(amounts), LOW)
    assert {row["bid_id"] for row in table} == set(range(len(amounts)))
    assert all(isinstance(row["total"], int) and 0 <= row["total"] <= 10_000 for row in table)
    keys = [(-row["total"], row["amount"]) for row in table]
    assert keys == sorted(keys)
    turned = [Offer(o.bid_id, o.amount, dict(reversed(o.points.items()))) for o in offers]
    assert rules.rank(turned, SCORING, max(amounts), LOW) == table


def test_equal_totals_go_to_the_lower_price_then_to_the_earlier_bid() -> None:
    free = [
        {"name": "服务方案", "kind": "quality", "weight": 100},
        {"name": "价格", "kind": "price", "weight": 0},
    ]
    offers = [Offer(n, amount, {1: {"服务方案": 8000}}) for n, amount in ((1, 900), (2, 800), (3, 800))]
    assert [row["bid_id"] for row in rules.rank(offers, free, 1000, LOW)] == [2, 3, 1]


def test_others_points_count_where_a_scorer_stood_aside() -> None:
    offers = [
        Offer(1, 100, {1: {"服务方案": 6000}, 2: {"服务方案": 6001}}),
        Offer(2, 100, {2: {"服务方案": 6500}}),
    ]
    table = rules.rank(offers, SCORING, 100, LOW)
    assert [(row["bid_id"], row["quality"], row["scorers"]) for row in table] == [(2, 6500, 1), (1, 6001, 2)]


@pytest.mark.parametrize(
    ("amount", "others", "ceiling", "flagged"),
    [
        (4500, [9000, 9000], 10000, False),  # exactly at each border: strictly below only
        (4499, [5000, 5000], 10000, True),  # below 45 % of the ceiling
        (5000, [10001, 10001], 10002, True),  # below half the second lowest
        (5000, [10000, 10000], 10000, False),
        (9000, [], 10000, False),
    ],
)
def test_a_price_is_to_be_explained_only_strictly_below_a_border(
    amount: int, others: list[int], ceiling: int, flagged: bool
) -> None:
    assert rules.low_price(amount, others, ceiling, LOW) is flagged


def test_points_keep_to_their_criterion_and_away_from_a_tie() -> None:
    rows = [
        {"bid_id": 1, "criterion": "方案", "points": 70},
        {"bid_id": 1, "criterion": "方案", "points": 71},
        {"bid_id": 2, "criterion": "方案", "points": 1},
    ]
    found = rules.points_allowed(rows, {"方案": 70}, {2}, [0, 1, 2])
    assert [(d.field, d.ref) for d in found] == [("scores-1-points", None), ("scores-2-points", "L-19")]


def test_the_first_is_passed_over_only_for_a_lawful_reason() -> None:
    table = [
        {"bid_id": 1, "low_price": True},
        {"bid_id": 2, "low_price": False},
        {"bid_id": 3, "low_price": False},
    ]
    assert rules.choice_allowed(table, 1, set(), None, "")
    assert not rules.choice_allowed(table, 2, set(), None, "第二名更熟悉")
    assert rules.choice_allowed(table, 2, set(), "low_price", "不能说明成本")
    assert not rules.choice_allowed(table, 3, set(), "low_price", "不能说明成本")
    assert rules.choice_allowed(table, 3, set(), "gave_up", "前两名书面放弃")
    assert rules.choice_allowed(table, 2, {1}, None, "第一名在严重违法失信名单")
    assert rules.choice_allowed(table, 2, {1}, None, "").field == "opinion"
    assert not rules.choice_allowed(table, 9, set(), "gave_up", "理由")


def test_late_and_too_high_bids() -> None:
    until = datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)
    assert all(rules.bid_allowed(100, 100, until, until, False))
    assert not all(rules.bid_allowed(100, 100, until, until + timedelta(seconds=1), False))
    assert not all(rules.bid_allowed(100, 100, until, until, True))
    assert [d.field for d in rules.bid_allowed(101, 100, until, until, False) if not d] == ["amount"]


def test_who_may_answer() -> None:
    assert all(rules.bidder_allowed("alone", 7, []))
    assert all(rules.bidder_allowed("alone", 7, [7, 8]))
    assert [d.ref for d in rules.bidder_allowed("federation", 7, [8]) if not d] == ["L-24", "L-02"]


def test_invitations_name_enough_and_say_how() -> None:
    assert all(rules.invitation_allowed("consultation", [], 3, ""))
    assert not all(rules.invitation_allowed("invited_tender", [1, 2, 2], 3, "随机抽取"))
    assert not all(rules.invitation_allowed("single_source", [1], 1, " "))
    assert all(rules.invitation_allowed("invited_tender", [1, 2, 3], 3, "随机抽取"))


def test_any_change_of_the_document_changes_its_fingerprint() -> None:
    content: dict[str, Any] = {
        "case_no": "XM2026-0001",
        "title": "长者助餐",
        "buyer": "狮山街道",
        "round_no": 1,
        "method": "consultation",
        "basis": "财库〔2014〕214号",
        "ceiling": 14_800_005,
        "requirements": "每周五天配送午餐",
        "criteria": [{"text": "依法登记", "mandatory": True}],
        "scoring": SCORING,
        "until": datetime(2026, 3, 12, 15, 59, 59, tzinfo=UTC),
        "invited": [],
        "papers": [("图纸.pdf", "a" * 64)],
    }
    text = documents.text_of(**content)
    assert "最高限价：148,000.05 元" in text
    assert "2026-03-12 23:59:59" in text
    for change in (
        {"ceiling": 14_800_006},
        {"papers": [("图纸.pdf", "b" * 64)]},
        {"criteria": [{"text": "依法登记", "mandatory": False}]},
        {"invited": ["安康服务中心"]},
    ):
        assert documents.fingerprint(documents.text_of(**{**content, **change})) != documents.fingerprint(
            text
        )
