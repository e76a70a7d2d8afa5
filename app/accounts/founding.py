"""The first administrators of an installation, and the way back in for one who is locked out."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.areas import NO_CITY
from app.accounts.models import Membership, OrgUnit, Person
from app.accounts.services import create_person, create_unit, grant, reset_password
from app.core.db import session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import ROLE_NAMES, SYSTEM, Role

DUTIES = {"system": Role.SYSTEM_ADMIN, "security": Role.SECURITY_ADMIN, "audit": Role.AUDIT_ADMIN}


def first_administrator(login: str, duty: str, name: str = "") -> tuple[Person, str]:
    """Make the first administrator of a duty, or give him a new one-time password (首任管理员).

    Only from the machine's own command line: once there is one, all others are made by the pages.

    Raises:
        Refusals: somebody else already has the duty, or this person has another of the three.
    """
    role = DUTIES[duty]
    login = login.strip().lower()
    with unit_of_work():
        held = (
            session()
            .scalars(
                select(Person)
                .join(Membership, Membership.person_id == Person.id)
                .where(Membership.role == role, Person.active)
            )
            .all()
        )
        if same := next((one for one in held if one.login == login), None):
            return same, reset_password(SYSTEM, same.id)
        if held:
            raise Refusal(f"已有{ROLE_NAMES[role]}（{held[0].login}），其他人员请在页面上新增和授权。")
        person, secret = create_person(SYSTEM, login=login, name=name.strip() or ROLE_NAMES[role])
        grant(SYSTEM, person.id, _city().id, role, "首任管理员")
        return person, secret


def _city() -> OrgUnit:
    """The city the installation serves; one without a name stands for it until it is imported."""
    found = session().scalar(select(OrgUnit).where(OrgUnit.kind == "city").order_by(OrgUnit.id).limit(1))
    return found or create_unit(SYSTEM, name="本市（待确定）", kind="city", city=NO_CITY, area_kind="city")
