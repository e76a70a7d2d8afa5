"""The street's review: completeness, exclusion list, money, joint review, decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.accounts.queries import unit
from app.catalogue.queries import active_item
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Refusal, no, require_all
from app.core.identity import Actor
from app.funds import services as funds
from app.funds.queries import case_funds, pots_by_id
from app.policy.packs import Pack
from app.projects import rules
from app.projects.models import JointOpinion
from app.projects.queries import joint_count, project_of
from app.projects.services import start_next_round
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
            listed = active_item(district, clock.today().year, code) is not None
            require_all(
                [
                    *rules.statements_allowed(answers),
                    *(
                        []
                        if listed
                        else [
                            no("项目须在本区当年生效的项目清单内，请选择对应清单项。", "ZH-13b", "list_item")
                        ]
                    ),
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
        open_warnings = [
            d for d in rules.words_found(project.budget_lines, {"roads": pack.value("roads_words")})
        ]
        if ruling["result"] == "no" and open_warnings and not (answers.get("opinion") or "").strip():
            raise Refusal(
                f"{open_warnings[0].reason}如认为不属于，请在意见中说明理由。",
                field="opinion",
                rule="ZH-11-3",
            )
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
        return "stop" if answers["decision"] == "stop" else "no"


def reserve(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """Reserve the budget in earmarked pots, or return (预算审核; ZH-12…15)."""
    with unit_of_work():
        project = project_of(case.id)
        if answers["decision"] == "return":
            _require_reason(answers)
            start_next_round(case, pack)
            return "return"
        lines = answers.get("funding", [])
        pots = pots_by_id([line["pot_id"] for line in lines])
        funds.reserve(
            actor,
            case,
            lines,
            budget=project.budget_fen,
            categories=[*([project.category] if project.category else []), *project.subcategories],
        )
        if any(pot.keeper and pot.keeper == _designer(case) for pot in pots.values()):
            raise Refusal(
                "资金管理人与项目设计单位相同，存在利益冲突，请换一个来源。", field="funding", rule="ZH-14-2"
            )
        return "ok"


def _designer(case: Case) -> str | None:
    from app.catalogue.models import LibraryEntry  # noqa: PLC0415 - only this rule looks at the designer

    entry_id = project_of(case.id).library_entry_id
    entry = session().get(LibraryEntry, entry_id) if entry_id else None
    return unit(entry.organisation_unit_id).name if entry else None


def join(actor: Actor, case: Case, answers: Mapping[str, Any]) -> None:
    """One reviewer's opinion (联合审议意见; ZH-20)."""
    if actor.person_id is None:
        raise Fault("联审意见须由人填写")
    with unit_of_work() as db:
        agrees = answers["decision"] == "agree"
        if not agrees:
            _require_reason(answers)
        db.add(
            JointOpinion(
                city=case.city,
                case_id=case.id,
                round=project_of(case.id).round,
                person_id=actor.person_id,
                agrees=agrees,
                opinion=answers.get("opinion") or "",
                at=clock.now(),
            )
        )
        db.flush()


def joint_agreed(case: Case, pack: Pack) -> bool:
    """Whether enough reviewers agreed."""
    agreed, _ = joint_count(case.id, project_of(case.id).round)
    return bool(agreed >= pack.value("joint_agree_min"))


def decide(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> str:
    """The leader approves, returns or refuses (审议决定; ZH-06-b, ZH-20).

    Returns:
        "approve", "return" or "reject".
    """
    decision = str(answers["decision"])
    with unit_of_work():
        project = project_of(case.id)
        rules.decider_allowed(
            actor.person_id, (case.started_by, project.drafted_by, project.submitted_by)
        ).require()
        if decision == "approve":
            reserved = sum(fund.reserved for fund in case_funds(case.id))
            require_all(rules.approve_allowed(joint_agreed(case, pack), reserved, project.budget_fen))
            project.approved_by, project.approved_at = actor.person_id, clock.now()
        else:
            _require_reason(answers)
            if decision == "return":
                start_next_round(case, pack)
        return decision


def _require_reason(answers: Mapping[str, Any]) -> None:
    if not (answers.get("opinion") or "").strip():
        raise Refusal("请写明原因，让申报单位知道怎么改。", field="opinion")
