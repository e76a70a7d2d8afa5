"""Reads that belong to no room below."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.runtime.models import Definition


def definitions_of(pack_key: str) -> list[Definition]:
    """Versions of a pack's processes, newest first, without those nobody uses any more."""
    query = (
        select(Definition)
        .where(Definition.pack_key == pack_key, Definition.state != "retired")
        .order_by(Definition.id.desc())
    )
    return list(session().scalars(query))
