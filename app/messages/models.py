"""Tables of messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, Row

DIGESTS = ("hourly", "daily")


class Message(Row):
    """A line in a person's message box; written in the transaction of what it tells."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_box", "person_id", "read_at", "id"),
        Index("ix_message_person", "person_id", "id"),
        Index("ix_message_spread", "spread", "id"),
        Index("ix_message_mail", "mail_due", "person_id"),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    spread: Mapped[bool] = mapped_column(
        default=False, server_default=true()
    )  # handed on to mail and offices
    mail_due: Mapped[bool] = mapped_column(default=False, server_default=false())  # waits for the next digest


class MailSetting(Base):
    """What a person gets by mail, and when."""

    __tablename__ = "mail_setting"
    __table_args__ = (CheckConstraint(f"digest IN {DIGESTS}", name="digest"),)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    kinds: Mapped[list[Any]]
    digest: Mapped[str] = mapped_column(String(8))
    next_at: Mapped[datetime] = mapped_column(index=True)


class Webhook(Row):
    """An office's own chat or SMS gateway that is told what its people are told."""

    __tablename__ = "webhook"
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(400))
    kinds: Mapped[list[Any]]
    salt: Mapped[str] = mapped_column(String(32))  # with the application's key it makes the signing secret
    active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    created_at: Mapped[datetime]
