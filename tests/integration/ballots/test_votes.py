"""A counted vote is kept as it was counted, and never changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.ballots import votes
from app.ballots.models import CountedVote
from app.core import clock as time
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusals
from app.core.identity import SYSTEM, Role
from tests.factories.cases import make_case
from tests.factories.people import actor_of, make_person, make_units

COUNTED: dict[str, Any] = {
    "body": "residents_meeting",
    "held_on": "2026-03-02",
    "eligible": 60,
    "present": 41,
    "yes": 25,
    "against": 10,
    "abstain": 6,
    "minutes": "举手表决。",
}


@pytest.fixture
def meeting(database: object) -> SimpleNamespace:
    units = make_units()
    member = actor_of(make_person("两委成员", Role.COMMITTEE_MEMBER, units.community))
    return SimpleNamespace(member=member, case=make_case(units))


def test_the_last_vote_counts(meeting: SimpleNamespace, pack: Any) -> None:
    lost = votes.record_vote(meeting.member, meeting.case, pack, {**COUNTED, "yes": 15, "against": 20})
    assert (lost.valid, votes.last_vote(meeting.case.id)) == (False, lost)
    carried = votes.record_vote(meeting.member, meeting.case, pack, COUNTED)
    assert (carried.valid, votes.last_vote(meeting.case.id)) == (True, carried)
    assert carried.recorded_by == meeting.member.person_id


def test_impossible_counts_leave_nothing(meeting: SimpleNamespace, pack: Any) -> None:
    for changed, fields in (
        ({"yes": 26}, {"yes"}),
        ({"eligible": 40}, {"present"}),
        ({"held_on": "2026-03-03"}, {"held_on"}),
        ({"yes": 26, "eligible": 40, "held_on": "2026-03-03"}, {"yes", "present", "held_on"}),
    ):
        with pytest.raises(Refusals) as error:
            votes.record_vote(meeting.member, meeting.case, pack, {**COUNTED, **changed})
        assert {one.field for one in error.value.errors} == fields
    with pytest.raises(Fault):
        votes.record_vote(SYSTEM, meeting.case, pack, COUNTED)
    assert votes.last_vote(meeting.case.id) is None


def test_a_vote_is_not_changed_afterwards(meeting: SimpleNamespace, pack: Any) -> None:
    votes.record_vote(meeting.member, meeting.case, pack, COUNTED)
    for statement in ("UPDATE counted_vote SET yes = 41", "DELETE FROM counted_vote"):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as db:
            db.execute(text(statement))


def test_the_database_refuses_counts_that_do_not_add_up(meeting: SimpleNamespace) -> None:
    row = {**COUNTED, "held_on": time.today(), "yes": 26, "file_ids": [], "valid": True, "reason": "x"}
    with pytest.raises(IntegrityError), unit_of_work() as db:
        db.add(
            CountedVote(
                city="440400",
                case_id=meeting.case.id,
                recorded_by=meeting.member.person_id,
                recorded_at=time.now(),
                **row,
            )
        )
        db.flush()
