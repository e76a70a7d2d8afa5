"""Stages one and two on the real diagrams, by the services that the pages use."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

import config
from app.accounts import services as accounts
from app.audit import services as audit
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal, Refusals
from app.core.identity import SYSTEM, Actor, Role
from app.funds import queries as money
from app.funds.models import Pot
from app.needs import services as needs
from app.needs.models import Need
from app.needs.queries import Chosen
from app.needs.queries import search as find_needs
from app.projects import queries, services
from app.projects.models import Project
from app.runtime import operators
from app.runtime import services as runtime
from app.runtime.models import Case, Task
from app.runtime.packaging import deploy_pack
from app.runtime.queries import history_of, incidents_of, tasks_of
from app.sources import register_sources
from tests.factories.people import actor_of, make_person
from tests.factories.projects import NO, PROPOSAL, STATEMENTS, TOTAL, make_entry

PLAN = {**PROPOSAL, "policy_ref": "香民〔2026〕5 号"}
LEADS = {"party_lead": "李", "party_confirms": True, "committee_lead": "王", "committee_confirms": True}
MEETING = {"held_on": "2026-02-25", "chair": "王主任", "attendees": 15, "minutes": "讨论了助餐点。"}
VOTE: dict[str, Any] = {
    "body": "residents_meeting",
    "held_on": "2026-02-28",
    "eligible": 60,
    "present": 41,
    "yes": 25,
    "against": 10,
    "abstain": 6,
    "minutes": "举手表决。",
}


@pytest.fixture
def flow(office: SimpleNamespace) -> SimpleNamespace:
    operators.register()
    register_sources()
    deploy_pack(SYSTEM, config.ROOT / "bpmn", "zhuhai", publish=True)
    return office


def start(
    flow: SimpleNamespace, origin: str = "street_plan", actor: Actor | None = None, **more: Any
) -> Case:
    actor = actor or (flow.clerk if origin == "street_plan" else flow.member)
    given = {"title": "居家养老服务", "community_id": flow.units.community.id, **more}
    return services.start_project(actor, origin=origin, **given)


def task(case: Case, form: str) -> Task:
    found = [one for one in tasks_of(case.id, "open") if one.form_key == form]
    assert found, [one.form_key for one in tasks_of(case.id, "open")]
    return found[0]


def act(case: Case, actor: Actor, form: str, answers: dict[str, Any]) -> runtime.Completed:
    return runtime.complete_task(actor, task(case, form).id, answers)


def now(case: Case) -> Case:
    return session().get_one(Case, case.id, populate_existing=True)


def waiting(case: Case) -> list[str | None]:
    return [one.form_key for one in tasks_of(case.id, "open")]


def to_decision(flow: SimpleNamespace, case: Case) -> None:
    act(case, flow.clerk, "review.precheck", {"decision": "pass", "list_item": "2-2", **STATEMENTS})
    act(case, flow.clerk, "review.exclusion", NO)
    reserve = {"decision": "ok", "funding": [{"pot_id": flow.pot.id, "amount": TOTAL}]}
    act(case, flow.finance, "review.budget", reserve)
    for reviewer in flow.reviewers:
        act(case, reviewer, "review.joint", {"decision": "agree"})


def reserved(flow: SimpleNamespace) -> int:
    return session().get_one(Pot, flow.pot.id, populate_existing=True).reserved


def test_a_community_proposal_becomes_an_approved_project(flow: SimpleNamespace) -> None:
    case = start(flow, "community")
    assert (case.street_id, case.owner_id) == (flow.units.street.id, flow.clerk.person_id)
    act(case, flow.member, "proposal.lead", LEADS)
    act(case, flow.member, "proposal.draft", PROPOSAL)
    act(case, flow.member, "proposal.deliberate", MEETING)
    failed = {**VOTE, "yes": 20, "against": 21, "abstain": 0}
    act(case, flow.member, "proposal.vote", failed)
    act(case, flow.member, "proposal.after_vote", {"decision": "revise", "opinion": "再商量。"})
    act(case, flow.member, "proposal.draft", PROPOSAL)
    act(case, flow.member, "proposal.deliberate", MEETING)
    act(case, flow.member, "proposal.vote", VOTE)
    act(case, flow.secretary, "proposal.submit", {"opinion": "请审议。"})
    to_decision(flow, case)
    act(case, flow.leader, "review.decide", {"decision": "approve"})
    assert waiting(case) == ["notice.publish"]
    assert queries.project_of(case.id).approved_by == flow.leader.person_id
    assert reserved(flow) == TOTAL
    assert money.imbalances() == []
    assert incidents_of(case.id) == []
    outcomes = [line.outcome for line in history_of(case.id) if line.outcome]
    assert outcomes[-1] == "同意立项"


def test_a_community_gives_up_after_a_lost_vote(flow: SimpleNamespace) -> None:
    case = start(flow, "community")
    act(case, flow.member, "proposal.lead", LEADS)
    act(case, flow.member, "proposal.draft", PROPOSAL)
    act(case, flow.member, "proposal.deliberate", MEETING)
    act(case, flow.member, "proposal.vote", {**VOTE, "present": 29, "yes": 29, "against": 0, "abstain": 0})
    act(case, flow.member, "proposal.after_vote", {"decision": "end"})
    assert now(case).status == "withdrawn"
    assert waiting(case) == []


def test_a_library_project_goes_to_the_street_without_a_vote(flow: SimpleNamespace) -> None:
    entry = make_entry(flow, consented=True)
    case = start(flow, "library")
    act(case, flow.member, "proposal.pick", {"entry_id": entry.id})
    act(case, flow.member, "proposal.draft", PROPOSAL)
    act(case, flow.secretary, "proposal.submit", {})
    assert waiting(case) == ["review.precheck"]
    with pytest.raises(NotFound):  # who designed it sees nothing of the case
        runtime.complete_task(flow.designer, task(case, "review.precheck").id, {"decision": "reject"})


def test_a_need_is_ground_enough_for_the_street(flow: SimpleNamespace) -> None:
    need = needs.collect(
        flow.clerk,
        unit_id=flow.units.community.id,
        channel="visit",
        beneficiaries="老年人",
        text="希望有助餐点",
    )
    case = start(flow, need_id=need.id)
    act(case, flow.clerk, "proposal.plan", PROPOSAL)
    assert waiting(case) == ["review.precheck"]
    elsewhere = needs.collect(
        SYSTEM,
        unit_id=flow.units.other_community.id,
        channel="visit",
        beneficiaries="老年人",
        text="缺座椅",
    )
    with pytest.raises(Refusal) as error:
        start(flow, need_id=elsewhere.id)
    assert (error.value.rule, error.value.field) == ("ZH-19-1", "need_id")


@pytest.mark.requirement("ZH-09c", "accept")
def test_a_communitys_proposal_rests_on_a_need_and_is_found_from_it(flow: SimpleNamespace) -> None:
    need = needs.collect(
        flow.member,
        unit_id=flow.units.community.id,
        channel="meeting",
        beneficiaries="老年人",
        text="希望有助餐点",
    )
    for origin in ("community", "library"):
        case = start(flow, origin, need_id=need.id)
        assert queries.project_of(case.id).need_id == need.id
        assert queries.answering(flow.clerk, [need.id])[need.id][0].id == case.id
    assert [one.id for one in find_needs(flow.member, Chosen(more=[queries.is_answered()]))] == [need.id]


@pytest.mark.requirement("ZH-09c", "reject")
def test_a_proposal_that_ends_does_not_lose_its_need(flow: SimpleNamespace) -> None:
    need = needs.collect(
        flow.member,
        unit_id=flow.units.community.id,
        channel="meeting",
        beneficiaries="老年人",
        text="希望有助餐点",
    )
    case = start(flow, "community", need_id=need.id)
    services.withdraw(flow.member, case.id, "先缓一缓")
    assert [one.id for one in find_needs(flow.member, Chosen(more=[~queries.is_answered()]))] == [need.id]
    assert [one.id for one in queries.answering(flow.member, [need.id])[need.id]] == [
        case.id
    ]  # still traceable
    second = start(flow, "community", need_id=need.id)
    assert [one.id for one in queries.answering(flow.member, [need.id])[need.id]] == [second.id, case.id]
    assert find_needs(flow.member, Chosen(more=[~queries.is_answered()])) == []
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.delete(db.get_one(Need, need.id))
        db.flush()


def test_a_community_rests_on_no_need_it_may_not_see(flow: SimpleNamespace) -> None:
    for unit in (flow.units.street, flow.units.other_community):
        need = needs.collect(SYSTEM, unit_id=unit.id, channel="visit", beneficiaries="老年人", text="缺座椅")
        with pytest.raises(Refusal) as error:
            start(flow, "community", need_id=need.id)
        assert error.value.field == "need_id"


def test_who_may_start_what(flow: SimpleNamespace) -> None:
    for origin, actor in (("street_plan", flow.member), ("community", flow.clerk), ("library", flow.leader)):
        with pytest.raises(Forbidden):
            start(flow, origin, actor)
    with pytest.raises(Forbidden):
        start(flow, "community", community_id=flow.units.other_community.id)
    with pytest.raises(Refusals) as error:
        start(flow, "unknown", title=" " * 3)
    assert {one.field for one in error.value.errors} == {"origin", "title"}
    with pytest.raises(Refusals):
        start(flow, title="长" * 101)
    with pytest.raises(Refusal) as place:
        start(flow, community_id=flow.units.street.id)
    assert place.value.field == "community_id"


def test_a_street_without_clerk_owns_no_case(flow: SimpleNamespace) -> None:
    member = actor_of(make_person("两委成员", Role.COMMITTEE_MEMBER, flow.units.other_community))
    with pytest.raises(Refusal) as error:
        start(flow, "community", member, community_id=flow.units.other_community.id)
    assert error.value.rule == "ZH-05-1"
    assert session().query(Case).count() == 0


def test_starting_twice_with_one_key_is_one_project(flow: SimpleNamespace) -> None:
    first, second = start(flow, key="k-1"), start(flow, key="k-1")
    assert first.id == second.id
    assert session().query(Project).count() == 1
    assert start(flow, key="k-2").no != first.no


@pytest.mark.requirement("ZH-06-b", "accept")
def test_the_streets_leader_approves(flow: SimpleNamespace) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    to_decision(flow, case)
    act(case, flow.leader, "review.decide", {"decision": "approve"})
    assert queries.project_of(case.id).approved_at is not None


@pytest.mark.requirement("ZH-06-b", "reject")
@pytest.mark.requirement("ZH-06-a", "reject")
def test_neither_community_nor_organisation_nor_district_approves(flow: SimpleNamespace) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    to_decision(flow, case)
    decision = task(case, "review.decide").id
    for actor in (flow.member, flow.secretary, flow.officer, flow.treasurer, flow.clerk):
        with pytest.raises(Forbidden) as error:
            runtime.complete_task(actor, decision, {"decision": "approve"})
        assert error.value.status == 403
    make_entry(flow, consented=False)
    with pytest.raises(NotFound):
        runtime.complete_task(flow.designer, decision, {"decision": "approve"})
    assert queries.project_of(case.id).approved_at is None
    assert waiting(case) == ["review.decide"]


def test_another_streets_people_see_nothing(flow: SimpleNamespace) -> None:
    case = start(flow)
    other = actor_of(make_person("外街领导", Role.STREET_LEADER, flow.units.other_street))
    with pytest.raises(NotFound):
        runtime.complete_task(other, task(case, "proposal.plan").id, PLAN)
    with pytest.raises(NotFound):
        services.cancel(other, case.id, "越权", "无")


@pytest.mark.parametrize("end", ["return", "reject"])
def test_return_and_refusal_release_the_money(flow: SimpleNamespace, end: str) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    to_decision(flow, case)
    assert reserved(flow) == TOTAL
    act(case, flow.leader, "review.decide", {"decision": end, "opinion": "测算依据不足。"})
    assert reserved(flow) == 0
    assert money.imbalances() == []
    if end == "reject":
        assert (now(case).status, waiting(case)) == ("rejected", [])
        return
    assert waiting(case) == ["proposal.revise_plan"]
    shown = runtime.prepared_form(flow.clerk, task(case, "proposal.revise_plan").id)
    assert ("退回意见（审议决定）", "测算依据不足。") in {(fact.label, fact.value) for fact in shown.facts}
    act(case, flow.clerk, "proposal.revise_plan", PLAN)
    to_decision(flow, case)
    act(case, flow.leader, "review.decide", {"decision": "approve"})
    assert (reserved(flow), waiting(case)) == (TOTAL, ["notice.publish"])


def test_the_starter_withdraws_before_the_decision(flow: SimpleNamespace) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    to_decision(flow, case)
    with pytest.raises(Forbidden):
        services.withdraw(flow.leader, case.id, "不是我发起的")
    with pytest.raises(Refusal) as error:
        services.withdraw(flow.clerk, case.id, " ")
    assert error.value.field == "reason"
    services.withdraw(flow.clerk, case.id, "需求有变化")
    assert (now(case).status, waiting(case), reserved(flow)) == ("withdrawn", [], 0)
    with pytest.raises(Conflict):
        services.withdraw(flow.clerk, case.id, "再撤一次")
    assert audit.verify().ok


def test_after_the_decision_only_the_leader_ends_a_project(flow: SimpleNamespace) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    to_decision(flow, case)
    act(case, flow.leader, "review.decide", {"decision": "approve"})
    with pytest.raises(Forbidden, match="已经作出决定"):
        services.withdraw(flow.clerk, case.id, "想撤回")
    with pytest.raises(Forbidden) as error:
        services.cancel(flow.clerk, case.id, "不做了", "无")
    assert error.value.rule == "ZH-06-b"
    with pytest.raises(Refusals) as missing:
        services.cancel(flow.leader, case.id, " ", "")
    assert {one.field for one in missing.value.errors} == {"reason", "basis"}
    services.cancel(flow.leader, case.id, "上级政策调整", "香府〔2026〕9 号")
    assert (now(case).status, waiting(case), reserved(flow)) == ("cancelled", [], 0)
    line = next(one for one in history_of(case.id) if one.kind == "ended")
    assert line.opinion == "上级政策调整（依据：香府〔2026〕9 号）"


def test_one_person_speaks_once_in_the_joint_review(flow: SimpleNamespace) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    act(case, flow.clerk, "review.precheck", {"decision": "pass", "list_item": "2-2", **STATEMENTS})
    act(case, flow.clerk, "review.exclusion", NO)
    reserve = {"decision": "ok", "funding": [{"pot_id": flow.pot.id, "amount": TOTAL}]}
    act(case, flow.finance, "review.budget", reserve)
    assert waiting(case) == ["review.joint"] * 3
    act(case, flow.reviewers[0], "review.joint", {"decision": "agree"})
    with pytest.raises(Forbidden, match="每人只能提交一次"):
        act(case, flow.reviewers[0], "review.joint", {"decision": "agree"})


@pytest.mark.parametrize("second", [True, False])
def test_the_catch_all_ground_goes_to_a_second_person(flow: SimpleNamespace, second: bool) -> None:
    case = start(flow)
    act(case, flow.clerk, "proposal.plan", PLAN)
    act(case, flow.clerk, "review.precheck", {"decision": "pass", "list_item": "2-2", **STATEMENTS})
    reason = "项目内容以商业演出为主，与社区公共服务没有关系，不适合购买。"
    act(case, flow.clerk, "review.exclusion", {**NO, "unfit": True, "opinion": reason})
    accounts.grant(SYSTEM, flow.clerk.person_id, flow.units.street.id, Role.STREET_DISCIPLINE)
    with pytest.raises(Refusal) as error:
        act(
            case,
            actor_of(SimpleNamespace(id=flow.clerk.person_id)),  # type: ignore[arg-type]
            "review.exclusion_cosign",
            {"decision": "stop", "opinion": "自己复核。"},
        )
    assert error.value.rule == "ZH-11-6"
    decision = "stop" if second else "continue"
    act(case, flow.discipline, "review.exclusion_cosign", {"decision": decision, "opinion": "独立复核。"})
    assert (now(case).status, waiting(case)) == (
        ("rejected", []) if second else ("running", ["review.budget"])
    )
