"""Collect needs."""

from __future__ import annotations

from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor
from app.needs.models import Need


def collect(actor: Actor, *, unit_id: int, channel: str, beneficiaries: str, text: str) -> Need:
    """Register a need (登记需求; ZH-09a).

    Raises:
        Refusal: no text.
    """
    if not text.strip():
        raise Refusal("请写明居民需要什么服务。", field="text", rule="ZH-09a")
    with unit_of_work() as db:
        made = Need(
            unit_id=unit_id,
            channel=channel,
            beneficiaries=beneficiaries,
            text=text.strip(),
            created_at=clock.now(),
            created_by=actor.person_id,
        )
        db.add(made)
        db.flush()
        record(f"need:{made.id}", "needs.collect", actor=actor, subject=channel)
        return made
