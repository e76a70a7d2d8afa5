"""Somebody leaves: everything goes to the successor at once or nothing does, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts import delegations, directory
from app.accounts.models import Delegation
from app.admin import handover, ties
from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Forbidden, Refusal
from app.core.identity import Role
from app.messages.models import Message
from app.runtime import services
from app.runtime.models import Case, Task, TaskSigner
from app.runtime.queries import history_of
from tests.factories.people import actor_of, make_person
from tests.integration.runtime.conftest import do, opened
from tests.integration.runtime.test_approval_acts import line

pytestmark = pytest.mark.usefixtures("database")
Begin = Callable[..., Case]


def task(number: int) -> Task:
    db.close()
    return session().get_one(Task, number)


def test_all_that_waits_goes_to_the_successor(
    admins: SimpleNamespace, office: SimpleNamespace, begin: Begin
) -> None:
    leaver, successor, third = office.clerks
    first = begin(line())
    held = opened(first, "write")
    services.claim(leaver, held.id)
    tomorrow = time.now() + timedelta(days=1)
    delegations.delegate(third, leaver.person_id, time.now(), tomorrow, None)
    delegations.delegate(leaver, third.person_id, time.now() + timedelta(hours=1), tomorrow, None)
    done = handover.hand_over(
        admins.system, leaver.person_id, successor.person_id, "调离本单位", switch_off=True
    )
    assert (done.taken, done.released, done.owned, done.deputies) == (1, 0, 1, 2)
    assert task(held.id).claimed_by == successor.person_id
    assert session().get_one(Case, first.id).owner_id == successor.person_id
    lines = [one for one in history_of(first.id) if one.kind == "handed_over"]
    assert len(lines) == 2
    assert {one.opinion for one in lines} == {"调离本单位"}
    assert not directory.person(leaver.person_id).active
    live = session().scalars(select(Delegation).where(Delegation.ends_at > time.now())).all()
    assert [(one.person_id, one.delegate_id) for one in live] == [(third.person_id, successor.person_id)]
    told = session().scalars(select(Message).where(Message.person_id == successor.person_id)).all()
    assert any("工作交接" in one.title for one in told)
    assert ties.of_person(leaver.person_id).count == 0
    do(actor_of(directory.person(successor.person_id)), first, "write")
    assert audit.verify().ok


def test_what_the_successor_has_no_post_for_goes_back_to_all_who_have(
    admins: SimpleNamespace, office: SimpleNamespace, begin: Begin
) -> None:
    case = begin(line())
    held = opened(case, "write")
    services.claim(office.clerks[0], held.id)
    done = handover.hand_over(admins.system, office.clerks[0].person_id, office.leader.person_id, "退休")
    assert (done.taken, done.released, done.owned) == (0, 1, 1)
    assert task(held.id).claimed_by is None
    assert directory.person(office.clerks[0].person_id).active


def test_signatures_go_to_one_who_may_sign_and_does_not_already(
    admins: SimpleNamespace, office: SimpleNamespace, begin: Begin
) -> None:
    case = begin(line(signing="all"))
    do(office.clerks[0], case, "write")
    signed = opened(case, "check").id
    leaver = office.clerks[1].person_id
    with pytest.raises(Refusal, match="已在其中"):
        handover.hand_over(admins.system, leaver, office.clerks[2].person_id, "调离")
    with pytest.raises(Refusal, match="没有这个岗位"):
        handover.hand_over(admins.system, leaver, office.leader.person_id, "调离")
    db.close()
    kept = session().scalars(select(TaskSigner.person_id).where(TaskSigner.task_id == signed)).all()
    assert leaver in kept  # refused whole
    assert not [one for one in history_of(case.id) if one.kind == "handed_over"]
    fresh = make_person("经办4", Role.STREET_CLERK, session().get_one(type(admins.city), office.street_id))
    done = handover.hand_over(admins.system, leaver, fresh.id, "调离")
    assert done.taken == 1
    db.close()
    kept = session().scalars(select(TaskSigner.person_id).where(TaskSigner.task_id == signed)).all()
    assert leaver not in kept
    assert fresh.id in kept


def test_who_may_and_to_whom(admins: SimpleNamespace, office: SimpleNamespace, begin: Begin) -> None:
    begin(line())
    leaver = office.clerks[0].person_id
    with pytest.raises(Forbidden):
        handover.hand_over(admins.security, leaver, office.clerks[1].person_id, "调离")
    with pytest.raises(Refusal, match="接手人"):
        handover.hand_over(admins.system, leaver, office.other.person_id, "调离")
    with pytest.raises(Refusal, match="理由"):
        handover.hand_over(admins.system, leaver, office.clerks[1].person_id, " ")
