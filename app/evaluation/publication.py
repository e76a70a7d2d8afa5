"""Tell the result: publish it, answer objections to it, carry it into contract and credit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.contracts import services as contracts
from app.contracts.queries import require_contract
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor
from app.evaluation import rules
from app.evaluation.models import Evaluation
from app.evaluation.queries import opinion_counts, require_evaluation
from app.notices import queries as notices_read
from app.notices import services as notices
from app.notices.models import Notice
from app.organisations import services as organisations
from app.runtime.models import Case


def public_facts(case: Case, evaluation: Evaluation) -> dict[str, str]:
    """What the notice of the result says in figures; nobody's name is among them."""
    counts = opinion_counts(evaluation.id)
    return {
        "项目编号": case.no,
        "承接方": require_contract(case.id).organisation_name,
        "评价方": evaluation.evaluator_name,
        "评价总分": f"{rules.points(evaluation.total)} 分",
        "评价等级": evaluation.grade or "",
        "服务对象满意度": (
            f"{rules.points(evaluation.satisfaction_score)}%（有效问卷 {evaluation.satisfaction_n} 份，"
            f"平均 {rules.points(evaluation.satisfaction_mean)} 分，满分 5 分，"
            f"权重 {evaluation.satisfaction_weight}%）"
        ),
        "听取意见": (
            f"“两委”成员 {counts.get('committee', 0)} 名，"
            f"居民代表 {counts.get('resident_representative', 0)} 名"
        ),
    }


def publish(actor: Actor, case: Case, *, title: str, body: str, until_at: datetime) -> Notice:
    """Publish the confirmed result and tell the contract (公布评价结果; ZH-27c, ZH-27d).

    Before this nothing final can be paid.

    Raises:
        Refusal: the result has not been confirmed.
    """
    with unit_of_work() as db:
        evaluation = require_evaluation(case.id)
        if evaluation.state != "confirmed" or evaluation.grade is None or evaluation.factor_pct is None:
            raise Refusal("评价结果还没有确认，不能公布。", rule="ZH-27c")
        notice = notices.publish(
            actor, case, "evaluation", title, body, until_at, public_facts(case, evaluation)
        )
        evaluation.notice_id, evaluation.published_at = notice.id, notice.published_at
        evaluation.state = "published"
        db.flush()
        contracts.record_evaluation(
            actor,
            case.id,
            round_no=evaluation.round_no,
            grade=evaluation.grade,
            factor_pct=evaluation.factor_pct,
            published_at=notice.published_at,
            notice_id=notice.id,
        )
        return notice


def close(
    actor: Actor,
    case: Case,
    at: datetime,
    decision: str,
    *,
    opinion: str = "",
    correction: str = "",
    correction_until: datetime | None = None,
) -> None:
    """End the notice of the result after its objections; what was wrong is corrected in public (结束公布).

    Raises:
        Refusals: before the end of the period, an objection without answer, or upheld without correction.
    """
    with unit_of_work() as db:
        evaluation = require_evaluation(case.id)
        if evaluation.state != "published" or evaluation.notice_id is None:
            raise Refusal("评价结果还没有公布。", rule="ZH-27c")
        original = notices_read.by_id(evaluation.notice_id)
        upheld = [bool(one.upheld) for one in notices_read.objections_of(original.id)]
        require_all(rules.correction_allowed(decision, correction, upheld))
        if decision == "corrected":
            if correction_until is None:
                raise Fault("更正公告没有期限")
            notices.publish(
                actor,
                case,
                "correction",
                f"关于“{case.title}”评价结果的更正说明",
                correction,
                correction_until,
                {"更正的公告": original.no},
            )
        notices.close(actor, original.id, at, decision, opinion)
        evaluation.state = "closed"
        db.flush()


def record_credit(actor: Actor, case: Case, answers: Mapping[str, Any]) -> None:
    """Enter the published result into the organisation's credit record (登记信用记录; ZH-24c, K-11).

    Raises:
        Refusal: nothing published to rest on.
    """
    with unit_of_work():
        evaluation = require_evaluation(case.id)
        if evaluation.notice_id is None or evaluation.grade is None:
            raise Refusal("评价结果公布后才能登记信用记录。", rule="ZH-27c")
        contract = require_contract(case.id)
        organisations.record_credit(
            actor,
            organisation_id=contract.organisation_id,
            case_id=case.id,
            kind=answers["kind"],
            grade=evaluation.grade,
            text=answers["text"],
            source=notices_read.by_id(evaluation.notice_id).no,
        )
