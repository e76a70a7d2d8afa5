"""Tables of the desk: how a person likes to work."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, Row

LONGEST_PHRASE = 200
LONGEST_NAME = 30
LONGEST_QUERY = 400


class DeskChoice(Base):
    """How a person's to-do list looks (列表样式)."""

    __tablename__ = "desk_choice"
    __table_args__ = (CheckConstraint("view IN ('cards','table')", name="view"),)
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("person.id"), primary_key=True, autoincrement=False
    )
    view: Mapped[str] = mapped_column(String(8))


class StockPhrase(Row):
    """A sentence a person writes often (常用意见)."""

    __tablename__ = "stock_phrase"
    __table_args__ = (UniqueConstraint("person_id", "text"),)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    place: Mapped[int]
    text: Mapped[str] = mapped_column(String(LONGEST_PHRASE))


class SavedFilter(Row):
    """A choice of a list that a person comes back to (常用筛选)."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        CheckConstraint("page IN ('desk','cases')", name="page"),
        UniqueConstraint("person_id", "page", "name"),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    page: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
