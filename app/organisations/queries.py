"""Reads of organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, tuple_

from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.organisations.models import CapacityClaim, CreditEntry, Organisation
from app.organisations.rules import LIST_NAMES, MEMBERS
from app.policy.models import PackVersion
from app.policy.queries import pack

PAGE = 20
SHOWN = 10


@dataclass(frozen=True, slots=True)
class CreditSnapshot:
    """An organisation's credit on a day: on which list, and its entries.

    Attributes:
        list_kind: none, local or national; the gravest list counts.
    """

    list_kind: str
    entries: tuple[str, ...]

    @property
    def words(self) -> str:
        """What a person reads."""
        return LIST_NAMES[self.list_kind]


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


def organisation_of(actor: Actor) -> Organisation | None:
    """The organisation the actor belongs to, None for everybody else."""
    units = sorted(grant.unit_id for grant in actor.grants if grant.role in MEMBERS)
    return organisation_of_unit(units[0]) if units else None


def evaluators() -> list[Organisation]:
    """Bodies that evaluate."""
    query = select(Organisation).where(Organisation.is_evaluator).order_by(Organisation.sort_key)
    return list(session().scalars(query))


def search(
    text: str = "", limit: int = 50, *, kind: str = "", after: tuple[str, int] | None = None
) -> list[Organisation]:
    """Organisations by part of the name or by pinyin initials, in the order of their pinyin.

    Args:
        after: sort key and id of the last one of the page before.
    """
    query = select(Organisation)
    if text:
        query = query.where(
            or_(
                Organisation.name.contains(text, autoescape=True),
                Organisation.initials.contains(text.lower(), autoescape=True),
                Organisation.uscc == text.upper(),
            )
        )
    if kind:
        query = query.where(Organisation.kind == kind)
    if after is not None:
        query = query.where(tuple_(Organisation.sort_key, Organisation.id) > tuple_(*after))
    return list(session().scalars(query.order_by(Organisation.sort_key, Organisation.id).limit(limit)))


def capacity_of(organisation_id: int) -> list[CapacityClaim]:
    """What the organisation says it can do, newest first."""
    query = select(CapacityClaim).where(CapacityClaim.organisation_id == organisation_id)
    return list(session().scalars(query.order_by(CapacityClaim.id.desc())))


def credit_of(organisation_id: int) -> list[CreditEntry]:
    """The credit record, newest first."""
    query = select(CreditEntry).where(CreditEntry.organisation_id == organisation_id)
    return list(session().scalars(query.order_by(CreditEntry.id.desc())))


def listings(organisation_id: int, day: date) -> list[CreditEntry]:
    """The dishonesty lists an organisation is on, on a day; what was lifted counts no more."""
    entries = credit_of(organisation_id)
    lifted = {e.lifts_id for e in entries if e.lifts_id is not None and (e.since is None or e.since <= day)}
    return [
        e
        for e in entries
        if e.list_kind is not None
        and e.id not in lifted
        and (e.since is None or e.since <= day)
        and (e.until is None or e.until >= day)
    ]


def credit_snapshot(organisation_id: int, day: date) -> CreditSnapshot:
    """What the credit record says on a day."""
    listed = {entry.list_kind for entry in listings(organisation_id, day)}
    kind = "national" if "national" in listed else "local" if "local" in listed else "none"
    return CreditSnapshot(kind, tuple(entry.text for entry in credit_of(organisation_id)[:SHOWN]))


def categories() -> list[tuple[str, str]]:
    """Codes and names of all categories of service, of every pack in force."""
    versions = session().scalars(select(PackVersion.id).where(PackVersion.active).order_by(PackVersion.key))
    found: dict[str, str] = {}
    for version in versions:
        for code, name, _parent in pack(version).codes("category"):
            found.setdefault(code, name)
    return list(found.items())


def districts(organisation: Organisation) -> list[OrgUnit]:
    """The districts an organisation may say it serves: those of its city."""
    query = select(OrgUnit).where(
        OrgUnit.city == organisation_city(organisation), OrgUnit.kind == "district", OrgUnit.active
    )
    return list(session().scalars(query.order_by(OrgUnit.code, OrgUnit.id)))


def organisation_city(organisation: Organisation) -> str:
    """The city in which an organisation is registered."""
    return unit(organisation.unit_id).city
