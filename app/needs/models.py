"""Tables of needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row

CHANNELS = {
    "meeting": "居民议事会",
    "visit": "入户走访",
    "hotline": "热线来电",
    "paper": "书面反映",
    "organisation": "社会组织走访",
    "online": "网上反映",
    "poster": "扫码反映",
}
"""How a voice came in, in words (ZH-09a)."""
STATES = {"taken": "已收下", "waiting": "待核", "aside": "不予收下"}
"""What became of a voice; one that came in a flood waits for somebody to look at it, none is thrown away."""


class Need(Row):
    """One voice: what is missing, where, for whom (ZH-09a).

    Attributes:
        beneficiaries: the group it is for.
        anonymous: who spoke wishes to stay unnamed; then no name is kept.
        said_by: who spoke and agreed to be named.
        voices: how many residents said it when it was written down.
        unlisted: nothing on the district's list answers it (ZH-09c).
        state: one of `STATES`.
        reason: why it was set aside.
        merged_into_id: the need that stands for this one and others that say the same (ZH-09b).
    """

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("voices > 0", name="voices"),
        CheckConstraint("anonymous = (said_by IS NULL)", name="anonymous"),
        CheckConstraint("state IN ('taken','waiting','aside')", name="state"),
        CheckConstraint("(state = 'aside') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("merged_into_id <> id", name="merged"),
    )
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    beneficiaries: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    anonymous: Mapped[bool] = mapped_column(server_default=true())
    said_by: Mapped[str | None] = mapped_column(String(60))
    voices: Mapped[int] = mapped_column(server_default="1")
    unlisted: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), server_default="taken")
    reason: Mapped[str | None] = mapped_column(String(500))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    merged_into_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("need.id"), index=True)


class NeedSender(Row):
    """That somebody has spoken, for an hour: a keyed digest of device or address, tied to no need."""

    __tablename__ = "need_sender"
    __table_args__ = (Index("ix_need_sender_digest", "digest", "at"),)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class NeedSummary(Row):
    """What a month's needs come to, as somebody has signed it; append-only (ZH-09b).

    Attributes:
        month: "2026-03".
        needs, voices: how many needs, and how many residents behind them, on the day of signing.
        by_group: voices by group.
    """

    __tablename__ = "need_summary"
    __table_args__ = (UniqueConstraint("unit_id", "month"),)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    month: Mapped[str] = mapped_column(String(7))
    needs: Mapped[int]
    voices: Mapped[int]
    by_group: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(Text)
    signed_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    signed_at: Mapped[datetime]


protect(NeedSummary)
