"""Rules of evaluation: who may judge, what is needed, what it comes to."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ballots.survey_rules import SurveyResult
from app.core.errors import Decision
from app.evaluation import rules

TODAY = date(2026, 3, 2)
NEEDED = {"committee": 1, "resident_representative": 1}


def independent(*ties: rules.Tie, **changes: object) -> list[Decision]:
    given_: dict[str, object] = {
        "evaluator_unit_id": 7,
        "provider_unit_id": 8,
        "declared": True,
        "has_files": True,
        "ties": ties,
        "today": TODAY,
        "years": 3,
    }
    return rules.independence_allowed(**{**given_, **changes})  # type: ignore[arg-type]


def test_a_third_party_without_ties_and_with_a_declaration_is_independent() -> None:
    assert independent() == []


@pytest.mark.parametrize(
    ("signed", "ended", "allowed"),
    [
        (date(2020, 1, 1), date(2023, 3, 1), True),
        (date(2020, 1, 1), date(2023, 3, 2), False),
        (date(2026, 2, 1), date(2026, 2, 20), False),
        (date(2015, 1, 1), None, False),
    ],
)
def test_a_contract_of_the_last_years_makes_dependent(
    signed: date, ended: date | None, allowed: bool
) -> None:
    found = independent(rules.Tie("评估服务", signed, ended))
    assert (found == []) is allowed
    assert {d.ref for d in found} <= {"ZH-27a"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"declared": False}, "independence"),
        ({"has_files": False}, "declaration_files"),
        ({"provider_unit_id": 7}, "evaluator_unit"),
    ],
)
def test_no_declaration_or_the_provider_itself_is_refused(changes: dict[str, object], field: str) -> None:
    assert [d.field for d in independent(**changes)] == [field]


def test_a_leap_day_has_a_day_three_years_before() -> None:
    assert rules.years_before(date(2028, 2, 29), 3) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("counts", "missing"),
    [
        ({}, 2),
        ({"committee": 3}, 1),
        ({"resident_representative": 1}, 1),
        ({"committee": 1, "resident_representative": 1}, 0),
    ],
)
def test_both_parties_have_to_be_heard(counts: dict[str, int], missing: int) -> None:
    assert len(rules.parties_allowed(counts, NEEDED)) == missing


@pytest.mark.parametrize(
    ("weight", "floor", "allowed"),
    [(30, 20, True), (20, 20, True), (19, 20, False), (None, 20, False), (0, None, False), (1, None, True)],
)
def test_satisfaction_has_at_least_the_packs_weight(
    weight: int | None, floor: int | None, allowed: bool
) -> None:
    assert bool(rules.weight_allowed(weight, floor)) is allowed


def test_too_few_answers_stop_the_judgement() -> None:
    assert not rules.satisfaction_allowed(SurveyResult(12, 30, None, None, ()))
    assert rules.satisfaction_allowed(SurveyResult(52, 30, 453, 9060, ()))


def test_nobody_scores_while_people_may_still_answer() -> None:
    end = datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)
    assert not rules.survey_over(end - timedelta(seconds=1), end)
    assert rules.survey_over(end, end)


def test_every_target_is_judged_and_none_is_added() -> None:
    targets = [{"name": "服务人次"}, {"name": "活动场次"}]
    assert rules.indicators_allowed(targets, [{"score": 90}, {"score": 80}]) == []
    assert rules.indicators_allowed(targets, [{"score": 90}])
    assert [d.field for d in rules.indicators_allowed(targets, [{"score": 90}, {"score": 101}])] == [
        "indicators-1-score"
    ]


def test_a_total_by_hand() -> None:
    total = rules.total_of([60, 40], [90, 80], 30, 9060)
    assert total == rules.Total(8600, 9060, 8738)


def test_satisfaction_of_the_contract_takes_its_points_from_the_survey() -> None:
    targets = [
        {"name": "服务人次", "weight": 70},
        {"name": "服务对象满意度", "weight": 30},
    ]
    judged, weight = rules.split_targets(targets)
    assert ([t["name"] for t in judged], weight) == (["服务人次"], 30)
    assert rules.split_targets(targets[:1]) == (targets[:1], None)
    assert rules.total_of([70], [80], 30, 9060).total == 5600 + 2718


def test_satisfaction_alone_is_the_total() -> None:
    assert rules.total_of([], [], 100, 9060).total == 9060


def test_people_get_the_packs_days_to_answer() -> None:
    assert rules.survey_until_allowed(date(2026, 3, 9), date(2026, 3, 9), 5)
    assert not rules.survey_until_allowed(date(2026, 3, 8), date(2026, 3, 9), 5)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=5)))
    borders = [0, *cuts, 100]
    weights = [b - a for a, b in itertools.pairwise(borders)]
    scores = draw(st.lists(st.integers(0, 100), min_size=len(weights), max_size=len(weights)))
    return weights, scores


@given(sheets(), st.integers(1, 100), st.integers(2000, 10000))
def test_a_total_is_the_exact_mean_and_stays_between_its_parts(
    sheet: tuple[list[int], list[int]], weight: int, satisfaction: int
) -> None:
    weights, scores = sheet
    total = rules.total_of(weights, scores, weight, satisfaction)
    performance = Decimal(sum(w * s for w, s in zip(weights, scores, strict=True))) / 100
    exact = performance * (100 - weight) / 100 + Decimal(satisfaction) / 100 * weight / 100
    assert total.total == int((exact * 100).to_integral_value(ROUND_HALF_UP))
    low, high = sorted((total.performance, satisfaction))
    assert low <= total.total <= high


def test_nobody_confirms_an_own_score() -> None:
    assert rules.confirmation_allowed("confirm", "", 1, 2) == []
    assert rules.confirmation_allowed("confirm", "", 1, 1)
    assert [d.field for d in rules.confirmation_allowed("rectify", " ", 1, 2)] == ["opinion"]


def test_who_belongs_to_street_or_provider_does_not_score_for_a_third_party() -> None:
    assert rules.scorer_allowed(False, True, False)
    assert rules.scorer_allowed(True, False, False)
    assert not rules.scorer_allowed(True, True, False)
    assert not rules.scorer_allowed(False, False, True)


@pytest.mark.parametrize(
    ("decision", "text", "upheld", "allowed"),
    [
        ("confirmed", "", [False], True),
        ("confirmed", "", [True], False),
        ("corrected", "", [True], False),
        ("corrected", "总分应为 87.38 分", [True], True),
    ],
)
def test_an_upheld_objection_is_corrected_in_public(
    decision: str, text: str, upheld: list[bool], allowed: bool
) -> None:
    assert (rules.correction_allowed(decision, text, upheld) == []) is allowed


def test_points_read_as_decimals() -> None:
    assert [rules.points(n) for n in (9060, 5, None)] == ["90.60", "0.05", ""]
