"""Tables of counted votes; the survey's tables lie beside them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

import app.ballots.survey_models  # noqa: F401
from app.core.append_only import protect
from app.core.db import BigId
from app.runtime.models import OfCase


class CountedVote(OfCase):
    """A vote of a meeting, as counted (ZH-19-2b); append-only, a second vote is a second row."""

    __tablename__ = "counted_vote"
    __table_args__ = (
        CheckConstraint("yes + against + abstain = present", name="adds_up"),
        CheckConstraint("present <= eligible AND present > 0", name="present"),
        CheckConstraint("yes >= 0 AND against >= 0 AND abstain >= 0", name="counts"),
    )
    body: Mapped[str] = mapped_column(String(30))
    held_on: Mapped[date]
    eligible: Mapped[int]
    present: Mapped[int]
    yes: Mapped[int]
    against: Mapped[int]
    abstain: Mapped[int]
    minutes: Mapped[str] = mapped_column(Text)
    file_ids: Mapped[list[Any]]
    valid: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200))
    recorded_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


protect(CountedVote)
