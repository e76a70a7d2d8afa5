"""Who is a social organisation, and who writes what about it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn.uscc import _alphabet, calc_check_digit

from app.core.identity import SYSTEM, Actor, Grant, Role
from app.organisations import rules

TODAY = date(2026, 3, 2)
GOOD = "52440400MJL0000017"
BODIES = st.tuples(
    st.sampled_from(["51", "52", "53"]), st.text("0123456789", min_size=6, max_size=6)
).flatmap(lambda head: st.text(_alphabet, min_size=9, max_size=9).map(lambda tail: "".join(head) + tail))


@given(body=BODIES)
def test_a_code_with_its_check_digit_passes_and_with_any_other_not(body: str) -> None:
    right = calc_check_digit(body)
    assert rules.uscc_allowed(body + right)
    for wrong in _alphabet.replace(right, ""):
        assert rules.uscc_allowed(body + wrong).field == "uscc"


@given(body=BODIES, place=st.integers(2, 16), other=st.sampled_from(_alphabet))
def test_one_mistyped_character_is_found(body: str, place: int, other: str) -> None:
    typed = body[:place] + other + body[place + 1 :]
    if typed != body:
        assert not rules.uscc_allowed(typed + calc_check_digit(body))


@pytest.mark.parametrize(
    "typed", [GOOD, GOOD.lower(), " 52440400 MJL0000017 ", "５２４４０４００ＭＪＬ０００００１７"]
)
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    assert rules.uscc_allowed(typed)
    assert rules.clean_uscc(typed) == GOOD


@pytest.mark.parametrize(
    "code", ["", "52440400", GOOD[:-1] + "8", "91110000600037341L", "11440400007170501T"]
)
def test_what_is_no_code_of_civil_affairs_is_refused(code: str) -> None:
    refused = rules.uscc_allowed(code)
    assert (bool(refused), refused.ref, refused.field) == (False, "ZH-03", "uscc")


def test_the_code_says_the_same_kind_as_the_form() -> None:
    assert rules.uscc_allowed(GOOD, "social_service")
    assert rules.uscc_allowed(GOOD, "foundation").field == "kind"


@pytest.mark.parametrize(
    ("filing", "fields"),
    [
        (("备2026-1", 7, TODAY), []),
        (("", None, None), ["filing_no", "filing_street_id", "filing_date"]),
        (("备2026-1", None, TODAY), ["filing_street_id"]),
        (("备2026-1", 7, date(2026, 3, 3)), ["filing_date"]),
    ],
)
def test_a_filed_organisation_shows_number_street_and_day(
    filing: tuple[str, int, date], fields: list[str]
) -> None:
    found = rules.registration_allowed("filed", None, *filing, TODAY)
    assert [d.field for d in found if not d] == fields


def test_an_enterprise_is_no_kind_of_organisation() -> None:
    found = rules.registration_allowed("enterprise", GOOD, None, None, None, TODAY)
    assert [(d.ref, d.field) for d in found if not d] == [("ZH-03", "kind")]


def actor(*grants: tuple[str, int]) -> Actor:
    return Actor(1, "某人", frozenset(Grant(role, unit) for role, unit in grants))


def test_credit_is_written_by_keepers_who_are_not_members() -> None:
    clerk, member = actor((Role.STREET_CLERK, 3)), actor((Role.ORGANISATION_MEMBER, 9))
    both = actor((Role.STREET_CLERK, 3), (Role.ORGANISATION_MEMBER, 9))
    assert rules.may_write_credit(SYSTEM, 9)
    assert rules.may_write_credit(clerk, 9)
    assert rules.may_write_credit(both, 8)
    for who in (member, both, actor((Role.STREET_LEADER, 3))):
        assert rules.may_write_credit(who, 9).ref == "ZH-24c"


def test_a_capacity_needs_its_paper() -> None:
    assert all(rules.claim_allowed("staff", "持证社工 6 名", [1]))
    assert [d.field for d in rules.claim_allowed("wealth", " ", []) if not d] == ["kind", "text", "files"]


def test_a_listing_says_which_list_and_since_when() -> None:
    assert all(rules.credit_allowed("listing", "列入", "信用中国", "national", TODAY, None))
    found = rules.credit_allowed("listing", "列入", "", None, None, None)
    assert [d.field for d in found if not d] == ["source", "list_kind", "since"]
    backwards = rules.credit_allowed("penalty", "处罚", "通报", None, TODAY, date(2026, 3, 1))
    assert [d.field for d in backwards if not d] == ["until"]
