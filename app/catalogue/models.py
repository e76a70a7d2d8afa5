"""Tables of the district's yearly list and of the street's project library."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import BigId, Row


class ProjectList(Row):
    """A version of a district's list for a year; at most one is active (ZH-07a)."""

    __tablename__ = "project_list"
    __table_args__ = (
        UniqueConstraint("district_id", "year", "no"),
        Index(
            "uq_project_list_active",
            "district_id",
            "year",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )
    district_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    year: Mapped[int]
    no: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)
    published_on: Mapped[date | None]
    late: Mapped[bool] = mapped_column(default=False)


class ListItem(Row):
    """One thing that may be bought."""

    __tablename__ = "list_item"
    __table_args__ = (UniqueConstraint("list_id", "code"),)
    list_id: Mapped[int] = mapped_column(BigId, ForeignKey("project_list.id"))
    code: Mapped[str] = mapped_column(String(40))
    category: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    unit: Mapped[str] = mapped_column(String(20))
    reference_price: Mapped[int | None] = mapped_column(BigId)


class LibraryEntry(Row):
    """A service designed by an organisation; communities see it once the street has consented (ZH-19-3a)."""

    __tablename__ = "library_entry"
    organisation_unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    street_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(60))
    summary: Mapped[str] = mapped_column(Text)
    budget: Mapped[int] = mapped_column(BigId)
    valid_to: Mapped[date]
    consented_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    consented_at: Mapped[datetime | None]
