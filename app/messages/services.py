"""Tell people."""

from __future__ import annotations

from collections.abc import Iterable

from app.core import clock
from app.core.db import unit_of_work
from app.messages.models import Message


def notify(
    person_ids: Iterable[int], kind: str, title: str, url: str, case_id: int | None = None
) -> None:
    """Put a line into the message boxes of people (通知), in the open unit of work."""
    at = clock.now()
    with unit_of_work() as db:
        db.add_all(
            Message(person_id=person, case_id=case_id, kind=kind, title=title, url=url, created_at=at)
            for person in sorted(set(person_ids))
        )
