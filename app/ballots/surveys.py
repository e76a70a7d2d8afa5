"""Satisfaction surveys: open, print one-time codes, take answers from phones and from paper."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import segno
from sqlalchemy import CursorResult, func, select, update

from app.audit import services as audit
from app.ballots import survey_queries
from app.ballots import survey_rules as rules
from app.ballots.survey_models import Survey, SurveyAnswer, SurveyCode
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Conflict, Fault, Refusal, no, require_all
from app.core.identity import RESIDENT, Actor
from app.files import services as files
from app.runtime.models import Case

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No I, L, O, 0, 1: people read codes aloud."""
LENGTH = 16


def open_survey(
    actor: Actor,
    case: Case,
    *,
    title: str,
    method: str,
    until_at: datetime,
    questions: Sequence[Mapping[str, str]] = rules.QUESTIONS,
) -> Survey:
    """Open a satisfaction survey (开展满意度调查; ZH-26a).

    Args:
        method: how the people who are asked were chosen; kept with the result.
    """
    with unit_of_work() as db:
        now = clock.now()
        if until_at <= now:
            raise Refusal("调查截止日期必须晚于今天。", field="survey_until", rule="ZH-26a")
        last = db.scalar(select(func.max(Survey.seq)).where(Survey.case_id == case.id)) or 0
        survey = Survey(
            city=case.city,
            case_id=case.id,
            seq=last + 1,
            title=title,
            questions=[dict(question) for question in questions],
            method=method,
            opens_at=now,
            until_at=until_at,
            created_by=actor.person_id,
        )
        db.add(survey)
        db.flush()
        _record(actor, survey, "ballots.open_survey", {"until": until_at.isoformat(), "method": method})
        return survey


def extend(actor: Actor, survey_id: int, until_at: datetime, reason: str) -> Survey:
    """Give a survey more time, because too few have answered (延长调查; ZH-26a)."""
    with unit_of_work() as db:
        survey = db.get(Survey, survey_id, with_for_update=True) or survey_queries.by_id(survey_id)
        if until_at <= max(survey.until_at, clock.now()):
            raise Refusal("新的截止日期必须晚于原来的截止日期，也要晚于今天。", field="until", rule="ZH-26a")
        if not reason.strip():
            raise Refusal("请写明延长调查的原因。", field="reason", rule="ZH-26a")
        before, survey.until_at = survey.until_at, until_at
        db.flush()
        audit.record(
            f"survey:{survey.id}",
            "ballots.extend_survey",
            actor=actor,
            subject=f"survey:{survey.id}",
            before={"until": before.isoformat()},
            after={"until": until_at.isoformat(), "reason": reason.strip()},
        )
        return survey


def issue_codes(actor: Actor, survey_id: int, count: int) -> list[str]:
    """Make one-time codes to print; they are shown this once and kept only as hashes (发放问卷码).

    Raises:
        Refusal: too many at once, or the survey is over.
    """
    with unit_of_work() as db:
        survey = survey_queries.by_id(survey_id)
        rules.open_now(clock.now(), survey.opens_at, survey.until_at).require()
        if not 1 <= count <= rules.MOST_CODES:
            raise Refusal(f"一次可以打印 1 到 {rules.MOST_CODES} 张，请修改数量。", field="count")
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(count)]
        db.add_all(
            SurveyCode(survey_id=survey.id, code_hash=rules.code_hash(code), used=False) for code in codes
        )
        db.flush()
        _record(actor, survey, "ballots.issue_codes", {"count": count})
        return codes


def answer(code: str, scores: Mapping[str, int], comment: str = "") -> None:
    """Hand in a questionnaire with a one-time code (填写满意度问卷; ZH-26a).

    The code is used up in the same transaction; the answer keeps nothing of it.

    Raises:
        NotFound: nobody printed this code.
        Conflict: the code was used before.
        Refusals: outside the survey's time, or a question without a score.
    """
    with unit_of_work() as db:
        survey, used = survey_queries.survey_of_code(code)
        if used:
            raise Conflict("这个问卷码已经用过，每个码只能填写一次。谢谢您的参与。", rule="ZH-26a")
        rules.open_now(clock.now(), survey.opens_at, survey.until_at).require()
        _require_answer(survey, scores, comment)
        result = cast(
            "CursorResult[Any]",
            db.execute(
                update(SurveyCode)
                .where(SurveyCode.code_hash == rules.code_hash(code), SurveyCode.used.is_(False))
                .values(used=True)
            ),
        )
        if result.rowcount != 1:
            raise Conflict("这个问卷码已经用过，每个码只能填写一次。谢谢您的参与。", rule="ZH-26a")
        _add(survey, scores, comment, "qr", None, [])
        _record(RESIDENT, survey, "ballots.code_used", {"codes": 1})


def answer_on_paper(
    actor: Actor, survey_id: int, scores: Mapping[str, int], comment: str, file_ids: Sequence[int]
) -> None:
    """Enter a questionnaire filled in on paper, with its scan (录入纸质问卷; ZH-26a).

    Raises:
        Refusals: outside the survey's time, no scan, or a question without a score.
    """
    with unit_of_work():
        survey = survey_queries.by_id(survey_id)
        if actor.person_id is None:
            raise Fault("纸质问卷必须由工作人员录入")
        rules.open_now(clock.now(), survey.opens_at, survey.until_at).require()
        if not file_ids:
            raise Refusal("请上传纸质问卷的扫描件或照片。", field="files", rule="ZH-26a")
        _require_answer(survey, scores, comment)
        files.attach(list(file_ids), survey.case_id, actor)
        _add(survey, scores, comment, "paper", actor.person_id, list(file_ids))
        _record(actor, survey, "ballots.paper_entered", {"files": list(file_ids)})


def qr_svg(url: str, scale: int = 4) -> str:
    """A QR code as an SVG drawing without any style that a strict page would refuse."""
    return str(segno.make(url, error="m").svg_inline(scale=scale, border=2, svgclass="zj-qr", lineclass=None))


def _require_answer(survey: Survey, scores: Mapping[str, Any], comment: str) -> None:
    found = rules.scores_allowed(survey.questions, scores)
    if len(comment) > rules.LONGEST:
        found.append(no(f"意见最多 {rules.LONGEST} 个字，现在 {len(comment)} 个字。", None, "comment"))
    require_all(found)


def _add(
    survey: Survey,
    scores: Mapping[str, int],
    comment: str,
    channel: str,
    person_id: int | None,
    file_ids: list[int],
) -> None:
    with unit_of_work() as db:
        db.add(
            SurveyAnswer(
                survey_id=survey.id,
                scores=dict(scores),
                comment=comment.strip() or None,
                channel=channel,
                on_day=clock.today(),
                entered_by=person_id,
                file_ids=file_ids,
            )
        )


def _record(actor: Actor, survey: Survey, action: str, after: dict[str, Any]) -> None:
    audit.record(f"survey:{survey.id}", action, actor=actor, subject=f"survey:{survey.id}", after=after)
