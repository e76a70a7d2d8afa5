"""Start a project, write and hand in the proposal, end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from app.accounts.queries import people_with, unit
from app.ballots import votes
from app.ballots.models import CountedVote
from app.catalogue.models import LibraryEntry
from app.catalogue.queries import library_for
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Decision, Fault, Forbidden, Refusal, require_all
from app.core.identity import Actor, Role
from app.files import services as files
from app.needs.models import Need
from app.policy import queries as policy
from app.policy.packs import Pack
from app.projects import rules
from app.projects.models import Project, ProposalText
from app.projects.queries import project_of
from app.runtime import services as runtime
from app.runtime.locking import lock_case
from app.runtime.models import Case

PACK, PROCESS = "zhuhai", "zhuhai_project"


def start_project(
    actor: Actor,
    *,
    origin: str,
    title: str,
    community_id: int,
    need_id: int | None = None,
    key: str | None = None,
    pack_key: str = PACK,
) -> Case:
    """Start a project in one of its three ways (发起项目; ZH-19-1, ZH-19-2a, ZH-19-3b, ZH-05-1).

    Args:
        community_id: the community it is for; its street becomes the purchaser.
        need_id: what residents asked for, when the project answers it (ZH-09c).

    Raises:
        Forbidden: the actor's role does not start projects this way here.
        Refusal: the street has nobody to own the case (ZH-05-1), or the need is another place's.
    """
    with unit_of_work() as db:
        require_all(rules.start_allowed(origin, title))
        community = unit(community_id)
        if community.kind != "community" or community.parent_id is None:
            raise Refusal("请选择项目所在的社区。", field="community_id")
        street = unit(community.parent_id)
        _forbid_unless(rules.starter_allowed(actor, origin, street.id, community.id))
        need = session().get(Need, need_id) if need_id is not None else None
        places = {street.id, community.id} & actor.scope
        if need_id is not None and (need is None or need.state != "taken" or need.unit_id not in places):
            raise Refusal("请选择本街道、本社区登记的居民需求。", field="need_id", rule="ZH-19-1")
        owners = people_with(Role.STREET_CLERK, street.id)
        if not owners:
            raise Refusal("所属街道还没有经办人员，不能发起项目，请联系街道。", rule="ZH-05-1")
        pack = policy.active(pack_key, clock.today())
        case = runtime.start_case(
            actor,
            pack_key=pack_key,
            process_key=PROCESS if pack_key == PACK else f"{pack_key}_project",
            title=title.strip(),
            street_id=street.id,
            community_id=community.id,
            owner_id=actor.person_id if origin == "street_plan" and actor.person_id else owners[0].id,
            data={
                "origin": origin,
                "joint_reviewers": pack.value("joint_reviewers"),
                "scorers": pack.value("scorers"),
            },
            key=key,
        )
        if db.scalar(select(Project.id).where(Project.case_id == case.id)) is None:
            db.add(
                Project(
                    city=case.city,
                    case_id=case.id,
                    origin=origin,
                    title=case.title,
                    need_id=need_id,
                    subcategories=[],
                    budget_lines=[],
                    targets=[],
                    wanted_sources=[],
                    exclusion_self={},
                    file_ids=[],
                )
            )
            db.flush()
        return case


def confirm_leads(actor: Actor, case: Case, answers: Mapping[str, Any]) -> None:
    """Both committees take the lead (两委牵头确认; ZH-19-2a)."""
    with unit_of_work():
        require_all(rules.leads_allowed(answers["party_confirms"], answers["committee_confirms"]))
        project = project_of(case.id)
        project.party_lead, project.committee_lead = answers["party_lead"], answers["committee_lead"]


def pick(actor: Actor, case: Case, entry_id: int) -> None:
    """Take a service from the library as the draft (选用项目库; ZH-19-3b).

    The organisation that designed it gets no right to the contract: procurement follows all the same.

    Raises:
        Refusal: the entry is not in the street's library (no consent, or no longer valid).
    """
    with unit_of_work():
        entry: LibraryEntry | None = next(
            (e for e in library_for(case.street_id, clock.today()) if e.id == entry_id), None
        )
        if entry is None:
            raise Refusal(
                "这个项目没有经街道同意入库，或已过有效期，请另选。", field="entry_id", rule="ZH-19-3a"
            )
        project = project_of(case.id)
        project.library_entry_id = entry.id
        project.summary, project.budget_fen = entry.summary, entry.budget
        project.category, project.subcategories = entry.category.split(".")[0], [entry.category]


def write(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Project:
    """Write the proposal's content (填写提案; ZH-05-2, ZH-08, ZH-11, ZH-25a).

    Raises:
        Refusals: every rule that says no, each at its field.
        Forbidden: it lies with the street (ZH-06-c), or is somebody else's text (ZH-19-2c).
    """
    with unit_of_work():
        project = project_of(case.id)
        _forbid_unless(rules.writer_allowed(actor, project.origin, case.street_id, case.community_id))
        _forbid_unless(rules.open_for_writing(project.submitted_at is not None))
        lines = [{**line, "amount": line["quantity"] * line["price"]} for line in answers["budget"]]
        self_check = {key: bool(answers.get(f"self_{key}")) for key in rules.QUESTIONS}
        require_all(
            [
                *rules.categories_allowed(
                    answers["category"], answers["subcategories"], pack.codes("category")
                ),
                *rules.targets_allowed(answers["targets"], pack.value("satisfaction_min_weight")),
                *rules.self_check_allowed(self_check),
                *rules.posts_allowed(lines),
                *rules.stops(findings(pack, lines)),
                rules.guardian_allowed(
                    answers["category"], bool(answers.get("minors")), answers.get("guardian_text")
                ),
                *(
                    [rules.plan_origin_allowed(project.need_id, answers.get("policy_ref"))]
                    if project.origin == "street_plan"
                    else []
                ),
            ]
        )
        project.category, project.subcategories = answers["category"], list(answers["subcategories"])
        project.beneficiaries = answers["beneficiaries"]
        project.beneficiary_count, project.fee_mode = answers["beneficiary_count"], answers["fee_mode"]
        project.summary = answers["summary"]
        project.minors = bool(answers.get("minors"))
        project.guardian_text = answers.get("guardian_text") if project.minors else None
        project.budget_lines, project.budget_fen = lines, sum(line["amount"] for line in lines)
        project.targets, project.wanted_sources = list(answers["targets"]), list(answers["wanted_sources"])
        project.exclusion_self, project.file_ids = self_check, list(answers.get("files", []))
        project.policy_ref = answers.get("policy_ref")
        project.drafted_by = actor.person_id
        files.attach(project.file_ids, case.id, actor)
        return project


def findings(pack: Pack, lines: Sequence[Mapping[str, Any]]) -> list[rules.Found]:
    """Budget lines whose words need a look, by the pack's word lists (ZH-11-1…4)."""
    words = {ground: pack.value(f"{ground}_words") for ground in rules.GROUNDS}
    return rules.words_found(lines, words, pack.value("part_time_words"))


def record_meeting(actor: Actor, case: Case, answers: Mapping[str, Any]) -> None:
    """Keep the minutes of the deliberation (议事记录; ZH-19-2b)."""
    with unit_of_work():
        project = project_of(case.id)
        held_on = date.fromisoformat(answers["held_on"])
        if held_on > clock.today():
            raise Refusal("议事日期不能晚于今天。", field="held_on", rule="ZH-19-2b")
        project.meeting = {key: answers[key] for key in ("held_on", "chair", "attendees", "minutes")}
        files.attach(answers.get("files", []), case.id, actor)


def record_vote(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> CountedVote:
    """Keep the counted vote that followed the deliberation (民主表决; ZH-19-2b, L-41).

    A vote without quorum or majority is kept as well: it says that the proposal was not carried.

    Raises:
        Refusals: the counts do not fit together, or the day is impossible.
    """
    with unit_of_work():
        meeting = project_of(case.id).meeting
        met_on = date.fromisoformat(meeting["held_on"]) if meeting else None
        rules.vote_day_allowed(date.fromisoformat(answers["held_on"]), met_on).require()
        vote = votes.record_vote(actor, case, pack, answers)
        files.attach(vote.file_ids, case.id, actor)
        return vote


def hand_in(actor: Actor, case: Case) -> ProposalText:
    """Hand the proposal to the street and keep its text as it stands (报送街道; ZH-19-2c).

    Raises:
        Refusal: not written yet, or the vote has not carried it.
    """
    if actor.person_id is None:
        raise Fault("报送须由人办理")
    with unit_of_work() as db:
        project = project_of(case.id)
        vote = votes.last_vote(case.id)
        rules.submit_allowed(project.origin, vote.valid if vote else None, project.drafted_by).require()
        project.submitted_by, project.submitted_at = actor.person_id, clock.now()
        made = ProposalText(
            city=case.city,
            case_id=case.id,
            round=project.round,
            content={
                "title": project.title,
                "category": project.categories,
                "summary": project.summary,
                "beneficiaries": project.beneficiaries,
                "beneficiary_count": project.beneficiary_count,
                "fee_mode": project.fee_mode,
                "minors": project.minors,
                "guardian_text": project.guardian_text,
                "budget": project.budget_lines,
                "budget_fen": project.budget_fen,
                "wanted_sources": project.wanted_sources,
                "targets": project.targets,
                "exclusion_self": project.exclusion_self,
                "policy_ref": project.policy_ref,
                "files": project.file_ids,
                "vote": vote.id if vote else None,
            },
            handed_in_by=actor.person_id,
            handed_in_at=clock.now(),
        )
        db.add(made)
        db.flush()
        return made


def may_withdraw(actor: Actor, case: Case) -> Decision:
    """Whether the actor may take the proposal back now."""
    project = project_of(case.id)
    return rules.withdraw_allowed(
        actor.person_id, (case.started_by, project.submitted_by), project.approved_at is not None
    )


def may_cancel(actor: Actor, case: Case) -> Decision:
    """Whether the actor may end the project."""
    return rules.cancel_allowed(actor, case.street_id)


def withdraw(actor: Actor, case_id: int, reason: str) -> None:
    """Take the proposal back before the street has decided (撤回申报)."""
    with unit_of_work():
        case = lock_case(actor, case_id)
        _forbid_unless(may_withdraw(actor, case))
        if not reason.strip():
            raise Refusal("请写明撤回原因。", field="reason")
        runtime.end_case(actor, case.id, "withdrawn", reason.strip())


def cancel(actor: Actor, case_id: int, reason: str, basis: str) -> None:
    """End a running project lawfully at any later stage (终止项目); what it holds goes back to its pots."""
    with unit_of_work():
        case = lock_case(actor, case_id)
        _forbid_unless(may_cancel(actor, case))
        missing = [
            ("reason", reason, "请写明终止原因。"),
            ("basis", basis, "请写明终止依据（合同条款或文件）。"),
        ]
        require_all([Decision(bool(text.strip()), message, None, field) for field, text, message in missing])
        runtime.end_case(actor, case.id, "cancelled", f"{reason.strip()}（依据：{basis.strip()}）")


def reopen(case: Case) -> None:
    """Let an approved proposal be revised after an objection to its notice was upheld (ZH-24d)."""
    project = project_of(case.id)
    if project.approved_at is not None:
        project.approved_at = project.approved_by = project.submitted_at = None
        project.round += 1
        project.sitting += 1
        session().flush()


def start_next_round(case: Case, pack: Pack) -> None:
    """Count a return; a bounded number of times (退回修改; ZH-19-2c)."""
    project = project_of(case.id)
    rules.rounds_allowed(project.round, pack.value("max_return_rounds")).require()
    project.round += 1
    project.sitting += 1
    project.submitted_at = None
    session().flush()


def _forbid_unless(decision: Decision) -> None:
    if not decision:
        raise Forbidden(decision.reason, rule=decision.ref)
