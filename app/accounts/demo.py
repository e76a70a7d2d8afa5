"""The demo's accounts, shown on its login page. They exist nowhere else."""

from __future__ import annotations

from sqlalchemy import func, select

from app.accounts.models import Membership, OrgUnit, Person
from app.core.db import session
from app.core.identity import ROLE_NAMES, Role

PASSWORD = "zhenjie-demo-2026"  # noqa: S105 - the demo's, shown on its own login page
PEOPLE_OF_ROLE = 3
"""How many people of each role are shown: a joint review needs three."""


def demo_logins() -> list[tuple[str, str, str]]:
    """Login name, role and unit of the accounts a visitor can try."""
    place = func.row_number().over(partition_by=Membership.role, order_by=Person.id).label("place")
    posts = (
        select(Person.id, Person.login, Membership.role, OrgUnit.short_name, place)
        .join(Membership, Membership.person_id == Person.id)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Person.active, Person.must_change.is_(False))
        .subquery()
    )
    rows = session().execute(
        select(posts.c.login, posts.c.role, posts.c.short_name)
        .where(posts.c.place <= PEOPLE_OF_ROLE)
        .order_by(posts.c.id)
    )
    return [(login, ROLE_NAMES[Role(role)], unit) for login, role, unit in rows]
