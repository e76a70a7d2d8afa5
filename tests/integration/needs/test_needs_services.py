"""What residents ask for is written down by those who answer for the place, and found again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.audit.models import AuditEntry
from app.cli import worker
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import SYSTEM, Role
from app.needs import queries, rules, services, summing
from app.needs.models import Need, NeedSender, NeedSummary
from app.needs.queries import Chosen
from tests.factories.people import actor_of, make_person, make_units

WORDS: dict[str, Any] = {"channel": "visit", "beneficiaries": "老年人", "text": "希望有助餐点"}


@pytest.fixture
def place(database: Engine) -> SimpleNamespace:
    del database
    units = make_units()
    return SimpleNamespace(
        units=units,
        here=units.community.id,
        there=units.other_community.id,
        member=actor_of(make_person("两委", Role.COMMITTEE_MEMBER, units.community)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        other=actor_of(make_person("外街经办", Role.STREET_CLERK, units.other_street)),
        district=actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district)),
        secretary=actor_of(make_person("书记", Role.SECRETARY, units.community)),
        leader=actor_of(make_person("领导", Role.STREET_LEADER, units.street)),
        neighbour=actor_of(make_person("邻居", Role.RESIDENT_REPRESENTATIVE, units.community)),
    )


def faults(error: pytest.ExceptionInfo[Refusal]) -> list[tuple[str | None, str | None]]:
    return [(one.rule, one.field) for one in error.value.errors]


@pytest.mark.requirement("ZH-09a", "accept")
def test_a_need_says_where_how_for_whom_and_how_many(place: SimpleNamespace) -> None:
    made = services.collect(
        place.member, unit_id=place.here, **WORDS, voices=14, unlisted=True, anonymous=False, said_by="陈婆婆"
    )
    (found,) = queries.search(place.clerk, Chosen(unit_id=place.units.street.id))
    assert found.id == made.id
    assert (found.unit_id, found.channel, found.beneficiaries) == (place.here, "visit", "老年人")
    assert (found.voices, found.anonymous, found.said_by, found.unlisted) == (14, False, "陈婆婆", True)
    told = session().scalars(select(AuditEntry).where(AuditEntry.action == "needs.collect")).one()
    assert told.actor_id == place.member.person_id
    assert "陈婆婆" not in str((told.subject, told.before, told.after))


@pytest.mark.requirement("ZH-09a", "reject")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": " \n"}, "text"),
        ({"text": "缺" * 2001}, "text"),
        ({"channel": "dream"}, "channel"),
        ({"beneficiaries": "猫"}, "beneficiaries"),
        ({"voices": 0}, "voices"),
        ({"said_by": "陈婆婆"}, "said_by"),
        ({"anonymous": False}, "said_by"),
    ],
)
def test_a_need_without_what_it_takes_is_refused(
    place: SimpleNamespace, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as error:
        services.collect(place.member, unit_id=place.here, **{**WORDS, **change})
    assert faults(error) == [("ZH-09a", field)]
    assert session().scalar(select(func.count()).select_from(Need)) == 0


def test_each_writes_for_the_own_place(place: SimpleNamespace) -> None:
    services.collect(place.clerk, unit_id=place.here, **WORDS)
    services.collect(place.clerk, unit_id=place.units.street.id, **WORDS)
    for actor, unit_id in (
        (place.clerk, place.there),
        (place.member, place.there),
        (place.member, place.units.street.id),
        (place.neighbour, place.here),
        (place.district, place.here),
        (place.clerk, place.units.district.id),
    ):
        with pytest.raises(Refusal) as error:
            services.collect(actor, unit_id=unit_id, **WORDS)
        assert faults(error) == [("ZH-09a", "unit_id")]
    assert session().scalar(select(func.count()).select_from(Need)) == 2


def test_the_database_keeps_no_name_of_who_wants_none(place: SimpleNamespace) -> None:
    made = services.collect(place.member, unit_id=place.here, **WORDS)
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.get_one(Need, made.id).said_by = "陈婆婆"
        db.flush()


def test_the_same_form_twice_is_one_need(place: SimpleNamespace) -> None:
    made = [services.collect(place.member, unit_id=place.here, **WORDS, key="k1").id for _ in range(2)]
    assert made[0] == made[1]
    with pytest.raises(Conflict):
        services.collect(place.member, unit_id=place.here, **{**WORDS, "text": "另一件事"}, key="k1")
    assert session().scalar(select(func.count()).select_from(Need)) == 1


def test_needs_are_found_by_place_way_group_and_words(place: SimpleNamespace) -> None:
    one = services.collect(place.member, unit_id=place.here, **WORDS)
    two = services.collect(
        place.clerk, unit_id=place.here, channel="hotline", beneficiaries="儿童青少年", text="暑期没人看护"
    )
    far = services.collect(place.other, unit_id=place.there, **WORDS)

    def found(actor: Any = place.clerk, **chosen: Any) -> list[int]:
        return [need.id for need in queries.search(actor, Chosen(**chosen))]

    assert found() == [two.id, one.id]
    assert found(channel="hotline") == [two.id]
    assert found(group="老年人") == [one.id]
    assert found(text="助餐") == [one.id]
    assert found(text="儿童") == [two.id]
    assert found(text="%") == []
    assert queries.search(place.clerk, before=two.id) == [one]
    assert queries.search(place.clerk, limit=1) == [two]
    assert found(month="2026-03") == [two.id, one.id]
    assert found(month="2026-02") == []
    assert found(month="soon") == [two.id, one.id]
    assert found(unit_id=place.there) == []
    assert found(place.district) == [far.id, two.id, one.id]
    assert found(place.district, unit_id=place.units.other_street.id) == [far.id]
    assert found(place.other) == [far.id]
    with pytest.raises(NotFound):
        queries.one(place.other, one.id)


def hear(place: SimpleNamespace, device: str = "phone", address: str = "home", **more: Any) -> Need:
    said = {"channel": "poster", "beneficiaries": "老年人", "text": "希望有助餐点", **more}
    return services.hear(community_id=place.here, device=device, address=address, **said)


@pytest.mark.requirement("ZH-09a", "accept")
def test_a_resident_without_an_account_is_heard(place: SimpleNamespace) -> None:
    made = hear(place)
    assert (made.state, made.anonymous, made.created_by, made.channel) == ("taken", True, None, "poster")
    assert [one.id for one in queries.search(place.member)] == [made.id]
    told = session().scalars(select(AuditEntry).where(AuditEntry.action == "needs.hear")).one()
    assert (told.actor_id, told.actor_name) == (None, "居民")


@pytest.mark.requirement("ZH-09a", "reject")
def test_the_sixth_need_of_a_device_in_an_hour_waits_and_is_not_lost(
    place: SimpleNamespace, clock: MovableClock
) -> None:
    for _ in range(rules.FROM_DEVICE):
        assert hear(place).state == "taken"
        clock.set(clock.now() + timedelta(minutes=1))
    sixth = hear(place, text="第六件")
    assert sixth.state == "waiting"
    assert hear(place, device="another").state == "taken"
    assert queries.waiting(place.member) == 1
    assert queries.waiting(place.other) == 0
    assert [one.text for one in queries.search(place.member, Chosen(state="waiting"))] == ["第六件"]
    assert sixth.id not in [one.id for one in queries.search(place.member)]
    assert sixth.id not in [one.id for one in queries.of_units([place.here])]
    clock.set(clock.now() + timedelta(hours=1))
    assert hear(place).state == "taken"


def test_one_address_is_a_second_bound(place: SimpleNamespace) -> None:
    made = [hear(place, device=f"d{number}").state for number in range(rules.FROM_ADDRESS + 1)]
    assert made == ["taken"] * rules.FROM_ADDRESS + ["waiting"]


def test_who_sent_is_forgotten_after_an_hour(place: SimpleNamespace, clock: MovableClock) -> None:
    hear(place)
    clock.set(clock.now() + timedelta(minutes=59))
    services.forget_senders()
    assert session().scalar(select(func.count()).select_from(NeedSender)) == 2
    clock.set(clock.now() + timedelta(minutes=1))
    services.forget_senders()
    assert session().scalar(select(func.count()).select_from(NeedSender)) == 0
    assert (services.forget_senders, 60) in [(chore, every) for every, chore in worker.CHORES]


@pytest.mark.requirement("ZH-09a", "reject")
def test_a_resident_says_something(place: SimpleNamespace) -> None:
    with pytest.raises(Refusal) as error:
        hear(place, text="  ", beneficiaries="")
    assert faults(error) == [("ZH-09a", "beneficiaries"), ("ZH-09a", "text")]
    for unit_id in (place.units.street.id, 4711):
        with pytest.raises(NotFound):
            services.hear(community_id=unit_id, device="d", address="a", **WORDS)
    assert session().scalar(select(func.count()).select_from(NeedSender)) == 0


def test_what_waits_is_taken_in_or_set_aside_with_a_reason(place: SimpleNamespace) -> None:
    for _ in range(rules.FROM_DEVICE):
        hear(place)
    one, two = hear(place, text="好的"), hear(place, text="广告")
    with pytest.raises(NotFound):
        services.decide(place.other, one.id, take=True)
    for actor in (place.neighbour, place.district):
        with pytest.raises(Forbidden):
            services.decide(actor, one.id, take=True)
    with pytest.raises(Refusal) as error:
        services.decide(place.member, two.id, take=False, reason=" ")
    assert faults(error) == [("ZH-09a", "reason")]
    assert services.decide(place.clerk, one.id, take=True).state == "taken"
    aside = services.decide(place.member, two.id, take=False, reason="广告")
    assert (aside.state, aside.reason, aside.text, aside.decided_by) == (
        "aside",
        "广告",
        "广告",
        place.member.person_id,
    )
    with pytest.raises(Conflict):
        services.decide(place.member, two.id, take=True)
    assert [need.id for need in queries.search(place.member, Chosen(state="aside"))] == [two.id]
    acts = select(AuditEntry.action).where(AuditEntry.chain == f"need:{two.id}").order_by(AuditEntry.seq)
    assert list(session().scalars(acts)) == ["needs.hear", "needs.set_aside"]


def voices(place: SimpleNamespace, *counts: int, **more: Any) -> list[int]:
    kept = {**WORDS, "unit_id": place.here, **more}
    return [services.collect(SYSTEM, voices=count, **kept).id for count in counts]


@pytest.mark.requirement("ZH-09b", "accept")
def test_needs_that_say_the_same_are_one_with_all_its_supporters(place: SimpleNamespace) -> None:
    lead, *others = voices(place, 1, 3, 10)
    apart = services.collect(SYSTEM, unit_id=place.here, channel="paper", beneficiaries="妇女", text="另一件")
    services.merge(place.member, lead, others)
    assert queries.supporters([lead, apart.id]) == {lead: 14, apart.id: 1}
    assert [one.id for one in queries.search(place.clerk)] == [apart.id, lead]
    assert queries.totals(place.clerk, Chosen()) == (2, 15)
    assert queries.totals(place.clerk, Chosen(group="老年人")) == (1, 14)
    assert queries.totals(place.clerk, Chosen(each=True)) == (4, 15)
    assert [one.id for one in queries.of_units([place.here])] == [apart.id, lead]


@pytest.mark.requirement("ZH-09b", "reject")
def test_a_merge_loses_no_original_and_can_be_undone(place: SimpleNamespace) -> None:
    first, second, third = voices(place, 1, 2, 4)
    services.merge(place.member, second, [third])
    services.merge(place.clerk, first, [second])
    assert [one.id for one in queries.originals(first)] == [second, third]
    assert [one.text for one in queries.search(place.clerk, Chosen(each=True))] == [WORDS["text"]] * 3
    services.split(place.member, third)
    assert queries.supporters([first, third]) == {first: 3, third: 4}
    with pytest.raises(Conflict):
        services.split(place.member, third)
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.delete(db.get_one(Need, first))
        db.flush()
    acts = select(AuditEntry.action).where(AuditEntry.chain == f"need:{second}").order_by(AuditEntry.seq)
    assert list(session().scalars(acts)) == ["needs.collect", "needs.merge", "needs.merge"]


@pytest.mark.requirement("ZH-09b", "reject")
def test_what_does_not_belong_together_is_not_merged(place: SimpleNamespace) -> None:
    lead, merged, own = voices(place, 1, 1, 1)
    (far,) = voices(place, 1, unit_id=place.there)
    services.merge(place.member, lead, [merged])
    for target, ids in (
        (lead, [far]),
        (lead, [merged]),
        (merged, [own]),
        (lead, []),
        (lead, [lead]),
        (lead, [own, 4711]),
    ):
        with pytest.raises(Refusal) as error:
            services.merge(place.member, target, ids)
        assert {rule for rule, _ in faults(error)} == {"ZH-09b"}
    for actor in (place.neighbour, place.district):
        with pytest.raises(Forbidden):
            services.merge(actor, lead, [own])
        with pytest.raises(Forbidden):
            services.split(actor, merged)
    with pytest.raises(NotFound):
        services.merge(place.other, lead, [own])
    assert queries.supporters([lead]) == {lead: 2}


def test_the_likest_come_first(place: SimpleNamespace) -> None:
    (lead,) = voices(place, 1, text="希望有老人助餐点")
    voices(place, 1, text="暑期没人看护")
    voices(place, 1, text="老人助餐点太远")
    voices(place, 1, unit_id=place.there)
    found = queries.similar(session().get_one(Need, lead))
    assert [one.text for one in found] == ["老人助餐点太远", "暑期没人看护"]


@pytest.mark.requirement("ZH-09b", "accept")
def test_heat_counts_each_voice_where_and_for_whom_it_was_said(
    place: SimpleNamespace, clock: MovableClock
) -> None:
    lead, other = voices(place, 3, 4)
    (child,) = voices(place, 5, beneficiaries="儿童青少年")
    services.merge(place.member, lead, [other, child])
    voices(place, 7, unit_id=place.there)
    hear(place, beneficiaries="老年人")
    assert queries.heat(place.clerk) == {(place.here, "老年人"): 8, (place.here, "儿童青少年"): 5}
    assert queries.heat(place.district)[place.there, "老年人"] == 7
    clock.set(clock.now() + timedelta(days=40))
    voices(place, 9)
    assert queries.heat(place.clerk, "2026-04") == {(place.here, "老年人"): 9}


@pytest.mark.requirement("ZH-09b", "accept")
def test_a_month_is_summed_up_and_signed(place: SimpleNamespace, clock: MovableClock) -> None:
    voices(place, 3, 4)
    voices(place, 5, beneficiaries="儿童青少年", unit_id=place.units.street.id)
    voices(place, 7, unit_id=place.there)
    clock.set(clock.now() + timedelta(days=40))
    voices(place, 9)
    made = summing.sign_summary(place.secretary, place.here, "2026-03", "缺助餐点")
    assert (made.needs, made.voices, made.by_group) == (2, 7, {"老年人": 7})
    whole = summing.sign_summary(place.leader, place.units.street.id, "2026-03", "缺托管")
    assert (whole.needs, whole.voices, whole.by_group) == (3, 12, {"老年人": 7, "儿童青少年": 5})
    assert set(queries.summaries(place.clerk, "2026-03")) == {place.here, place.units.street.id}
    assert queries.summaries(place.other, "2026-03") == {}
    with pytest.raises(Conflict):
        summing.sign_summary(place.secretary, place.here, "2026-03", "再来一次")
    with pytest.raises(DatabaseError), unit_of_work() as db:
        db.get_one(NeedSummary, made.id).text = "改一改"
        db.flush()


@pytest.mark.requirement("ZH-09b", "reject")
def test_a_month_is_signed_after_its_end_in_words_by_who_answers_for_it(
    place: SimpleNamespace, clock: MovableClock
) -> None:
    for month in ("2026-03", "2026-3", "soon"):
        with pytest.raises(Refusal) as error:
            summing.sign_summary(place.secretary, place.here, month, "缺助餐点")
        assert faults(error) == [("ZH-09b", None)]
    with pytest.raises(Refusal) as error:
        summing.sign_summary(place.secretary, place.here, "2026-02", " ")
    assert faults(error) == [("ZH-09b", "text")]
    for actor, unit_id in (
        (place.member, place.here),
        (place.clerk, place.units.street.id),
        (place.leader, place.here),
        (place.secretary, place.there),
    ):
        with pytest.raises(Forbidden):
            summing.sign_summary(actor, unit_id, "2026-02", "缺助餐点")
    assert session().scalar(select(func.count()).select_from(NeedSummary)) == 0
