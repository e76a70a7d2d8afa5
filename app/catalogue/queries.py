"""Reads of lists and library."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.catalogue.models import LibraryEntry, ListItem, ProjectList
from app.core.db import session


def active_items(district_id: int, year: int) -> list[ListItem]:
    """The items of a district's active list of a year (ZH-13b)."""
    query = (
        select(ListItem)
        .join(ProjectList, ProjectList.id == ListItem.list_id)
        .where(ProjectList.district_id == district_id, ProjectList.year == year, ProjectList.active)
    )
    return list(session().scalars(query.order_by(ListItem.code)))


def active_item(district_id: int, year: int, code: str) -> ListItem | None:
    """One item of the active list, None when it is not on it."""
    return next((item for item in active_items(district_id, year) if item.code == code), None)


def library_for(street_id: int, day: date) -> list[LibraryEntry]:
    """What communities of a street may pick: consented and still valid (ZH-19-3a)."""
    query = select(LibraryEntry).where(
        LibraryEntry.street_id == street_id,
        LibraryEntry.consented_at.is_not(None),
        LibraryEntry.valid_to >= day,
    )
    return list(session().scalars(query.order_by(LibraryEntry.id)))
