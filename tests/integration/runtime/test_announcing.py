"""Who is told of a new step: those who can do it, not the one who opened it, and not when it is too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from app.core import clock as time
from app.core import db, outbox
from app.core.db import session
from app.messages.models import Message
from app.runtime import announcing, reminding, services
from app.runtime.models import Case
from app.runtime.queries import history_of
from tests.integration.runtime.conftest import do, opened
from tests.integration.runtime.test_approval_acts import line, several


def told() -> dict[int, list[str]]:
    announcing.register()
    outbox.deliver()
    db.close()
    found: dict[int, list[str]] = {}
    for one in session().scalars(select(Message).order_by(Message.id)):
        found.setdefault(one.person_id, []).append(one.title)
    return found


def test_colleagues_of_the_post_are_told_and_the_starter_is_not(
    office: SimpleNamespace, begin: Callable[..., Case]
) -> None:
    begin(line())
    first, second, third = (clerk.person_id for clerk in office.clerks)
    assert told() == {second: ["请办理：拟稿"], third: ["请办理：拟稿"]}
    assert first not in told()
    assert told() == {second: ["请办理：拟稿"], third: ["请办理：拟稿"]}


def test_a_step_that_somebody_has_taken_meanwhile_is_told_to_nobody_else(
    office: SimpleNamespace, begin: Callable[..., Case]
) -> None:
    case = begin(line())
    services.claim(office.clerks[1], opened(case, "write").id)
    assert told() == {office.clerks[1].person_id: ["请办理：拟稿"]}


def test_a_step_that_is_done_by_then_is_not_told(office: SimpleNamespace, begin: Callable[..., Case]) -> None:
    case = begin(line())
    do(office.clerks[0], case, "write")
    do(office.clerks[0], case, "check")
    assert told() == {office.leader.person_id: ["请办理：签发"]}


def test_of_a_step_that_several_do_side_by_side_each_is_told_once(
    office: SimpleNamespace, begin: Callable[..., Case]
) -> None:
    case = begin(several())
    do(office.clerks[0], case, "write")
    second, third = (clerk.person_id for clerk in office.clerks[1:])
    assert told() == {second: ["请办理：会审"], third: ["请办理：会审"]}


def test_those_who_have_done_their_part_are_not_reminded(
    office: SimpleNamespace, begin: Callable[..., Case], clock: time.MovableClock
) -> None:
    made = several()
    made.nodes["vote"].body = made.nodes["vote"].body.replace(
        "</spiffworkflow:properties>",
        '<spiffworkflow:property name="dueWorkingDays" value="5" /></spiffworkflow:properties>',
    )
    case = begin(made)
    do(office.clerks[0], case, "write")
    do(office.clerks[0], case, "vote")
    clock.advance(timedelta(days=5))
    assert reminding.sweep() == 2  # both parts that are left
    db.close()
    query = select(Message.person_id).where(Message.kind == "due")
    assert sorted(session().scalars(query)) == sorted(one.person_id for one in office.clerks[1:])
    assert [line.kind for line in history_of(case.id)].count("reminded") == 1
