"""Judge a project: hear, score, confirm, rectify. Planning and publication have modules of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from app.ballots import survey_queries
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor
from app.evaluation import outcomes, rules
from app.evaluation.models import (
    PARTIES,
    Evaluation,
    EvaluationOpinion,
    IndicatorResult,
    Midterm,
)
from app.evaluation.queries import opinion_counts, require_evaluation
from app.files import services as files
from app.policy.packs import Pack
from app.runtime.models import Case


def give_opinion(actor: Actor, case: Case, party: str, decision: str, text: str) -> EvaluationOpinion:
    """A committee member or resident representative gives an opinion (出具意见; ZH-27b).

    Raises:
        Refusal: no text, or this person has given an opinion in this round.
    """
    with unit_of_work() as db:
        if party not in PARTIES:
            raise Fault(f"没有“{party}”这一方")
        evaluation = require_evaluation(case.id)
        if evaluation.state != "planned":
            raise Refusal("本轮评价已经评分，不再收集意见。", rule="ZH-27b")
        if not text.strip():
            raise Refusal("请写明您的意见，例如服务做得怎么样、有什么不足。", field="opinion", rule="ZH-27b")
        mine = select(EvaluationOpinion.id).where(
            EvaluationOpinion.evaluation_id == evaluation.id, EvaluationOpinion.person_id == _person(actor)
        )
        if db.scalar(mine) is not None:
            raise Refusal("您已经出具过意见，每人只能出具一次。", rule="ZH-27b")
        number = opinion_counts(evaluation.id).get(party, 0) + 1
        opinion = EvaluationOpinion(
            city=case.city,
            case_id=case.id,
            evaluation_id=evaluation.id,
            party=party,
            person_id=_person(actor),
            code=f"{PARTIES[party]}{number:02d}",
            decision=decision,
            text=text.strip(),
            at=clock.now(),
        )
        db.add(opinion)
        db.flush()
        return opinion


def score(
    actor: Actor,
    case: Case,
    pack: Pack,
    *,
    rows: Sequence[Mapping[str, Any]],
    report: str,
    file_ids: Sequence[int] = (),
) -> Evaluation:
    """Judge every target, add the satisfaction, compute total and grade (评价打分; ZH-26a, ZH-27a, ZH-27b).

    Args:
        rows: for each target of the contract in its order: result (text) and score (0–100).

    Raises:
        Refusals: an opinion is missing, the survey is insufficient or still open, a target is not judged.
    """
    with unit_of_work() as db:
        evaluation = require_evaluation(case.id)
        if evaluation.state != "planned":
            raise Refusal("本轮评价已经评分，不能重复评分。")
        survey = survey_queries.by_id(evaluation.survey_id)
        satisfaction = survey_queries.result(survey.id, pack.value("satisfaction_min_n"))
        require_all(
            [
                rules.scorer_allowed(
                    evaluation.evaluator == "third_party",
                    bool(actor.roles_in(case.street_id)),
                    case.provider_id is not None and bool(actor.roles_in(case.provider_id)),
                ),
                *rules.parties_allowed(opinion_counts(evaluation.id), outcomes.parties(pack)),
                rules.survey_over(clock.now(), survey.until_at),
                rules.satisfaction_allowed(satisfaction),
                *rules.indicators_allowed(evaluation.targets, rows),
            ]
        )
        weights = [int(target["weight"]) for target in evaluation.targets]
        points = [int(row["score"]) for row in rows]
        satisfied = satisfaction.score or 0
        total = rules.total_of(weights, points, evaluation.satisfaction_weight, satisfied)
        for number, (target, row) in enumerate(zip(evaluation.targets, rows, strict=True), start=1):
            db.add(
                IndicatorResult(
                    city=case.city,
                    case_id=case.id,
                    evaluation_id=evaluation.id,
                    no=number,
                    name=target["name"],
                    target=f"{target['target']} {target['unit']}",
                    weight=int(target["weight"]),
                    result=row["result"],
                    score=int(row["score"]),
                )
            )
        evaluation.satisfaction_n, evaluation.satisfaction_mean = satisfaction.n, satisfaction.mean
        evaluation.satisfaction_score, evaluation.performance = satisfied, total.performance
        evaluation.total, evaluation.grade = total.total, outcomes.grade(pack, total.total)
        evaluation.report, evaluation.report_file_ids = report.strip(), list(file_ids)
        evaluation.scored_by, evaluation.scored_at = _person(actor), clock.now()
        evaluation.state = "scored"
        files.attach(list(file_ids), case.id, actor)
        db.flush()
        return evaluation


def confirm(actor: Actor, case: Case, pack: Pack, decision: str, opinion: str = "") -> Evaluation:
    """The street confirms the result or asks for a rectification (确认评价结果; ZH-27, ZH-27b).

    Raises:
        Refusals: the own score, an opinion missing, a rectification without its reason.
    """
    with unit_of_work() as db:
        evaluation = require_evaluation(case.id)
        if evaluation.state != "scored" or evaluation.grade is None:
            raise Refusal("还没有评分，不能确认评价结果。", rule="ZH-27")
        require_all(
            [
                *rules.confirmation_allowed(decision, opinion, actor.person_id, evaluation.scored_by),
                *rules.parties_allowed(opinion_counts(evaluation.id), outcomes.parties(pack)),
            ]
        )
        evaluation.confirmed_by, evaluation.confirmed_at = _person(actor), clock.now()
        if decision == "rectify":
            evaluation.state = "rectifying"
            return evaluation
        follows = outcomes.consequence(pack, evaluation.grade)
        evaluation.factor_pct, evaluation.continue_hint = follows.factor_pct, follows.continue_hint
        evaluation.credit_entry, evaluation.state = follows.credit_entry, "confirmed"
        db.flush()
        return evaluation


def rectify(actor: Actor, case: Case, text: str, file_ids: Sequence[int]) -> Evaluation:
    """The provider reports what has been put right; a new round follows (提交整改情况; ZH-26b)."""
    with unit_of_work() as db:
        evaluation = require_evaluation(case.id)
        if evaluation.state != "rectifying":
            raise Refusal("街道没有要求整改，不需要提交整改情况。", rule="ZH-26")
        evaluation.rectification, evaluation.rectification_file_ids = text.strip(), list(file_ids)
        evaluation.state = "rectified"
        files.attach(list(file_ids), case.id, actor)
        db.flush()
        return evaluation


def midterm(actor: Actor, case: Case, answers: Mapping[str, Any]) -> Midterm:
    """Look at a project half way (中期评估; ZH-26b)."""
    with unit_of_work() as db:
        last = db.scalar(select(func.max(Midterm.seq)).where(Midterm.case_id == case.id)) or 0
        if answers["rating"] == "poor" and not answers.get("advice", "").strip():
            raise Refusal("进展较差的，请写明整改要求。", field="advice", rule="ZH-26")
        row = Midterm(
            city=case.city,
            case_id=case.id,
            seq=last + 1,
            rating=answers["rating"],
            progress=answers["progress"],
            problems=answers.get("problems"),
            advice=answers.get("advice"),
            file_ids=answers.get("files", []),
            by=_person(actor),
            at=clock.now(),
        )
        db.add(row)
        db.flush()
        files.attach(row.file_ids, case.id, actor)
        return row


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise Fault("这一步必须由人办理")
    return actor.person_id
