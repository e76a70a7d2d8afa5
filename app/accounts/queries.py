"""Reads of units and people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, exists, or_, select

from app.accounts.models import Delegation, Membership, OrgUnit, Person
from app.accounts.rules import ADMINISTRATORS, looks_down
from app.core import clock
from app.core.db import UTCDateTime, session
from app.core.errors import NotFound
from app.core.identity import Actor, Grant, Stand


def actor(person_id: int) -> Actor:
    """The person as services know it: roles, and the units to look into (own ones and those below).

    Raises:
        NotFound: no such person, or not active.
    """
    db = session()
    person = db.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound
    rows = db.execute(
        select(Membership.role, Membership.unit_id, OrgUnit.path)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Membership.person_id == person_id, OrgUnit.active)
    ).all()
    scope = {row.unit_id for row in rows}
    below = sorted({row.path for row in rows if looks_down(row.role)})
    if below:
        inside = or_(*(OrgUnit.path.startswith(path, autoescape=True) for path in below))
        scope.update(db.scalars(select(OrgUnit.id).where(inside)))
    grants = frozenset(Grant(row.role, row.unit_id) for row in rows)
    stands = frozenset(one for one in _stands(person_id) if one.grant not in grants)
    scope.update(one.grant.unit_id for one in stands)
    return Actor(person_id, person.name, grants | {one.grant for one in stands}, frozenset(scope), stands)


def _stands(person_id: int) -> list[Stand]:
    """Whose roles this person fills in for at this moment (代理)."""
    rows = session().execute(STANDS, {"of_delegate": person_id, "now": clock.now()})
    return [Stand(row.person_id, row.name, Grant(row.role, row.unit_id)) for row in rows]


STANDS = (
    select(Delegation.person_id, Person.name, Membership.role, Membership.unit_id)
    .join(Person, Person.id == Delegation.person_id)
    .join(Membership, Membership.person_id == Delegation.person_id)
    .where(
        Delegation.delegate_id == bindparam("of_delegate"),
        Delegation.starts_at <= bindparam("now", type_=UTCDateTime()),
        Delegation.ends_at > bindparam("now", type_=UTCDateTime()),
        Person.active,
        or_(Delegation.role.is_(None), Delegation.role == Membership.role),
        # Three separated administrators (三员分立): their duties are never lent.
        Membership.role.not_in(sorted(ADMINISTRATORS)),
    )
)


def unit(unit_id: int) -> OrgUnit:
    """A unit by id.

    Raises:
        NotFound: there is none.
    """
    found = session().get(OrgUnit, unit_id)
    if found is None:
        raise NotFound
    return found


def unit_by_code(code: str) -> OrgUnit:
    """A unit by its area code.

    Raises:
        NotFound: there is none.
    """
    found = session().scalar(select(OrgUnit).where(OrgUnit.code == code))
    if found is None:
        raise NotFound
    return found


def unit_name(unit_id: int | None) -> str:
    """The short name of a unit, "" for none."""
    found = session().get(OrgUnit, unit_id) if unit_id is not None else None
    return found.short_name if found else ""


def units_of(ids: Iterable[int] | None, kinds: Sequence[str]) -> list[OrgUnit]:
    """Active units of certain kinds among these (None: of all), in the order of their codes."""
    query = select(OrgUnit).where(OrgUnit.kind.in_(kinds), OrgUnit.active)
    if ids is not None:
        query = query.where(OrgUnit.id.in_(sorted(ids)))
    return list(session().scalars(query.order_by(OrgUnit.code, OrgUnit.id)))


def units_below(unit_id: int, kind: str | None = None) -> list[OrgUnit]:
    """All units under one, in the order of their codes."""
    query = select(OrgUnit).where(
        OrgUnit.path.startswith(unit(unit_id).path, autoescape=True), OrgUnit.id != unit_id, OrgUnit.active
    )
    if kind:
        query = query.where(OrgUnit.kind == kind)
    return list(session().scalars(query.order_by(OrgUnit.code, OrgUnit.id)))


def communities_of(actor: Actor, own: Sequence[str], street: Sequence[str]) -> list[OrgUnit]:
    """The communities an actor works for.

    Args:
        own: roles that work for their own community.
        street: roles of a street that work for all of its communities.
    """
    found: dict[int, OrgUnit] = {}
    for grant in sorted(actor.grants, key=lambda g: g.unit_id):
        if grant.role in own:
            found[grant.unit_id] = unit(grant.unit_id)
        elif grant.role in street:
            found.update({u.id: u for u in units_below(grant.unit_id, "community")})
    return list(found.values())


def people_with(role: str, unit_id: int) -> list[Person]:
    """Active people with a role in a unit, longest known first."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.role == role, Membership.unit_id == unit_id, Person.active)
    )
    return list(session().scalars(query.order_by(Person.id)))


def people_of_city(role: str, city: str) -> list[Person]:
    """Active people with a role in any unit of a city."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Membership.role == role, OrgUnit.city == city, Person.active)
    )
    return list(session().scalars(query.distinct().order_by(Person.id)))


def cities_of(actor: Actor, role: str) -> set[str]:
    """The cities in which the actor holds a role."""
    units = [grant.unit_id for grant in actor.grants if grant.role == role]
    return set(session().scalars(select(OrgUnit.city).where(OrgUnit.id.in_(units)))) if units else set()


def people_of_units(unit_ids: Iterable[int]) -> list[tuple[Person, str]]:
    """Active people who hold a post in any of the units, each once, with the unit's short name."""
    query = (
        select(Person, OrgUnit.short_name)
        .join(Membership, Membership.person_id == Person.id)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Membership.unit_id.in_(sorted(set(unit_ids))), Person.active)
        .order_by(OrgUnit.path, Person.name, Person.id)
    )
    found: dict[int, tuple[Person, str]] = {}
    for person, unit_name_ in session().execute(query):
        found.setdefault(person.id, (person, unit_name_ or ""))
    return list(found.values())


def has_people(role: str, unit_id: int) -> bool:
    """Whether anybody holds a role in a unit."""
    return bool(session().scalar(HAS_PEOPLE, {"of_role": role, "of_unit": unit_id}))


HAS_PEOPLE = select(
    exists()
    .where(Membership.role == bindparam("of_role"), Membership.unit_id == bindparam("of_unit"))
    .where(Person.id == Membership.person_id, Person.active)
)


def names_of_people(ids: Iterable[int | None]) -> dict[int | None, str]:
    """Names by id, in one statement."""
    wanted = sorted({i for i in ids if i is not None})
    if not wanted:
        return {}
    rows = session().execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {number: name for number, name in rows}


def names_of_units(ids: Iterable[int | None]) -> dict[int | None, str]:
    """Short names by id, in one statement."""
    wanted = sorted({i for i in ids if i is not None})
    if not wanted:
        return {}
    rows = session().execute(select(OrgUnit.id, OrgUnit.short_name).where(OrgUnit.id.in_(wanted)))
    return {number: name for number, name in rows}
