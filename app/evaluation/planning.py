"""Plan a round: who evaluates, independent of whom, and how the beneficiaries are asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.accounts.queries import unit, unit_name
from app.audit import services as audit
from app.ballots import surveys
from app.contracts.models import Contract
from app.contracts.queries import contract_of
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Decision, Fault, Refusal, require_all
from app.core.identity import Actor
from app.evaluation import rules
from app.evaluation.models import Evaluation, EvaluatorContract
from app.evaluation.queries import evaluation_of, ties_between
from app.files import services as files
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.runtime.models import Case


def plan(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Evaluation:
    """Decide who evaluates and how the beneficiaries are asked (制定评价方案; ZH-26a, ZH-27a).

    Opens the satisfaction survey of this round and binds the evaluator to the case.

    Args:
        answers: evaluator, satisfaction_weight, sample, method, survey_until; for a third party also
            evaluator_unit, independence, declaration_files, ties.

    Raises:
        Refusals: an evaluator that is not independent, a weight or a sample that is too small.
    """
    with unit_of_work() as db:
        contract = _contract(case)
        third = answers["evaluator"] == "third_party"
        judged, agreed = rules.split_targets(contract.targets)
        weight = answers.get("satisfaction_weight") if agreed is None else agreed
        last_day = date.fromisoformat(answers["survey_until"])
        floor = pack.value("survey_days")
        earliest = add_working_days(clock.today(), floor or 0).day
        found = [
            rules.weight_allowed(weight, pack.value("satisfaction_min_weight")),
            rules.sample_allowed(answers["sample"], pack.value("satisfaction_min_n")),
            rules.survey_until_allowed(last_day, earliest, floor),
        ]
        if third:
            found += _independence(case, contract, pack, answers)
        require_all(found)
        last = evaluation_of(case.id, lock=True)
        if last is not None and last.state not in ("rectified", "rectifying"):
            raise Refusal("本轮评价还没有结束，不能另立评价方案。")
        number = last.round_no + 1 if last else 1
        survey = surveys.open_survey(
            actor,
            case,
            title=f"“{case.title}”满意度调查",
            method=answers["method"],
            until_at=clock.end_of_day(last_day),
        )
        evaluator = unit(answers["evaluator_unit"]) if third else None
        case.evaluator_id = evaluator.id if evaluator else None
        evaluation = Evaluation(
            city=case.city,
            case_id=case.id,
            round_no=number,
            state="planned",
            evaluator=answers["evaluator"],
            evaluator_unit_id=case.evaluator_id,
            evaluator_name=evaluator.name if evaluator else unit_name(case.street_id),
            declaration="评估机构已书面声明与承接方、街道经办人员没有利害关系" if third else None,
            declaration_file_ids=answers.get("declaration_files", []) if third else [],
            targets=judged,
            survey_id=survey.id,
            satisfaction_weight=weight,
            report_file_ids=[],
            rectification_file_ids=[],
            planned_by=_person(actor),
            planned_at=clock.now(),
        )
        db.add(evaluation)
        db.flush()
        files.attach(evaluation.declaration_file_ids, case.id, actor)
        if third:
            for row in answers.get("ties", []):
                _keep_tie(actor, answers["evaluator_unit"], contract.organisation_id, row)
        return evaluation


def record_tie(
    actor: Actor,
    evaluator_id: int,
    organisation_id: int,
    *,
    title: str,
    signed_on: date,
    ended_on: date | None,
) -> EvaluatorContract:
    """Note a contract between an evaluator and an organisation (登记评估机构的利害关系; ZH-27a)."""
    row = {"title": title, "signed_on": signed_on.isoformat()}
    if ended_on is not None:
        row["ended_on"] = ended_on.isoformat()
    with unit_of_work():
        return _keep_tie(actor, evaluator_id, organisation_id, row)


def _independence(case: Case, contract: Contract, pack: Pack, answers: Mapping[str, Any]) -> list[Decision]:
    unit_id = answers["evaluator_unit"]
    told = [
        rules.Tie(row["title"], date.fromisoformat(row["signed_on"]), _day(row.get("ended_on")))
        for row in answers.get("ties", [])
    ]
    return rules.independence_allowed(
        evaluator_unit_id=unit_id,
        provider_unit_id=case.provider_id,
        declared=bool(answers.get("independence")),
        has_files=bool(answers.get("declaration_files")),
        ties=[*told, *ties_between(unit_id, contract.organisation_id)],
        today=clock.today(),
        years=pack.value("conflict_years"),
    )


def _keep_tie(
    actor: Actor, evaluator_id: int, organisation_id: int, row: Mapping[str, Any]
) -> EvaluatorContract:
    tie = EvaluatorContract(
        evaluator_id=evaluator_id,
        organisation_id=organisation_id,
        title=row["title"],
        signed_on=date.fromisoformat(row["signed_on"]),
        ended_on=_day(row.get("ended_on")),
        recorded_by=actor.person_id,
        recorded_at=clock.now(),
    )
    session().add(tie)
    session().flush()
    audit.record(
        f"org_unit:{evaluator_id}",
        "evaluation.record_tie",
        actor=actor,
        subject=f"evaluator_contract:{tie.id}",
        after={
            "organisation": organisation_id,
            "signed_on": row["signed_on"],
            "ended_on": row.get("ended_on"),
        },
    )
    return tie


def _contract(case: Case) -> Contract:
    contract = contract_of(case.id)
    if contract is None or contract.signed_on is None:
        raise Refusal("还没有签订合同，不能评价。", rule="ZH-27")
    return contract


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise Fault("这一步必须由人办理")
    return actor.person_id
