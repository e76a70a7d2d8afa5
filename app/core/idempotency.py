"""Twice the same request is one effect: the first answer is kept and given again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import BigId, Row, session
from app.core.errors import Conflict
from app.core.identity import Actor
from app.core.straight import Prepared

USED = "这张表单已经提交过，内容与上次不同。请刷新页面，在最新内容上重新填写。"


class IdempotencyKey(Row):
    """A request that has been carried out, with its answer."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("person_id", "scope", "key"),)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    scope: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    request_hash: Mapped[str] = mapped_column(String(64))
    response: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


NAMES = ("person_id", "scope", "key", "request_hash", "response", "created_at")


def _fingerprint(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(dict(request), option=orjson.OPT_SORT_KEYS)).hexdigest()


@cache
def _insert(dialect: str) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(IdempotencyKey)
    return Prepared(made.on_conflict_do_nothing().returning(IdempotencyKey.id), NAMES)


def remember(actor: Actor, scope: str, key: str | None, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer given to this request before, None when it is new (or carries no key).

    Asked inside the unit of work that will answer it: a twin that comes meanwhile waits until that ends.

    Raises:
        Conflict: the key was used for another request.
    """
    if not key or actor.person_id is None:
        return None
    wait_for_twins(f"{actor.person_id} {scope} {key[:80]}")
    found = session().scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.person_id == actor.person_id,
            IdempotencyKey.scope == scope,
            IdempotencyKey.key == key[:80],
        )
    )
    if found is None:
        return None
    if found.request_hash != _fingerprint(request):
        raise Conflict(USED)
    return found.response


def wait_for_twins(name: str) -> None:
    """A twin of this request that is under way is waited for; SQLite lets one writer in at a time anyway."""
    connection = session().connection()
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def answer(
    actor: Actor, scope: str, key: str | None, request: Mapping[str, Any], response: Mapping[str, Any]
) -> None:
    """Keep the answer in the transaction of the effect.

    Raises:
        Conflict: the key was used for another request, by now or by a racing twin.
    """
    if not key or actor.person_id is None:
        return
    connection = session().connection()
    row = {
        "person_id": actor.person_id,
        "scope": scope,
        "key": key[:80],
        "request_hash": _fingerprint(request),
        "response": dict(response),
        "created_at": clock.now(),
    }
    if _insert(connection.dialect.name).run(connection, row).scalar() is None:
        raise Conflict(USED)
