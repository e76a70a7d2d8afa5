"""Bids lie sealed until the deadline: nobody reads them, nobody hands in late (ZH-16a, K-03)."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.audit import services as audit
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Forbidden, NotFound, Refusal, Refusals
from app.core.identity import Role
from app.files import services as files
from app.procurement import bidding, queries
from app.procurement.models import Bid
from app.procurement.queries import current
from app.projects.queries import project_of
from tests.factories.people import actor_of, make_person
from tests.factories.procurement import (
    bid,
    choose,
    make_filed,
    member_of,
    opened,
    pass_deadline,
    prepared,
    publish,
    submit,
    write,
)

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
AMOUNT = 14_000_000
SECRET = "独家配送路线"


def everybody(world: SimpleNamespace) -> list[Any]:
    auditor = actor_of(make_person("审计", Role.AUDITOR, world.units.city))
    return [world.clerk, world.leader, world.discipline, *world.scorers, world.bidders[1], auditor]


def test_nobody_reads_a_bid_before_the_opening(world: SimpleNamespace) -> None:
    found = publish(world)
    bid(world, 0, AMOUNT, f"我们的办法：{SECRET}")
    pass_deadline(world)  # even after the deadline: the seals are broken by an act, not by time
    for who in everybody(world):
        with pytest.raises((Forbidden, NotFound)):
            queries.bids_for(who, found.id)
        assert queries.own_bid(who, found.id) is None
    with pytest.raises(Forbidden, match="开启之前任何人都不能查看"):
        queries.bids(current(world.case.id))
    own = queries.own_bid(world.bidders[0], found.id)
    assert own is not None
    assert SECRET in own.plan


def test_no_step_shows_a_sealed_bid(world: SimpleNamespace) -> None:
    publish(world)
    bid(world, 0, AMOUNT, f"我们的办法：{SECRET}")
    pass_deadline(world)
    form = prepared(world, "procurement.open", world.discipline)
    shown = str((form.values, form.facts, form.tables, form.notes))
    assert SECRET not in shown
    assert "140,000.00" not in shown
    assert world.organisations[0].name not in shown
    with pytest.raises(Refusal, match="请先开启"):
        submit(world, "procurement.open", world.discipline, {})


def test_audit_holds_the_fingerprints_of_a_bid_and_nothing_else(world: SimpleNamespace) -> None:
    publish(world)
    first = bid(world, 0, AMOUNT, f"我们的办法：{SECRET}").sha256
    second = bid(world, 0, AMOUNT - 100, f"我们的办法：{SECRET}").sha256
    assert first != second
    rows = session().execute(text("SELECT subject, before, after FROM audit_entry")).all()
    told = " ".join(str(row) for row in rows)
    assert first in told
    assert second in told
    assert SECRET not in told
    assert "14000000" not in told
    assert audit.verify().ok


def test_the_same_bid_twice_has_another_fingerprint(world: SimpleNamespace) -> None:
    """Without the nonce a curious officer could guess a price and compare fingerprints."""
    publish(world)
    assert bid(world, 0, AMOUNT).sha256 != bid(world, 0, AMOUNT).sha256


def test_a_bid_is_replaced_and_withdrawn_before_the_deadline(world: SimpleNamespace) -> None:
    found = publish(world)
    bid(world, 0, AMOUNT)
    again = bid(world, 0, AMOUNT - 1000)
    assert (again.version, again.amount) == (2, AMOUNT - 1000)
    bidding.withdraw_bid(world.bidders[0], found.id)
    with pytest.raises(NotFound):
        bidding.withdraw_bid(world.bidders[0], found.id)
    bid(world, 1, AMOUNT)
    pass_deadline(world)
    read = bidding.unseal(world.discipline, found.id)
    assert [one.organisation_id for one in read] == [world.organisations[1].id]


@pytest.mark.parametrize("late_by", [timedelta(seconds=1), timedelta(days=30)])
def test_a_late_bid_is_refused(world: SimpleNamespace, late_by: timedelta) -> None:
    found = publish(world)
    bid(world, 0, AMOUNT)
    world.clock.set(found.bid_until)
    bid(world, 1, AMOUNT)  # the last second still counts
    world.clock.set(found.bid_until + late_by)
    with pytest.raises(Refusals, match="已经截止"):
        bid(world, 2, AMOUNT)
    with pytest.raises(Refusals, match="已经截止"):
        bid(world, 0, AMOUNT - 1)
    with pytest.raises(Refusals, match="已经截止"):
        bidding.withdraw_bid(world.bidders[0], found.id)
    assert len(bidding.unseal(world.discipline, found.id)) == 2


def test_a_bid_above_the_ceiling_is_refused(world: SimpleNamespace) -> None:
    found = publish(world)
    bid(world, 0, found.ceiling)
    with pytest.raises(Refusals, match="不能超过最高限价") as refused:
        bid(world, 1, found.ceiling + 1)
    assert refused.value.field == "amount"


def test_only_organisations_bid(world: SimpleNamespace) -> None:
    found = publish(world)
    for who in (world.clerk, world.leader):
        with pytest.raises(Forbidden):
            bidding.submit_bid(who, found.id, {"amount": 100, "plan": "方案"})


def test_a_filed_organisation_bids_alone_below_the_limit_only(world: SimpleNamespace) -> None:
    member = member_of(make_filed("邻里互助会", world.units.street.id))
    found = publish(world)
    assert bidding.submit_bid(member, found.id, {"amount": AMOUNT, "plan": "方案"}).version == 1
    with unit_of_work():
        project_of(world.case.id).budget_fen = world.pack.value("procurement_limit")
        current(world.case.id).state = "failed"
    choose(world, "consultation")
    write(world)
    submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    above = current(world.case.id)
    with pytest.raises(Refusals, match="不能单独承接") as refused:
        bidding.submit_bid(member, above.id, {"amount": AMOUNT, "plan": "方案"})
    assert refused.value.rule == "L-24"
    assert bidding.submit_bid(world.bidders[0], above.id, {"amount": AMOUNT, "plan": "方案"}).version == 1


def test_nobody_hands_in_anothers_paper(world: SimpleNamespace) -> None:
    found = publish(world)
    paper = files.store(world.bidders[1], "方案.pdf", io.BytesIO(PDF))
    answers = {"amount": AMOUNT, "plan": "方案", "files": [paper.id]}
    with pytest.raises(Refusal, match="不是由您上传"):
        bidding.submit_bid(world.bidders[0], found.id, answers)
    made = bidding.submit_bid(world.bidders[1], found.id, answers)
    with pytest.raises(NotFound):
        queries.bid_file(world.bidders[0], made.id, paper.id)
    with pytest.raises(Forbidden):
        queries.bid_file(world.discipline, made.id, paper.id)
    assert queries.bid_file(world.bidders[1], made.id, paper.id) == paper.id
    pass_deadline(world)
    bidding.unseal(world.discipline, found.id)
    assert queries.bid_file(world.scorers[0], made.id, paper.id) == paper.id
    with pytest.raises(NotFound):
        queries.bid_file(world.bidders[0], made.id, paper.id)
    with pytest.raises(NotFound):
        queries.bid_file(world.scorers[0], made.id, paper.id + 1)


def test_the_seals_are_broken_by_discipline_after_the_deadline(world: SimpleNamespace) -> None:
    found = publish(world)
    bid(world, 0, AMOUNT)
    with pytest.raises(Refusal, match="截止时间未到"):
        bidding.unseal(world.discipline, found.id)
    pass_deadline(world)
    with pytest.raises(Forbidden, match="由本街道纪检监督人员开启"):
        bidding.unseal(world.clerk, found.id)
    foreign = actor_of(make_person("外街纪检", Role.STREET_DISCIPLINE, world.units.other_street))
    for outsider in (foreign, world.bidders[0]):
        with pytest.raises(NotFound):
            bidding.unseal(outsider, found.id)
    assert len(bidding.unseal(world.discipline, found.id)) == 1
    moment = current(world.case.id).opened_at
    world.clock.advance(timedelta(hours=1))
    bidding.unseal(world.discipline, found.id)
    assert current(world.case.id).opened_at == moment
    assert current(world.case.id).opened_by == world.discipline.person_id


def test_after_the_opening_the_street_reads_and_competitors_do_not(world: SimpleNamespace) -> None:
    found = opened(world, [AMOUNT, AMOUNT - 100])
    assert [one.amount for one in queries.bids_for(world.scorers[0], found.id)[2]] == [AMOUNT, AMOUNT - 100]
    for outsider in (
        world.bidders[0],
        actor_of(make_person("居民代表", "community.secretary", world.units.community)),
    ):
        with pytest.raises(NotFound):
            queries.bids_for(outsider, found.id)


def test_a_bid_changed_in_the_database_is_noticed_at_the_opening(world: SimpleNamespace) -> None:
    found = publish(world)
    bid(world, 0, AMOUNT)
    with unit_of_work() as db:
        db.execute(text("UPDATE bid SET amount = amount - 1"))
    session().expire_all()
    pass_deadline(world)
    with pytest.raises(Fault, match="指纹不一致"):
        bidding.unseal(world.discipline, found.id)
    assert current(world.case.id).opened_at is None


def test_the_database_does_not_open_before_the_deadline(world: SimpleNamespace) -> None:
    publish(world)
    bid(world, 0, AMOUNT)
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.execute(text("UPDATE procurement SET opened_at = published_at"))


def check(world: SimpleNamespace, verdicts: list[bool], reason: str = "没有社工证") -> dict[str, Any]:
    rows = prepared(world, "procurement.open", world.discipline).values.get("checks", [])
    checks = [
        {**row, "qualified": good} if good else {**row, "qualified": False, "reason": reason}
        for row, good in zip(rows, verdicts, strict=True)
    ]
    return submit(world, "procurement.open", world.discipline, {"checks": checks} if checks else {})


def test_three_valid_bids_go_on_to_scoring(world: SimpleNamespace) -> None:
    opened(world, [AMOUNT, AMOUNT - 100, AMOUNT - 200])
    assert check(world, [True, True, True]) == {"valid_bids": 3, "bid_outcome": "continue"}


@pytest.mark.parametrize("verdicts", [[], [True], [True, True], [True, True, False]])
def test_too_few_valid_bids_end_the_round(world: SimpleNamespace, verdicts: list[bool]) -> None:
    opened(world, [AMOUNT - 100 * n for n in range(len(verdicts))])
    assert check(world, verdicts) == {"valid_bids": sum(verdicts), "bid_outcome": "terminate"}


def test_two_are_enough_for_a_consultation_about_services(world: SimpleNamespace) -> None:
    opened(world, [AMOUNT, AMOUNT - 100], method="consultation")
    assert check(world, [True, True])["bid_outcome"] == "continue"


def test_who_is_found_wanting_is_told_why(world: SimpleNamespace) -> None:
    opened(world, [AMOUNT])
    with pytest.raises(Refusals, match="不符合哪一条") as refused:
        check(world, [False], reason=" ")
    assert refused.value.field == "checks-0-reason"
    check(world, [False])
    assert session().query(Bid).one().qualified_reason == "没有社工证"
