"""What the fingerprints of the log cover."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from app.audit import fingerprints
from app.audit.models import AuditEntry, AuditSeal
from app.core.clock import SHANGHAI

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ENTRY: dict[str, Any] = {
    "chain": "pot:7",
    "seq": 2,
    "at": AT,
    "actor_id": 3,
    "actor_name": "区财政",
    "action": "funds.allot",
    "subject": "pot:7",
    "before": {"amount": 1},
    "after": {"amount": 2},
    "history_hash": "a" * 64,
    "prev_hash": "b" * 64,
}
SEAL: dict[str, Any] = {"seq": 1, "at": AT, "heads": {"pot:7": [2, "c" * 64]}, "prev_mac": "d" * 64}


@pytest.fixture(autouse=True)
def key() -> Iterator[None]:
    fingerprints.configure("key-of-this-test")
    yield
    fingerprints.configure("test-audit-key")


@pytest.mark.parametrize("column", ENTRY)
def test_each_column_of_an_entry_is_covered(column: str) -> None:
    other = {"seq": 3, "at": AT + timedelta(microseconds=1), "actor_id": None}.get(column, "another")
    assert fingerprints.of_entry({**ENTRY, column: other}) != fingerprints.of_entry(ENTRY)


def test_every_column_of_an_entry_is_in_that_list() -> None:
    columns = {column.name for column in AuditEntry.__table__.columns}
    assert columns == {*ENTRY, "id", "hash"}


@pytest.mark.parametrize("column", SEAL)
def test_each_column_of_a_seal_is_covered(column: str) -> None:
    other = {"seq": 2, "at": AT + timedelta(seconds=1), "heads": {}}.get(column, "another")
    changed = AuditSeal(**{**SEAL, column: other})
    assert fingerprints.of_seal(changed) != fingerprints.of_seal(AuditSeal(**SEAL))


def test_the_same_moment_in_another_zone_is_the_same_entry() -> None:
    elsewhere = {**ENTRY, "at": AT.astimezone(SHANGHAI)}
    assert fingerprints.of_entry(elsewhere) == fingerprints.of_entry(ENTRY)


def test_another_key_gives_other_fingerprints() -> None:
    entry, seal = ENTRY, AuditSeal(**SEAL)
    before = (fingerprints.of_entry(entry), fingerprints.of_seal(seal), fingerprints.digest("x"))
    fingerprints.configure("another-key")
    after = (fingerprints.of_entry(entry), fingerprints.of_seal(seal), fingerprints.digest("x"))
    assert not set(before) & set(after)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(config.SettingsError):
        fingerprints.configure("")


def test_days_become_text_as_the_database_would_keep_them() -> None:
    assert fingerprints.plain({"day": date(2026, 3, 2), "pair": (1, 2)}) == {
        "day": "2026-03-02",
        "pair": [1, 2],
    }
    assert fingerprints.plain(None) is None


@given(st.dictionaries(st.text(), VALUES))
def test_a_plain_value_survives_the_database(value: dict[str, Any]) -> None:
    """What is hashed when written is what comes back from a JSON column."""
    kept = fingerprints.plain(value)
    assert json.loads(json.dumps(kept)) == kept
    assert fingerprints.plain(kept) == kept
