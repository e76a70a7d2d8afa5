"""Stage two: the street looks at completeness, the exclusion list, the money, and decides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.catalogue import services as catalogue
from app.catalogue.models import ProjectList
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, Refusals
from app.core.identity import SYSTEM, Actor, Role
from app.funds import queries as money
from app.funds import services as funds
from app.funds.models import Pot
from app.projects import queries, services
from app.projects.models import JointOpinion, Project
from app.runtime.handlers import OperatorContext, operator_named
from app.runtime.models import Case
from tests.acting import prepared, step
from tests.factories.money import make_pot
from tests.factories.people import actor_of, make_person
from tests.factories.projects import BUDGET, NO, PROPOSAL, STATEMENTS, TOTAL, make_entry, make_project

PASS = {"decision": "pass", "list_item": "2-2", **STATEMENTS}
REASON = "项目内容以商业演出为主，与社区公共服务没有关系，不适合购买。"


def refused(error: pytest.ExceptionInfo[Refusal]) -> set[tuple[str | None, str | None]]:
    return {(one.rule, one.field) for one in error.value.errors}


def submitted(office: SimpleNamespace, origin: str = "street_plan", **changes: Any) -> Case:
    """A proposal that lies with the street."""
    case = make_project(office, origin)
    writer = office.clerk if origin == "street_plan" else office.member
    answers = {**PROPOSAL, "policy_ref": "香民〔2026〕5 号", **changes}
    services.write(writer, case, office.pack, answers)
    services.hand_in(writer, case)
    return case


def exclude(office: SimpleNamespace, case: Case, **answers: Any) -> dict[str, Any]:
    return step(office, case, "review.exclusion", office.clerk, {**NO, **answers})


def fund(office: SimpleNamespace, case: Case, *lines: tuple[Pot, int]) -> dict[str, Any]:
    rows = [{"pot_id": pot.id, "amount": amount} for pot, amount in lines]
    return step(office, case, "review.budget", office.finance, {"decision": "ok", "funding": rows})


def join(office: SimpleNamespace, case: Case, *votes: str) -> None:
    for reviewer, vote in zip(office.reviewers, votes or ("agree",) * 3, strict=False):
        step(office, case, "review.joint", reviewer, {"decision": vote, "opinion": "有需要，费用合理。"})


def decide(
    office: SimpleNamespace, case: Case, decision: str = "approve", actor: Actor | None = None
) -> dict[str, Any]:
    answers = {"decision": decision, "opinion": "结合预算和需求研究决定。"}
    return step(office, case, "review.decide", actor or office.leader, answers)


def project(case: Case) -> Project:
    return queries.project_of(case.id)


# --- completeness


@pytest.mark.requirement("ZH-05-2", "accept")
def test_three_statements_each_with_a_reason(office: SimpleNamespace) -> None:
    case = submitted(office)
    assert step(office, case, "review.precheck", office.clerk, PASS) == {"precheck": "pass"}
    assert project(case).statements == {
        "basic": {"met": True, "reason": "属于居民基本生活需要"},
        "inclusive": {"met": True, "reason": "面向辖区全体高龄老人"},
        "public": {"met": True, "reason": "免费服务，不以营利为目的"},
    }


@pytest.mark.requirement("ZH-05-2", "reject")
def test_the_review_does_not_end_with_one_blank(office: SimpleNamespace) -> None:
    case = submitted(office)
    for name in ("basic", "inclusive", "public"):
        for blank in ({f"{name}_reason": "  "}, {f"{name}_met": None}):
            answers = {key: value for key, value in {**PASS, **blank}.items() if value is not None}
            with pytest.raises(Refusals) as error:
                step(office, case, "review.precheck", office.clerk, answers)
            assert refused(error) == {("ZH-05-2", f"{name}_reason")}
    assert project(case).statements is None


def test_a_statement_that_is_not_met_does_not_pass(office: SimpleNamespace) -> None:
    case = submitted(office)
    with pytest.raises(Refusal) as error:
        step(office, case, "review.precheck", office.clerk, {**PASS, "public_met": False})
    assert refused(error) == {("ZH-05-2", "decision")}


@pytest.mark.requirement("ZH-13b", "accept")
def test_an_item_of_the_active_list_passes(office: SimpleNamespace) -> None:
    case = submitted(office)
    shown = prepared(office, case, "review.precheck", office.clerk)
    assert shown.field_named("list_item").options == [("2-2", "2-2 居家养老")]
    assert shown.values["list_item"] == "2-2"
    step(office, case, "review.precheck", office.clerk, PASS)
    assert project(case).list_item_code == "2-2"


@pytest.mark.requirement("ZH-13b", "reject")
def test_what_is_not_on_the_list_does_not_pass(office: SimpleNamespace, clock: MovableClock) -> None:
    unlisted = submitted(office, category="basic", subcategories=["basic.health"])
    assert any(
        "没有与本项目类别对应" in n for n in prepared(office, unlisted, "review.precheck", office.clerk).notes
    )
    for code in ("2-2", "9-9", ""):
        with pytest.raises(Refusals) as error:
            step(office, unlisted, "review.precheck", office.clerk, {**PASS, "list_item": code})
        assert refused(error) == {("ZH-13b", "list_item")}
    listed = submitted(office)
    clock.set(clock.now().replace(year=2027))  # the list of 2026 says nothing about 2027
    with pytest.raises(Refusals) as error:
        step(office, listed, "review.precheck", office.clerk, PASS)
    assert refused(error) == {("ZH-13b", "list_item")}


@pytest.mark.requirement("ZH-07a", "accept")
def test_a_district_keeps_versions_of_its_list(office: SimpleNamespace) -> None:
    items = [
        {"code": "1-1", "category": "party.hardship", "name": "帮扶", "unit": "项", "reference_price": 1}
    ]
    made = catalogue.save_list(office.officer, office.units.district.id, 2026, items)
    assert (made.no, made.active) == (2, False)
    catalogue.publish_list(office.officer, made.id, replace=True)
    query = select(ProjectList.no).where(ProjectList.active, ProjectList.year == 2026)
    assert list(session().scalars(query)) == [2]


@pytest.mark.requirement("ZH-07a", "reject")
def test_a_district_has_one_active_list_a_year(office: SimpleNamespace) -> None:
    items = [
        {"code": "1-1", "category": "party.hardship", "name": "帮扶", "unit": "项", "reference_price": None}
    ]
    made = catalogue.save_list(office.officer, office.units.district.id, 2026, items)
    with pytest.raises(Refusal) as error:
        catalogue.publish_list(office.officer, made.id)
    assert error.value.rule == "ZH-07a"
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.get_one(ProjectList, made.id).active = True
        db.flush()


def test_a_return_or_refusal_needs_its_reason(office: SimpleNamespace) -> None:
    case = submitted(office)
    for decision in ("return", "reject"):
        with pytest.raises(Refusal) as error:
            step(office, case, "review.precheck", office.clerk, {"decision": decision, "opinion": " "})
        assert refused(error) == {(None, "opinion")}
    assert step(
        office, case, "review.precheck", office.clerk, {"decision": "reject", "opinion": "不归街道管。"}
    ) == {"precheck": "reject"}


# --- article 11, the street's part


@pytest.mark.requirement("ZH-11-1", "accept")
def test_six_times_no_clears(office: SimpleNamespace) -> None:
    case = submitted(office)
    assert exclude(office, case) == {"excluded": "no"}
    review = project(case).exclusion_review
    assert review is not None
    assert (set(review["answers"].values()), review["ref"]) == ({False}, "")


@pytest.mark.requirement("ZH-11-1", "reject")
def test_an_investment_stops(office: SimpleNamespace) -> None:
    case = submitted(office)
    assert exclude(office, case, equity=True) == {"excluded": "stop"}
    review = project(case).exclusion_review
    assert review is not None
    assert (review["result"], review["ref"]) == ("stop", "ZH-11-1")


def test_other_grounds_stop(office: SimpleNamespace) -> None:
    case = submitted(office)
    for key, ref in (("debt", "ZH-11-2"), ("full_time", "ZH-11-4")):
        assert exclude(office, case, **{key: True}) == {"excluded": "stop"}
        review = project(case).exclusion_review
        assert review is not None
        assert review["ref"] == ref


LAMPS = {"group": "service", "item": "路灯维修", "quantity": 1, "price": 100_000}


@pytest.mark.requirement("ZH-11-3", "accept")
def test_road_words_are_cleared_with_a_reason(office: SimpleNamespace) -> None:
    garden = {"group": "service", "item": "社区公园微景观志愿营造", "quantity": 1, "price": 100_000}
    assert exclude(office, submitted(office, budget=[*BUDGET, garden])) == {"excluded": "no"}
    case = submitted(office, budget=[*BUDGET, LAMPS])
    shown = prepared(office, case, "review.exclusion", office.clerk)
    assert list(shown.notes) == ["预算第 3 行提到“路灯”，请核对是否属于办法第十一条第三项。"]
    with pytest.raises(Refusal) as error:
        exclude(office, case)
    assert refused(error) == {("ZH-11-3", "opinion")}
    cleared = exclude(office, case, opinion="是志愿者更换楼道感应灯，不属于市政道路设施。")
    assert cleared == {"excluded": "no"}


@pytest.mark.requirement("ZH-11-3", "reject")
def test_road_upkeep_stops(office: SimpleNamespace) -> None:
    case = submitted(office, budget=[*BUDGET, LAMPS])
    assert exclude(office, case, roads=True) == {"excluded": "stop"}
    review = project(case).exclusion_review
    assert review is not None
    assert review["ref"] == "ZH-11-3"


def test_a_part_time_post_is_judged_by_the_reviewer(office: SimpleNamespace) -> None:
    line = {"group": "staff", "item": "补贴", "job": "义务巡逻员", "quantity": 12, "price": 10_000}
    case = submitted(office, budget=[line])
    with pytest.raises(Refusal) as error:
        exclude(office, case)
    assert refused(error) == {("ZH-11-4", "opinion")}
    assert exclude(office, case, opinion="居民志愿者误餐补贴，不是聘用。") == {"excluded": "no"}


@pytest.mark.requirement("ZH-11-5", "accept")
def test_not_responsible_by_a_document(office: SimpleNamespace) -> None:
    case = submitted(office)
    document = "粤府〔2024〕12 号第三条"
    assert exclude(office, case, not_responsible=True, document_no=document) == {"excluded": "stop"}
    review = project(case).exclusion_review
    assert review is not None
    assert (review["ref"], review["document_no"]) == ("ZH-11-5", document)


@pytest.mark.requirement("ZH-11-5", "reject")
def test_not_responsible_without_a_document_is_refused(office: SimpleNamespace) -> None:
    case = submitted(office)
    with pytest.raises(Refusals) as error:
        exclude(office, case, not_responsible=True, document_no=" ", opinion=REASON)
    assert refused(error) == {("ZH-11-5", "document_no")}
    assert project(case).exclusion_review is None


@pytest.mark.requirement("ZH-11-6", "accept")
def test_unfit_with_reason_and_second_person(office: SimpleNamespace) -> None:
    case = submitted(office)
    assert exclude(office, case, unfit=True, opinion=REASON) == {"excluded": "cosign"}
    shown = prepared(office, case, "review.exclusion_cosign", office.discipline)
    assert ("第一审核人的理由", REASON) in {(fact.label, fact.value) for fact in shown.facts}
    answers = {"decision": "stop", "opinion": "同意，确实不适合。"}
    assert step(office, case, "review.exclusion_cosign", office.discipline, answers) == {"excluded": "stop"}
    review = project(case).exclusion_review
    assert review is not None
    assert review["cosign"]["by"] == office.discipline.person_id


@pytest.mark.requirement("ZH-11-6", "reject")
def test_unfit_by_one_person_or_without_reason_is_refused(office: SimpleNamespace, pack: Any) -> None:
    case = submitted(office)
    short = "字" * (pack.value("min_reason_chars") - 1)
    with pytest.raises(Refusals) as error:
        exclude(office, case, unfit=True, opinion=short)
    assert refused(error) == {("ZH-11-6", "opinion")}
    exclude(office, case, unfit=True, opinion=REASON)
    with pytest.raises(Refusal) as error:
        step(
            office,
            case,
            "review.exclusion_cosign",
            office.clerk,
            {"decision": "stop", "opinion": "我自己再看一遍。"},
        )
    assert refused(error) == {("ZH-11-6", None)}


def test_the_second_person_may_see_it_otherwise(office: SimpleNamespace) -> None:
    case = submitted(office)
    exclude(office, case, unfit=True, opinion=REASON)
    answers = {"decision": "continue", "opinion": "属于社区文化服务，可以购买。"}
    assert step(office, case, "review.exclusion_cosign", office.discipline, answers) == {"excluded": "no"}


# --- money


def test_the_budget_is_reserved_by_finance(office: SimpleNamespace) -> None:
    case = submitted(office)
    shown = prepared(office, case, "review.budget", office.finance)
    assert shown.values["funding"] == [{"pot_id": office.pot.id, "amount": TOTAL}]
    assert fund(office, case, (office.pot, TOTAL)) == {"budget": "ok", "budget_fen": TOTAL}
    assert [(one.name, one.reserved) for one in money.composition(case.id)] == [("区级购买服务资金", TOTAL)]


def test_the_form_lays_the_budget_over_what_fits(office: SimpleNamespace) -> None:
    street = office.units.street.id
    earmarked = make_pot(office.treasurer, street, 50_000_000, name="文化专项", purposes=["building.culture"])
    second = make_pot(office.treasurer, street, 6_000_000, name="市级补助")
    case = submitted(
        office, budget=[{"group": "service", "item": "服务", "quantity": 1, "price": 25_000_000}]
    )
    shown = prepared(office, case, "review.budget", office.finance)
    assert shown.values["funding"] == [
        {"pot_id": office.pot.id, "amount": 20_000_000},
        {"pot_id": second.id, "amount": 5_000_000},
    ]
    offered = dict(shown.field_named("funding").columns[0].options)
    assert "不适用本类别" in offered[earmarked.id]


@pytest.mark.requirement("ZH-13b", "reject")
def test_more_than_the_pot_holds_is_refused(office: SimpleNamespace) -> None:
    case = submitted(
        office, budget=[{"group": "service", "item": "服务", "quantity": 1, "price": 20_000_001}]
    )
    with pytest.raises(Refusals) as error:
        fund(office, case, (office.pot, 20_000_001))
    assert refused(error) == {("ZH-13b", "funding-0-amount")}


@pytest.mark.requirement("ZH-12", "reject")
def test_no_source_no_reservation(office: SimpleNamespace) -> None:
    case = submitted(office)
    with pytest.raises(Refusals) as error:
        fund(office, case)
    assert "funding" in {one.field for one in error.value.errors}
    assert project(case).approved_at is None


@pytest.mark.requirement("ZH-14-2", "reject")
def test_a_fund_kept_by_the_designer_is_refused(office: SimpleNamespace) -> None:
    entry = make_entry(office, consented=True)
    pot = make_pot(
        office.finance, office.units.street.id, TOTAL, "community_fund", keeper="康乐社会工作服务中心"
    )
    case = make_project(office, "library")
    services.pick(office.member, case, entry.id)
    services.write(office.member, case, office.pack, PROPOSAL)
    services.hand_in(office.secretary, case)
    with pytest.raises(Refusal) as error:
        fund(office, case, (pot, TOTAL))
    assert refused(error) == {("ZH-14-2", "funding")}
    assert money.composition(case.id) == []


# --- joint review and decision


def ready(office: SimpleNamespace, *votes: str, **changes: Any) -> Case:
    case = submitted(office, **changes)
    step(office, case, "review.precheck", office.clerk, PASS)
    exclude(office, case)
    fund(office, case, (office.pot, project(case).budget_fen))
    join(office, case, *votes)
    return case


def counted(case: Case, pack: Any, clock: MovableClock) -> dict[str, Any]:
    operator = operator_named("review.count")
    assert operator is not None
    return dict(operator.run(OperatorContext(case, SYSTEM, clock.now(), pack, {}), {}))


@pytest.mark.requirement("ZH-06-b", "accept")
@pytest.mark.requirement("ZH-20", "accept")
def test_the_leader_approves_within_the_budget(
    office: SimpleNamespace, pack: Any, clock: MovableClock
) -> None:
    case = ready(office, "agree", "disagree", "agree")
    assert counted(case, pack, clock) == {"joint_agreed": True}
    shown = prepared(office, case, "review.decide", office.leader)
    tables = {table.title: table.rows for table in shown.tables}
    assert tables["资金落实"] == [["区级购买服务资金", "148,000.00", "52,000.00"]]
    assert decide(office, case) == {"review_decision": "approve"}
    assert project(case).approved_by == office.leader.person_id


def test_the_leader_sees_what_else_waits(office: SimpleNamespace) -> None:
    small = [{"group": "service", "item": "活动", "quantity": 1, "price": 1_000_000}]
    ready(office, budget=small, beneficiary_count=900)
    case = ready(office, budget=small)
    approved = ready(office, budget=small)
    decide(office, approved)
    shown = prepared(office, case, "review.decide", office.leader)
    rows = next(table.rows for table in shown.tables if table.title.startswith("同期待决定"))
    assert [(row[0], row[3], row[5], row[6]) for row in rows] == [
        ("1", 900, "11.11", 1),
        ("2（本项目）", 160, "62.50", 1),
    ]


@pytest.mark.requirement("ZH-20", "reject")
def test_no_approval_beyond_the_money(office: SimpleNamespace) -> None:
    ready(office)
    second = submitted(office)
    with pytest.raises(Refusals):
        fund(office, second, (office.pot, TOTAL))
    join(office, second)
    with pytest.raises(Refusals) as error:
        decide(office, second)
    assert refused(error) == {("ZH-20", "decision")}
    assert project(second).approved_at is None


def test_released_money_is_no_ground_for_approval(office: SimpleNamespace) -> None:
    case = ready(office)
    funds.release(office.clerk, case)
    with pytest.raises(Refusals) as error:
        decide(office, case)
    assert refused(error) == {("ZH-20", "decision")}


def test_no_approval_against_the_joint_review(
    office: SimpleNamespace, pack: Any, clock: MovableClock
) -> None:
    case = ready(office, "disagree", "disagree", "agree")
    assert counted(case, pack, clock) == {"joint_agreed": False}
    with pytest.raises(Refusals) as error:
        decide(office, case)
    assert refused(error) == {("ZH-20", "decision")}
    assert decide(office, case, "reject") == {"review_decision": "reject"}


@pytest.mark.requirement("ZH-06-b", "reject")
def test_nobody_approves_their_own_proposal(office: SimpleNamespace) -> None:
    both = actor_of(make_person("又经办又领导", Role.STREET_CLERK, office.units.street))
    case = make_project(office, "street_plan")
    services.write(both, case, office.pack, {**PROPOSAL, "policy_ref": "香民〔2026〕5 号"})
    services.hand_in(both, case)
    for key in ("review.decide", "review.joint"):
        with pytest.raises(Refusal) as error:
            step(office, case, key, both, {"decision": "approve" if key.endswith("decide") else "agree"})
        assert refused(error) == {("ZH-06-b", None)}


def test_one_reviewer_has_one_voice(office: SimpleNamespace) -> None:
    case = submitted(office)
    join(office, case, "agree")
    with pytest.raises(IntegrityError):
        join(office, case, "agree")
    assert queries.joint_count(case.id, 1) == (1, 1)


def test_a_dissent_gives_its_reason(office: SimpleNamespace) -> None:
    case = submitted(office)
    with pytest.raises(Refusal) as error:
        step(office, case, "review.joint", office.reviewers[0], {"decision": "disagree"})
    assert refused(error) == {(None, "opinion")}


def test_a_return_opens_a_new_round_of_opinions(
    office: SimpleNamespace, pack: Any, clock: MovableClock
) -> None:
    case = ready(office)
    assert decide(office, case, "return") == {"review_decision": "return"}
    answers = {**PROPOSAL, "policy_ref": "香民〔2026〕5 号", "summary": "补充测算。"}
    step(office, case, "proposal.revise_plan", office.clerk, answers)
    assert counted(case, pack, clock) == {"joint_agreed": False}
    fund(office, case, (office.pot, TOTAL))
    join(office, case)
    assert decide(office, case) == {"review_decision": "approve"}
    rounds = select(JointOpinion.sitting).where(JointOpinion.case_id == case.id).order_by(JointOpinion.id)
    assert list(session().scalars(rounds)) == [1, 1, 1, 2, 2, 2]


def test_an_upheld_objection_opens_an_approved_proposal(office: SimpleNamespace) -> None:
    case = ready(office)
    decide(office, case)
    answers = {**PROPOSAL, "policy_ref": "香民〔2026〕5 号", "summary": "改在下午送餐。"}
    step(office, case, "proposal.revise_plan", office.clerk, answers)
    found = project(case)
    assert (found.round, found.approved_at, found.approved_by) == (2, None, None)
    assert [one.round for one in queries.texts_of(case.id)] == [1, 2]
    join(office, case)  # the same reviewers sit again, and what they said before does not count
    assert queries.joint_count(case.id, found.sitting) == (3, 3)


def test_archiving_takes_in_the_last_papers(office: SimpleNamespace) -> None:
    case = ready(office)
    shown = prepared(office, case, "archive.confirm", office.clerk)
    assert any("还没有上传过附件" in note for note in shown.notes)
    assert step(office, case, "archive.confirm", office.clerk, {"complete": True}) == {}
    with pytest.raises(Refusal):
        step(office, case, "archive.confirm", office.clerk, {"complete": False})
