"""Collect needs."""

from __future__ import annotations

from app.accounts.queries import unit
from app.audit.services import record
from app.core import clock, idempotency
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, require_all
from app.core.identity import Actor
from app.needs import rules
from app.needs.models import Need


def collect(
    actor: Actor,
    *,
    unit_id: int,
    channel: str,
    beneficiaries: str,
    text: str,
    anonymous: bool = True,
    said_by: str | None = None,
    voices: int = 1,
    unlisted: bool = False,
    key: str | None = None,
) -> Need:
    """Register a need (登记需求; ZH-09a, ZH-09c).

    Args:
        unit_id: the community it was heard in, or the street for what concerns all of it.
        beneficiaries: one of `rules.GROUPS`.
        voices: how many residents said it.
        unlisted: nothing on the district's list answers it.
        key: of the form; the same form sent twice is one need.

    Raises:
        Refusals: no text, unknown channel or group, a name where none is wished or none where one is, or a
            place that is not the actor's.
        Conflict: the key was used for another need.
    """
    said_by = (said_by or "").strip() or None
    asked = {
        "unit_id": unit_id,
        "channel": channel,
        "beneficiaries": beneficiaries,
        "text": text.strip(),
        "anonymous": anonymous,
        "said_by": said_by,
        "voices": voices,
        "unlisted": unlisted,
    }
    with unit_of_work() as db:
        place = unit(unit_id)
        if place.kind not in ("community", "street"):
            raise Refusal("请选择需求所在的社区。", field="unit_id", rule="ZH-09a")
        require_all(
            [
                rules.may_register(actor, place.id, place.parent_id),
                *rules.need_allowed(
                    channel=channel,
                    group=beneficiaries,
                    text=text,
                    anonymous=anonymous,
                    said_by=said_by,
                    voices=voices,
                ),
            ]
        )
        known = idempotency.remember(actor, "needs.collect", key, asked)
        if known is not None:
            return session().get_one(Need, known["id"])
        made = Need(**asked, created_at=clock.now(), created_by=actor.person_id)
        db.add(made)
        db.flush()
        record(f"need:{made.id}", "needs.collect", actor=actor, subject=channel)
        idempotency.answer(actor, "needs.collect", key, asked, {"id": made.id})
        return made
