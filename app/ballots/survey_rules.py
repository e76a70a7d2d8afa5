"""When a questionnaire counts, and what the figures are. Knows no database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import clock
from app.core.errors import YES, Decision, no

SCALE: tuple[tuple[int, str], ...] = (
    (5, "很满意"),
    (4, "满意"),
    (3, "一般"),
    (2, "不满意"),
    (1, "很不满意"),
)
QUESTIONS: tuple[Mapping[str, str], ...] = (
    {"key": "overall", "text": "总体来说，您对这项服务满意吗？"},
    {"key": "content", "text": "服务内容符合您的需要吗？"},
    {"key": "attitude", "text": "服务人员的态度和专业水平怎么样？"},
    {"key": "convenience", "text": "服务的时间、地点方便吗？"},
)
MOST_CODES = 500
"""Codes printed in one go: a sheet somebody still cuts by hand."""
LONGEST = 500


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The answers to one question.

    Attributes:
        mean: hundredths of a point of the five-point scale (453 is 4.53).
        distribution: number of answers by score, 5 first.
    """

    key: str
    text: str
    mean: int
    distribution: dict[int, int]


@dataclass(frozen=True, slots=True)
class SurveyResult:
    """What a survey says, or that it says too little (ZH-26a).

    Attributes:
        mean: hundredths of a point of the question that counts; None when there are too few answers.
        score: the same as hundredths of a percent (9060 is 90.60); None when there are too few answers.
        questions: empty when there are too few answers.
    """

    n: int
    min_n: int
    mean: int | None
    score: int | None
    questions: tuple[QuestionResult, ...]
    paper: int = 0

    @property
    def sufficient(self) -> bool:
        """Whether there are enough answers for a figure."""
        return self.mean is not None


def code_hash(code: str) -> str:
    """The fingerprint of a one-time code; case and gaps do not matter, a person may have typed it."""
    return hashlib.sha256(code.strip().replace("-", "").upper().encode()).hexdigest()


def open_now(now: datetime, opens_at: datetime, until_at: datetime) -> Decision:
    """Answers are taken from the first to the last moment of the survey."""
    if now < opens_at:
        return no(f"调查从 {clock.local(opens_at):%Y年%m月%d日} 开始，请到时再填写。", "ZH-26a")
    if now > until_at:
        return no(f"调查已于 {clock.local(until_at):%Y年%m月%d日} 结束，谢谢您的关心。", "ZH-26a")
    return YES


def scores_allowed(questions: Sequence[Mapping[str, Any]], scores: Mapping[str, Any]) -> list[Decision]:
    """Every question has exactly one score from 1 to 5."""
    found: list[Decision] = []
    known = {question["key"] for question in questions}
    for question in questions:
        score = scores.get(question["key"])
        if isinstance(score, bool) or not isinstance(score, int) or not 1 <= score <= 5:
            found.append(no(f"请回答：“{question['text']}”", "ZH-26a", question["key"]))
    if set(scores) - known:
        found.append(no("问卷中没有这个问题，请刷新页面后重新填写。"))
    return found


def mean_of(scores: Sequence[int]) -> int:
    """The mean in hundredths, half rounded up, by whole numbers only."""
    return (200 * sum(scores) + len(scores)) // (2 * len(scores))


def result_of(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]], min_n: int, paper: int = 0
) -> SurveyResult:
    """The figures of a survey; below the pack's number of answers there are none (ZH-26a).

    Args:
        answers: scores by question key, one mapping for each questionnaire.
    """
    n = len(answers)
    if n < max(min_n, 1):
        return SurveyResult(n, min_n, None, None, (), paper)
    by_question = tuple(
        QuestionResult(
            question["key"],
            question["text"],
            mean_of([answer[question["key"]] for answer in answers]),
            {value: sum(1 for a in answers if a[question["key"]] == value) for value, _ in SCALE},
        )
        for question in questions
    )
    points = sum(answer[questions[0]["key"]] for answer in answers)
    score = (points * 10000 * 2 + 5 * n) // (2 * 5 * n)
    return SurveyResult(n, min_n, by_question[0].mean, score, by_question, paper)
