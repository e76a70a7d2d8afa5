"""What the hashes of the log cover, byte for byte, and the key they stand under."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

import config
from app.audit.models import AuditSeal

START = "0" * 64
_key: bytes | None = None


def configure(key: str) -> None:
    """Set the key of the log (AUDIT_KEY), which the database never holds."""
    global _key
    if not key:
        raise config.SettingsError("AUDIT_KEY is empty")
    _key = key.encode()


def digest(value: str) -> str:
    """A keyed fingerprint of something personal: comparable, not readable, not guessable without the key."""
    return _mac("personal", value)


def plain(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A value as the database gives it back: days and moments as text, tuples as lists."""
    return None if value is None else orjson.loads(orjson.dumps(dict(value)))


COVERED = (
    "chain", "seq", "at", "actor_id", "actor_name", "action", "subject", "before", "after", "history_hash", "prev_hash",
)  # fmt: skip
"""Columns of an entry that its fingerprint covers, in this order for ever."""


def of_entry(entry: Mapping[str, Any]) -> str:
    """The keyed fingerprint of an entry, over the one before it and all it says.

    Keyed, so that who can write to the database still cannot write an entry that passes.

    Args:
        entry: its columns by name, `COVERED` at least.
    """
    return _mac("entry", [_moment(entry["at"]) if name == "at" else entry[name] for name in COVERED])


def of_seal(seal: AuditSeal) -> str:
    """The keyed fingerprint of a seal, over the one before it and the heads it holds."""
    return _mac("seal", [seal.seq, _moment(seal.at), seal.heads, seal.prev_mac])


def same(one: str, other: str) -> bool:
    """Whether two fingerprints are equal, in constant time."""
    return hmac.compare_digest(one, other)


def _canonical(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _mac(use: str, value: object) -> str:
    # The use is part of what is signed: a digest of a personal value can never pass for a seal.
    if _key is None:
        configure(config.load().audit_key)
    assert _key is not None
    return hmac.new(_key, _canonical([use, value]), hashlib.sha256).hexdigest()
