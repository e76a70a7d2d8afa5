"""Tables of messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import BigId, Row


class Message(Row):
    """A line in a person's message box; written in the transaction of what it tells."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_box", "person_id", "read_at", "id"),)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
