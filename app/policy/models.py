"""Tables of packs and of the working-day calendar."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.core.db import Base, Row


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


class WorkCalendarDay(Base):
    """A day on which the announced calendar differs from the library's, or of a year it does not know."""

    __tablename__ = "work_calendar"
    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200))
