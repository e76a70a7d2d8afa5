"""Who has signed and what it comes to; what a step allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.approval import USUAL, Rule, Signature, allowed, tally
from workflows.errors import ModelError


def own(*agrees: bool | None) -> list[Signature]:
    return [Signature(number, "own", number, agrees=one) for number, one in enumerate(agrees, start=1)]


@pytest.mark.parametrize(
    ("rule", "signatures", "outcome", "turn"),
    [
        ("one", own(None, None), "open", {1, 2}),
        ("one", own(None, True), "agreed", set()),
        ("one", own(False, None), "open", {2}),
        ("one", own(False, False), "refused", set()),
        ("all", own(True, None, None), "open", {2, 3}),
        ("all", own(True, False, None), "refused", set()),
        ("all", own(True, True), "agreed", set()),
        ("ordered", own(None, None, None), "open", {1}),
        ("ordered", own(True, None, None), "open", {2}),
        ("count:2", own(True, None, None), "open", {2, 3}),
        ("count:2", own(True, None, True), "agreed", set()),
        ("count:2", own(False, False, None), "refused", set()),
        ("percent:60", own(True, True, None, None, None), "open", {3, 4, 5}),
        ("percent:60", own(True, True, True, None, None), "agreed", set()),
        ("percent:60", own(False, False, False, None, None), "refused", set()),
    ],
)
def test_rules(rule: str, signatures: list[Signature], outcome: str, turn: set[int]) -> None:
    sheet = tally(Rule.parse(rule), signatures)
    assert (sheet.outcome, sheet.turn) == (outcome, turn)


def test_those_added_have_their_turn() -> None:
    rule = Rule.parse("one")
    before, beside, after = Signature(7, "before", 1), Signature(8, "beside", 2), Signature(9, "after", 3)
    assert tally(rule, [*own(None), before, beside, after]).turn == {7}
    before = Signature(7, "before", 1, agrees=False)  # an opinion, not a decision
    assert tally(rule, [*own(None), before, beside, after]).turn == {1, 8}
    assert tally(rule, [*own(True), before, beside, after]).turn == {8}
    beside = Signature(8, "beside", 2, agrees=True)
    assert tally(rule, [*own(True), before, beside, after]).turn == {9}
    after = Signature(9, "after", 3, agrees=True)
    assert tally(rule, [*own(True), before, beside, after]).outcome == "agreed"
    assert tally(rule, [*own(False), beside, Signature(9, "after", 3)]).outcome == "refused"


@given(
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.sampled_from(["one", "all", "ordered", "count:2", "percent:60"]),
)
def test_signing_comes_to_an_end_and_waits_only_for_those_who_have_not_signed(
    answers: list[bool], text: str
) -> None:
    rule = Rule.parse(text)
    signatures = own(*[None] * len(answers))
    for _ in range(len(answers) + 1):
        sheet = tally(rule, signatures)
        if sheet.outcome != "open":
            break
        assert sheet.turn
        person = min(sheet.turn)
        assert signatures[person - 1].agrees is None
        signatures[person - 1] = Signature(person, "own", person, agrees=answers[person - 1])
    agreed = sum(bool(one.agrees) for one in signatures)
    assert tally(rule, signatures).outcome == ("agreed" if agreed >= rule.needed(len(answers)) else "refused")


@pytest.mark.parametrize("text", ["", "two", "count:0", "percent:101", "count:-1", "count:"])
def test_a_rule_that_cannot_be_met_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        Rule.parse(text)


def test_what_a_step_allows() -> None:
    assert allowed("") == USUAL
    assert allowed("send_back, urge,unknown") == {"send_back", "urge"}
    assert allowed("none") == frozenset()
