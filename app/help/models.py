"""Tables of help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import Base, BigId, Row


class StepGuide(Row):
    """What an office tells its people about a step; each change is a row of its own, the newest counts."""

    __tablename__ = "step_guide"
    __table_args__ = (UniqueConstraint("unit_id", "form_key", "no"),)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    form_key: Mapped[str] = mapped_column(String(80))
    no: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    written_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    written_at: Mapped[datetime]


protect(StepGuide)


class TourSeen(Base):
    """Who has been shown around."""

    __tablename__ = "tour_seen"
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime]
