"""Reads of needs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.core.db import session
from app.needs.models import Need


def of_units(unit_ids: Iterable[int], limit: int = 50) -> list[Need]:
    """The newest needs of some units."""
    query = select(Need).where(Need.unit_id.in_(sorted(set(unit_ids)))).order_by(Need.id.desc()).limit(limit)
    return list(session().scalars(query))
