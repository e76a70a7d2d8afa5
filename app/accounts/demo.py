"""The demo's accounts, shown on its login page. They exist nowhere else."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.models import Membership, OrgUnit, Person
from app.core.db import session
from app.core.identity import ROLE_NAMES, Role

PASSWORD = "zhenjie-demo-2026"  # noqa: S105 - the demo's, shown on its own login page
SHOWN = 14


def demo_logins() -> list[tuple[str, str, str]]:
    """Login name, role and unit of the accounts a visitor can try."""
    rows = session().execute(
        select(Person.login, Membership.role, OrgUnit.short_name)
        .join(Membership, Membership.person_id == Person.id)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Person.active, Person.must_change.is_(False))
        .order_by(Person.id)
        .limit(SHOWN)
    )
    return [(login, ROLE_NAMES[Role(role)], unit) for login, role, unit in rows]
