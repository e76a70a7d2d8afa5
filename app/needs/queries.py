"""Reads of needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.needs.models import Need, NeedSender, NeedSummary
from app.needs.rules import HOUR, likeness, month_span

PAGE = 20
COMPARED = 300
"""Needs of a community that are compared with one."""


def of_units(unit_ids: Iterable[int], limit: int = 50) -> list[Need]:
    """The newest needs of some units that have been taken in."""
    query = select(Need).where(Need.unit_id.in_(sorted(set(unit_ids))), Need.state == "taken")
    query = query.where(Need.merged_into_id.is_(None))
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


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen among the needs (需求台账; ZH-09a).

    Attributes:
        each: every voice for itself, also those merged into another.
        unit_id: of this unit and those below it.
        text: part of what was said or of whom it is for.
        month: written down in this month ("2026-03").
        more: conditions of rooms above, such as whether a project answers it.
    """

    state: str = "taken"
    each: bool = False
    unit_id: int | None = None
    channel: str = ""
    group: str = ""
    text: str = ""
    month: str = ""
    more: Sequence[ColumnElement[bool]] = ()

    def conditions(self, actor: Actor) -> list[ColumnElement[bool]]:
        """The same for a query, among what the actor may see."""
        found = [visible(actor), Need.state == self.state, *self.more]
        if not self.each:
            found.append(Need.merged_into_id.is_(None))
        if self.unit_id is not None:
            inside = OrgUnit.path.startswith(unit(self.unit_id).path, autoescape=True)
            found.append(Need.unit_id.in_(select(OrgUnit.id).where(inside)))
        if self.channel:
            found.append(Need.channel == self.channel)
        if self.group:
            found.append(Need.beneficiaries == self.group)
        if self.text:
            words = [part.contains(self.text, autoescape=True) for part in (Need.text, Need.beneficiaries)]
            found.append(or_(*words))
        if span := month_span(self.month):
            found += [Need.created_at >= span[0], Need.created_at < span[1]]
        return found


LEAD = func.coalesce(Need.merged_into_id, Need.id)
"""The need that stands for this one: itself, or what it was merged into."""


def search(
    actor: Actor, chosen: Chosen | None = None, *, before: int | None = None, limit: int = PAGE
) -> list[Need]:
    """Needs the actor may see, newest first; what was merged stands behind its lead (需求台账; ZH-09a, ZH-09b).

    Args:
        before: id of the last need of the page before.
    """
    query = select(Need).where(*(chosen or Chosen()).conditions(actor))
    if before is not None:
        query = query.where(Need.id < before)
    return list(session().scalars(query.order_by(Need.id.desc()).limit(limit)))


def totals(actor: Actor, chosen: Chosen) -> tuple[int, int]:
    """How many needs are chosen, and how many residents stand behind them (ZH-09b)."""
    found = chosen.conditions(actor)
    count = session().scalar(select(func.count()).select_from(Need).where(*found)) or 0
    if chosen.each:
        return count, session().scalar(select(func.sum(Need.voices)).where(*found)) or 0
    leads, behind = select(Need.id).where(*found), aliased(Need)
    lead = func.coalesce(behind.merged_into_id, behind.id)
    return count, session().scalar(select(func.sum(behind.voices)).where(lead.in_(leads))) or 0


def supporters(need_ids: Collection[int]) -> dict[int, int]:
    """How many residents stand behind needs, those of merged ones included (ZH-09b)."""
    query = select(LEAD, func.sum(Need.voices)).where(LEAD.in_(need_ids)).group_by(LEAD)
    return {int(need_id): int(voices) for need_id, voices in session().execute(query)}


def originals(need_id: int) -> list[Need]:
    """The needs merged into one, as they were said, oldest first (ZH-09b)."""
    query = select(Need).where(Need.merged_into_id == need_id).order_by(Need.id)
    return list(session().scalars(query))


def similar(need: Need) -> list[Need]:
    """Needs of the same community that may say the same, the likest first (ZH-09b)."""
    query = select(Need).where(
        Need.unit_id == need.unit_id, Need.state == "taken", Need.merged_into_id.is_(None), Need.id != need.id
    )
    found = session().scalars(query.order_by(Need.id.desc()).limit(COMPARED))
    return sorted(found, key=lambda one: likeness(need.text, one.text), reverse=True)[:PAGE]


def heat(actor: Actor, month: str = "") -> dict[tuple[int, str], int]:
    """How many residents asked, by place and group; each voice counts where and for whom it was said (ZH-09b)."""
    query = select(Need.unit_id, Need.beneficiaries, func.sum(Need.voices))
    query = query.where(*Chosen(each=True, month=month).conditions(actor))
    rows = session().execute(query.group_by(Need.unit_id, Need.beneficiaries))
    return {(unit_id, group): int(voices) for unit_id, group, voices in rows}


def summaries(actor: Actor, month: str) -> dict[int, NeedSummary]:
    """What was signed about a month, by unit, as far as the actor looks into it (ZH-09b)."""
    query = select(NeedSummary).where(
        NeedSummary.month == month, NeedSummary.unit_id.in_(sorted(actor.scope))
    )
    return {one.unit_id: one for one in session().scalars(query)}
