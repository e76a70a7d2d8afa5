"""Reads of needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, func, or_, select

from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.needs.models import Need, NeedSender
from app.needs.rules import HOUR

PAGE = 20


def of_units(unit_ids: Iterable[int], limit: int = 50) -> list[Need]:
    """The newest needs of some units that have been taken in."""
    query = select(Need).where(Need.unit_id.in_(sorted(set(unit_ids))), Need.state == "taken")
    return list(session().scalars(query.order_by(Need.id.desc()).limit(limit)))


def open_community(community_id: int) -> OrgUnit:
    """A community whose residents are heard.

    Raises:
        NotFound: there is none.
    """
    found = unit(community_id)
    if found.kind != "community" or not found.active:
        raise NotFound
    return found


def heard_from(digest: str) -> int:
    """How many needs came from one device, or one address, in the last hour."""
    since = clock.now() - HOUR
    query = select(func.count()).where(NeedSender.digest == digest, NeedSender.at > since)
    return session().scalar(query) or 0


def waiting(actor: Actor) -> int:
    """How many needs the actor sees wait to be looked at."""
    query = select(func.count()).select_from(Need).where(visible(actor), Need.state == "waiting")
    return session().scalar(query) or 0


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


def visible(actor: Actor) -> ColumnElement[bool]:
    """The needs `one` shows to the actor, as a condition."""
    here = Need.unit_id.in_(sorted(actor.scope))
    return here if actor.person_id is None else or_(here, Need.created_by == actor.person_id)


def search(
    actor: Actor,
    *,
    state: str = "taken",
    unit_id: int | None = None,
    channel: str = "",
    group: str = "",
    text: str = "",
    more: Sequence[ColumnElement[bool]] = (),
    before: int | None = None,
    limit: int = PAGE,
) -> list[Need]:
    """Needs the actor may see, newest first (需求台账; ZH-09a).

    Args:
        unit_id: of this unit and those below it.
        text: part of what was said or of whom it is for.
        more: conditions of rooms above, such as whether a project answers it.
        before: id of the last need of the page before.
    """
    query = select(Need).where(visible(actor), Need.state == state, *more)
    if unit_id is not None:
        inside = OrgUnit.path.startswith(unit(unit_id).path, autoescape=True)
        query = query.where(Need.unit_id.in_(select(OrgUnit.id).where(inside)))
    if channel:
        query = query.where(Need.channel == channel)
    if group:
        query = query.where(Need.beneficiaries == group)
    if text:
        words = [part.contains(text, autoescape=True) for part in (Need.text, Need.beneficiaries)]
        query = query.where(or_(*words))
    if before is not None:
        query = query.where(Need.id < before)
    return list(session().scalars(query.order_by(Need.id.desc()).limit(limit)))
