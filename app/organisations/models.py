"""Tables of organisations and their credit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row

KINDS = ("social_group", "social_service", "foundation", "filed")


class Organisation(Row):
    """A social organisation: registered with civil affairs, or filed with a street (ZH-03)."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("kind = 'filed' OR uscc IS NOT NULL", name="registered_has_uscc"),
        CheckConstraint(
            "kind <> 'filed' OR (filing_no IS NOT NULL AND filing_street_id IS NOT NULL)", name="filed_has_filing"
        ),
        Index("ix_organisation_sort", "sort_key"),
    )
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    filing_no: Mapped[str | None] = mapped_column(String(60))
    filing_street_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    filing_date: Mapped[date | None]
    sort_key: Mapped[str] = mapped_column(String(400))
    initials: Mapped[str] = mapped_column(String(60))
    scope: Mapped[list[Any]]
    phone: Mapped[str | None] = mapped_column(String(40))
    is_evaluator: Mapped[bool] = mapped_column(default=False)
    registration_valid_until: Mapped[date | None]


class CreditEntry(Row):
    """One line of an organisation's credit record; append-only, the organisation cannot touch it (ZH-24c)."""

    __tablename__ = "credit_entry"
    __table_args__ = (Index("ix_credit_entry_organisation", "organisation_id", "id"),)
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    grade: Mapped[str | None] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    list_kind: Mapped[str | None] = mapped_column(String(10))  # local or national dishonesty list
    until: Mapped[date | None]
    at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


protect(CreditEntry)
