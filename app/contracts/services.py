"""Contract and delivery: draft, accept, sign, publish, report, accept milestones, learn the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.contracts import rules
from app.contracts.models import Contract, Instalment
from app.contracts.queries import contract_of, current_milestone, instalments, require_contract
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor
from app.files import services as files
from app.funds import services as funds
from app.notices import services as notices
from app.organisations import queries as organisations
from app.policy.packs import Pack
from app.procurement.queries import award_of
from app.projects.queries import project_of
from app.runtime.locking import lock_case
from app.runtime.models import Case


def draft(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Contract:
    """Write or rewrite the contract's text and payment plan (拟订合同; ZH-22, ZH-23a, ZH-25a).

    Raises:
        Refusals: every rule that says no, each at its field.
    """
    with unit_of_work() as db:
        award, project = award_of(case.id), project_of(case.id)
        if award is None:
            raise Refusal("还没有成交结果，不能拟订合同。", rule="ZH-21")
        max_pct = pack.value("advance_max_pct")
        cap = rules.advance_cap(answers["amount"], max_pct)
        plan = [
            rules.PlanLine(row["kind"], row["name"], row["amount"], row.get("due_day"))
            for row in answers["plan"]
        ]
        stability = {key: answers.get(f"stability_{key}") or "" for key in rules.STABILITY}
        require_all(
            [
                rules.amount_allowed(answers["amount"], award.amount, project.budget_fen),
                rules.term_allowed(
                    answers["months"],
                    stability,
                    pack.value("contract_default_months"),
                    pack.value("contract_max_months"),
                ),
                *rules.plan_allowed(plan, answers["amount"], cap, max_pct),
            ]
        )
        provider = organisations.by_id(award.organisation_id)
        contract = contract_of(case.id, lock=True)
        if contract is not None and contract.signed_on is not None:
            raise Refusal("合同已经签订，不能再修改文本；确需变更请另签补充合同。")
        if contract is None:
            contract = Contract(city=case.city, case_id=case.id, state="draft")
            db.add(contract)
        contract.organisation_id, contract.provider_id = award.organisation_id, award.unit_id
        contract.organisation_name = provider.name
        contract.budget, contract.amount = project.budget_fen, answers["amount"]
        contract.start_day = datetime.fromisoformat(answers["start_day"]).date()
        contract.months, contract.stability = answers["months"], {k: v for k, v in stability.items() if v}
        contract.targets, contract.clauses = list(project.targets), list(answers["clauses"])
        contract.file_ids, contract.advance_cap = answers.get("files", []), cap
        contract.state, contract.drafted_by, contract.accepted_by = "draft", _person(actor), None
        db.flush()
        for old in instalments(contract.id):
            db.delete(old)
        db.flush()
        for number, line in enumerate(plan, start=1):
            day = datetime.fromisoformat(line.due_day).date() if line.due_day else None
            db.add(
                Instalment(
                    city=case.city,
                    case_id=case.id,
                    contract_id=contract.id,
                    no=number,
                    kind=line.kind,
                    name=line.name,
                    due_day=day,
                    amount=line.amount,
                    file_ids=[],
                )
            )
        files.attach(contract.file_ids, case.id, actor)
        return contract


def accept(actor: Actor, case: Case, decision: str) -> None:
    """The provider confirms the contract's text or sends it back (承接方确认合同)."""
    with unit_of_work():
        contract = require_contract(case.id)
        if decision == "accept":
            contract.state, contract.accepted_by = "accepted", _person(actor)


def sign(actor: Actor, case: Case, answers: Mapping[str, Any]) -> Contract:
    """Sign the contract and commit the reserved money to it (签订合同; ZH-13b, ZH-23a)."""
    with unit_of_work():
        contract = require_contract(case.id)
        signed_on = datetime.fromisoformat(answers["signed_on"]).date()
        rules.signature_allowed(signed_on, clock.today(), contract.state == "accepted").require()
        if actor.person_id in (contract.drafted_by, contract.accepted_by):
            raise Refusal("合同的拟订人、承接方确认人不能签订同一份合同，请由街道领导签订。")
        contract.no, contract.signed_on, contract.signed_by = (
            answers["contract_no"],
            signed_on,
            _person(actor),
        )
        contract.state = "signed"
        contract.file_ids = [*contract.file_ids, *answers.get("files", [])]
        files.attach(answers.get("files", []), case.id, actor)
        funds.encumber(actor, case, contract.amount)
        return contract


def publish(actor: Actor, case: Case, until: datetime) -> None:
    """Announce the signed contract (合同公告; L-17)."""
    with unit_of_work():
        contract = require_contract(case.id)
        if contract.signed_on is None:
            raise Refusal("合同签订后才能公告。", rule="ZH-23a")
        notice = notices.publish(
            actor,
            case,
            "contract",
            f"{case.title}合同公告",
            f"{contract.organisation_name}承接“{case.title}”，合同已签订，现予公告。",
            until,
            {
                "合同编号": contract.no or "",
                "承接方": contract.organisation_name,
                "合同金额": rules.yuan(contract.amount),
                "签订日期": contract.signed_on.isoformat(),
                "履行期限": f"自 {contract.start_day.isoformat()} 起 {contract.months} 个月",
            },
        )
        contract.notice_id, contract.state = notice.id, "published"


def report_milestone(actor: Actor, case: Case, answers: Mapping[str, Any]) -> Instalment:
    """The provider reports a milestone as delivered, with its evidence (提交里程碑成果)."""
    with unit_of_work():
        milestone = _milestone(case)
        milestone.report, milestone.served = answers["report"], answers["served"]
        milestone.file_ids, milestone.reported_by = answers.get("files", []), _person(actor)
        milestone.state = "reported"
        files.attach(milestone.file_ids, case.id, actor)
        return milestone


def community_check(actor: Actor, case: Case, decision: str) -> None:
    """The community says whether the milestone was delivered (社区确认; ZH-06-c)."""
    with unit_of_work():
        milestone = _milestone(case)
        milestone.state = "checked" if decision == "accept" else "planned"
        milestone.community_by = _person(actor) if decision == "accept" else None


def street_accept(actor: Actor, case: Case, decision: str) -> Instalment:
    """The street accepts the milestone or sends it back (街道验收里程碑; ZH-23b)."""
    with unit_of_work():
        milestone = _milestone(case)
        if decision != "accept":
            milestone.state, milestone.community_by = "planned", None
            return milestone
        if milestone.state != "checked":
            raise Refusal("社区还没有确认这个里程碑，不能验收。", rule="ZH-06-c")
        if actor.person_id == milestone.community_by:
            raise Refusal("您已代表社区确认过这个里程碑，请由其他人员验收。")
        milestone.state, milestone.accepted_by, milestone.accepted_at = (
            "accepted",
            _person(actor),
            clock.now(),
        )
        return milestone


def record_evaluation(
    actor: Actor,
    case_id: int,
    *,
    round_no: int,
    grade: str,
    factor_pct: int,
    published_at: datetime,
    notice_id: int,
) -> None:
    """Take note of the published evaluation: before this nothing final can be paid (ZH-27c, ZH-27d).

    Args:
        factor_pct: share of the remaining money that the grade lets be paid, 0–100.
    """
    with unit_of_work():
        lock_case(actor, case_id)
        contract = require_contract(case_id)
        contract.grade, contract.factor_pct = grade, factor_pct
        contract.evaluation_published_at, contract.evaluation_notice_id = published_at, notice_id


def close(case: Case, actor: Actor, at: datetime, status: str) -> None:
    """End the contract of a case that was cancelled; the money is settled by the funds room (终止合同)."""
    with unit_of_work():
        contract = contract_of(case.id, lock=True)
        if contract is not None and contract.state != "settled":
            contract.state = "terminated"


def _milestone(case: Case) -> Instalment:
    found = current_milestone(require_contract(case.id).id)
    if found is None:
        raise Fault("所有里程碑都已验收，没有可办理的里程碑")
    return found


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise Fault("这一步必须由人办理")
    return actor.person_id
