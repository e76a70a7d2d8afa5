"""How a person likes to work: reads."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.core.identity import Actor
from app.inbox.models import DeskChoice, SavedFilter, StockPhrase


def view_of(actor: Actor) -> str:
    """How the person's to-do list looks: `cards` until they choose `table`."""
    found = session().scalar(select(DeskChoice.view).where(DeskChoice.person_id == actor.person_id))
    return found or "cards"


def phrases_of(actor: Actor) -> list[StockPhrase]:
    """The person's stock phrases, in their order."""
    query = select(StockPhrase).where(StockPhrase.person_id == actor.person_id)
    return list(session().scalars(query.order_by(StockPhrase.place, StockPhrase.id)))


def filters_of(actor: Actor, page: str) -> list[SavedFilter]:
    """The person's saved filters of a list, oldest first."""
    query = select(SavedFilter).where(SavedFilter.person_id == actor.person_id, SavedFilter.page == page)
    return list(session().scalars(query.order_by(SavedFilter.id)))
