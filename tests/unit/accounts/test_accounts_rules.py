"""Passwords, roles and what keeps administrators apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import rules
from app.accounts.access import PERMISSIONS, Permission
from app.accounts.views import safe
from app.core.identity import RESIDENT, ROLE_NAMES, SYSTEM, Actor, Grant, Role

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("ab12cd34e", "至少 10 位"),
        ("1234567890123", "字母和数字"),
        ("abcdefghijklm", "字母和数字"),
        ("my-LiJianguo-99", "用户名"),
    ],
)
def test_weak_passwords_are_refused_with_what_to_do(password: str, words: str) -> None:
    decision = rules.password_allowed(password, "lijianguo")
    assert not decision
    assert words in decision.reason
    assert decision.field == "new_password"


def test_a_mixed_long_password_is_allowed() -> None:
    assert rules.password_allowed("gongyuan 2026", "lijianguo")


def test_a_lock_ends_at_its_moment() -> None:
    until = NOW + rules.LOCK_FOR
    assert rules.locked(until, until - timedelta(seconds=1))
    assert not rules.locked(until, until)
    assert not rules.locked(None, NOW)


@pytest.mark.parametrize("pair", list(combinations(sorted(rules.ADMINISTRATORS), 2)))
def test_two_administrators_are_never_one_person(pair: tuple[Role, Role]) -> None:
    assert not rules.roles_allowed(pair)
    assert rules.roles_allowed(pair[:1])


def test_every_role_has_a_kind_of_unit() -> None:
    for role in Role:
        kinds = rules.UNITS_OF_ROLE[role.partition(".")[0]]
        assert all(rules.role_fits(role, kind) for kind in kinds)
        assert not rules.role_fits(role, "organisation" if kinds != ("organisation",) else "city")


def test_an_unknown_role_is_refused() -> None:
    assert not rules.role_fits("street.king", "street")


def test_only_the_security_administrator_gives_roles_and_never_to_himself() -> None:
    security = Actor(1, "安全管理员", frozenset({Grant(Role.SECURITY_ADMIN, 9)}))
    system = Actor(2, "系统管理员", frozenset({Grant(Role.SYSTEM_ADMIN, 9)}))
    assert rules.may_grant(security, 3, Role.STREET_CLERK)
    assert not rules.may_grant(security, 1, Role.STREET_CLERK)
    assert not rules.may_grant(system, 3, Role.STREET_CLERK)
    assert rules.may_grant(SYSTEM, 3, Role.STREET_CLERK)
    assert rules.may_grant(Actor(4, "经办"), 3, Role.ORGANISATION_MEMBER)


@pytest.mark.parametrize("role", [Role.CITY_OFFICER, Role.ORGANISATION_MEMBER])
def test_a_resident_gives_no_role(role: Role) -> None:
    assert not rules.may_grant(RESIDENT, 3, role)
    assert not rules.may_manage(RESIDENT, 3)


def test_administrators_of_the_system_look_into_no_case() -> None:
    assert rules.looks_down(Role.AUDITOR)
    assert rules.looks_down(Role.DISTRICT_FINANCE)
    assert not any(rules.looks_down(role) for role in rules.ADMINISTRATORS)
    assert not rules.looks_down(Role.COMMITTEE_MEMBER)


def test_every_permission_is_held_by_a_known_role() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert all(roles and roles <= set(ROLE_NAMES) for roles in PERMISSIONS.values())


@pytest.mark.parametrize("target", ["/desk", "/cases/XM2026-1?path=review", "/desk/tasks/3"])
def test_ways_inside_are_safe(target: str) -> None:
    assert safe(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "desk",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "https://evil.example",
        "/\n/e",
        "/ /e",
    ],
)
def test_ways_outside_are_not(target: str) -> None:
    assert not safe(target)


@given(st.text())
def test_a_safe_way_never_names_a_host(target: str) -> None:
    if safe(target):
        assert target.startswith("/")
        assert target[1:2] not in ("/", "\\")
        assert not set(target) & set("\\\t\r\n ")
