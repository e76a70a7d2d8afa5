"""Tables of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import Base, BigId, Row


class AuditChain(Base):
    """The head of one chain; its row serialises the writers of that chain and of no other."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        # The seal of each minute looks only at chains that grew, however many there are.
        Index(
            "ix_audit_chain_unsealed",
            "chain",
            postgresql_where=text("length > sealed_length"),
            sqlite_where=text("length > sealed_length"),
        ),
    )
    chain: Mapped[str] = mapped_column(String(80), primary_key=True)
    length: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    sealed_length: Mapped[int] = mapped_column(default=0)


class AuditEntry(Row):
    """One act. Each entry carries the fingerprint of the one before it."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("chain", "seq"), Index("ix_audit_entry_at", "at", "id"))
    chain: Mapped[str] = mapped_column(String(80))
    seq: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    actor_name: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    history_hash: Mapped[str | None] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditSeal(Row):
    """The heads of all chains at a moment, under a keyed fingerprint: nobody can shorten a chain unseen."""

    __tablename__ = "audit_seal"
    __table_args__ = (UniqueConstraint("seq"),)
    seq: Mapped[int]
    at: Mapped[datetime]
    heads: Mapped[dict[str, Any]]  # chains that moved since the seal before: chain → [length, head]
    prev_mac: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


protect(AuditEntry)
protect(AuditSeal)
