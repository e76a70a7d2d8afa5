"""Small facts about this database, such as that production has used it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, inspect
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, engine, session, unit_of_work


class Mark(Base):
    """A fact by name."""

    __tablename__ = "mark"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


def exists() -> bool:
    """Whether the database has been set up at all."""
    return inspect(engine()).has_table(Mark.__tablename__)


def get(name: str) -> str | None:
    """The value of a mark, None when it was never set."""
    found = session().get(Mark, name)
    return found.value if found else None


def put(name: str, value: str) -> None:
    """Set a mark."""
    with unit_of_work() as db:
        db.merge(Mark(name=name, value=value, at=clock.now()))
