"""People and units: create, grant, switch off."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select

from app.accounts import rules
from app.accounts.models import Membership, OrgUnit, Person, RoleRequest
from app.accounts.queries import unit
from app.accounts.sign_in import end_sessions, hash_password
from app.audit.services import digest, record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.core.identity import Actor

ONE_TIME = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters of one-time passwords: none that people mistake for another."""


def create_unit(
    actor: Actor,
    *,
    name: str,
    kind: str,
    city: str,
    short_name: str | None = None,
    code: str | None = None,
    area_kind: str | None = None,
    parent_id: int | None = None,
) -> OrgUnit:
    """Add a unit (新增单位; ZH-29).

    Raises:
        Refusals: no unit above it, one of another city, or the code is taken.
    """
    with unit_of_work() as db:
        rules.permit(rules.may_make_unit(actor, kind))
        parent = unit(parent_id) if parent_id is not None else None
        decisions = [
            rules.name_given(name),
            rules.parent_allowed(kind, parent.kind if parent else None),
            rules.city_allowed(city, parent.city if parent else None),
            rules.area_kind_allowed(area_kind),
        ]
        require_all(decisions)
        if code and db.scalar(select(OrgUnit.id).where(OrgUnit.code == code)):
            raise Refusal("这个代码已经属于别的单位，请核对。", field="code")
        made = _unit(name, short_name or name, kind, city, code, area_kind, parent)
        record(f"org_unit:{made.id}", "accounts.create_unit", actor=actor, subject=name, after={"kind": kind})
        return made


def create_person(
    actor: Actor,
    *,
    login: str,
    name: str,
    unit_id: int | None = None,
    password: str | None = None,
    hashed: str | None = None,
    must_change: bool = True,
) -> tuple[Person, str]:
    """Add a person; answers the person and the one-time password (新增人员).

    Args:
        hashed: the hash of the password when it is known already: the demo's people share one.

    Raises:
        Forbidden: the actor does not keep accounts.
        Refusals: the login name is taken or cannot be one, or there is no name.
    """
    secret = password or one_time()
    hashed = hashed or hash_password(secret)  # before the transaction: it is slow on purpose
    with unit_of_work() as db:
        login = login.strip().lower()
        rules.permit(rules.may_make_person(actor))
        require_all([rules.login_allowed(login), rules.name_given(name)])
        if db.scalar(select(Person.id).where(Person.login == login)):
            raise Refusal("这个用户名已经有人使用，请换一个。", field="login")
        person = Person(
            login=login,
            name=name.strip(),
            password_hash=hashed,
            must_change=must_change,
            created_at=clock.now(),
            unit_id=unit_id,
        )
        db.add(person)
        db.flush()
        record(
            f"person:{person.id}",
            "accounts.create_person",
            actor=actor,
            subject=login,
            after={"name": digest(person.name), "unit": unit_id},
        )
        return person, secret


def grant(actor: Actor, person_id: int, unit_id: int, role: str, reason: str = "") -> None:
    """Give a person a role in a unit (授予岗位); a role already held stays as it is.

    Args:
        reason: why, for the audit; screens ask for it.

    Raises:
        Forbidden: the actor may not give this role, or not to this person.
        Refusals: three separated administrators would be one person, or the role has no place there.
    """
    with unit_of_work() as db:
        person = _locked(person_id)  # two grants at the same moment must see each other
        rules.permit(rules.may_grant(actor, person_id, role))
        held = db.scalars(select(Membership).where(Membership.person_id == person_id)).all()
        _settle_request(person_id, unit_id, role)
        if any(one.role == role and one.unit_id == unit_id for one in held):
            return
        roles = [*(one.role for one in held), role]
        require_all([rules.role_fits(role, unit(unit_id).kind), rules.roles_allowed(roles)])
        db.add(Membership(person_id=person_id, unit_id=unit_id, role=role))
        person.unit_id = person.unit_id or unit_id
        db.flush()
        record(
            f"person:{person_id}",
            "accounts.grant",
            actor=actor,
            subject=person.login,
            after={"unit": unit_id, "role": role, "reason": reason.strip()},
        )


def revoke(actor: Actor, person_id: int, unit_id: int, role: str, reason: str = "") -> None:
    """Take a role away (收回岗位).

    Raises:
        Forbidden: the actor may not take this role.
        NotFound: the person does not hold it.
    """
    with unit_of_work() as db:
        person = _locked(person_id)
        rules.permit(rules.may_grant(actor, person_id, role))
        gone = db.execute(
            delete(Membership)
            .where(Membership.person_id == person_id, Membership.unit_id == unit_id, Membership.role == role)
            .returning(Membership.id)
        ).all()
        if not gone:
            raise NotFound
        record(
            f"person:{person_id}",
            "accounts.revoke",
            actor=actor,
            subject=person.login,
            before={"unit": unit_id, "role": role},
            after={"reason": reason.strip()},
        )


def deactivate(actor: Actor, person_id: int, reason: str = "") -> None:
    """Switch an account off; its sessions end at once (停用账号)."""
    with unit_of_work():
        person = _locked(person_id)
        rules.permit(rules.may_manage(actor, person_id))
        person.active = False
        end_sessions(person)
        record(
            f"person:{person_id}",
            "accounts.deactivate",
            actor=actor,
            subject=person.login,
            before={"active": True},
            after={"active": False, "reason": reason.strip()},
        )


def reset_password(actor: Actor, person_id: int) -> str:
    """Give a new one-time password and lift a lock (重置密码); answers the password."""
    secret = one_time()
    hashed = hash_password(secret)
    with unit_of_work():
        person = _locked(person_id)
        rules.permit(rules.may_manage(actor, person_id))
        person.password_hash, person.must_change = hashed, True
        person.failed_logins, person.locked_until = 0, None
        end_sessions(person)
        record(f"person:{person_id}", "accounts.reset_password", actor=actor, subject=person.login)
        return secret


def _settle_request(person_id: int, unit_id: int, role: str) -> None:
    """What has been asked for is given now."""
    session().execute(
        delete(RoleRequest).where(
            RoleRequest.person_id == person_id, RoleRequest.unit_id == unit_id, RoleRequest.role == role
        )
    )


def _unit(
    name: str,
    short_name: str,
    kind: str,
    city: str,
    code: str | None,
    area_kind: str | None,
    parent: OrgUnit | None,
) -> OrgUnit:
    db = session()
    made = OrgUnit(
        name=name,
        short_name=short_name,
        kind=kind,
        city=city,
        code=code,
        area_kind=area_kind,
        parent_id=parent.id if parent else None,
        path="/",
    )
    db.add(made)
    db.flush()
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    db.flush()
    return made


def _locked(person_id: int) -> Person:
    """A person's row, locked until the transaction ends."""
    found = session().get(Person, person_id, with_for_update=True)
    if found is None:
        raise NotFound
    return found


def one_time() -> str:
    """A password for the first sign-in, easy to read out: abcd-efgh-jkmn."""
    return "-".join("".join(secrets.choice(ONE_TIME) for _ in range(4)) for _ in range(3))
