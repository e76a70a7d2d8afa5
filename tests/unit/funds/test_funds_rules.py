"""What money may serve what, and what papers a source needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.identity import Actor, Grant, Role
from app.funds import rules

PAPERS = rules.PotPapers("区级资金", "fiscal", [], None, None, None, None, False, None)


def faults(papers: rules.PotPapers) -> set[tuple[str | None, str | None]]:
    return {(one.ref, one.field) for one in rules.pot_complete(papers)}


def test_fiscal_money_needs_no_paper_of_its_own() -> None:
    assert faults(PAPERS) == set()


@pytest.mark.parametrize(
    ("papers", "expected"),
    [
        (replace(PAPERS, name=" "), {("ZH-12", "name")}),
        (replace(PAPERS, source="lottery"), {("ZH-12", "source")}),
        (replace(PAPERS, source="charity"), {("ZH-14-1", "donor"), ("ZH-14-1", "agreement")}),
        (replace(PAPERS, source="charity", donor="企业", agreement="  "), {("ZH-14-1", "agreement")}),
        (replace(PAPERS, source="community_fund", keeper="基金会"), {("ZH-14-2", "resolution")}),
        (replace(PAPERS, source="residents"), {("ZH-14-3", "resolution")}),
        (replace(PAPERS, source="residents", public_fundraising=True), {("ZH-14-3", "certificate_no")}),
        (replace(PAPERS, source="residents", public_fundraising=True, certificate_no="粤慈 12"), set()),
    ],
)
def test_papers_of_social_money(
    papers: rules.PotPapers, expected: set[tuple[str | None, str | None]]
) -> None:
    assert faults(papers) == expected


@pytest.mark.parametrize(
    ("purposes", "categories", "allowed"),
    [
        ([], ["basic", "basic.elder_care"], True),
        (["basic.elder_care"], ["basic", "basic.elder_care"], True),
        (["basic"], ["basic", "basic.health"], True),
        (["basic.elder_care"], ["basic", "basic.health"], False),
        (["basic"], ["building", "building.culture"], False),
        (["part"], ["party", "party.culture"], False),
    ],
)
def test_earmarked_money_serves_its_purpose_only(
    purposes: list[str], categories: list[str], allowed: bool
) -> None:
    assert bool(rules.purpose_allowed("专项资金", purposes, categories, "funding-0-pot_id")) is allowed


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=8), st.integers(-3, 3))
def test_sources_add_up_to_the_budget_to_the_fen(amounts: list[int], off: int) -> None:
    assert (rules.lines_allowed(amounts, sum(amounts) + off) == []) is (off == 0)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=4))
def test_no_line_is_empty_or_negative(amounts: list[int]) -> None:
    if min(amounts) <= 0:
        assert {one.ref for one in rules.lines_allowed(amounts, sum(amounts))} == {None}


def test_budget_without_a_source_is_refused() -> None:
    assert [one.ref for one in rules.lines_allowed([], 0)] == ["ZH-12"]


@pytest.mark.parametrize(("amount", "allowed"), [(0, False), (-1, False), (1, True), (10**14 + 1, False)])
def test_amounts_are_positive_and_possible(amount: int, allowed: bool) -> None:
    assert bool(rules.amount_allowed(amount)) is allowed


@pytest.mark.parametrize(
    ("role", "unit_id", "source", "allowed"),
    [
        (Role.DISTRICT_FINANCE, 2, "fiscal", True),
        (Role.DISTRICT_OFFICER, 2, "charity", True),
        (Role.STREET_FINANCE, 3, "charity", True),
        (Role.STREET_FINANCE, 3, "fiscal", False),
        (Role.STREET_FINANCE, 4, "charity", False),
        (Role.STREET_LEADER, 3, "charity", False),
    ],
)
def test_who_may_fund(role: Role, unit_id: int, source: str, allowed: bool) -> None:
    actor = Actor(1, "某人", frozenset({Grant(role, unit_id)}), frozenset({2, 3}))
    assert bool(rules.may_fund(actor, 3, source)) is allowed


def test_a_district_funds_only_its_own_streets() -> None:
    actor = Actor(1, "某人", frozenset({Grant(Role.DISTRICT_FINANCE, 2)}), frozenset({2}))
    assert not rules.may_fund(actor, 3, "fiscal")


@pytest.mark.parametrize(
    ("keeper", "conflict"), [(None, False), ("", False), (" 康乐中心 ", True), ("基金会", False)]
)
def test_keeper_who_would_be_paid(keeper: str | None, conflict: bool) -> None:
    assert rules.conflicts(keeper, {"康乐中心", ""}) is conflict
