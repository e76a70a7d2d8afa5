"""Tables of satisfaction surveys. Nothing here leads from an answer to the code it came with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row
from app.runtime.models import OfCase


class Survey(OfCase):
    """A satisfaction survey (满意度调查) among those who were served, from a day to a day."""

    __tablename__ = "survey"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        CheckConstraint("until_at > opens_at", name="period"),
    )
    seq: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    questions: Mapped[list[Any]]  # [{"key": "overall", "text": "…"}]; the first is the one that counts
    method: Mapped[str] = mapped_column(Text)  # how the people asked were chosen
    opens_at: Mapped[datetime]
    until_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class SurveyCode(Row):
    """A one-time code: only its hash, and whether it was used — not when, not by whom, not for what."""

    __tablename__ = "survey_code"
    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("survey.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used: Mapped[bool] = mapped_column(default=False)


class SurveyAnswer(Row):
    """One filled-in questionnaire; the day is kept, the minute is not."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        CheckConstraint("channel IN ('qr','paper')", name="channel"),
        CheckConstraint("(channel = 'paper') = (entered_by IS NOT NULL)", name="paper_by_clerk"),
    )
    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("survey.id"), index=True)
    scores: Mapped[dict[str, Any]]
    comment: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(6))
    on_day: Mapped[date]
    entered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    file_ids: Mapped[list[Any]]


protect(SurveyAnswer)
