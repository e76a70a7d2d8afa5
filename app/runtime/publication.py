"""Put versions of models in force: now, from a moment on, or an older one again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, Refusal
from app.core.identity import SYSTEM, Actor
from app.policy import services as policy
from app.runtime.models import Definition, Publication


def publish(
    actor: Actor, definition_id: int, valid_from: datetime | None = None, reason: str = ""
) -> Definition:
    """Put a version in force, now or from a moment on (发布); never by the person who made it.

    Raises:
        Forbidden: if the actor made it.
        Conflict: it is in force already, or was.
    """
    with unit_of_work():
        row = _for_act(actor, definition_id, "draft", "这个版本已经发布过。")
        if valid_from is not None and valid_from > clock.now():
            row.state, row.valid_from, row.published_by = "scheduled", valid_from, actor.person_id
            _remember(actor, row, "scheduled", valid_from, reason)
        else:
            put_in_force(actor, row, "published", reason)
        return row


def cancel_schedule(actor: Actor, definition_id: int, reason: str) -> Definition:
    """Take a planned publication back (撤销定时发布).

    Raises:
        Conflict: it is no longer planned.
    """
    with unit_of_work():
        row = _for_act(actor, definition_id, "scheduled", "这个版本没有待生效的发布计划，可能已经生效。")
        _remember(actor, row, "cancelled", row.valid_from or clock.now(), reason)
        row.state, row.valid_from, row.published_by = "draft", None, None
        return row


def roll_back(actor: Actor, definition_id: int, reason: str) -> Definition:
    """Put an older version in force again, as a new act (回退).

    Raises:
        Forbidden: if the actor made that version.
        Refusal: no reason.
        Conflict: it is not an older version.
    """
    if not reason.strip():
        raise Refusal("请写明回退的原因。", field="reason")
    with unit_of_work():
        row = _for_act(actor, definition_id, "retired", "只能回退到曾经发布、现已停用的版本。")
        put_in_force(actor, row, "rolled_back", reason.strip())
        return row


def put_due_in_force() -> int:
    """Put the versions in force whose planned moment has come (到期生效); answers how many."""
    query = select(Definition.id).where(Definition.state == "scheduled", Definition.valid_from <= clock.now())
    due = session().scalars(query.order_by(Definition.valid_from, Definition.id)).all()
    done = 0
    for definition_id in due:
        with unit_of_work() as db:
            row = db.get_one(Definition, definition_id, with_for_update=True, populate_existing=True)
            if row.state == "scheduled" and row.valid_from is not None and row.valid_from <= clock.now():
                put_in_force(SYSTEM, row, "published")
                done += 1
    return done


def _for_act(actor: Actor, definition_id: int, state: str, otherwise: str) -> Definition:
    row = session().get_one(Definition, definition_id, with_for_update=True, populate_existing=True)
    if row.state != state:
        raise Conflict(otherwise)
    if row.created_by is not None and row.created_by == actor.person_id:
        raise Forbidden("不能发布自己提交的流程，请由另一名有发布权限的人员发布。")
    return row


def put_in_force(actor: Actor, row: Definition, kind: str, reason: str = "") -> None:
    """Let new cases start with this version and its pack; the one before is kept for its running cases."""
    db = session()
    db.execute(
        update(Definition)
        .where(
            Definition.pack_key == row.pack_key,
            Definition.process_key == row.process_key,
            Definition.state == "published",
        )
        .values(state="retired")
    )
    at = clock.now()
    row.state, row.published_at = "published", at
    row.valid_from = row.valid_from if actor.is_system and row.valid_from else at
    if not actor.is_system:
        row.published_by = actor.person_id
    if row.pack_version_id is not None:
        policy.activate(actor, row.pack_version_id)
    _remember(actor, row, kind, at, reason)


def _remember(actor: Actor, row: Definition, kind: str, valid_from: datetime, reason: str) -> None:
    session().add(
        Publication(
            definition_id=row.id,
            kind=kind,
            at=clock.now(),
            by_id=actor.person_id,
            valid_from=valid_from,
            reason=reason,
        )
    )
    record(
        f"definition:{row.id}",
        f"runtime.{'publish' if kind == 'published' else kind}",
        actor=actor,
        subject=f"{row.process_key} v{row.no}",
        after={"state": row.state, "valid_from": valid_from.isoformat()},
    )
