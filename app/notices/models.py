"""Tables of notices. A published notice never changes; what happens to it are rows of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId
from app.runtime.models import OfCase

KINDS: dict[str, str] = {
    "project": "项目公示",
    "call": "采购公告",
    "failed": "采购终止公告",
    "award": "成交公告",
    "contract": "合同公告",
    "evaluation": "评价结果公布",
    "correction": "更正公告",
}
OBJECTION_KINDS: dict[str, str] = {"objection": "异议", "question": "询问", "challenge": "质疑"}


def _one_of(column: str, names: dict[str, str]) -> str:
    return f"{column} IN ({', '.join(repr(name) for name in names)})"


class Notice(OfCase):
    """One published text with its period (公示、公告); immutable, found by its fingerprint."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint("until_at > published_at", name="period"),
        Index("ix_notice_street", "street_id", "id"),
        Index("ix_notice_kind", "kind", "id"),
    )
    seq: Mapped[int]
    no: Mapped[str] = mapped_column(String(60), unique=True)
    street_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]
    publisher: Mapped[str] = mapped_column(
        String(200)
    )  # the street's name: the public reads no person's name
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    from_day: Mapped[date]  # the first day that counts: the day after publication
    until_at: Mapped[datetime] = mapped_column(index=True)
    sha256: Mapped[str] = mapped_column(String(64))


class NoticeEvent(OfCase):
    """The end of a notice: closed after its period, or withdrawn before."""

    __tablename__ = "notice_event"
    __table_args__ = (
        UniqueConstraint("notice_id"),
        CheckConstraint("kind IN ('closed','withdrawn')", name="kind"),
    )
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"))
    kind: Mapped[str] = mapped_column(String(10))
    result: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class Objection(OfCase):
    """What somebody says about a notice; objection, question and challenge are never mixed."""

    __tablename__ = "objection"
    __table_args__ = (
        UniqueConstraint("notice_id", "seq"),
        CheckConstraint(_one_of("kind", OBJECTION_KINDS), name="kind"),
        CheckConstraint("state IN ('open','answered')", name="state"),
        CheckConstraint(
            "state = 'open' OR (answer IS NOT NULL AND answered_by IS NOT NULL"
            " AND answered_at IS NOT NULL AND upheld IS NOT NULL)",
            name="answered",
        ),
        Index("ix_objection_source", "source", "at"),
    )
    notice_id: Mapped[int] = mapped_column(BigId, ForeignKey("notice.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(String(200))  # read only by those who answer
    source: Mapped[str | None] = mapped_column(String(64))  # keyed digest of the address, never the address
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str | None] = mapped_column(Text)
    upheld: Mapped[bool | None]
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


protect(Notice)
protect(NoticeEvent)
