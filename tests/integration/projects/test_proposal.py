"""Stage one: three origins, a proposal that meets the regulation, a vote that counts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.ballots.votes import last_vote
from app.contracts import services as contracts
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal, Refusals
from app.core.identity import Actor
from app.procurement.queries import award_of
from app.projects import queries, services
from app.projects.models import Project
from app.runtime.models import Case
from tests.acting import prepared, step
from tests.factories.projects import (
    BUDGET,
    NO,
    PROPOSAL,
    TARGETS,
    TOTAL,
    make_entry,
    make_project,
)

LEADS = {
    "party_lead": "李书记",
    "party_confirms": True,
    "committee_lead": "王主任",
    "committee_confirms": True,
}
MEETING = {
    "held_on": "2026-02-25",
    "chair": "王主任",
    "attendees": 15,
    "minutes": "讨论了助餐点的位置和费用。",
}
VOTE: dict[str, Any] = {
    "body": "residents_meeting",
    "held_on": "2026-02-28",
    "eligible": 60,
    "present": 41,
    "yes": 25,
    "against": 10,
    "abstain": 6,
    "minutes": "现场举手表决，两人计票。",
}


def refused(error: pytest.ExceptionInfo[Refusal]) -> set[tuple[str | None, str | None]]:
    return {(one.rule, one.field) for one in error.value.errors}


def draft(office: SimpleNamespace, case: Case, actor: Actor | None = None, **changes: Any) -> Project:
    step(office, case, "proposal.draft", actor or office.member, {**PROPOSAL, **changes})
    return queries.project_of(case.id)


def plan(office: SimpleNamespace, case: Case, **changes: Any) -> None:
    step(office, case, "proposal.plan", office.clerk, {**PROPOSAL, **changes})


def voted(office: SimpleNamespace, case: Case, **changes: Any) -> dict[str, Any]:
    return step(office, case, "proposal.vote", office.member, {**VOTE, **changes})


def handed_in(office: SimpleNamespace) -> Case:
    case = make_project(office)
    draft(office, case)
    voted(office, case)
    step(office, case, "proposal.submit", office.secretary)
    return case


def returned(office: SimpleNamespace, case: Case) -> None:
    step(office, case, "review.precheck", office.clerk, {"decision": "return", "opinion": "请补充测算依据。"})


# --- origins


@pytest.mark.requirement("ZH-19-1", "accept")
def test_a_street_plans_on_a_policy(office: SimpleNamespace) -> None:
    case = make_project(office, "street_plan")
    plan(office, case, policy_ref="香民〔2026〕5 号居家养老实施方案")
    project = queries.project_of(case.id)
    assert project.policy_ref == "香民〔2026〕5 号居家养老实施方案"
    assert (project.budget_fen, project.submitted_by) == (TOTAL, office.clerk.person_id)


@pytest.mark.requirement("ZH-19-1", "reject")
def test_a_street_does_not_plan_out_of_thin_air(office: SimpleNamespace) -> None:
    case = make_project(office, "street_plan")
    with pytest.raises(Refusals) as error:
        plan(office, case)
    assert refused(error) == {("ZH-19-1", "policy_ref")}
    assert queries.project_of(case.id).submitted_at is None


@pytest.mark.requirement("ZH-19-2a", "accept")
def test_both_committees_lead(office: SimpleNamespace) -> None:
    case = make_project(office)
    step(office, case, "proposal.lead", office.member, LEADS)
    project = queries.project_of(case.id)
    assert (project.party_lead, project.committee_lead) == ("李书记", "王主任")


@pytest.mark.requirement("ZH-19-2a", "reject")
def test_one_committee_alone_does_not_lead(office: SimpleNamespace) -> None:
    case = make_project(office)
    for missing in ("party_confirms", "committee_confirms"):
        with pytest.raises(Refusals) as error:
            step(office, case, "proposal.lead", office.member, {**LEADS, missing: False})
        assert refused(error) == {("ZH-19-2a", missing)}
    assert queries.project_of(case.id).party_lead is None


@pytest.mark.requirement("ZH-19-3a", "accept")
def test_what_the_street_has_consented_to_can_be_picked(office: SimpleNamespace) -> None:
    entry = make_entry(office, consented=True)
    case = make_project(office, "library")
    shown = prepared(office, case, "proposal.pick", office.member)
    assert shown.field_named("entry_id").options == [(entry.id, "长者助餐与上门探访（预算 120,000.00 元）")]
    services.pick(office.member, case, entry.id)
    assert queries.project_of(case.id).library_entry_id == entry.id


@pytest.mark.requirement("ZH-19-3a", "reject")
def test_what_the_street_has_not_consented_to_is_not_there(
    office: SimpleNamespace, clock: MovableClock
) -> None:
    entry = make_entry(office, consented=False)
    case = make_project(office, "library")
    assert prepared(office, case, "proposal.pick", office.member).notes
    with pytest.raises(Refusal) as error:
        services.pick(office.member, case, entry.id)
    assert refused(error) == {("ZH-19-3a", "entry_id")}
    old = make_entry(office, consented=True, name="另一服务中心")
    clock.set(clock.now().replace(year=2027))
    with pytest.raises(Refusal):
        services.pick(office.member, case, old.id)


@pytest.mark.requirement("ZH-19-3b", "accept")
def test_picking_makes_a_copy_that_names_its_origin(office: SimpleNamespace) -> None:
    entry = make_entry(office, consented=True)
    case = make_project(office, "library")
    step(office, case, "proposal.pick", office.member, {"entry_id": entry.id})
    shown = prepared(office, case, "proposal.draft", office.member).values
    assert shown["subcategories"] == ["basic.elder_care"]
    assert shown["budget"] == [{"group": "service", "item": case.title, "quantity": 1, "price": 12_000_000}]
    draft(office, case, summary="按本社区情况，每周送餐五次。")
    step(office, case, "proposal.submit", office.secretary)
    project = queries.project_of(case.id)
    assert (project.library_entry_id, project.summary) == (entry.id, "按本社区情况，每周送餐五次。")
    assert entry.summary == "由志愿者和社工为高龄老人送餐、探访。"


@pytest.mark.requirement("ZH-19-3b", "reject")
def test_the_designer_gets_no_contract_without_a_procurement(office: SimpleNamespace, pack: Any) -> None:
    entry = make_entry(office, consented=True)
    case = make_project(office, "library")
    step(office, case, "proposal.pick", office.member, {"entry_id": entry.id})
    draft(office, case)
    step(office, case, "proposal.submit", office.secretary)
    assert case.provider_id is None
    assert award_of(case.id) is None
    with pytest.raises(Refusal) as error:
        contracts.draft(office.clerk, case, pack, {"amount": TOTAL})
    assert refused(error) == {("ZH-21", None)}


# --- content


@pytest.mark.parametrize(
    ("category", "items"),
    [
        pytest.param(
            "party", ["party.livelihood"], marks=pytest.mark.requirement("ZH-08-1", "accept"), id="party"
        ),
        pytest.param(
            "basic",
            ["basic.elder_care", "basic.health"],
            marks=pytest.mark.requirement("ZH-08-2", "accept"),
            id="basic",
        ),
        pytest.param(
            "safety", ["safety.mediation"], marks=pytest.mark.requirement("ZH-08-4", "accept"), id="safety"
        ),
        pytest.param(
            "building",
            ["building.deliberation"],
            marks=pytest.mark.requirement("ZH-08-5", "accept"),
            id="building",
        ),
    ],
)
def test_classes_of_article_eight(office: SimpleNamespace, category: str, items: list[str]) -> None:
    project = draft(office, make_project(office), category=category, subcategories=items)
    assert project.categories == [category, *items]
    told = dict(queries.facts(project.case_id))
    assert ("信息保护" in told) is (category == "safety")


@pytest.mark.parametrize(
    ("category", "items", "field"),
    [
        pytest.param(
            "culture",
            ["party.livelihood"],
            "category",
            marks=pytest.mark.requirement("ZH-08-1", "reject"),
            id="unknown class",
        ),
        pytest.param(
            "basic",
            ["basic.elder_care", "party.hardship"],
            "subcategories",
            marks=pytest.mark.requirement("ZH-08-2", "reject"),
            id="two classes",
        ),
        pytest.param(
            "safety",
            ["safety"],
            "subcategories",
            marks=pytest.mark.requirement("ZH-08-4", "reject"),
            id="class for an item",
        ),
        pytest.param(
            "",
            ["building.culture"],
            "category",
            marks=pytest.mark.requirement("ZH-08-5", "reject"),
            id="blank class",
        ),
    ],
)
def test_other_categories_are_refused(
    office: SimpleNamespace, pack: Any, category: str, items: list[str], field: str
) -> None:
    case = make_project(office)
    answers = {**PROPOSAL, "category": category, "subcategories": items}
    with pytest.raises(Refusals) as by_form:
        step(office, case, "proposal.draft", office.member, answers)
    assert field in {one.field for one in by_form.value.errors}
    with pytest.raises(Refusals) as by_service:
        services.write(office.member, case, pack, answers)
    assert refused(by_service) == {("ZH-08", field)}
    assert queries.project_of(case.id).category is None


CHILDREN = {"category": "special", "subcategories": ["special.women_children"], "minors": True}


@pytest.mark.requirement("ZH-08-3", "accept")
def test_a_project_for_minors_says_how_guardians_consent(office: SimpleNamespace) -> None:
    asked = "活动前由监护人签署书面同意书。"
    project = draft(office, make_project(office), **CHILDREN, guardian_text=asked)
    assert (project.minors, project.guardian_text) == (True, asked)
    assert "不对外公开" in dict(queries.facts(project.case_id))["信息保护"]


@pytest.mark.requirement("ZH-08-3", "reject")
def test_a_project_for_minors_without_guardians_consent_is_refused(office: SimpleNamespace) -> None:
    with pytest.raises(Refusals) as error:
        draft(office, make_project(office), **CHILDREN, guardian_text="  ")
    assert refused(error) == {("ZH-08-3", "guardian_text")}


@pytest.mark.requirement("ZH-25a", "accept")
def test_indicators_sum_to_a_hundred(office: SimpleNamespace) -> None:
    assert draft(office, make_project(office)).targets == TARGETS


@pytest.mark.requirement("ZH-25a", "reject")
def test_indicators_that_do_not_add_up_or_have_no_unit_are_refused(
    office: SimpleNamespace, pack: Any
) -> None:
    case = make_project(office)
    for changed, field in (
        ({"weight": 39}, "targets"),
        ({"weight": 41}, "targets"),
        ({"unit": " "}, "targets-0-unit"),
    ):
        targets = [{**TARGETS[0], **changed}, *TARGETS[1:]]
        with pytest.raises(Refusals) as error:
            services.write(office.member, case, pack, {**PROPOSAL, "targets": targets})
        assert refused(error) == {("ZH-25a", field)}


def test_indicators_without_satisfaction_are_refused(office: SimpleNamespace) -> None:
    targets = [TARGETS[0], {**TARGETS[1], "weight": 60}]
    with pytest.raises(Refusals) as error:
        draft(office, make_project(office), targets=targets)
    assert refused(error) == {("ZH-26a", "targets")}


def test_the_budget_is_added_up_in_fen(office: SimpleNamespace) -> None:
    lines = [{"group": "service", "item": "活动", "quantity": 3, "price": 33_33}, *BUDGET]
    project = draft(office, make_project(office), budget=lines)
    assert [line["amount"] for line in project.budget_lines] == [99_99, 6_000_000, 8_800_000]
    assert project.budget_fen == TOTAL + 99_99


def test_amounts_no_database_can_hold_are_refused(office: SimpleNamespace) -> None:
    huge = [{"group": "service", "item": "活动", "quantity": 1_000_001, "price": 10**11 + 1}]
    with pytest.raises(Refusals) as error:
        draft(office, make_project(office), budget=huge)
    assert {one.field for one in error.value.errors} == {"budget-0-quantity", "budget-0-price"}


def test_all_faults_are_told_at_once(office: SimpleNamespace, pack: Any) -> None:
    answers = {
        **PROPOSAL,
        "subcategories": ["party.culture"],
        "targets": [{**TARGETS[2], "weight": 10}],
        "self_debt": True,
        "budget": [{"group": "service", "item": "归还借款", "quantity": 1, "price": 1}],
    }
    with pytest.raises(Refusals) as error:
        services.write(office.member, make_project(office), pack, answers)
    assert {rule for rule, _ in refused(error)} == {"ZH-08", "ZH-25a", "ZH-26a", "ZH-11-2"}


# --- article 11, the proposer's part


@pytest.mark.requirement("ZH-11-1", "accept")
def test_six_times_no_goes_on(office: SimpleNamespace) -> None:
    project = draft(office, make_project(office))
    assert set(project.exclusion_self.values()) == {False}


def test_any_yes_stops_the_proposal(office: SimpleNamespace) -> None:
    case = make_project(office)
    for number, key in enumerate(NO, start=1):
        with pytest.raises(Refusals) as error:
            draft(office, case, **{f"self_{key}": True})
        assert refused(error) == {(f"ZH-11-{number}", f"self_{key}")}


@pytest.mark.requirement("ZH-11-2", "accept")
def test_service_staff_material_and_tax_lines(office: SimpleNamespace) -> None:
    lines = [
        *BUDGET,
        {"group": "material", "item": "探访物资", "quantity": 160, "price": 6_000},
        {"group": "tax", "item": "税费", "quantity": 1, "price": 80_000},
        {"group": "service", "item": "债务纠纷调解讲座", "quantity": 2, "price": 50_000},
    ]
    assert len(draft(office, make_project(office), budget=lines).budget_lines) == 5


@pytest.mark.requirement("ZH-11-2", "reject")
def test_a_line_that_repays_a_loan_stops(office: SimpleNamespace) -> None:
    line = {"group": "other", "item": "归还借款", "quantity": 1, "price": 100}
    with pytest.raises(Refusals) as error:
        draft(office, make_project(office), budget=[*BUDGET, line])
    assert refused(error) == {("ZH-11-2", "budget-2-item")}


@pytest.mark.requirement("ZH-11-4", "accept")
def test_a_project_social_worker_may_be_paid(office: SimpleNamespace) -> None:
    lines = [
        BUDGET[0],
        {"group": "service", "item": "保洁员关爱活动", "quantity": 4, "price": 100_000},
    ]
    assert draft(office, make_project(office), budget=lines).budget_lines[0]["job"] == "项目社工"


@pytest.mark.requirement("ZH-11-4", "reject")
def test_a_full_time_cleaner_stops(office: SimpleNamespace) -> None:
    case = make_project(office)
    for job in ("保洁员", "专职消防员", "治安巡逻员"):
        line = {"group": "staff", "item": "人员工资", "job": job, "quantity": 12, "price": 400_000}
        with pytest.raises(Refusals) as error:
            draft(office, case, budget=[line])
        assert refused(error) == {("ZH-11-4", "budget-0-job")}
    assert queries.project_of(case.id).drafted_by is None


def test_staff_without_a_post_is_refused(office: SimpleNamespace) -> None:
    line = {"group": "staff", "item": "人员工资", "quantity": 12, "price": 400_000}
    with pytest.raises(Refusals) as error:
        draft(office, make_project(office), budget=[line])
    assert refused(error) == {("ZH-11-4", "budget-0-job")}


# --- deliberation, vote, hand-over


@pytest.mark.requirement("ZH-19-2b", "accept")
def test_a_vote_with_quorum_and_majority_carries(office: SimpleNamespace) -> None:
    case = make_project(office)
    draft(office, case)
    step(office, case, "proposal.deliberate", office.member, MEETING)
    assert voted(office, case) == {"vote_passed": True}
    vote = last_vote(case.id)
    assert vote is not None
    assert (vote.eligible, vote.present, vote.yes, vote.against, vote.abstain) == (60, 41, 25, 10, 6)
    step(office, case, "proposal.submit", office.secretary)
    assert queries.project_of(case.id).submitted_by == office.secretary.person_id


@pytest.mark.requirement("ZH-19-2b", "reject")
def test_a_vote_without_quorum_or_majority_carries_nothing(office: SimpleNamespace) -> None:
    case = make_project(office)
    draft(office, case)
    for counts, reason in (
        ({"present": 29, "yes": 29, "against": 0, "abstain": 0}, "应到人数的一半"),
        ({"present": 30, "yes": 30, "against": 0, "abstain": 0}, "应到人数的一半"),
        ({"yes": 20, "against": 21, "abstain": 0}, "到会人数的一半"),
        ({"present": 40, "yes": 20, "against": 20, "abstain": 0}, "到会人数的一半"),
        ({"body": "representatives", "present": 39, "yes": 39, "against": 0, "abstain": 0}, "三分之二"),
    ):
        assert voted(office, case, **counts) == {"vote_passed": False}
        vote = last_vote(case.id)
        assert vote is not None
        assert reason in vote.reason
        with pytest.raises(Refusal) as error:
            step(office, case, "proposal.submit", office.secretary)
        assert refused(error) == {("ZH-19-2b", None)}
    assert queries.texts_of(case.id) == []


@pytest.mark.requirement("ZH-19-2b", "reject")
def test_votes_that_do_not_add_up_are_refused(office: SimpleNamespace) -> None:
    case = make_project(office)
    draft(office, case)
    with pytest.raises(Refusals) as error:
        voted(office, case, yes=26)
    assert refused(error) == {("ZH-19-2b", "yes")}
    with pytest.raises(Refusals) as error:
        voted(office, case, eligible=40)
    assert refused(error) == {("ZH-19-2b", "present")}
    assert last_vote(case.id) is None


def test_a_second_vote_counts_instead_of_the_first(office: SimpleNamespace) -> None:
    case = make_project(office)
    draft(office, case)
    voted(office, case, yes=20, against=21, abstain=0)
    shown = prepared(office, case, "proposal.after_vote", office.member)
    assert ("表决结论", "bad") in {(fact.label, fact.tone) for fact in shown.facts}
    after = step(office, case, "proposal.after_vote", office.member, {"decision": "revise"})
    assert after == {"proposal_decision": "revise"}
    draft(office, case, summary="改为每周三次送餐。")
    assert voted(office, case) == {"vote_passed": True}
    step(office, case, "proposal.submit", office.secretary)


def test_first_the_deliberation_then_the_vote(office: SimpleNamespace) -> None:
    case = make_project(office)
    step(office, case, "proposal.deliberate", office.member, MEETING)
    with pytest.raises(Refusal) as error:
        voted(office, case, held_on="2026-02-24")
    assert refused(error) == {("ZH-19-2b", "held_on")}
    for key, answers in (("proposal.vote", VOTE), ("proposal.deliberate", MEETING)):
        with pytest.raises(Refusal) as error:
            step(office, case, key, office.member, {**answers, "held_on": "2026-03-03"})
        assert "held_on" in {one.field for one in error.value.errors}


def test_nothing_is_handed_in_unwritten(office: SimpleNamespace) -> None:
    case = make_project(office)
    voted(office, case)
    with pytest.raises(Refusal) as error:
        step(office, case, "proposal.submit", office.secretary)
    assert refused(error) == {("ZH-19-2c", None)}


@pytest.mark.requirement("ZH-06-c", "accept")
def test_a_community_proposes(office: SimpleNamespace) -> None:
    case = handed_in(office)
    project = queries.project_of(case.id)
    assert (project.drafted_by, project.submitted_by) == (office.member.person_id, office.secretary.person_id)


@pytest.mark.requirement("ZH-06-c", "reject")
def test_what_lies_with_the_street_is_not_edited(office: SimpleNamespace) -> None:
    case = handed_in(office)
    with pytest.raises(Forbidden) as error:
        draft(office, case, summary="换一个做法。")
    assert error.value.rule == "ZH-06-c"
    assert queries.project_of(case.id).summary == PROPOSAL["summary"]


@pytest.mark.requirement("ZH-19-2c", "accept")
def test_handing_in_again_keeps_what_was_said_before(office: SimpleNamespace) -> None:
    case = handed_in(office)
    returned(office, case)
    shown = prepared(office, case, "proposal.revise", office.member)
    assert any("第 2 次报送" in note for note in shown.notes)
    assert shown.values["summary"] == PROPOSAL["summary"]
    step(office, case, "proposal.revise", office.member, {**PROPOSAL, "summary": "每周送餐五次，附测算。"})
    texts = queries.texts_of(case.id)
    assert [(one.round, one.content["summary"]) for one in texts] == [
        (1, PROPOSAL["summary"]),
        (2, "每周送餐五次，附测算。"),
    ]
    assert texts[0].content["budget_fen"] == TOTAL
    for statement in ("UPDATE proposal_text SET round = 9", "DELETE FROM proposal_text"):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
            db.execute(text(statement))


@pytest.mark.requirement("ZH-19-2c", "reject")
def test_the_street_does_not_edit_the_communitys_text(office: SimpleNamespace) -> None:
    case = handed_in(office)
    returned(office, case)
    for stranger in (office.clerk, office.leader):
        with pytest.raises(Forbidden) as error:
            step(office, case, "proposal.revise", stranger, {**PROPOSAL, "summary": "街道代改。"})
        assert error.value.rule == "ZH-19-2c"
    assert queries.project_of(case.id).summary == PROPOSAL["summary"]


def test_the_community_does_not_write_the_streets_plan(office: SimpleNamespace) -> None:
    case = make_project(office, "street_plan")
    with pytest.raises(Forbidden) as error:
        step(office, case, "proposal.plan", office.member, {**PROPOSAL, "policy_ref": "某文件"})
    assert error.value.rule == "ZH-19-1"


def test_returns_come_to_an_end(office: SimpleNamespace, pack: Any) -> None:
    case = handed_in(office)
    for _ in range(pack.value("max_return_rounds")):
        returned(office, case)
        step(office, case, "proposal.revise", office.member, PROPOSAL)
    with pytest.raises(Refusal) as error:
        returned(office, case)
    assert refused(error) == {("ZH-19-2c", "decision")}
    assert session().get_one(Case, case.id).status == "running"


def test_a_strangers_upload_is_not_taken_in(office: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="附件"):
        draft(office, make_project(office), files=[4711])
