"""Tables of packs and of the working-day calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Base, BigId, Row


class PackVersion(Row):
    """One immutable version of a pack with all its layers' files; cases point to the one they started with."""

    __tablename__ = "pack_version"
    __table_args__ = (UniqueConstraint("key", "sha256"), UniqueConstraint("key", "no"))
    key: Mapped[str] = mapped_column(String(40))
    no: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    continued: Mapped[bool]
    active: Mapped[bool]
    stored_at: Mapped[datetime]


class ParameterProposal(Row):
    """A value that one person proposes for a parameter and another confirms (参数取值的提出与确认)."""

    __tablename__ = "parameter_proposal"
    __table_args__ = (
        CheckConstraint("state IN ('open','confirmed','refused')", name="state"),
        CheckConstraint("settled_by IS NULL OR settled_by <> proposed_by", name="two_people"),
        CheckConstraint("state <> 'confirmed' OR settled_by IS NOT NULL", name="by_whom"),
        Index(
            "uq_parameter_proposal_open",
            "pack_key",
            "name",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    pack_key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[Any] = mapped_column(JSON)
    ref: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(500))
    decided_by: Mapped[str] = mapped_column(String(120))
    decided_on: Mapped[date]
    proposed_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="open")
    settled_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    version_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("pack_version.id"))


class WorkCalendarDay(Base):
    """A day on which the announced calendar differs from the library's, or of a year it does not know."""

    __tablename__ = "work_calendar"
    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200))
