"""Tables of the ledger. Constraints keep every sum at or above zero whatever a program says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row
from app.runtime.models import OfCase

SOURCES = ("fiscal", "charity", "community_fund", "residents")
ACCOUNTS = ("outside", "free", "reserved", "encumbered", "paid")
KINDS = ("allot", "reserve", "unreserve", "encumber", "disencumber", "pay")


class Pot(Row):
    """Money of one source for one street and year, with its running sums in fen."""

    __tablename__ = "pot"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        CheckConstraint("allotted >= 0 AND reserved >= 0 AND encumbered >= 0 AND paid >= 0", name="sums"),
        CheckConstraint("allotted - reserved - encumbered - paid >= 0", name="free"),
        Index("ix_pot_street", "street_id", "year"),
    )
    street_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    year: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(40))
    purposes: Mapped[list[Any]]  # category codes the money may serve; [] = any (ZH-13a)
    donor: Mapped[str | None] = mapped_column(String(120))
    agreement: Mapped[str | None] = mapped_column(String(200))
    keeper: Mapped[str | None] = mapped_column(String(120))
    resolution: Mapped[str | None] = mapped_column(String(200))
    public_fundraising: Mapped[bool] = mapped_column(default=False)
    certificate_no: Mapped[str | None] = mapped_column(String(60))
    allotted: Mapped[int] = mapped_column(BigId, default=0)
    reserved: Mapped[int] = mapped_column(BigId, default=0)
    encumbered: Mapped[int] = mapped_column(BigId, default=0)
    paid: Mapped[int] = mapped_column(BigId, default=0)

    @property
    def free(self) -> int:
        """What may still be reserved, in fen."""
        return self.allotted - self.reserved - self.encumbered - self.paid


class CaseFund(OfCase):
    """What one case holds in one pot."""

    __tablename__ = "case_fund"
    __table_args__ = (
        UniqueConstraint("case_id", "pot_id"),
        CheckConstraint("reserved >= 0 AND encumbered >= 0 AND paid >= 0", name="sums"),
    )
    pot_id: Mapped[int] = mapped_column(BigId, ForeignKey("pot.id"))
    position: Mapped[int]  # payments draw the pots in this order (ZH-15)
    reserved: Mapped[int] = mapped_column(BigId, default=0)
    encumbered: Mapped[int] = mapped_column(BigId, default=0)
    paid: Mapped[int] = mapped_column(BigId, default=0)
    # Who found that this keeper being the provider does no harm, for which provider, and why (ZH-14-2).
    conflict_provider_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    conflict_cleared_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    conflict_reason: Mapped[str | None] = mapped_column(String(500))


class Entry(Row):
    """One movement inside a pot, from one account to another: the ledger sums to zero by its shape."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("from_account <> to_account", name="moves"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"from_account IN {ACCOUNTS} AND to_account IN {ACCOUNTS}", name="accounts"),
        Index("ix_ledger_entry_pot", "pot_id", "id"),
    )
    at: Mapped[datetime]
    pot_id: Mapped[int] = mapped_column(BigId, ForeignKey("pot.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    city: Mapped[str | None] = mapped_column(String(6))
    kind: Mapped[str] = mapped_column(String(16))
    from_account: Mapped[str] = mapped_column(String(12))
    to_account: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(BigId)
    actor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    ref: Mapped[str] = mapped_column(String(120))


protect(Entry)
