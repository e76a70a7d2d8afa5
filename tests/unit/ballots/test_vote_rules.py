"""When a counted vote fits together, and when it carries (L-41: strictly more than half)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ballots.votes import counts_allowed
from app.policy.packs import Pack


@given(*(st.integers(0, 200) for _ in range(5)))
def test_counts_fit_together(eligible: int, present: int, yes: int, against: int, abstain: int) -> None:
    fits = present <= eligible and yes + against + abstain == present
    assert all(counts_allowed(eligible, present, yes, against, abstain)) is fits


@given(st.sampled_from(["residents_meeting", "villagers_meeting"]), st.data())
def test_a_meeting_needs_more_than_half_and_more_than_half(
    pack: Pack, body: str, data: st.DataObject
) -> None:
    eligible = data.draw(st.integers(1, 300))
    present = data.draw(st.integers(1, eligible))
    yes = data.draw(st.integers(0, present))
    ruling = pack.decide(
        "vote_valid",
        {
            "body": body,
            "eligible": eligible,
            "present": present,
            "yes": yes,
            "against": present - yes,
            "abstain": 0,
        },
    )
    assert ruling["valid"] is (present * 2 > eligible and yes * 2 > present)
    assert ruling["ref"] == "L-41"


@given(st.data())
def test_representatives_need_two_thirds_and_more_than_half(pack: Pack, data: st.DataObject) -> None:
    eligible = data.draw(st.integers(1, 300))
    present = data.draw(st.integers(1, eligible))
    yes = data.draw(st.integers(0, present))
    counts = {"eligible": eligible, "present": present, "yes": yes, "against": present - yes, "abstain": 0}
    ruling = pack.decide("vote_valid", {"body": "representatives", **counts})
    assert ruling["valid"] is (present * 3 >= eligible * 2 and yes * 2 > present)


@pytest.mark.parametrize(
    ("eligible", "present", "yes", "carried"), [(60, 41, 25, True), (60, 29, 29, False), (60, 41, 20, False)]
)
def test_the_cases_of_the_register(pack: Pack, eligible: int, present: int, yes: int, carried: bool) -> None:
    counts = {"eligible": eligible, "present": present, "yes": yes, "against": present - yes, "abstain": 0}
    assert pack.decide("vote_valid", {"body": "residents_meeting", **counts})["valid"] is carried
