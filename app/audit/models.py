"""The audit log: one hash chain per thing, sealed every minute with a key the database does not hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import Base, BigId, Row


class AuditChain(Base):
    """Length and head of one chain; its row is the lock under which the chain grows."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        Index("ix_audit_chain_unsealed", "chain", postgresql_where=text("length > sealed_length"),
              sqlite_where=text("length > sealed_length")),
    )  # fmt: skip
    chain: Mapped[str] = mapped_column(String(120), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(String(64), default="")
    sealed_length: Mapped[int] = mapped_column(default=0)


class AuditEntry(Row):
    """One act: who, when, what, before and after; tied to the entry before it."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index("ix_audit_entry_actor", "actor_id", "at"),
        Index("ix_audit_entry_at", "at", "id"),
    )
    chain: Mapped[str] = mapped_column(String(120))
    seq: Mapped[int]
    at: Mapped[datetime]
    # No foreign key: the log stands below people and outlives them.
    actor_id: Mapped[int | None] = mapped_column(BigId)
    actor_name: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(160))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    history_hash: Mapped[str | None] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditSeal(Row):
    """The heads of all chains that grew since the last seal, under the audit key."""

    __tablename__ = "audit_seal"
    __table_args__ = (UniqueConstraint("seq"),)
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    heads: Mapped[list[Any]]  # [[chain, length, head hash], …] by chain
    digest: Mapped[str] = mapped_column(String(64))
    prev_mac: Mapped[str] = mapped_column(String(64))
    mac: Mapped[str] = mapped_column(String(64))


protect(AuditEntry)
protect(AuditSeal)
