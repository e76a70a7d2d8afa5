"""Steps that nobody could do: posts of the published diagrams that a unit has not filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from app.accounts.models import Membership, OrgUnit, Person
from app.accounts.rules import UNITS_OF_ROLE
from app.core import clock
from app.core.db import session
from app.core.errors import Refusal
from app.core.identity import Role
from app.policy import queries as policy
from app.policy.packs import Pack
from app.runtime import definitions
from app.runtime.models import Definition

SEVERAL: Mapping[str, str] = {Role.STREET_REVIEWER: "joint_reviewers", Role.STREET_SCORER: "scorers"}
"""Posts of which a pack's parameter wants several people, each acting alone."""
OF_A_UNIT = ("street", "community")
"""Kinds of units whose people a case asks for by post; the others come with the organisation bound to it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A post that the diagrams ask for."""

    role: str
    need: int
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A post that a unit has too few people for."""

    unit: OrgUnit
    demand: Demand
    have: int


def demands() -> list[Demand]:
    """The posts that the published diagrams ask for, with the steps that wait for them."""
    steps: dict[str, list[str]] = {}
    need: dict[str, int] = {}
    rows = session().execute(
        select(Definition.id, Definition.pack_key)
        .where(Definition.state == "published")
        .order_by(Definition.id)
    )
    for definition_id, key in rows:
        try:
            pack = policy.active(key, clock.today())
        except Refusal:
            continue  # nothing can start under it, so nobody is missed
        for step in definitions.bundle(definition_id).model.steps():
            role = pack.lane_role(step.lane)
            if role:
                steps.setdefault(role, []).append(step.title)
                need[role] = max(need.get(role, 1), _several(pack, role))
    return [Demand(role, need[role], tuple(dict.fromkeys(titles))) for role, titles in sorted(steps.items())]


def _several(pack: Pack, role: str) -> int:
    name = SEVERAL.get(role, "")
    return int(pack.value(name) or 1) if name in pack.parameters else 1


def of_units(units: Iterable[OrgUnit], wanted: Iterable[Demand] | None = None) -> list[Gap]:
    """What the given units lack, unit by unit."""
    listed = [one for one in units if one.kind in OF_A_UNIT and one.active]
    asked = list(demands() if wanted is None else wanted)
    counts: dict[tuple[int, str], int] = {
        (unit_id, role): count
        for unit_id, role, count in session().execute(
            select(Membership.unit_id, Membership.role, func.count(Membership.id))
            .join(Person, Person.id == Membership.person_id)
            .where(Person.active, Membership.unit_id.in_([one.id for one in listed]))
            .group_by(Membership.unit_id, Membership.role)
        )
    }
    return [
        Gap(unit, demand, counts.get((unit.id, demand.role), 0))
        for unit in listed
        for demand in asked
        if unit.kind in UNITS_OF_ROLE[demand.role.partition(".")[0]]
        and counts.get((unit.id, demand.role), 0) < demand.need
    ]
