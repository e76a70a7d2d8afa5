"""Who is told of a new step: those who can do it, not the one who opened it, and not when it is too late."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from sqlalchemy import select

from app.core import db, outbox
from app.core.db import session
from app.messages.models import Message
from app.runtime import announcing, services
from app.runtime.models import Case
from tests.integration.runtime.conftest import do, opened
from tests.integration.runtime.test_approval_acts import line


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
