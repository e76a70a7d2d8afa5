"""Reads of organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from app.core.db import session
from app.core.errors import NotFound
from app.organisations.models import CreditEntry, Organisation


@dataclass(frozen=True, slots=True)
class CreditSnapshot:
    """An organisation's credit on a day: on which list, and its entries."""

    list_kind: str  # none, local, national
    entries: tuple[str, ...]


def by_id(organisation_id: int) -> Organisation:
    """An organisation.

    Raises:
        NotFound: there is none.
    """
    found = session().get(Organisation, organisation_id)
    if found is None:
        raise NotFound
    return found


def organisation_of_unit(unit_id: int | None) -> Organisation | None:
    """The organisation a unit stands for."""
    if unit_id is None:
        return None
    return session().scalar(select(Organisation).where(Organisation.unit_id == unit_id))


def evaluators() -> list[Organisation]:
    """Bodies that evaluate."""
    query = select(Organisation).where(Organisation.is_evaluator).order_by(Organisation.sort_key)
    return list(session().scalars(query))


def search(text: str = "", limit: int = 50) -> list[Organisation]:
    """Organisations by part of the name or by pinyin initials."""
    query = select(Organisation)
    if text:
        query = query.where(
            or_(
                Organisation.name.contains(text, autoescape=True),
                Organisation.initials.startswith(text.lower(), autoescape=True),
            )
        )
    return list(session().scalars(query.order_by(Organisation.sort_key).limit(limit)))


def credit_of(organisation_id: int) -> list[CreditEntry]:
    """The credit record, newest first."""
    query = select(CreditEntry).where(CreditEntry.organisation_id == organisation_id)
    return list(session().scalars(query.order_by(CreditEntry.id.desc())))


def credit_snapshot(organisation_id: int, day: date) -> CreditSnapshot:
    """What the credit record says on a day."""
    entries = credit_of(organisation_id)
    listed = {e.list_kind for e in entries if e.list_kind and (e.until is None or e.until >= day)}
    kind = "national" if "national" in listed else "local" if "local" in listed else "none"
    return CreditSnapshot(kind, tuple(e.text for e in entries[:10]))
