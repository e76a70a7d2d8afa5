"""Rules of satisfaction surveys: what counts and what the figures are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ballots import survey_rules as rules
from app.ballots.surveys import ALPHABET, LENGTH

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ONE = ({"key": "overall", "text": "满意吗？"},)


def of(*scores: int, min_n: int = 1) -> rules.SurveyResult:
    return rules.result_of(ONE, [{"overall": score} for score in scores], min_n)


def test_figures_are_exact_hundredths() -> None:
    result = of(5, 5, 4)
    assert (result.n, result.mean, result.score) == (3, 467, 9333)
    assert result.questions[0].distribution == {5: 2, 4: 1, 3: 0, 2: 0, 1: 0}


@pytest.mark.parametrize("n", [0, 1, 29])
def test_too_few_answers_are_no_figure(n: int) -> None:
    result = of(*[5] * n, min_n=30)
    assert not result.sufficient
    assert (result.n, result.mean, result.score, result.questions) == (n, None, None, ())


def test_just_enough_answers_are_a_figure() -> None:
    assert of(*[4] * 30, min_n=30).score == 8000


def test_no_answers_never_divide() -> None:
    assert of(min_n=0).mean is None


@given(st.lists(st.integers(1, 5), min_size=1, max_size=300))
def test_figures_are_rounded_half_up(scores: list[int]) -> None:
    result = of(*scores)
    exact = Decimal(sum(scores)) / len(scores)
    assert result.mean == int((exact * 100).to_integral_value(ROUND_HALF_UP))
    assert result.score == int((exact * 2000).to_integral_value(ROUND_HALF_UP))
    assert result.score is not None
    assert 2000 <= result.score <= 10000
    assert sum(result.questions[0].distribution.values()) == len(scores)


@pytest.mark.parametrize("score", [0, 6, -1, True, "5", None, 4.0])
def test_only_one_to_five_is_a_score(score: object) -> None:
    assert [d.field for d in rules.scores_allowed(ONE, {"overall": score})] == ["overall"]


def test_each_question_is_answered_and_no_other() -> None:
    assert rules.scores_allowed(ONE, {"overall": 3}) == []
    assert rules.scores_allowed(ONE, {})
    assert rules.scores_allowed(ONE, {"overall": 3, "more": 3})


def test_answers_are_taken_from_the_first_to_the_last_moment() -> None:
    end = NOW + timedelta(days=3)
    assert rules.open_now(NOW, NOW, end)
    assert rules.open_now(end, NOW, end)
    assert not rules.open_now(end + timedelta(seconds=1), NOW, end)
    assert not rules.open_now(NOW - timedelta(seconds=1), NOW, end)


@given(st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH))
def test_a_code_may_be_typed_in_groups_and_small_letters(code: str) -> None:
    typed = "-".join(code[i : i + 4] for i in range(0, LENGTH, 4)).lower()
    assert rules.code_hash(f" {typed} ") == rules.code_hash(code)
    assert code not in rules.code_hash(code)
