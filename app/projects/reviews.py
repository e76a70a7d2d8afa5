"""The street's review: completeness, exclusion list, money, joint review, decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.accounts.queries import unit
from app.catalogue.queries import active_item
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor
from app.funds import services as funds
from app.funds.queries import case_funds, conflicts_of
from app.policy.packs import Pack
from app.projects import rules
from app.projects.models import JointOpinion
from app.projects.queries import designers_of, joint_count, project_of
from app.projects.services import findings, start_next_round
from app.runtime.models import Case


def precheck(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """Check completeness, the three statements and the district's list (完整性审核; ZH-05-2, ZH-13b).

    Returns:
        "pass", "return" or "reject".
    """
    decision = str(answers["decision"])
    with unit_of_work():
        project = project_of(case.id)
        if decision == "pass":
            code = answers.get("list_item") or ""
            district = unit(case.street_id).parent_id or 0
            item = active_item(district, clock.today().year, code)
            require_all(
                [
                    *rules.statements_allowed(answers),
                    rules.listed_allowed(item.category if item else None, project.categories),
                ]
            )
            project.list_item_code = code
            project.statements = {
                key: {"met": answers[f"{key}_met"], "reason": answers[f"{key}_reason"]}
                for key in ("basic", "inclusive", "public")
            }
            if not all(answers[f"{key}_met"] for key in ("basic", "inclusive", "public")):
                raise Refusal(
                    "三项原则有一项不符合的，请退回修改或不予受理。", field="decision", rule="ZH-05-2"
                )
        else:
            _require_reason(answers)
            if decision == "return":
                start_next_round(case, pack)
    return decision


def exclude(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """Answer the six questions of article 11 (负面清单核对; ZH-11-1…6).

    Returns:
        "no", "stop" or "cosign".
    """
    with unit_of_work():
        project = project_of(case.id)
        given = {key: bool(answers[key]) for key in rules.QUESTIONS}
        ruling = pack.decide("excluded_item", given)
        require_all(
            rules.exclusion_reason_allowed(
                ruling["ref"],
                answers.get("opinion"),
                answers.get("document_no"),
                pack.value("min_reason_chars"),
            )
        )
        open_warnings = [one for one in findings(pack, project.budget_lines) if not one.stops]
        rules.warnings_answered(open_warnings, ruling["result"], answers.get("opinion")).require()
        project.exclusion_review = {
            "answers": given,
            "ref": ruling["ref"],
            "result": ruling["result"],
            "reason": answers.get("opinion") or "",
            "document_no": answers.get("document_no") or "",
        }
        project.exclusion_by = actor.person_id
        return str(ruling["result"])


def cosign(actor: Actor, case: Case, answers: Mapping[str, Any]) -> str:
    """A second person decides on the catch-all ground (第二人复核; ZH-11-6)."""
    with unit_of_work():
        project = project_of(case.id)
        rules.second_person_allowed(actor.person_id, project.exclusion_by).require()
        result = "stop" if answers["decision"] == "stop" else "no"
        project.exclusion_review = {
            **(project.exclusion_review or {}),
            "cosign": {"by": actor.person_id, "result": result, "reason": answers["opinion"]},
        }
        return result


def reserve(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """Reserve the budget in earmarked pots, or return (预算审核; ZH-12…15)."""
    with unit_of_work():
        project = project_of(case.id)
        if answers["decision"] == "return":
            _require_reason(answers)
            start_next_round(case, pack)
            return "return"
        funds.reserve(
            actor,
            case,
            answers.get("funding", []),
            budget=project.budget_fen,
            categories=project.categories,
        )
        if conflicts_of(case, designers_of(project)):
            raise Refusal(
                "资金管理人与项目设计单位相同，存在利益冲突，请换一个来源。", field="funding", rule="ZH-14-2"
            )
        return "ok"


def join(actor: Actor, case: Case, answers: Mapping[str, Any]) -> None:
    """One reviewer's opinion (联合审议意见; ZH-20)."""
    if actor.person_id is None:
        raise Fault("联审意见须由人填写")
    with unit_of_work() as db:
        project = project_of(case.id)
        agrees = answers["decision"] == "agree"
        rules.decider_allowed(actor.person_id, _proposers(case)).require()
        if not agrees:
            _require_reason(answers)
        db.add(
            JointOpinion(
                city=case.city,
                case_id=case.id,
                sitting=project.sitting,
                person_id=actor.person_id,
                agrees=agrees,
                opinion=answers.get("opinion") or "",
                at=clock.now(),
            )
        )
        db.flush()


def sit_anew(case: Case) -> None:
    """The joint review is held anew (退回重办); what was said stays and no longer counts."""
    with unit_of_work():
        project_of(case.id).sitting += 1


def joint_agreed(case: Case, pack: Pack) -> bool:
    """Whether enough reviewers agreed."""
    agreed, _ = joint_count(case.id, project_of(case.id).sitting)
    return bool(agreed >= pack.value("joint_agree_min"))


def decide(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """The leader approves, returns or refuses (审议决定; ZH-06-b, ZH-20).

    Returns:
        "approve", "return" or "reject".
    """
    decision = str(answers["decision"])
    with unit_of_work():
        project = project_of(case.id)
        rules.decider_allowed(actor.person_id, _proposers(case)).require()
        if decision == "approve":
            reserved = sum(fund.reserved for fund in case_funds(case.id))
            require_all(rules.approve_allowed(joint_agreed(case, pack), reserved, project.budget_fen))
            project.approved_by, project.approved_at = actor.person_id, clock.now()
        else:
            _require_reason(answers)
            if decision == "return":
                start_next_round(case, pack)
        return decision


def _proposers(case: Case) -> tuple[int | None, ...]:
    project = project_of(case.id)
    return case.started_by, project.drafted_by, project.submitted_by


def _require_reason(answers: Mapping[str, Any]) -> None:
    if not (answers.get("opinion") or "").strip():
        raise Refusal("请写明原因，让申报单位知道怎么改。", field="opinion")
