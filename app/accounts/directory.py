"""Reads of the administration: the tree, lists of people, who holds what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from app.accounts.models import Membership, OrgUnit, Person, RoleRequest
from app.accounts.rules import UNITS_OF_ROLE
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import ROLE_NAMES, Role

PAGE = 30


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in a list."""

    person: Person
    unit: OrgUnit | None
    roles: tuple[tuple[str, int], ...]


def all_units() -> list[OrgUnit]:
    """Every unit, also those out of use, each below the one it hangs on."""
    found = list(session().scalars(select(OrgUnit)))
    by_id = {one.id: one for one in found}

    def place(one: OrgUnit) -> list[tuple[int, str, int]]:
        above = [by_id[int(part)] for part in one.path.strip("/").split("/") if int(part) in by_id]
        return [(ORDER.index(unit.kind), unit.code or "~", unit.id) for unit in above]

    return sorted(found, key=place)


ORDER = ("city", "department", "district", "street", "community", "organisation", "evaluator")


def children(unit_id: int | None) -> list[OrgUnit]:
    """The units that hang on one, or the topmost ones."""
    query = select(OrgUnit).where(
        OrgUnit.parent_id == unit_id if unit_id is not None else OrgUnit.parent_id.is_(None)
    )
    found = list(session().scalars(query))
    return sorted(found, key=lambda one: (ORDER.index(one.kind), one.code or "~", one.id))


def above(unit: OrgUnit) -> list[OrgUnit]:
    """The units above one, topmost first."""
    ids = [int(part) for part in unit.path.strip("/").split("/") if int(part) != unit.id]
    found = {one.id: one for one in session().scalars(select(OrgUnit).where(OrgUnit.id.in_(ids)))}
    return [found[number] for number in ids if number in found]


def places(kinds: Collection[str] | None = None) -> list[tuple[int, str]]:
    """Units in use to choose from, each with the names of those above it (香洲区 / 狮山街道)."""
    units = all_units()
    names = {one.id: one.short_name for one in units}
    skip = {one.id for one in units if one.kind == "city"}
    found = []
    for one in units:
        if one.active and (kinds is None or one.kind in kinds):
            parts = [int(part) for part in one.path.strip("/").split("/")]
            shown = [names[part] for part in parts if part not in skip or part == one.id]
            found.append((one.id, " / ".join(shown)))
    return found


def counts_by_unit() -> dict[int, int]:
    """How many active people work in each unit."""
    rows = session().execute(
        select(Person.unit_id, func.count(Person.id)).where(Person.active).group_by(Person.unit_id)
    )
    return {unit_id: count for unit_id, count in rows if unit_id is not None}


def people(
    *,
    text: str = "",
    unit_id: int | None = None,
    state: str = "",
    after: int = 0,
    limit: int = PAGE,
) -> list[PersonLine]:
    """People in the order they were added, by keyset pages.

    Args:
        text: part of the name or login.
        unit_id: only those who work in this unit or below it.
        state: "active", "off", "new" (has not signed in yet) or "" for all.
        after: id of the last person of the page before.
    """
    query = (
        select(Person, OrgUnit)
        .outerjoin(OrgUnit, OrgUnit.id == Person.unit_id)
        .where(Person.id > after)
        .order_by(Person.id)
        .limit(limit)
    )
    if text:
        query = query.where(
            or_(Person.name.contains(text, autoescape=True), Person.login.contains(text, autoescape=True))
        )
    if unit_id is not None:
        query = query.where(OrgUnit.path.contains(f"/{unit_id}/", autoescape=True))
    if state:
        wanted: dict[str, list[ColumnElement[bool]]] = {
            "active": [Person.active.is_(True)],
            "off": [Person.active.is_(False)],
            "new": [Person.active.is_(True), Person.must_change.is_(True)],
        }
        query = query.where(*wanted.get(state, []))
    rows = session().execute(query).all()
    held = roles_of(person.id for person, _ in rows)
    return [PersonLine(person, unit, tuple(held.get(person.id, ()))) for person, unit in rows]


def person(person_id: int) -> Person:
    """A person, active or not.

    Raises:
        NotFound: there is none.
    """
    found = session().get(Person, person_id)
    if found is None:
        raise NotFound
    return found


def roles_of(ids: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
    """Roles with their unit, by person."""
    wanted = sorted(set(ids))
    found: dict[int, list[tuple[str, int]]] = {}
    rows = session().execute(
        select(Membership.person_id, Membership.role, Membership.unit_id)
        .where(Membership.person_id.in_(wanted))
        .order_by(Membership.unit_id, Membership.role)
    )
    for person_id, role, unit_id in rows:
        found.setdefault(person_id, []).append((role, unit_id))
    return found


def holders(unit_id: int) -> list[tuple[Person, frozenset[str]]]:
    """Who could hold a role in a unit, and which he does: those who work there or hold one there."""
    held: dict[int, set[str]] = {}
    for person_id, role in session().execute(
        select(Membership.person_id, Membership.role).where(Membership.unit_id == unit_id)
    ):
        held.setdefault(person_id, set()).add(role)
    query = select(Person).where(
        or_(Person.id.in_(sorted(held)), (Person.unit_id == unit_id) & Person.active)
    )
    return [(one, frozenset(held.get(one.id, ()))) for one in session().scalars(query.order_by(Person.id))]


def roles_for(kind: str) -> list[tuple[Role, str]]:
    """The roles that can be held in a kind of unit, with their names."""
    return [
        (role, name) for role, name in ROLE_NAMES.items() if kind in UNITS_OF_ROLE[role.partition(".")[0]]
    ]


def requests() -> list[tuple[RoleRequest, Person, OrgUnit]]:
    """Roles that have been asked for and wait for the security administrator."""
    rows = session().execute(
        select(RoleRequest, Person, OrgUnit)
        .join(Person, Person.id == RoleRequest.person_id)
        .join(OrgUnit, OrgUnit.id == RoleRequest.unit_id)
        .order_by(RoleRequest.unit_id, RoleRequest.role, RoleRequest.id)
    )
    return [(asked, person, unit) for asked, person, unit in rows]


def request_count() -> int:
    """How many roles wait to be given."""
    return session().scalar(select(func.count(RoleRequest.id))) or 0


def units_using(unit_id: int) -> list[str]:
    """What of this room hangs on a unit, in words: units below it, people, roles."""
    found = []
    below = session().scalars(
        select(OrgUnit.short_name).where(OrgUnit.parent_id == unit_id, OrgUnit.active).limit(100)
    ).all()  # fmt: skip
    if below:
        found.append(f"有 {len(below)} 个下级单位（{_some(below)}）")
    names = session().scalars(
        select(Person.name)
        .where(
            Person.active,
            or_(
                Person.unit_id == unit_id,
                Person.id.in_(select(Membership.person_id).where(Membership.unit_id == unit_id)),
            ),
        )
        .order_by(Person.id)
        .limit(100)
    ).all()  # fmt: skip
    if names:
        found.append(f"有 {len(names)} 名在职人员（{_some(names)}）")
    return found


def _some(names: Collection[str]) -> str:
    shown = list(names)[:3]
    return "、".join(shown) + (" 等" if len(names) > len(shown) else "")
