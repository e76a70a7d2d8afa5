"""The small things everything stands on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock
from app.core.db import UTCDateTime
from app.core.errors import YES, Conflict, Decision, Refusal, Refusals, no, require_all
from app.core.identity import ROLE_NAMES, SYSTEM, Actor, Grant, Role
from config import Settings, SettingsError, load


def test_the_clock_stands_until_it_is_moved(clock: clock.MovableClock) -> None:
    from app.core.clock import now, today

    assert now() == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    clock.advance(timedelta(hours=15, minutes=1))
    assert today() == date(2026, 3, 3)  # past midnight in Shanghai, still the second in UTC


def test_a_period_ends_with_the_last_moment_of_its_day() -> None:
    end = clock.end_of_day(date(2026, 3, 9))
    assert clock.local(end).date() == date(2026, 3, 9)
    assert clock.local(end + timedelta(seconds=1)).date() == date(2026, 3, 10)


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_kept_in_utc(moment: datetime) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    kind = UTCDateTime()
    try:
        instant = moment.astimezone(UTC)  # Python calls no two zones equal in a doubled or missing hour
    except OverflowError:
        return  # the first and last hours of the calendar have no counterpart in UTC
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        kept = kind.process_bind_param(moment, dialect)
        assert kept is not None
        assert kind.process_result_value(kept, dialect) == instant


def test_a_moment_without_a_zone_is_refused() -> None:
    from sqlalchemy.dialects import sqlite

    with pytest.raises(ValueError, match="time zone"):
        UTCDateTime().process_bind_param(datetime(2026, 3, 2), sqlite.dialect())  # noqa: DTZ001


def test_all_that_is_wrong_is_told_at_once() -> None:
    require_all([YES, Decision(True)])
    with pytest.raises(Refusals) as refused:
        require_all([no("少了金额。", "ZH-12", "amount"), YES, no("少了名称。", None, "title")])
    assert [(e.message, e.rule, e.field) for e in refused.value.errors] == [
        ("少了金额。", "ZH-12", "amount"),
        ("少了名称。", None, "title"),
    ]
    assert (refused.value.field, refused.value.rule) == ("amount", "ZH-12")


def test_a_refused_decision_raises_and_a_granted_one_does_not() -> None:
    YES.require()
    with pytest.raises(Refusal, match="不行") as refused:
        no("不行", "ZH-22", "months").require()
    assert (refused.value.rule, refused.value.field, refused.value.status) == ("ZH-22", "months", 422)
    assert Conflict("慢了一步").status == 409


def test_a_role_counts_only_in_its_unit() -> None:
    actor = Actor(7, "经办", frozenset({Grant(Role.STREET_CLERK, 3)}))
    assert actor.has(Role.STREET_CLERK)
    assert actor.has(Role.STREET_CLERK, 3)
    assert not actor.has(Role.STREET_CLERK, 4)
    assert actor.roles_in(3) == {Role.STREET_CLERK}
    assert actor.roles_in(None) == frozenset()
    assert SYSTEM.is_system
    assert not actor.is_system


def test_every_role_has_a_name() -> None:
    assert set(ROLE_NAMES) == set(Role)


PRODUCTION = {
    "ZHENJIE_ENV": "production",
    "SECRET_KEY": "s" * 32,
    "AUDIT_KEY": "a" * 32,
    "PUBLIC_URL": "https://gov.example",
    "DATABASE_URL": "postgresql+psycopg://db/zhenjie",
}


@pytest.mark.parametrize("name", ["SECRET_KEY", "AUDIT_KEY", "PUBLIC_URL", "DATABASE_URL"])
def test_production_does_not_start_without_its_settings(name: str) -> None:
    made: Settings = load(PRODUCTION)
    assert made.is_production
    assert not made.is_demo
    with pytest.raises(SettingsError, match=name):
        load({**PRODUCTION, name: ""})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SECRET_KEY": "short"}, "too short.*SECRET_KEY"),
        ({"SECRET_KEY": "a" * 32}, "must differ"),
        ({"PUBLIC_URL": "gov.example"}, "PUBLIC_URL"),
        ({"TRUSTED_PROXIES": "two"}, "TRUSTED_PROXIES"),
    ],
)
def test_a_wrong_setting_is_named_in_one_plain_line(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        load({**PRODUCTION, **wrong})
    assert "\n" not in str(caught.value)


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(SettingsError, match="staging"):
        load({"ZHENJIE_ENV": "staging"})
