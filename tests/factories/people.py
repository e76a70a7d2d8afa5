"""Units of one city and people who hold posts in them, made by the services that offices use."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import func, select

from app.accounts import queries, services
from app.accounts.models import OrgUnit, Person
from app.core.db import session
from app.core.identity import SYSTEM, Actor

CITY = "440400"
PASSWORD = "qingfeng-2026"


def make_units() -> SimpleNamespace:
    """A city with a district, two streets in it, and a community in each street."""

    def unit(name: str, kind: str, parent: OrgUnit | None = None, short: str | None = None) -> OrgUnit:
        return services.create_unit(
            SYSTEM,
            name=name,
            short_name=short,
            kind=kind,
            city=CITY,
            area_kind="subdistrict" if kind == "street" else kind,
            parent_id=parent.id if parent else None,
        )

    city = unit("珠海市", "city")
    district = unit("香洲区", "district", city)
    street, other = unit("狮山街道", "street", district), unit("前山街道", "street", district)
    return SimpleNamespace(
        city=city,
        district=district,
        street=street,
        community=unit("教育社区居民委员会", "community", street, "教育社区"),
        other_street=other,
        other_community=unit("福石社区居民委员会", "community", other, "福石社区"),
    )


def make_person(name: str, role: str, unit: OrgUnit, *, password: str = PASSWORD) -> Person:
    """Somebody who holds a role in a unit and has already chosen a password."""
    number = session().scalar(select(func.count()).select_from(Person)) or 0
    person, _ = services.create_person(
        SYSTEM, login=f"person{number + 1}", name=name, password=password, must_change=False
    )
    services.grant(SYSTEM, person.id, unit.id, role)
    return person


def actor_of(person: Person) -> Actor:
    """The person as services see them."""
    return queries.actor(person.id)
