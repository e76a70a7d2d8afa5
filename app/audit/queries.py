"""Search the audit log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select

from app.audit.models import AuditEntry
from app.core.db import session

PAGE = 50


def search(
    *,
    person: str = "",
    subject: str = "",
    actions: Collection[str] = (),
    room: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[AuditEntry]:
    """Entries, newest first, by keyset pages (查询审计).

    Args:
        person: part of the name of who acted.
        subject: part of what it was about: login name, case number, unit; or a chain (`case:7`).
        actions: only these acts.
        room: only acts of this room (`accounts`).
        before: number of the last entry of the page before.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if person:
        query = query.where(AuditEntry.actor_name.contains(person, autoescape=True))
    if subject:
        query = query.where(
            or_(AuditEntry.subject.contains(subject, autoescape=True), AuditEntry.chain == subject)
        )
    if actions:
        query = query.where(AuditEntry.action.in_(sorted(actions)))
    if room:
        query = query.where(AuditEntry.action.startswith(f"{room}.", autoescape=True))
    if start is not None:
        query = query.where(AuditEntry.at >= start)
    if end is not None:
        query = query.where(AuditEntry.at < end)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(session().scalars(query))
