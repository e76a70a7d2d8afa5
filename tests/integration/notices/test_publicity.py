"""Publicity of a project: published, heard, answered, closed — in that order (ZH-24d)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core import clock as time
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, Refusals
from app.core.identity import RESIDENT, Actor, Role
from app.messages.models import Message
from app.notices import handlers, queries, services
from app.notices.models import Notice, NoticeEvent, Objection
from app.policy.packs import Pack
from app.runtime.handlers import form_handler
from app.runtime.models import Case
from app.ui import forms
from tests.factories.cases import context, make_case
from tests.factories.people import actor_of, make_person, make_units


def load_form(world: SimpleNamespace, key: str) -> forms.Form:
    """A form as the pack holds it."""
    files = world.pack.files
    return forms.load(files[f"form/{key}.json"], files[f"form/{key}.ui.json"], key)


@pytest.fixture
def world(database: object, pack: Pack) -> SimpleNamespace:
    handlers.register()
    units = make_units()
    return SimpleNamespace(
        units=units,
        case=make_case(units),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        discipline=actor_of(make_person("纪检", Role.STREET_DISCIPLINE, units.street)),
        pack=pack,
    )


def submit(
    world: SimpleNamespace,
    key: str,
    actor: Actor,
    answers: dict[str, Any],
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What completing the task does, in one transaction."""
    handler = form_handler(key)
    assert handler is not None
    with unit_of_work():
        return dict(handler.submit(context(world.case, actor, world.pack, key, data or {}), answers))


def publish(world: SimpleNamespace, days: int = 5) -> dict[str, Any]:
    answers = {"title": "关于“居家养老服务”的公示", "body": "拟购买居家养老服务，现予公示。", "days": days}
    return submit(world, "notice.publish", world.clerk, answers)


def after(clock: MovableClock, notice_id: int) -> None:
    clock.set(queries.by_id(notice_id).until_at + timedelta(seconds=1))


@pytest.mark.requirement("ZH-24d", "accept")
def test_a_notice_runs_its_working_days_and_then_closes(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    assert variables["notice_until"] == "2026-03-09T23:59:59+08:00"  # five working days after Monday
    view = queries.view(queries.by_id(variables["notice_id"]))
    assert (view.state, view.notice.from_day.isoformat()) == ("open", "2026-03-03")
    assert queries.is_intact(view.notice)
    after(clock, view.notice.id)
    assert queries.view(view.notice).state == "waiting"
    done = submit(world, "notice.close", world.discipline, {"decision": "confirmed"}, variables)
    assert done == {"notice_result": "confirmed"}
    assert queries.view(view.notice).state == "closed"


@pytest.mark.requirement("ZH-24d", "reject")
def test_a_notice_is_not_closed_before_its_end(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    clock.set(queries.by_id(variables["notice_id"]).until_at - timedelta(seconds=1))
    with pytest.raises(Refusals, match="还没有届满") as refused:
        submit(world, "notice.close", world.discipline, {"decision": "confirmed"}, variables)
    assert refused.value.rule == "ZH-24d"
    assert queries.event_of(variables["notice_id"]) is None


@pytest.mark.requirement("ZH-24d", "reject")
def test_publicity_is_not_skipped_by_a_shorter_period(world: SimpleNamespace) -> None:
    with pytest.raises(Refusal, match="不能少于 5 个工作日") as refused:
        publish(world, days=4)
    assert refused.value.field == "days"
    assert session().scalar(select(func.count()).select_from(Notice)) == 0


def test_an_unanswered_objection_holds_the_closing(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    services.object_to(RESIDENT, variables["notice_id"], kind="objection", text="预算偏高")
    after(clock, variables["notice_id"])
    with pytest.raises(Refusals, match="还有 1 条意见没有答复"):
        submit(world, "notice.close", world.discipline, {"decision": "confirmed"}, variables)


def test_objections_are_answered_in_the_closing_form(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    said = services.object_to(
        RESIDENT, variables["notice_id"], kind="objection", text="预算偏高", contact="王先生 13800000000"
    )
    after(clock, variables["notice_id"])
    key, handler = "notice.close", form_handler("notice.close")
    assert handler is not None
    assert handler.prepare is not None
    ctx = context(world.case, world.discipline, world.pack, key, variables)
    form = handler.prepare(ctx, load_form(world, key))
    row = {"objection_id": said.id, "kind": "异议", "text": "预算偏高"}
    assert form.values["objections"] == [row]
    answers = {
        "objections": [{**row, "answer": "单价符合指引，有测算表。", "upheld": False}],
        "decision": "confirmed",
    }
    forms.check(form, answers)
    assert "13800000000" not in str(answers)
    assert any("王先生 13800000000" in line for table in form.tables for line in table.rows)
    submit(world, key, world.discipline, answers, variables)
    answered = session().get_one(Objection, said.id)
    assert (answered.state, answered.upheld, answered.answered_by) == (
        "answered",
        False,
        world.discipline.person_id,
    )


def test_an_upheld_objection_cannot_be_confirmed_away(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    said = services.object_to(RESIDENT, variables["notice_id"], kind="objection", text="与街道已有项目重复")
    after(clock, variables["notice_id"])
    row = {"objection_id": said.id, "answer": "情况属实，将调整内容。", "upheld": True}
    with pytest.raises(Refusals, match="有异议成立"):
        submit(
            world, "notice.close", world.discipline, {"objections": [row], "decision": "confirmed"}, variables
        )
    assert session().get_one(Objection, said.id, populate_existing=True).state == "open"
    answers = {"objections": [row], "decision": "amend", "opinion": "删去重复的服务内容后再公示。"}
    assert submit(world, "notice.close", world.discipline, answers, variables) == {"notice_result": "amend"}


def test_without_objections_nothing_is_asked_about_them(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    after(clock, variables["notice_id"])
    handler = form_handler("notice.close")
    assert handler is not None
    assert handler.prepare is not None
    ctx = context(world.case, world.discipline, world.pack, "notice.close", variables)
    form = handler.prepare(ctx, load_form(world, "notice.close"))
    assert [one.key for one in form.fields] == ["decision", "opinion"]
    forms.check(form, {"decision": "confirmed"})


def test_the_packs_number_of_days_stands_in_the_form(world: SimpleNamespace) -> None:
    handler = form_handler("notice.publish")
    assert handler is not None
    assert handler.prepare is not None
    ctx = context(world.case, world.clerk, world.pack, "notice.publish")
    form = handler.prepare(ctx, load_form(world, "notice.publish"))
    assert form.values["days"] == 5
    assert form.field_named("days").read_only
    forms.check(form, dict(form.values))


def test_late_and_empty_objections_are_refused(world: SimpleNamespace, clock: MovableClock) -> None:
    notice_id = publish(world)["notice_id"]
    with pytest.raises(Refusals, match="请写明您的意见"):
        services.object_to(RESIDENT, notice_id, kind="objection", text=" \n ")
    after(clock, notice_id)
    with pytest.raises(Refusals, match="已于 2026年03月09日 结束"):
        services.object_to(RESIDENT, notice_id, kind="objection", text="晚了")
    assert queries.objections_of(notice_id) == []


def test_questions_challenges_and_objections_are_not_mixed(world: SimpleNamespace) -> None:
    until = time.end_of_day(time.today() + timedelta(days=9))
    award = services.publish(world.clerk, world.case, "award", "成交公告", "甲机构成交", until, {})
    for kind, contact in (("objection", ""), ("challenge", "")):
        with pytest.raises(Refusals):
            services.object_to(RESIDENT, award.id, kind=kind, text="评分有误", contact=contact)
    services.object_to(RESIDENT, award.id, kind="question", text="评分标准在哪里看")
    services.object_to(
        RESIDENT, award.id, kind="challenge", text="评分有误", contact="乙机构 李某 0756-0000000"
    )
    assert [one.kind for one in queries.open_objections(world.case.id, award.id)] == ["question", "challenge"]


def test_an_objection_is_told_to_owner_and_discipline(world: SimpleNamespace) -> None:
    notice_id = publish(world)["notice_id"]
    services.object_to(RESIDENT, notice_id, kind="objection", text="意见", contact="王先生 13800000000")
    told = session().scalars(select(Message).where(Message.kind == "objection")).all()
    assert {m.person_id for m in told} == {world.case.owner_id, world.discipline.person_id}
    assert {m.title for m in told} == {"“关于“居家养老服务”的公示”收到一条异议"}


def test_one_address_is_heard_a_limited_number_of_times_an_hour(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    notice_id = publish(world)["notice_id"]

    def say(source: str = "a" * 64) -> Objection:
        return services.object_to(RESIDENT, notice_id, kind="objection", text="意见", source=source)

    for _ in range(5):
        say()
    with pytest.raises(Refusal, match="最多提交 5 次"):
        say()
    say("b" * 64)
    clock.advance(timedelta(hours=1, seconds=1))
    say()
    assert len(queries.objections_of(notice_id)) == 7


def test_an_objection_is_answered_once(world: SimpleNamespace) -> None:
    notice_id = publish(world)["notice_id"]
    said = services.object_to(RESIDENT, notice_id, kind="objection", text="意见")
    with pytest.raises(Refusal, match="请写明答复内容"):
        services.answer_objection(world.discipline, said.id, " ", upheld=False)
    services.answer_objection(world.discipline, said.id, "已核实", upheld=False)
    with pytest.raises(Refusal, match="已经答复"):
        services.answer_objection(world.discipline, said.id, "再答", upheld=True)


@pytest.mark.parametrize("statement", ["UPDATE notice SET body = 'x'", "DELETE FROM notice"])
def test_a_published_notice_cannot_be_changed_in_the_database(world: SimpleNamespace, statement: str) -> None:
    publish(world)
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(text(statement))


def test_the_end_of_a_notice_cannot_be_changed_either(world: SimpleNamespace, clock: MovableClock) -> None:
    variables = publish(world)
    after(clock, variables["notice_id"])
    services.close(world.discipline, variables["notice_id"], clock.now())
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
        db.execute(update(NoticeEvent).values(result="stop"))
    with pytest.raises(Refusals, match="已经结束"):
        services.close(world.discipline, variables["notice_id"], clock.now())


def test_an_empty_notice_or_one_without_time_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(Refusals) as refused:
        services.publish(world.clerk, world.case, "project", " ", "", time.now(), {})
    assert len(refused.value.errors) == 3


def test_a_case_that_ends_withdraws_its_running_notice(world: SimpleNamespace) -> None:
    notice_id = publish(world)["notice_id"]
    services.withdraw_all(world.clerk, world.case, time.now(), "项目已终止")
    view = queries.view(queries.by_id(notice_id))
    assert (view.state, view.event.reason if view.event else None) == ("withdrawn", "项目已终止")
    with pytest.raises(Refusals):
        services.object_to(RESIDENT, notice_id, kind="objection", text="意见")


def test_notices_are_listed_by_state_street_kind_and_words(
    world: SimpleNamespace, clock: MovableClock
) -> None:
    other: Case = make_case(world.units, street_id=world.units.other_street.id, community_id=None)
    first = publish(world)["notice_id"]
    until = time.end_of_day(time.today() + timedelta(days=30))
    second = services.publish(world.clerk, other, "call", "采购公告：儿童托管", "欢迎参加", until, {}).id

    def ids(**filters: Any) -> list[int]:
        return [view.notice.id for view in queries.published(**filters)]

    assert ids() == [second, first]
    assert ids(street_id=world.units.street.id) == [first]
    assert ids(kind="call") == [second]
    assert ids(text="托管") == [second]
    assert ids(text="100%") == []
    assert ids(before=second) == [first]
    assert ids(limit=1) == [second]
    after(clock, first)
    assert ids(state="open") == [second]
    assert ids(state="ended") == [first]
    assert set(queries.streets()) == {world.units.street.id, world.units.other_street.id}
