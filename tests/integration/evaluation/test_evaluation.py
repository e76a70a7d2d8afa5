"""Acceptance and evaluation: independent, with everybody's voice, published before the last money (ZH-26a, ZH-27)."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.ballots import survey_queries, survey_rules, surveys
from app.contracts.queries import contract_of
from app.core import clock as time
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal, Refusals
from app.core.identity import RESIDENT, Actor, Role
from app.evaluation import handlers, planning, queries, services
from app.evaluation.models import EvaluatorContract
from app.notices import queries as notices
from app.notices import services as notice_services
from app.organisations.queries import credit_of
from app.runtime.handlers import form_handler
from app.ui import forms
from tests.factories.cases import context
from tests.factories.evaluation import declaration, make_evaluator, make_world
from tests.factories.people import actor_of, make_person

GOOD = {question["key"]: 5 for question in survey_rules.QUESTIONS}


@pytest.fixture
def world(database: object, pack: Any) -> SimpleNamespace:
    handlers.register()
    return make_world(pack)


def prepared(world: SimpleNamespace, key: str, actor: Actor) -> forms.Form:
    """The form as the actor gets to see it."""
    files, handler = world.pack.files, form_handler(key)
    form = forms.load(files[f"form/{key}.json"], files[f"form/{key}.ui.json"], key)
    assert handler is not None
    if handler.prepare is None:
        return form
    return handler.prepare(context(world.case, actor, world.pack, key, {}), form)


def step(world: SimpleNamespace, key: str, actor: Actor, **answers: Any) -> dict[str, Any]:
    """Complete a form the way the runtime does: prepare, fill in, check, submit, all or nothing."""
    handler = form_handler(key)
    assert handler is not None
    form = prepared(world, key, actor)
    given = forms.complete(form, answers)
    forms.check(form, given)
    with unit_of_work():
        return dict(handler.submit(context(world.case, actor, world.pack, key, {}), given))


def plan(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    answers = {
        "evaluator": "street",
        "sample": 30,
        "method": "向服务对象随机发放问卷码，由本人填写。",
        "survey_until": "2026-03-16",
    }
    return step(world, "evaluation.plan", world.clerk, **{**answers, **changes})


def plan_third_party(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    answers = {
        "evaluator": "third_party",
        "evaluator_unit": world.evaluator.id,
        "independence": True,
        "declaration_files": [declaration(world.clerk)],
    }
    return plan(world, **{**answers, **changes})


def ask(world: SimpleNamespace, n: int = 12, **scores: int) -> None:
    survey = survey_queries.latest(world.case.id)
    assert survey is not None
    for code in surveys.issue_codes(world.clerk, survey.id, n):
        surveys.answer(code, {**GOOD, **scores})


def hear(world: SimpleNamespace, *parties: str) -> None:
    for party in parties or ("committee", "resident"):
        actor = {"committee": world.member, "resident": world.resident}[party]
        step(world, f"evaluation.opinion_{party}", actor, decision="agree", opinion="服务到位，老人满意。")


def over(world: SimpleNamespace, clock: MovableClock) -> None:
    survey = survey_queries.latest(world.case.id)
    assert survey is not None
    clock.set(survey.until_at + timedelta(hours=9))


def score(
    world: SimpleNamespace, *points: int, key: str = "evaluation.score", actor: Actor | None = None
) -> Any:
    rows = [{"result": "已完成", "score": one} for one in points or (95, 90)]
    third = {"independence": True} if key.endswith("third") else {}
    return step(world, key, actor or world.clerk, indicators=rows, report="按合同完成，材料齐全。", **third)


def judged(world: SimpleNamespace, clock: MovableClock, *points: int, **scores: int) -> None:
    plan(world)
    ask(world, **scores)
    hear(world)
    over(world, clock)
    score(world, *points)


def published(world: SimpleNamespace, clock: MovableClock, *points: int, **scores: int) -> dict[str, Any]:
    judged(world, clock, *points, **scores)
    step(world, "evaluation.confirm", world.leader, decision="confirm")
    return step(
        world, "evaluation.publish", world.clerk, **prepared(world, "evaluation.publish", world.clerk).values
    )


@pytest.mark.requirement("ZH-26a", "accept")
def test_satisfaction_counts_with_its_weight_sample_and_method(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    judged(world, clock, 95, 90, overall=4)
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert (found.satisfaction_weight, found.satisfaction_n, found.satisfaction_score) == (30, 12, 8000)
    assert found.total == 40 * 95 + 30 * 90 + 30 * 80
    assert found.grade == "良"
    assert survey_queries.by_id(found.survey_id).method.startswith("向服务对象随机发放")


@pytest.mark.requirement("ZH-26a", "reject")
def test_too_few_answers_stop_the_score(world: SimpleNamespace, clock: MovableClock) -> None:
    plan(world)
    ask(world, 9)
    hear(world)
    over(world, clock)
    with pytest.raises(Refusals, match="样本不足") as refused:
        score(world)
    assert "ZH-26a" in {one.rule for one in refused.value.errors}
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert (found.state, found.satisfaction_score, found.grade) == ("planned", None, None)


@pytest.mark.requirement("ZH-26a", "reject")
def test_a_sheet_without_enough_satisfaction_is_refused(world: SimpleNamespace) -> None:
    contract = contract_of(world.case.id)
    assert contract is not None
    with unit_of_work():
        contract.targets = [{"name": "服务人次", "target": 900, "unit": "人次", "weight": 100}]
    for weight in (None, 19):
        with pytest.raises(Refusals) as refused:
            planning.plan(
                world.clerk,
                world.case,
                world.pack,
                {
                    "evaluator": "street",
                    "satisfaction_weight": weight,
                    "sample": 30,
                    "method": "随机",
                    "survey_until": "2026-03-16",
                },
            )
        assert [one.field for one in refused.value.errors] == ["satisfaction_weight"]
    assert plan(world, satisfaction_weight=20)["evaluator"] == "street"


@pytest.mark.requirement("ZH-27a", "accept")
def test_an_independent_evaluator_with_a_declaration_judges(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    old = {"title": "2019 年评估服务", "signed_on": "2019-01-01", "ended_on": "2020-12-31"}
    variables = plan_third_party(world, ties=[old])
    assert variables == {"evaluator": "third_party", "survey_until": "2026-03-16T23:59:59+08:00"}
    assert world.case.evaluator_id == world.evaluator.id
    ask(world)
    hear(world)
    over(world, clock)
    assert score(world, key="evaluation.score_third", actor=world.judge) == {"grade": "优"}
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert (found.scored_by, found.evaluator_name) == (world.judge.person_id, world.evaluator.name)


@pytest.mark.requirement("ZH-27a", "reject")
def test_an_evaluator_with_a_recent_contract_is_refused(world: SimpleNamespace) -> None:
    recent = {"title": "能力建设辅导", "signed_on": "2021-05-01", "ended_on": "2023-03-02"}
    with pytest.raises(Refusals, match="近 3 年内有合同关系") as refused:
        plan_third_party(world, ties=[recent])
    assert (refused.value.rule, refused.value.field) == ("ZH-27a", "evaluator_unit")
    assert queries.evaluation_of(world.case.id) is None
    assert world.case.evaluator_id is None
    assert session().scalar(select(EvaluatorContract)) is None


@pytest.mark.requirement("ZH-27a", "reject")
def test_a_contract_we_know_of_counts_though_nobody_tells_it(world: SimpleNamespace) -> None:
    planning.record_tie(
        world.clerk,
        world.evaluator.id,
        world.organisation_id,
        title="项目咨询",
        signed_on=date(2025, 6, 1),
        ended_on=None,
    )
    with pytest.raises(Refusals, match="项目咨询"):
        plan_third_party(world)
    other = make_evaluator("另一家评估中心")
    assert plan_third_party(world, evaluator_unit=other.id)["evaluator"] == "third_party"


@pytest.mark.parametrize("missing", ["independence", "declaration_files"])
def test_no_third_party_without_its_declaration(world: SimpleNamespace, missing: str) -> None:
    with pytest.raises(Refusal) as refused:
        plan_third_party(world, **{missing: None})
    assert missing in {one.field for one in refused.value.errors}


def test_the_street_does_not_score_for_the_third_party(world: SimpleNamespace, clock: MovableClock) -> None:
    plan_third_party(world)
    ask(world)
    hear(world)
    over(world, clock)
    with pytest.raises(Refusals, match="不能代表第三方") as refused:
        score(world, key="evaluation.score_third", actor=world.clerk)
    assert refused.value.rule == "ZH-27a"


@pytest.mark.requirement("ZH-27b", "accept")
def test_committee_and_residents_are_named_inside_and_coded_outside(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    published(world, clock)
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert {name for _, name in queries.named_opinions(found.id)} == {"两委成员甲", "居民代表乙"}
    outside = queries.public_result(world.case.no)
    assert [one.code for one in outside.opinions] == ["两委成员01", "居民代表01"]
    assert "两委成员甲" not in str(queries.as_data(outside))
    assert "居民代表乙" not in str(queries.as_data(outside))


@pytest.mark.requirement("ZH-27b", "reject")
@pytest.mark.parametrize("only", ["committee", "resident"])
def test_no_score_without_both_parties(world: SimpleNamespace, clock: MovableClock, only: str) -> None:
    plan(world)
    ask(world)
    hear(world, only)
    over(world, clock)
    with pytest.raises(Refusals, match="还没有收齐意见") as refused:
        score(world)
    assert [one.rule for one in refused.value.errors] == ["ZH-27b"]


def test_everybody_speaks_once_and_only_before_the_score(world: SimpleNamespace, clock: MovableClock) -> None:
    plan(world)
    ask(world)
    hear(world)
    with pytest.raises(Refusal, match="每人只能出具一次"):
        hear(world, "committee")
    over(world, clock)
    score(world)
    second = actor_of(make_person("两委成员丙", Role.COMMITTEE_MEMBER, world.units.community))
    with pytest.raises(Refusal, match="不再收集意见"):
        services.give_opinion(second, world.case, "committee", "agree", "同意")


def test_an_opinion_cannot_be_changed(world: SimpleNamespace) -> None:
    plan(world)
    hear(world)
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(text("UPDATE evaluation_opinion SET decision = 'disagree'"))


def test_nobody_scores_while_the_survey_runs(world: SimpleNamespace) -> None:
    plan(world)
    ask(world)
    hear(world)
    with pytest.raises(Refusals, match="结束后才能评分"):
        score(world)


def test_a_survey_runs_the_packs_working_days(world: SimpleNamespace) -> None:
    with pytest.raises(Refusals, match="至少要开展 5 个工作日"):
        plan(world, survey_until="2026-03-08")
    with pytest.raises(Refusals, match="至少要调查 10 人"):
        plan(world, sample=9)


def test_nobody_confirms_an_own_score(world: SimpleNamespace, clock: MovableClock) -> None:
    judged(world, clock)
    with pytest.raises(Refusals, match="不能确认自己的评分"):
        step(world, "evaluation.confirm", world.clerk, decision="confirm")


@pytest.mark.requirement("ZH-27c", "accept")
def test_the_result_is_published_and_told_to_the_contract(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    with pytest.raises(NotFound):
        queries.public_result(world.case.no)
    variables = published(world, clock)
    assert variables == {"result_until": "2026-03-24T23:59:59+08:00"}
    result = queries.public_result(world.case.no)
    assert (result.total, result.grade, result.provider) == (9500, "优", world.provider.name)
    assert [line.case_no for line in queries.results()] == [world.case.no]
    contract = contract_of(world.case.id)
    assert contract is not None
    assert (contract.grade, contract.factor_pct) == ("优", 100)
    assert contract.evaluation_published_at == clock.now()
    assert contract.evaluation_notice_id == result.notice.id


@pytest.mark.requirement("ZH-27c", "reject")
def test_nothing_is_published_before_it_is_confirmed(world: SimpleNamespace, clock: MovableClock) -> None:
    judged(world, clock)
    with pytest.raises(Refusal, match="还没有确认") as refused:
        step(
            world,
            "evaluation.publish",
            world.clerk,
            title="结果公布",
            body="现将本项目的评价结果向社会公布，请大家监督。",
        )
    assert refused.value.rule == "ZH-27c"
    contract = contract_of(world.case.id)
    assert contract is not None
    assert contract.evaluation_published_at is None
    with pytest.raises(DBAPIError), unit_of_work():
        contract.final_paid = contract.paid = 1


@pytest.mark.parametrize(
    ("points", "overall", "grade", "factor"),
    [((95, 90), 5, "优", 100), ((70, 70), 4, "基本合格", 90), ((20, 20), 1, "不合格", 0)],
)
def test_the_packs_tables_make_grade_and_factor(
    world: SimpleNamespace,
    clock: MovableClock,
    points: tuple[int, int],
    overall: int,
    grade: str,
    factor: int,
) -> None:
    published(world, clock, *points, overall=overall)
    contract = contract_of(world.case.id)
    assert contract is not None
    assert (contract.grade, contract.factor_pct) == (grade, factor)


def test_after_a_rectification_there_is_a_second_round(world: SimpleNamespace, clock: MovableClock) -> None:
    judged(world, clock, 40, 40)
    with pytest.raises(Refusals, match="写明整改内容"):
        step(world, "evaluation.confirm", world.leader, decision="rectify")
    with pytest.raises(Refusal, match="没有要求整改"):
        services.rectify(world.member, world.case, "已整改", [])
    done = step(
        world, "evaluation.confirm", world.leader, decision="rectify", opinion="补齐服务人次，月底前完成"
    )
    assert done == {"evaluation_decision": "rectify"}
    with pytest.raises(Refusal, match="还没有确认"):
        step(
            world,
            "evaluation.publish",
            world.clerk,
            title="结果公布",
            body="现将本项目的评价结果向社会公布，请大家监督。",
        )
    step(world, "evaluation.rectify", world.organiser, rectification="已补做上门服务 120 人次。")
    plan(world, survey_until="2026-04-10")
    ask(world)
    hear(world)
    over(world, clock)
    score(world, 90, 90)
    step(world, "evaluation.confirm", world.leader, decision="confirm")
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert (found.round_no, found.state) == (2, "confirmed")


def test_a_round_is_planned_once(world: SimpleNamespace) -> None:
    plan(world)
    with pytest.raises(Refusal, match="还没有结束"):
        plan(world)


def test_objections_to_the_result_are_answered_and_errors_corrected_in_public(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    published(world, clock)
    notice = notices.latest(world.case.id, "evaluation")
    assert notice is not None
    said = notice_services.object_to(RESIDENT, notice.id, kind="objection", text="服务人次统计有误")
    with pytest.raises(Refusals, match="还没有届满"):
        close(world, said.id, upheld=False)
    clock.set(notice.until_at + timedelta(hours=9))
    with pytest.raises(Refusals, match="须发布更正说明"):
        close(world, said.id, upheld=True)
    close(world, said.id, upheld=True, decision="corrected", correction="服务人次应为 880 人次，等级不变。")
    assert notices.view(notice).state == "closed"
    correction = notices.latest(world.case.id, "correction")
    assert correction is not None
    assert correction.facts == {"更正的公告": notice.no}
    found = queries.evaluation_of(world.case.id)
    assert found is not None
    assert found.state == "closed"


def close(
    world: SimpleNamespace, said: int, *, upheld: bool, decision: str = "confirmed", **more: str
) -> None:
    row = {"objection_id": said, "answer": "已核对原始记录。", "upheld": upheld}
    step(world, "evaluation.close", world.discipline, objections=[row], decision=decision, **more)


def test_credit_rests_on_the_published_result(world: SimpleNamespace, clock: MovableClock) -> None:
    judged(world, clock)
    with pytest.raises(Refusal, match="公布后才能登记"):
        handlers.publication.record_credit(world.clerk, world.case, {"kind": "evaluation", "text": "优秀"})
    step(world, "evaluation.confirm", world.leader, decision="confirm")
    form = prepared(world, "evaluation.publish", world.clerk)
    step(world, "evaluation.publish", world.clerk, **form.values)
    values = prepared(world, "credit.record", world.clerk).values
    assert values["grade"] == "优"
    step(world, "credit.record", world.clerk, kind=values["kind"], text=values["text"])
    notice = notices.latest(world.case.id, "evaluation")
    assert notice is not None
    entries = credit_of(world.organisation_id)
    assert [(one.grade, one.source, one.case_id) for one in entries] == [("优", notice.no, world.case.id)]


def test_a_poor_midterm_says_what_to_do(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="写明整改要求"):
        step(world, "evaluation.midterm", world.clerk, rating="poor", progress="只完成了三成，人员不足。")
    step(world, "evaluation.midterm", world.clerk, rating="good", progress="已服务 450 人次，记录完整。")
    assert [(m.seq, m.rating) for m in queries.midterms_of(world.case.id)] == [(1, "good")]


def test_evaluations_need_a_signed_contract(world: SimpleNamespace) -> None:
    contract = contract_of(world.case.id)
    assert contract is not None
    with unit_of_work():
        contract.state, contract.signed_on = "draft", None
    with pytest.raises(Refusal, match="还没有签订合同"):
        plan(world)
    assert time.today() == date(2026, 3, 2)
