"""Table of needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import BigId, Row

CHANNELS = {
    "meeting": "居民议事会",
    "visit": "入户走访",
    "hotline": "热线来电",
    "online": "网上反映",
    "paper": "书面反映",
}
"""How a voice came in, in words."""


class Need(Row):
    """One voice: what is missing, where, for whom (ZH-09a)."""

    __tablename__ = "need"
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    beneficiaries: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
