"""People and units: create, grant, switch off, import."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import delete, select

from app.accounts import rules
from app.accounts.models import Membership, OrgUnit, Person
from app.accounts.queries import unit
from app.accounts.sign_in import end_sessions, hash_password
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Decision, Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor

ONE_TIME = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters of one-time passwords: none that people mistake for another."""
AREA_UNITS = {
    "city": "city",
    "district": "district",
    "town": "street",
    "subdistrict": "street",
    "community": "community",
}
"""The kind of unit that governs an area of a kind."""
COMMITTEES = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
    ("村民委员会", "村"),
    ("村委会", "村"),
)
"""How committees sign, and how people call the place."""


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
        parent = unit(parent_id) if parent_id is not None else None
        decisions = [
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
    actor: Actor, *, login: str, name: str, password: str | None = None, must_change: bool = True
) -> tuple[Person, str]:
    """Add a person; answers the person and the one-time password (新增人员).

    Raises:
        Refusal: the login name is taken.
    """
    secret = password or _one_time()
    with unit_of_work() as db:
        login = login.strip().lower()
        if db.scalar(select(Person.id).where(Person.login == login)):
            raise Refusal("这个用户名已经有人使用，请换一个。", field="login")
        person = Person(
            login=login,
            name=name.strip(),
            password_hash=hash_password(secret),
            must_change=must_change,
            created_at=clock.now(),
        )
        db.add(person)
        db.flush()
        record(f"person:{person.id}", "accounts.create_person", actor=actor, subject=login)
        return person, secret


def grant(actor: Actor, person_id: int, unit_id: int, role: str) -> None:
    """Give a person a role in a unit (授予岗位); a role already held stays as it is.

    Raises:
        Forbidden: the actor may not give this role, or not to this person.
        Refusals: three separated administrators would be one person, or the role has no place there.
    """
    with unit_of_work() as db:
        person = _locked(person_id)  # two grants at the same moment must see each other
        _permit(rules.may_grant(actor, person_id, role))
        held = db.scalars(select(Membership).where(Membership.person_id == person_id)).all()
        if any(one.role == role and one.unit_id == unit_id for one in held):
            return
        roles = [*(one.role for one in held), role]
        require_all([rules.role_fits(role, unit(unit_id).kind), rules.roles_allowed(roles)])
        db.add(Membership(person_id=person_id, unit_id=unit_id, role=role))
        db.flush()
        record(
            f"person:{person_id}",
            "accounts.grant",
            actor=actor,
            subject=person.login,
            after={"unit": unit_id, "role": role},
        )


def revoke(actor: Actor, person_id: int, unit_id: int, role: str) -> None:
    """Take a role away (收回岗位).

    Raises:
        Forbidden: the actor may not take this role.
        NotFound: the person does not hold it.
    """
    with unit_of_work() as db:
        person = _locked(person_id)
        _permit(rules.may_grant(actor, person_id, role))
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
        )


def deactivate(actor: Actor, person_id: int) -> None:
    """Switch an account off; its sessions end at once (停用账号)."""
    with unit_of_work():
        person = _locked(person_id)
        _permit(rules.may_manage(actor, person_id))
        person.active = False
        end_sessions(person)
        record(
            f"person:{person_id}",
            "accounts.deactivate",
            actor=actor,
            subject=person.login,
            before={"active": True},
            after={"active": False},
        )


def reset_password(actor: Actor, person_id: int) -> str:
    """Give a new one-time password and lift a lock (重置密码); answers the password."""
    secret = _one_time()
    hashed = hash_password(secret)
    with unit_of_work():
        person = _locked(person_id)
        _permit(rules.may_manage(actor, person_id))
        person.password_hash, person.must_change = hashed, True
        person.failed_logins, person.locked_until = 0, None
        end_sessions(person)
        record(f"person:{person_id}", "accounts.reset_password", actor=actor, subject=person.login)
        return secret


def import_areas(actor: Actor, path: Path, city_codes: frozenset[str]) -> int:
    """Make units from the area table; areas already known stay as they are (导入行政区划; ZH-29).

    Statistical plots without a purchaser (kind `functional_zone`), and what lies in them, are left out.

    Args:
        city_codes: four-digit codes of the cities wanted.

    Returns:
        How many units were added.

    Raises:
        Refusal: an area hangs below one that is neither known nor in the table.
    """
    with unit_of_work() as db:
        known = {u.code: u for u in db.scalars(select(OrgUnit).where(OrgUnit.code.is_not(None)))}
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["code"][:4] in city_codes]
        plots = {row["code"] for row in rows if row["kind"] == "functional_zone"}
        wanted = [row for row in rows if not plots & {row["code"], row["parent_code"]}]
        fresh = [row for row in wanted if row["code"] not in known]
        # Level by level, so that a level is one statement and finds the numbers of the level above.
        for kind in ("city", "district", "street", "community"):
            level = [row for row in fresh if AREA_UNITS[row["kind"]] == kind]
            made = [_area(row, known) for row in level]
            db.add_all(made)
            db.flush()
            for one in made:
                one.path += f"{one.id}/"
                known[one.code] = one
        if fresh:
            record(
                "org_unit:0",
                "accounts.import_areas",
                actor=actor,
                subject=path.name,
                after={"added": len(fresh), "cities": sorted(city_codes)},
            )
    return len(fresh)


def _area(row: Mapping[str, str], known: Mapping[str | None, OrgUnit]) -> OrgUnit:
    """The unit of an area, its path still without its own number."""
    parent, kind = known.get(row["parent_code"]), AREA_UNITS[row["kind"]]
    if parent is None and kind != "city":
        raise Refusal(
            f"“{row['name']}”没有所属的上级区域，请先补全区划表。", rule="ZH-29", field="parent_code"
        )
    return OrgUnit(
        name=row["name"],
        short_name=short_area_name(row["name"]),
        kind=kind,
        city=row["code"][:4] + "00",
        code=row["code"],
        area_kind=row["kind"],
        parent_id=parent.id if parent else None,
        path=parent.path if parent else "/",
    )


def short_area_name(name: str) -> str:
    """How people say an area: without the committee's full title."""
    for long, short in COMMITTEES:
        if name.endswith(long):
            return name.removesuffix(long) + short
    return name


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


def _permit(decision: Decision) -> None:
    """Turn a rule about who may into what the page answers with."""
    if not decision:
        raise Forbidden(decision.reason, field=decision.field)


def _one_time() -> str:
    """A password for the first sign-in, easy to read out: abcd-efgh-jkmn."""
    return "-".join("".join(secrets.choice(ONE_TIME) for _ in range(4)) for _ in range(3))
