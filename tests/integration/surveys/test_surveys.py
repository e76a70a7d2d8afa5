"""Satisfaction surveys: one code one answer, in time, with enough answers for a figure (ZH-26a)."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.audit.models import AuditEntry
from app.ballots import survey_queries, survey_rules, surveys
from app.ballots.survey_models import Survey, SurveyAnswer, SurveyCode
from app.core import clock as time
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, NotFound, Refusal, Refusals
from app.core.identity import Role
from app.files import services as files
from tests.factories.cases import make_case
from tests.factories.people import actor_of, make_person, make_units

GOOD = {question["key"]: 5 for question in survey_rules.QUESTIONS}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def world(database: object) -> SimpleNamespace:
    units = make_units()
    case = make_case(units)
    clerk = actor_of(make_person("经办", Role.STREET_CLERK, units.street))
    survey = open_survey(clerk, case)
    return SimpleNamespace(case=case, clerk=clerk, survey=survey)


def open_survey(clerk: Any, case: Any) -> Survey:
    until = time.end_of_day(time.today() + timedelta(days=7))
    return surveys.open_survey(clerk, case, title="满意度调查", method="随机发放问卷码", until_at=until)


def fill(world: SimpleNamespace, n: int, **scores: int) -> None:
    for code in surveys.issue_codes(world.clerk, world.survey.id, n):
        surveys.answer(code, {**GOOD, **scores})


@pytest.mark.requirement("ZH-26a", "accept")
def test_enough_answers_give_a_figure_with_its_sample_and_method(world: SimpleNamespace) -> None:
    fill(world, 30)
    fill(world, 22, overall=4)
    result = survey_queries.result(world.survey.id, 30)
    assert (result.n, result.mean, result.score) == (52, 458, 9154)
    assert result.questions[0].distribution == {5: 30, 4: 22, 3: 0, 2: 0, 1: 0}
    assert world.survey.method == "随机发放问卷码"


@pytest.mark.requirement("ZH-26a", "reject")
def test_too_few_answers_are_insufficient_and_no_number(world: SimpleNamespace) -> None:
    fill(world, 29)
    result = survey_queries.result(world.survey.id, 30)
    assert not result.sufficient
    assert (result.n, result.mean, result.score) == (29, None, None)


def test_a_code_answers_once(world: SimpleNamespace) -> None:
    (code,) = surveys.issue_codes(world.clerk, world.survey.id, 1)
    surveys.answer(code, GOOD, "很好")
    with pytest.raises(Conflict, match="已经用过"):
        surveys.answer(code, GOOD)
    assert survey_queries.result(world.survey.id, 1).n == 1
    assert survey_queries.codes_of(world.survey.id) == survey_queries.CodeCount(1, 1)


def test_a_refused_answer_does_not_use_up_its_code(world: SimpleNamespace) -> None:
    (code,) = surveys.issue_codes(world.clerk, world.survey.id, 1)
    with pytest.raises(Refusals, match="请回答"):
        surveys.answer(code, {"overall": 6})
    surveys.answer(code, GOOD)


def test_nobody_printed_this_code(world: SimpleNamespace) -> None:
    with pytest.raises(NotFound):
        surveys.answer("A" * surveys.LENGTH, GOOD)


def test_answers_end_with_the_survey(world: SimpleNamespace, clock: MovableClock) -> None:
    first, second = surveys.issue_codes(world.clerk, world.survey.id, 2)
    clock.set(world.survey.until_at)
    surveys.answer(first, GOOD)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Refusal, match="已于 2026年03月09日 结束"):
        surveys.answer(second, GOOD)
    with pytest.raises(Refusal):
        surveys.issue_codes(world.clerk, world.survey.id, 1)
    surveys.extend(world.clerk, world.survey.id, clock.now() + timedelta(days=3), "样本不足")
    surveys.answer(second, GOOD)


def test_a_survey_is_only_made_longer_and_with_a_reason(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="必须晚于原来"):
        surveys.extend(world.clerk, world.survey.id, world.survey.until_at, "样本不足")
    with pytest.raises(Refusal, match="请写明"):
        surveys.extend(world.clerk, world.survey.id, world.survey.until_at + timedelta(days=1), " ")


def test_codes_are_kept_as_hashes_and_lead_to_no_answer(world: SimpleNamespace) -> None:
    codes = surveys.issue_codes(world.clerk, world.survey.id, 3)
    surveys.answer(codes[0], GOOD, "谢谢")
    stored = " ".join(map(str, session().execute(text("SELECT * FROM survey_code")).all()))
    logged = " ".join(
        f"{entry.subject} {entry.before} {entry.after}" for entry in session().scalars(select(AuditEntry))
    )
    for code in codes:
        assert code not in stored + logged
        assert survey_rules.code_hash(code) not in logged
    assert {column.name for column in SurveyCode.__table__.columns} == {
        "id",
        "survey_id",
        "code_hash",
        "used",
    }
    assert not {"code_id", "code_hash", "at"} & {column.name for column in SurveyAnswer.__table__.columns}


def test_paper_needs_a_clerk_and_its_scan(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="扫描件"):
        surveys.answer_on_paper(world.clerk, world.survey.id, GOOD, "", [])
    scan = files.store(world.clerk, "问卷.pdf", io.BytesIO(PDF))
    surveys.answer_on_paper(world.clerk, world.survey.id, GOOD, "字大一点就好了", [scan.id])
    result = survey_queries.result(world.survey.id, 1)
    assert (result.n, result.paper) == (1, 1)
    assert survey_queries.comments(world.survey.id) == ["字大一点就好了"]


def test_the_database_knows_no_paper_without_clerk(world: SimpleNamespace) -> None:
    answer = SurveyAnswer(
        survey_id=world.survey.id, scores=GOOD, channel="paper", on_day=time.today(), file_ids=[]
    )
    with pytest.raises(DBAPIError), unit_of_work() as db:
        db.add(answer)


def test_an_answer_cannot_be_changed(world: SimpleNamespace) -> None:
    fill(world, 1)
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(text("UPDATE survey_answer SET comment = 'x'"))


def test_a_sheet_has_a_sensible_number_of_codes(world: SimpleNamespace) -> None:
    for count in (0, survey_rules.MOST_CODES + 1):
        with pytest.raises(Refusal):
            surveys.issue_codes(world.clerk, world.survey.id, count)


def test_a_qr_code_is_a_drawing_without_inline_style() -> None:
    svg = surveys.qr_svg("https://example.org/c/ABCDEFGH23456789")
    assert svg.startswith("<svg")
    assert "style=" not in svg
    assert "<script" not in svg
