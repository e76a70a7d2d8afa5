"""Tables of procurement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row
from app.runtime.models import OfCase


class Procurement(OfCase):
    """One round of buying; a failed round is followed by a new one."""

    __tablename__ = "procurement"
    __table_args__ = (
        UniqueConstraint("case_id", "round"),
        CheckConstraint(
            "state IN ('planned','drafted','published','opened','ranked','awarded','failed','cancelled')",
            name="state",
        ),
        CheckConstraint("opened_at IS NULL OR opened_at > bid_until", name="opened_after_deadline"),
        CheckConstraint(
            "published_at IS NULL OR (bid_until IS NOT NULL AND document_text IS NOT NULL"
            " AND document_sha256 IS NOT NULL)",
            name="published_document",
        ),
        CheckConstraint("ceiling > 0", name="ceiling"),
    )
    round: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="planned")
    method: Mapped[str] = mapped_column(String(30))
    basis: Mapped[str] = mapped_column(Text)
    ground: Mapped[str | None] = mapped_column(String(30))
    approval_no: Mapped[str | None] = mapped_column(String(80))
    facts: Mapped[dict[str, Any]]
    ceiling: Mapped[int] = mapped_column(BigId)
    requirements: Mapped[str | None] = mapped_column(Text)
    criteria: Mapped[list[Any]]
    scoring: Mapped[list[Any]]
    file_ids: Mapped[list[Any]]
    response_days: Mapped[int | None]
    invited: Mapped[list[Any]]  # ids of organisations, where the method asks only some; [] = everybody
    invited_note: Mapped[str | None] = mapped_column(Text)
    document_text: Mapped[str | None] = mapped_column(Text)  # what everybody gets, to the letter
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    drafted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    cleared_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    published_at: Mapped[datetime | None]
    notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))
    bid_until: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    opened_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ranking: Mapped[list[Any] | None]


class Bid(OfCase):
    """An organisation's answer to a call; unreadable to everyone else before the opening."""

    __tablename__ = "bid"
    __table_args__ = (
        UniqueConstraint("procurement_id", "organisation_id"),
        CheckConstraint("amount > 0", name="amount"),
    )
    procurement_id: Mapped[int] = mapped_column(BigId, ForeignKey("procurement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    amount: Mapped[int] = mapped_column(BigId)
    plan: Mapped[str] = mapped_column(Text)
    file_ids: Mapped[list[Any]]
    submitted_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    submitted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    withdrawn_at: Mapped[datetime | None]
    nonce: Mapped[str] = mapped_column(String(32))  # without it a price could be guessed from the fingerprint
    sha256: Mapped[str] = mapped_column(String(64))
    qualified: Mapped[bool | None]
    qualified_reason: Mapped[str | None] = mapped_column(Text)


class DocumentAccess(Row):
    """Who took the call document, and that it was the same for all (ZH-16a)."""

    __tablename__ = "document_access"
    procurement_id: Mapped[int] = mapped_column(BigId, ForeignKey("procurement.id"), index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))


class TieDeclaration(OfCase):
    """A scorer says he has a tie with an organisation; he scores nothing of it in this case (L-19)."""

    __tablename__ = "tie_declaration"
    __table_args__ = (UniqueConstraint("procurement_id", "person_id", "organisation_id"),)
    procurement_id: Mapped[int] = mapped_column(BigId, ForeignKey("procurement.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    at: Mapped[datetime]


class Score(OfCase):
    """One scorer's points for one bid under one criterion, in hundredths."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("bid_id", "scorer_id", "criterion"),
        CheckConstraint("points >= 0", name="points"),
    )
    procurement_id: Mapped[int] = mapped_column(BigId, ForeignKey("procurement.id"), index=True)
    bid_id: Mapped[int] = mapped_column(BigId, ForeignKey("bid.id"))
    scorer_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    criterion: Mapped[str] = mapped_column(String(80))
    points: Mapped[int]


class Award(OfCase):
    """The chosen bid of a round."""

    __tablename__ = "award"
    __table_args__ = (UniqueConstraint("procurement_id"),)
    procurement_id: Mapped[int] = mapped_column(BigId, ForeignKey("procurement.id"))
    bid_id: Mapped[int] = mapped_column(BigId, ForeignKey("bid.id"))
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    amount: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(Text)
    low_price_reason: Mapped[str | None] = mapped_column(Text)
    credit: Mapped[dict[str, Any]]
    awarded_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    awarded_at: Mapped[datetime]
    notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))


protect(TieDeclaration)
protect(Score)
protect(DocumentAccess)
