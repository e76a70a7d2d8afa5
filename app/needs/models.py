"""Table of needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import BigId, Row

CHANNELS = {
    "meeting": "居民议事会",
    "visit": "入户走访",
    "hotline": "热线来电",
    "paper": "书面反映",
    "organisation": "社会组织走访",
    "online": "网上反映",
}
"""How a voice came in, in words (ZH-09a)."""


class Need(Row):
    """One voice: what is missing, where, for whom (ZH-09a).

    Attributes:
        beneficiaries: the group it is for.
        anonymous: who spoke wishes to stay unnamed; then no name is kept.
        said_by: who spoke and agreed to be named.
        voices: how many residents said it when it was written down.
        unlisted: nothing on the district's list answers it (ZH-09c).
    """

    __tablename__ = "need"
    __table_args__ = (
        CheckConstraint("voices > 0", name="voices"),
        CheckConstraint("anonymous = (said_by IS NULL)", name="anonymous"),
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
