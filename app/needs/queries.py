"""Reads of needs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.needs.models import Need


def of_units(unit_ids: Iterable[int], limit: int = 50) -> list[Need]:
    """The newest needs of some units."""
    query = select(Need).where(Need.unit_id.in_(sorted(set(unit_ids)))).order_by(Need.id.desc()).limit(limit)
    return list(session().scalars(query))


def one(actor: Actor, need_id: int) -> Need:
    """A need of a unit the actor may look into, or one he wrote down himself.

    Raises:
        NotFound: no such need for these eyes.
    """
    found = session().get(Need, need_id)
    own = actor.person_id is not None and found is not None and found.created_by == actor.person_id
    if found is None or not (own or found.unit_id in actor.scope):
        raise NotFound
    return found
