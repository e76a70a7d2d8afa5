"""Tables of organisations, of what they say they can do, and of their credit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row

KINDS = ("social_group", "social_service", "foundation", "filed")
CAPACITIES = ("staff", "place", "experience", "finance", "other")
CREDITS = ("evaluation", "honour", "penalty", "listing", "lifted")


class Organisation(Row):
    """A social organisation: registered with civil affairs, or filed with a street (ZH-03).

    The rating is told and never a condition for taking part (ZH-16b).
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("kind = 'filed' OR uscc IS NOT NULL", name="registered_has_uscc"),
        CheckConstraint(
            "kind <> 'filed' OR (filing_no IS NOT NULL AND filing_street_id IS NOT NULL"
            " AND filing_date IS NOT NULL)",
            name="filed_has_filing",
        ),
        UniqueConstraint("filing_street_id", "filing_no"),
        Index("ix_organisation_sort", "sort_key", "id"),
    )
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    filing_no: Mapped[str | None] = mapped_column(String(60))
    filing_street_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    filing_date: Mapped[date | None]
    sort_key: Mapped[str] = mapped_column(String(400))  # pinyin: the order people look names up in
    initials: Mapped[str] = mapped_column(String(60))
    scope: Mapped[list[Any]]  # codes of the categories it can serve
    areas: Mapped[list[Any]]  # ids of the units it serves
    contact: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(200))
    is_evaluator: Mapped[bool] = mapped_column(default=False)
    registration_valid_until: Mapped[date | None]
    rating: Mapped[str | None] = mapped_column(String(10))
    rating_valid_until: Mapped[date | None]


class CapacityClaim(Row):
    """What an organisation says it can do, with its proof; a newer line replaces an older one (ZH-24c)."""

    __tablename__ = "capacity_claim"
    __table_args__ = (
        CheckConstraint(f"kind IN {CAPACITIES}", name="kind"),
        Index("ix_capacity_claim_organisation", "organisation_id", "id"),
    )
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    file_ids: Mapped[list[Any]]
    at: Mapped[datetime]
    claimed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class CreditEntry(Row):
    """One line of an organisation's credit record; append-only, the organisation cannot touch it (ZH-24c)."""

    __tablename__ = "credit_entry"
    __table_args__ = (
        CheckConstraint(f"kind IN {CREDITS}", name="kind"),
        CheckConstraint("list_kind IS NULL OR list_kind IN ('local','national')", name="list_kind"),
        CheckConstraint("(kind = 'listing') = (list_kind IS NOT NULL)", name="listing_has_list"),
        CheckConstraint("(kind = 'lifted') = (lifts_id IS NOT NULL)", name="lifted_names_listing"),
        UniqueConstraint("lifts_id"),
        Index("ix_credit_entry_organisation", "organisation_id", "id"),
    )
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    grade: Mapped[str | None] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    document_no: Mapped[str | None] = mapped_column(String(80))
    list_kind: Mapped[str | None] = mapped_column(String(10))  # local or national dishonesty list
    since: Mapped[date | None]
    until: Mapped[date | None]
    lifts_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("credit_entry.id"))
    at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


protect(CapacityClaim)
protect(CreditEntry)
