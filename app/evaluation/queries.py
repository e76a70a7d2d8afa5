"""Reads of evaluations: inside with names, outside with codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, or_, select

from app.accounts.models import OrgUnit, Person
from app.accounts.queries import unit_name
from app.ballots import survey_queries
from app.contracts.models import Contract
from app.core import clock
from app.core.db import session
from app.core.errors import Fault, NotFound
from app.evaluation.models import (
    PARTIES,
    Evaluation,
    EvaluationOpinion,
    EvaluatorContract,
    IndicatorResult,
    Midterm,
)
from app.evaluation.rules import Tie, points
from app.notices.models import Notice
from app.runtime.models import Case

PAGE = 20
T = TypeVar("T")
OPINIONS = {"agree": "同意验收", "disagree": "不同意验收"}


@dataclass(frozen=True, slots=True)
class PublicOpinion:
    """An opinion as the public reads it: a code instead of a name."""

    code: str
    party: str
    decision: str
    text: str


@dataclass(frozen=True, slots=True)
class PublicResult:
    """A published evaluation as the public reads it (ZH-27c); points are hundredths."""

    case_no: str
    title: str
    street: str
    community: str
    provider: str
    amount: int
    evaluator: str
    round_no: int
    total: int
    grade: str
    performance: int
    satisfaction_weight: int
    satisfaction_n: int
    satisfaction_mean: int
    satisfaction_score: int
    method: str
    report: str
    indicators: Sequence[IndicatorResult]
    opinions: Sequence[PublicOpinion]
    published_at: datetime
    notice: Notice


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of the list of published results."""

    case_no: str
    title: str
    street: str
    provider: str
    total: int
    grade: str
    published_at: datetime
    id: int


def evaluation_of(case_id: int, *, lock: bool = False) -> Evaluation | None:
    """The newest round of a case; with `lock` its row is held until the unit of work ends."""
    query = (
        select(Evaluation).where(Evaluation.case_id == case_id).order_by(Evaluation.round_no.desc()).limit(1)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalar(query)


def require_evaluation(case_id: int) -> Evaluation:
    """The newest round of a case, locked.

    Raises:
        Fault: the diagram asks for an evaluation before one was planned.
    """
    found = evaluation_of(case_id, lock=True)
    if found is None:
        raise Fault("这一步需要评价方案，但本项目还没有制定评价方案")
    return found


def indicators_of(evaluation_id: int) -> list[IndicatorResult]:
    """The judged targets in their order."""
    query = select(IndicatorResult).where(IndicatorResult.evaluation_id == evaluation_id)
    return list(session().scalars(query.order_by(IndicatorResult.no)))


def opinions_of(evaluation_id: int) -> list[EvaluationOpinion]:
    """The opinions of a round, in the order they were given."""
    query = select(EvaluationOpinion).where(EvaluationOpinion.evaluation_id == evaluation_id)
    return list(session().scalars(query.order_by(EvaluationOpinion.id)))


def named_opinions(evaluation_id: int) -> list[tuple[EvaluationOpinion, str]]:
    """The opinions of a round with the names of those who gave them, for inside use only."""
    rows = session().execute(
        select(EvaluationOpinion, Person.name)
        .join(Person, Person.id == EvaluationOpinion.person_id)
        .where(EvaluationOpinion.evaluation_id == evaluation_id)
        .order_by(EvaluationOpinion.id)
    )
    return [(opinion, name) for opinion, name in rows]


def opinion_counts(evaluation_id: int) -> dict[str, int]:
    """How many opinions each party has given in a round."""
    rows = session().execute(
        select(EvaluationOpinion.party, func.count())
        .where(EvaluationOpinion.evaluation_id == evaluation_id)
        .group_by(EvaluationOpinion.party)
    )
    return dict(rows.all())


def midterms_of(case_id: int) -> list[Midterm]:
    """The mid-term evaluations of a case."""
    return list(session().scalars(select(Midterm).where(Midterm.case_id == case_id).order_by(Midterm.seq)))


def evaluators() -> list[OrgUnit]:
    """Evaluators a street can commission."""
    query = select(OrgUnit).where(OrgUnit.kind == "evaluator", OrgUnit.active.is_(True))
    return list(session().scalars(query.order_by(OrgUnit.name)))


def ties_between(evaluator_id: int, organisation_id: int) -> list[Tie]:
    """Contracts we know of between an evaluator and an organisation."""
    rows = session().scalars(
        select(EvaluatorContract).where(
            EvaluatorContract.evaluator_id == evaluator_id,
            EvaluatorContract.organisation_id == organisation_id,
        )
    )
    return [Tie(row.title, row.signed_on, row.ended_on) for row in rows]


def results(
    *, street_id: int | None = None, text: str = "", before: int | None = None, limit: int = PAGE
) -> list[ResultLine]:
    """Published results, newest first, by keyset pages."""
    query = (
        select(Evaluation, Case, Contract)
        .join(Case, Case.id == Evaluation.case_id)
        .join(Contract, Contract.case_id == Evaluation.case_id)
        .where(Evaluation.state.in_(("published", "closed")))
    )
    if street_id is not None:
        query = query.where(Case.street_id == street_id)
    if text:
        query = query.where(
            or_(
                Case.title.contains(text, autoescape=True),
                Contract.organisation_name.contains(text, autoescape=True),
            )
        )
    if before is not None:
        query = query.where(Evaluation.id < before)
    rows = session().execute(query.order_by(Evaluation.id.desc()).limit(limit))
    return [
        ResultLine(
            case.no,
            case.title,
            unit_name(case.street_id),
            contract.organisation_name,
            _sure(evaluation.total),
            _sure(evaluation.grade),
            _sure(evaluation.published_at),
            evaluation.id,
        )
        for evaluation, case, contract in rows
    ]


def public_result(case_no: str) -> PublicResult:
    """The published evaluation of a case as the public reads it (ZH-27c).

    Raises:
        NotFound: no such case, or nothing published yet.
    """
    row = (
        session()
        .execute(
            select(Evaluation, Case, Contract, Notice)
            .join(Case, Case.id == Evaluation.case_id)
            .join(Contract, Contract.case_id == Evaluation.case_id)
            .join(Notice, Notice.id == Evaluation.notice_id)
            .where(Case.no == case_no, Evaluation.state.in_(("published", "closed")))
            .order_by(Evaluation.round_no.desc())
            .limit(1)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound
    evaluation, case, contract, notice = row
    return PublicResult(
        case_no=case.no,
        title=case.title,
        street=unit_name(case.street_id),
        community=unit_name(case.community_id) if case.community_id else "",
        provider=contract.organisation_name,
        amount=contract.amount,
        evaluator=evaluation.evaluator_name,
        round_no=evaluation.round_no,
        total=_sure(evaluation.total),
        grade=_sure(evaluation.grade),
        performance=_sure(evaluation.performance),
        satisfaction_weight=evaluation.satisfaction_weight,
        satisfaction_n=_sure(evaluation.satisfaction_n),
        satisfaction_mean=_sure(evaluation.satisfaction_mean),
        satisfaction_score=_sure(evaluation.satisfaction_score),
        method=survey_queries.by_id(evaluation.survey_id).method,
        report=evaluation.report or "",
        indicators=indicators_of(evaluation.id),
        opinions=public_opinions(evaluation.id),
        published_at=_sure(evaluation.published_at),
        notice=notice,
    )


def public_opinions(evaluation_id: int) -> list[PublicOpinion]:
    """The opinions of a round without names (ZH-27b)."""
    return [
        PublicOpinion(o.code, PARTIES[o.party], OPINIONS[o.decision], o.text)
        for o in opinions_of(evaluation_id)
    ]


def as_data(result: PublicResult) -> dict[str, Any]:
    """A published result as open data; points as decimal texts, money in fen."""
    return {
        "case": result.case_no,
        "title": result.title,
        "street": result.street,
        "community": result.community,
        "provider": result.provider,
        "contract_amount_fen": result.amount,
        "evaluator": result.evaluator,
        "round": result.round_no,
        "total": points(result.total),
        "grade": result.grade,
        "performance": points(result.performance),
        "satisfaction": {
            "weight_pct": result.satisfaction_weight,
            "answers": result.satisfaction_n,
            "mean_of_5": points(result.satisfaction_mean),
            "score": points(result.satisfaction_score),
            "method": result.method,
        },
        "indicators": [
            {"name": i.name, "target": i.target, "weight_pct": i.weight, "result": i.result, "score": i.score}
            for i in result.indicators
        ],
        "opinions": [
            {"code": o.code, "party": o.party, "decision": o.decision, "text": o.text}
            for o in result.opinions
        ],
        "report": result.report,
        "published_at": clock.local(result.published_at).isoformat(),
        "notice": {"no": result.notice.no, "sha256": result.notice.sha256},
    }


def _sure(value: T | None) -> T:
    """What a constraint of the table promises for a published evaluation."""
    if value is None:
        raise Fault("已公布的评价缺少必要内容")
    return value
