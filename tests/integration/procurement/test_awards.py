"""Scores stay secret until all are in; the award follows ranking, credit and duties (K-06, L-19, L-33)."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal, Refusals
from app.core.identity import Role
from app.messages.models import Message
from app.notices import queries as notices
from app.notices import services as notice_services
from app.organisations import services as organisations
from app.procurement import awards, queries
from app.procurement.models import Award, Score
from app.procurement.queries import award_of, current
from app.runtime.handlers import form_handler
from tests.factories.people import actor_of, make_person
from tests.factories.procurement import checked, choose, opened, prepared, ranked, score, submit, write

AMOUNTS = [12_000_000, 10_000_000, 14_000_000]
POINTS = [(40, 20), (40, 20), (30, 10)]


def award(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    values = prepared(world, "procurement.award", world.leader).values
    return submit(
        world, "procurement.award", world.leader, {"bid_id": values["bid_id"], "free": True, **changes}
    )


def bid_ids(world: SimpleNamespace) -> list[int]:
    return [bid.id for bid in queries.bids(current(world.case.id))]


def blacklist(world: SimpleNamespace, number: int, kind: str) -> None:
    organisations.record_credit(
        world.clerk,
        organisation_id=world.organisations[number].id,
        case_id=None,
        kind="listing",
        grade=None,
        text=f"列入{kind}名单",
        source="信用中国",
        list_kind=kind,
        since=date(2026, 1, 1),
    )


# --- scoring ----------------------------------------------------------------------------------------


def test_nobody_sees_anothers_score_before_all_are_in(world: SimpleNamespace) -> None:
    found = checked(world, AMOUNTS)
    points = dict(zip(bid_ids(world), POINTS, strict=True))
    score(world, world.scorers[0], points)
    with pytest.raises(Forbidden, match="交齐之前"):
        queries.scores(current(world.case.id))
    assert queries.own_scores(world.scorers[1], found.id) == []
    assert len(queries.own_scores(world.scorers[0], found.id)) == 6
    form = prepared(world, "procurement.score", world.scorers[1])
    assert all("points" not in row for row in form.values["scores"])
    handler = form_handler("procurement.score")
    assert handler is not None
    assert handler.confidential  # history keeps neither points nor opinion
    for scorer in world.scorers[1:]:
        score(world, scorer, points)
    awards.rank(world.case, world.pack)
    assert len(queries.scores(current(world.case.id))) == 18


def test_points_are_given_once_and_never_changed(world: SimpleNamespace) -> None:
    checked(world, AMOUNTS)
    points = dict(zip(bid_ids(world), POINTS, strict=True))
    score(world, world.scorers[0], points)
    with pytest.raises(Refusal, match="已经提交过评分"):
        score(world, world.scorers[0], points)
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(text("UPDATE score SET points = 0"))


def test_points_above_their_criterion_and_missing_ones_are_refused(world: SimpleNamespace) -> None:
    checked(world, AMOUNTS)
    ids = bid_ids(world)
    with pytest.raises(Refusals, match="最高 45 分") as refused:
        score(world, world.scorers[0], {ids[0]: (40, 20), ids[1]: (46, 20), ids[2]: (40, 20)})
    assert refused.value.field == "scores-2-points"
    rows = prepared(world, "procurement.score", world.scorers[0]).values["scores"]
    with pytest.raises(Refusal, match="每一个评分项"), unit_of_work():
        awards.score(world.scorers[0], world.case, [{**rows[0], "points": 1}], [])
    assert session().scalars(select(Score)).all() == []


def test_a_scorer_with_a_tie_stands_aside_and_the_others_count(world: SimpleNamespace) -> None:
    found = checked(world, AMOUNTS)
    ids = bid_ids(world)
    score(world, world.scorers[0], dict.fromkeys(ids, (45, 25)), ties=[ids[0]])
    assert {row.bid_id for row in queries.own_scores(world.scorers[0], found.id)} == set(ids[1:])
    for scorer in world.scorers[1:]:
        score(world, scorer, dict.fromkeys(ids, (30, 10)))
    awards.rank(world.case, world.pack)
    by_bid = {row["bid_id"]: row for row in current(world.case.id).ranking or []}
    assert (by_bid[ids[0]]["quality"], by_bid[ids[0]]["scorers"]) == (4000, 2)
    assert (by_bid[ids[1]]["quality"], by_bid[ids[1]]["scorers"]) == (5000, 3)


def test_a_declared_tie_is_not_taken_back(world: SimpleNamespace) -> None:
    checked(world, AMOUNTS)
    ids = bid_ids(world)
    awards.declare_ties(world.scorers[0], world.case, [world.organisations[0].id])
    form = prepared(world, "procurement.score", world.scorers[0])
    assert ids[0] not in {row["bid_id"] for row in form.values["scores"]}
    rows = [
        {"bid_id": bid_id, "criterion": name, "points": 1}
        for bid_id in ids
        for name in ("服务方案", "项目团队")
    ]
    with pytest.raises(Refusals, match="应当回避") as refused, unit_of_work():
        awards.score(world.scorers[0], world.case, rows, [])
    assert refused.value.rule == "L-19"
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(text("DELETE FROM tie_declaration"))


def test_a_bidder_does_not_score_itself(world: SimpleNamespace) -> None:
    from app.accounts import services as accounts
    from app.accounts.queries import actor
    from app.core.identity import SYSTEM

    checked(world, AMOUNTS)
    person = world.bidders[2].person_id
    accounts.grant(SYSTEM, person, world.units.street.id, Role.STREET_SCORER)
    both = actor(person)
    form = prepared(world, "procurement.score", both)
    assert {row["bid_id"] for row in form.values["scores"]} == set(bid_ids(world)[:2])


def test_a_bid_that_nobody_may_score_stops_the_ranking(world: SimpleNamespace) -> None:
    checked(world, AMOUNTS)
    ids = bid_ids(world)
    for scorer in world.scorers:
        score(world, scorer, dict.fromkeys(ids, (30, 10)), ties=[ids[2]])
    with pytest.raises(Refusal, match="没有人给它评分"):
        awards.rank(world.case, world.pack)


# --- award ------------------------------------------------------------------------------------------


def test_the_best_bid_is_awarded_and_announced(world: SimpleNamespace) -> None:
    ranked(world, AMOUNTS, POINTS)
    table = current(world.case.id).ranking or []
    # quality 60 + 60 + 40; price 30 × lowest ÷ own
    assert [(r["amount"], r["total"]) for r in table] == [
        (10_000_000, 9000),
        (12_000_000, 8500),
        (14_000_000, 6143),
    ]
    assert award_of(world.case.id) is None
    assert world.pack.value("award_notice_days") == 7
    assert award(world) == {"award_until": "2026-03-19T23:59:59+08:00"}
    made = award_of(world.case.id)
    assert made is not None
    assert (made.amount, made.organisation_id) == (10_000_000, world.organisations[1].id)
    assert (made.credit["list_kind"], made.credit["result"]) == ("none", "ok")
    assert world.case.provider_id == world.organisations[1].unit_id
    notice = notices.latest(world.case.id, "award")
    assert notice is not None
    assert notice.facts["成交单位"] == "博爱服务中心"
    told = session().scalars(select(Message.person_id).where(Message.kind == "award")).all()
    assert set(told) == {bidder.person_id for bidder in world.bidders}


def test_the_second_is_not_simply_preferred(world: SimpleNamespace) -> None:
    ranked(world, AMOUNTS, POINTS)
    second = (current(world.case.id).ranking or [])[1]["bid_id"]
    with pytest.raises(Refusal, match="应当选择排名第一") as refused:
        award(world, bid_id=second, opinion="更熟悉本街道情况")
    assert refused.value.rule == "ZH-16a"
    award(world, bid_id=second, skip_ground="gave_up", opinion="第一名 3 月 10 日书面放弃成交")
    made = award_of(world.case.id)
    assert made is not None
    assert made.bid_id == second


def test_who_is_on_the_national_list_gets_nothing(world: SimpleNamespace) -> None:
    ranked(world, AMOUNTS, POINTS)
    blacklist(world, 1, "national")
    with pytest.raises(Refusals, match="严重违法失信") as refused:
        award(world)
    assert refused.value.rule == "L-24"
    form = prepared(world, "procurement.award", world.leader)
    assert any("不能成交" in note for note in form.notes)
    second = (current(world.case.id).ranking or [])[1]["bid_id"]
    award(world, bid_id=second, opinion="第一名在严重违法失信名单中")
    made = award_of(world.case.id)
    assert made is not None
    assert made.organisation_id == world.organisations[0].id


def test_a_local_list_informs_and_the_look_up_is_kept(world: SimpleNamespace) -> None:
    ranked(world, AMOUNTS, POINTS)
    blacklist(world, 1, "local")
    award(world)
    made = award_of(world.case.id)
    assert made is not None
    assert (made.credit["list_kind"], made.credit["result"]) == ("local", "inform")
    assert made.credit["entries"] == ["列入local名单"]


def test_a_very_low_price_is_explained_before_it_wins(world: SimpleNamespace) -> None:
    ranked(world, [12_000_000, 5_000_000, 14_000_000], POINTS)
    with pytest.raises(Refusals, match="异常偏低") as refused:
        award(world)
    assert (refused.value.rule, refused.value.field) == ("L-33", "low_price_reason")
    award(world, low_price_reason="提供了场地和志愿者投入的成本明细，评审小组认可")
    made = award_of(world.case.id)
    assert made is not None
    assert made.low_price_reason


def test_who_has_a_tie_or_scored_does_not_award(world: SimpleNamespace) -> None:
    ranked(world, AMOUNTS, POINTS)
    awards.declare_ties(world.leader, world.case, [world.organisations[1].id])
    with pytest.raises(Refusals, match="应当回避"):
        award(world)
    first = (current(world.case.id).ranking or [])[0]["bid_id"]
    with pytest.raises(Refusals, match="参加了评分"), unit_of_work():
        awards.award(world.scorers[0], world.case, world.pack, {"bid_id": first})
    other = actor_of(make_person("另一位领导", Role.STREET_LEADER, world.units.street))
    with unit_of_work():
        awards.award(other, world.case, world.pack, {"bid_id": first})
    assert award_of(world.case.id) is not None


def test_an_award_needs_a_ranking(world: SimpleNamespace) -> None:
    checked(world, AMOUNTS)
    with pytest.raises(Refusal, match="还没有评审排名"), unit_of_work():
        awards.award(world.leader, world.case, world.pack, {"bid_id": bid_ids(world)[0]})


# --- after the award --------------------------------------------------------------------------------


def challenged(world: SimpleNamespace, kind: str = "challenge") -> dict[str, Any]:
    """An award about which somebody has said something; answers its open row."""
    ranked(world, AMOUNTS, POINTS)
    award(world)
    notice = notices.latest(world.case.id, "award")
    assert notice is not None
    notice_services.object_to(
        world.bidders[0], notice.id, kind=kind, text="评分与文件不符", contact="安康服务中心 李某 0756-1"
    )
    world.clock.set(notice.until_at + timedelta(seconds=1))
    row: dict[str, Any] = prepared(world, "procurement.close_award", world.discipline).values["objections"][0]
    return row


def test_an_award_without_challenge_is_confirmed(world: SimpleNamespace) -> None:
    row = challenged(world, "question")
    answers = {
        "objections": [{**row, "answer": "评分标准见采购文件", "upheld": True}],
        "decision": "confirmed",
    }
    assert submit(world, "procurement.close_award", world.discipline, answers) == {
        "award_result": "confirmed"
    }
    assert award_of(world.case.id) is not None


def test_an_upheld_challenge_leads_to_a_new_round(world: SimpleNamespace) -> None:
    row = challenged(world)
    upheld = [{**row, "answer": "情况属实", "upheld": True}]
    with pytest.raises(Refusals, match="有质疑成立"):
        submit(
            world,
            "procurement.close_award",
            world.discipline,
            {"objections": upheld, "decision": "confirmed"},
        )
    with pytest.raises(Refusals, match="重新采购的理由"):
        submit(
            world, "procurement.close_award", world.discipline, {"objections": upheld, "decision": "retender"}
        )
    answers = {"objections": upheld, "decision": "retender", "opinion": "评分计算有误，结果无效"}
    assert submit(world, "procurement.close_award", world.discipline, answers) == {"award_result": "retender"}
    assert award_of(world.case.id) is None
    assert world.case.provider_id is None
    failed = notices.latest(world.case.id, "failed")
    assert failed is not None
    assert "原成交结果无效" in failed.body
    choose(world)
    write(world)
    submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    assert [(one.round, one.state) for one in queries.rounds(world.case.id)] == [
        (1, "failed"),
        (2, "published"),
    ]
    assert session().scalars(select(Award)).one().procurement_id == queries.rounds(world.case.id)[0].id


def test_a_failed_round_is_announced_and_followed_by_another(world: SimpleNamespace) -> None:
    opened(world, [AMOUNTS[0]])
    row = prepared(world, "procurement.open", world.discipline).values["checks"][0]
    outcome = submit(world, "procurement.open", world.discipline, {"checks": [{**row, "qualified": True}]})
    assert outcome["bid_outcome"] == "terminate"
    form = prepared(world, "procurement.failed", world.clerk)
    assert any("不足三家" in fact.value for fact in form.facts)
    answers = {"decision": "retender", "opinion": "有效响应只有一家"}
    assert submit(world, "procurement.failed", world.clerk, answers) == {"failed_decision": "retender"}
    failed = notices.latest(world.case.id, "failed")
    assert failed is not None
    assert "将重新采购" in failed.body
    choose(world)
    second = current(world.case.id)
    assert (second.round, second.state, second.published_at) == (2, "planned", None)
    assert second.requirements == queries.rounds(world.case.id)[0].requirements
