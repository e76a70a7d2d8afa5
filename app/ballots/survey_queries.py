"""Reads of satisfaction surveys."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from app.ballots.survey_models import Survey, SurveyAnswer, SurveyCode
from app.ballots.survey_rules import SurveyResult, code_hash, result_of
from app.core.db import session
from app.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many codes were printed and how many of them came back."""

    issued: int
    used: int


def by_id(survey_id: int) -> Survey:
    """A survey.

    Raises:
        NotFound: there is none.
    """
    found = session().get(Survey, survey_id)
    if found is None:
        raise NotFound
    return found


def latest(case_id: int) -> Survey | None:
    """The newest survey of a case."""
    return session().scalar(
        select(Survey).where(Survey.case_id == case_id).order_by(Survey.seq.desc()).limit(1)
    )


def survey_of_code(code: str) -> tuple[Survey, bool]:
    """The survey a one-time code belongs to, and whether the code was used.

    Raises:
        NotFound: nobody printed this code.
    """
    row = (
        session()
        .execute(
            select(Survey, SurveyCode.used)
            .join(SurveyCode, SurveyCode.survey_id == Survey.id)
            .where(SurveyCode.code_hash == code_hash(code))
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound("没有找到这个问卷码，请核对后重新扫码或输入。")
    return row[0], row[1]


def codes_of(survey_id: int) -> CodeCount:
    """How many codes a survey has."""
    rows = session().execute(
        select(SurveyCode.used, func.count())
        .where(SurveyCode.survey_id == survey_id)
        .group_by(SurveyCode.used)
    )
    counts = dict(rows.all())
    return CodeCount(sum(counts.values()), counts.get(True, 0))


def result(survey_id: int, min_n: int) -> SurveyResult:
    """The figures of a survey; too few answers give none (ZH-26a)."""
    survey = by_id(survey_id)
    rows = (
        session()
        .execute(select(SurveyAnswer.scores, SurveyAnswer.channel).where(SurveyAnswer.survey_id == survey_id))
        .all()
    )
    paper = sum(1 for _, channel in rows if channel == "paper")
    return result_of(survey.questions, [scores for scores, _ in rows], min_n, paper)


def comments(survey_id: int) -> list[str]:
    """What people wrote, for the street's own eyes, in no order that tells who came when."""
    query = select(SurveyAnswer.comment).where(
        SurveyAnswer.survey_id == survey_id, SurveyAnswer.comment.is_not(None)
    )
    return sorted(str(text) for text in session().scalars(query))
