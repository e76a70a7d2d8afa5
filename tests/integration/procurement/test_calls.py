"""Method, document, publication: lawful, fair, the same for all (ZH-16a, ZH-16b, ZH-21)."""

from __future__ import annotations

import hashlib
import io
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from app.core.clock import MovableClock, local
from app.core.db import session, unit_of_work
from app.core.errors import Fault, NotFound, Refusal, Refusals
from app.core.identity import Role
from app.files import services as files
from app.notices import queries as notices
from app.policy.packs import Pack
from app.procurement import bidding, queries, services
from app.procurement.queries import current
from app.projects.queries import project_of
from app.runtime.handlers import close_hooks
from tests.factories.people import actor_of, make_person
from tests.factories.procurement import choose, prepared, publish, submit, write

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
GOOD = {"kind": "staff", "text": "持有社工证的项目人员 2 名", "mandatory": True}


def budget(world: SimpleNamespace, fen: int) -> None:
    with unit_of_work():
        project_of(world.case.id).budget_fen = fen


# --- method -----------------------------------------------------------------------------------------


@pytest.mark.requirement("ZH-21", "accept")
def test_consultation_is_a_lawful_way_to_buy_services(world: SimpleNamespace) -> None:
    budget(world, 150_000_000)
    assert choose(world, "consultation", opinion="需求需要和供应商商定") == {
        "method": "consultation",
        "scorers": 3,
    }
    found = current(world.case.id)
    assert found.facts["amount"] == 150_000_000
    assert found.facts["reason"] == "需求需要和供应商商定"
    assert "214号" in found.basis


@pytest.mark.requirement("ZH-21", "reject")
def test_single_source_without_a_statutory_ground_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="须有法定情形") as refused:
        choose(world, "single_source", ground="none")
    assert (refused.value.rule, refused.value.field) == ("ZH-21", "ground")
    assert queries.find(world.case.id) is None


@pytest.mark.requirement("ZH-21", "reject")
@pytest.mark.parametrize("method", ["consultation", "negotiation", "invited_tender"])
def test_above_the_open_tender_figure_other_methods_need_an_approval(
    world: SimpleNamespace, method: str
) -> None:
    budget(world, world.pack.value("open_tender_threshold"))
    with pytest.raises(Refusal, match="批准文号") as refused:
        choose(world, method)
    assert (refused.value.rule, refused.value.field) == ("ZH-21", "approval_no")
    choose(world, method, approval_no="珠财采〔2026〕12号")
    assert current(world.case.id).approval_no == "珠财采〔2026〕12号"


@pytest.mark.requirement("ZH-21", "accept")
def test_a_statutory_ground_or_the_open_tender_itself_is_enough(world: SimpleNamespace) -> None:
    choose(world, "single_source", ground="unique")
    assert current(world.case.id).method == "single_source"
    budget(world, world.pack.value("open_tender_threshold") + 1)
    # an open tender is scored by five, not by the three of smaller purchases
    assert choose(world, "open_tender") == {"method": "open_tender", "scorers": 5}


def test_inquiry_is_for_goods_and_no_choice_for_services(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal):
        services.choose_method(world.clerk, world.case, world.pack, {"method": "inquiry"})


# --- conditions -------------------------------------------------------------------------------------


@pytest.mark.requirement("ZH-16b", "accept")
def test_a_condition_about_the_staff_of_the_project_is_lawful(world: SimpleNamespace) -> None:
    publish(world, criteria=[GOOD])
    assert current(world.case.id).criteria == [GOOD]


@pytest.mark.requirement("ZH-16b", "reject")
@pytest.mark.parametrize(
    "words", ["成立满三年", "评估等级3A及以上方可报名", "须在香洲区注册", "注册资金不少于50万元"]
)
def test_forbidden_words_are_not_saved_as_condition(world: SimpleNamespace, words: str) -> None:
    choose(world)
    with pytest.raises(Refusals) as refused:
        write(world, criteria=[GOOD, {"kind": "legal", "text": words, "mandatory": True}])
    assert (refused.value.rule, refused.value.field) == ("ZH-16b", "criteria-1-text")
    assert current(world.case.id).drafted_by is None


@pytest.mark.requirement("ZH-16b", "reject")
@pytest.mark.parametrize("kind", ["years", "locality", "size", "rating"])
def test_forbidden_kinds_are_not_saved_as_mandatory(world: SimpleNamespace, kind: str) -> None:
    choose(world)
    row = {"kind": kind, "text": "提供证明材料", "mandatory": True, "reason": "项目需要"}
    with pytest.raises(Refusals) as refused:
        write(world, criteria=[row])
    assert (refused.value.rule, refused.value.field) == ("ZH-16b", "criteria-0-kind")


SUSPECT = {
    "kind": "service",
    "text": "服务站点已在香洲区登记备案",
    "mandatory": True,
    "reason": "说的是食品经营备案，不是单位注册地",
}


@pytest.mark.requirement("ZH-16b", "reject")
def test_a_suspect_condition_is_not_published_until_a_second_person_clears_it(world: SimpleNamespace) -> None:
    choose(world)
    write(world, criteria=[GOOD, SUSPECT])
    row = prepared(world, "procurement.approve", world.leader).values["clearances"][0]
    assert (row["index"], row["what"]) == (1, "注册所在地")
    with pytest.raises(Refusals, match="没有通过复核") as refused:
        answers = {"decision": "publish", "clearances": [{**row, "cleared": False}]}
        submit(world, "procurement.approve", world.leader, answers)
    assert refused.value.rule == "ZH-16b"
    cleared = [{**row, "cleared": True, "cleared_reason": "属食品备案，与注册地无关"}]
    with pytest.raises(Refusal, match="编制人不能批准"), unit_of_work():
        services.publish_call(world.clerk, world.case, world.pack, cleared)
    assert current(world.case.id).published_at is None


@pytest.mark.requirement("ZH-16b", "accept")
def test_a_second_person_clears_a_suspect_condition_with_a_reason(world: SimpleNamespace) -> None:
    choose(world)
    write(world, criteria=[GOOD, SUSPECT])
    row = prepared(world, "procurement.approve", world.leader).values["clearances"][0]
    answers = {
        "decision": "publish",
        "clearances": [{**row, "cleared": True, "cleared_reason": "属食品备案"}],
    }
    submit(world, "procurement.approve", world.leader, answers)
    found = current(world.case.id)
    assert (found.state, found.cleared_by) == ("published", world.leader.person_id)
    assert found.criteria[1]["cleared_reason"] == "属食品备案"


def test_weights_time_and_price_share_are_kept(world: SimpleNamespace) -> None:
    budget(world, 150_000_000)
    choose(world, "consultation")
    form = prepared(world, "procurement.document", world.clerk)
    assert form.values["response_days"] == 10
    heavy = [
        {"name": "方案", "kind": "quality", "weight": 60},
        {"name": "价格", "kind": "price", "weight": 40},
    ]
    with pytest.raises(Refusals, match="价格权重应在 10 到 30 之间"):
        write(world, scoring=heavy)
    with pytest.raises(Refusal, match="不少于 10 天") as refused:
        write(world, response_days=9)
    assert refused.value.field == "response_days"


def test_who_is_invited_is_said_and_only_they_answer(world: SimpleNamespace) -> None:
    budget(world, 150_000_000)
    choose(world, "single_source", ground="unique")
    with pytest.raises(Refusals, match="至少邀请 1 家"):
        write(world)
    chosen = world.organisations[1]
    write(world, invited=[chosen.id], invited_note="政府采购法第三十一条第一项，经论证")
    submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    found = current(world.case.id)
    assert chosen.name in (found.document_text or "")
    with pytest.raises(Refusals, match="不在受邀名单"):
        bidding.submit_bid(world.bidders[0], found.id, {"amount": 100, "plan": "方案"})
    assert bidding.submit_bid(world.bidders[1], found.id, {"amount": 100, "plan": "方案"}).version == 1


def test_a_document_sent_back_is_written_again(world: SimpleNamespace) -> None:
    choose(world)
    write(world)
    with pytest.raises(Refusal, match="写明要改什么"):
        submit(world, "procurement.approve", world.leader, {"decision": "return"})
    sent = submit(world, "procurement.approve", world.leader, {"decision": "return", "opinion": "需求太笼统"})
    assert sent == {"document_decision": "return"}
    write(world, requirements="每周一至周五配送午餐 60 份，每月上门探访 40 户。")
    done = submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    assert done == {"document_decision": "publish", "bid_until": "2026-03-09T23:59:59+08:00"}


def test_a_calendar_period_does_not_end_on_a_day_of_rest(world: SimpleNamespace) -> None:
    budget(world, 150_000_000)
    found = publish(world, "consultation", response_days=12)  # 14 March is a Saturday
    assert found.bid_until is not None
    assert local(found.bid_until).isoformat() == "2026-03-16T23:59:59+08:00"


# --- the same document for all ----------------------------------------------------------------------


@pytest.mark.requirement("ZH-16a", "accept")
def test_two_organisations_get_the_same_document(world: SimpleNamespace) -> None:
    paper = files.store(world.clerk, "需求说明.pdf", io.BytesIO(PDF))
    found = publish(world, files=[paper.id])
    texts = [services.read_document(who, found.id)[0].document_text or "" for who in world.bidders[:2]]
    assert texts[0] == texts[1]
    assert paper.sha256 in texts[0]
    digest = hashlib.sha256(texts[0].encode()).hexdigest()
    log = queries.access_log(found.id)
    assert [(one.organisation, one.sha256) for one in log] == [
        ("安康服务中心", digest),
        ("博爱服务中心", digest),
    ]
    notice = notices.latest(world.case.id, "call")
    assert notice is not None
    assert notice.facts["采购文件指纹"] == digest
    assert [call.id for call, _ in queries.open_calls()] == [found.id]


@pytest.mark.requirement("ZH-16a", "reject")
def test_a_published_document_is_not_changed_for_anybody(world: SimpleNamespace) -> None:
    found = publish(world)
    before = found.document_sha256
    answers = {
        "requirements": "只有一家做得到的需求",
        "criteria": [GOOD],
        "scoring": found.scoring,
        "response_days": 5,
    }
    with pytest.raises(Refusal, match="不能再改") as refused, unit_of_work():
        services.write_document(world.clerk, world.case, world.pack, answers)
    assert refused.value.rule == "ZH-16a"
    assert current(world.case.id).document_sha256 == before


@pytest.mark.requirement("ZH-16a", "reject")
def test_a_document_tampered_with_in_the_database_is_given_to_nobody(world: SimpleNamespace) -> None:
    found = publish(world)
    with unit_of_work() as db:
        db.execute(text("UPDATE procurement SET document_text = document_text || '本街道单位优先'"))
    session().expire_all()
    with pytest.raises(Fault, match="指纹不一致"):
        services.read_document(world.bidders[0], found.id)


def test_an_unpublished_or_foreign_call_is_not_there(world: SimpleNamespace) -> None:
    choose(world)
    draft = current(world.case.id)
    with pytest.raises(NotFound):
        services.read_document(world.bidders[0], draft.id)
    write(world)
    submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    foreign = actor_of(make_person("外街经办", Role.STREET_CLERK, world.units.other_street))
    with pytest.raises(NotFound):
        services.read_document(foreign, draft.id)
    assert services.read_document(world.clerk, draft.id)[0].id == draft.id
    assert queries.access_log(draft.id) == []


def test_a_case_that_ends_takes_no_more_bids(pack: Pack, clock: MovableClock, world: SimpleNamespace) -> None:
    found = publish(world)
    with unit_of_work():
        for hook in close_hooks():
            hook(world.case, world.leader, clock.now(), "cancelled")
    assert queries.open_calls() == []
    with pytest.raises(Refusals, match="已经截止"):
        bidding.submit_bid(world.bidders[0], found.id, {"amount": 100, "plan": "方案"})
