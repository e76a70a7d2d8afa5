"""People and units: sign in, passwords, create, grant."""

from __future__ import annotations

import csv
import secrets
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select

from app.accounts import rules
from app.accounts.models import Membership, OrgUnit, Person
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import Actor

_hasher = PasswordHasher()
WRONG = "用户名或密码不正确，请重新输入。"


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash nobody knows the password of: an unknown login costs the same time as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe(16))


def authenticate(login: str, password: str) -> Person:
    """Check login name and password (登录).

    Raises:
        Refusal: wrong, locked or switched off; the message does not say which login exists.
    """
    now = clock.now()
    with unit_of_work() as db:
        person = db.scalar(select(Person).where(Person.login == login.strip().lower()).with_for_update())
        good = _verify(person.password_hash if person else _decoy(), password)
        if person is not None and rules.locked(person.locked_until, now):
            failure = "密码多次输入错误，账号已暂时锁定，请 15 分钟后再试。"
        elif person is None or not good or not person.active:
            failure = WRONG
            if person is not None:
                person.failed_logins += 1
                if person.failed_logins >= rules.MAX_FAILURES:
                    person.locked_until, person.failed_logins = now + rules.LOCK_FOR, 0
                    who = Actor(person.id, person.name)
                    record(f"person:{person.id}", "accounts.lock", actor=who, subject=person.login)
        else:
            person.failed_logins, person.locked_until, person.last_login_at = 0, None, now
            if _hasher.check_needs_rehash(person.password_hash):
                person.password_hash = _hasher.hash(password)
            return person
    raise Refusal(failure, field="login")


def change_password(actor: Actor, old: str, new: str) -> Person:
    """Set a new password; every other session of the person ends (修改密码).

    Raises:
        Refusal: the old one is wrong or the new one too weak.
    """
    with unit_of_work() as db:
        person = db.get_one(Person, actor.person_id, with_for_update=True)
        if not _verify(person.password_hash, old):
            raise Refusal("原密码不正确。", field="old_password")
        rules.password_allowed(new, person.login).require()
        if old == new:
            raise Refusal("新密码不能与原密码相同。", field="new_password")
        person.password_hash, person.must_change = _hasher.hash(new), False
        person.session_version += 1
        record(f"person:{person.id}", "accounts.password", actor=actor, subject=person.login)
        return person


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
    """Add a unit (新增单位; ZH-29)."""
    with unit_of_work() as db:
        parent = db.get_one(OrgUnit, parent_id) if parent_id is not None else None
        rules.parent_allowed(kind, parent.kind if parent else None).require()
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
    secret = password or secrets.token_urlsafe(9)
    with unit_of_work() as db:
        login = login.strip().lower()
        if db.scalar(select(Person.id).where(Person.login == login)):
            raise Refusal("这个用户名已经有人使用，请换一个。", field="login")
        person = Person(
            login=login,
            name=name.strip(),
            password_hash=_hasher.hash(secret),
            must_change=must_change,
            created_at=clock.now(),
        )
        db.add(person)
        db.flush()
        record(f"person:{person.id}", "accounts.create_person", actor=actor, subject=login)
        return person, secret


def grant(actor: Actor, person_id: int, unit_id: int, role: str) -> None:
    """Give a person a role in a unit (授予岗位)."""
    with unit_of_work() as db:
        held = list(db.scalars(select(Membership.role).where(Membership.person_id == person_id)))
        rules.roles_allowed([*held, role]).require()
        db.add(Membership(person_id=person_id, unit_id=unit_id, role=role))
        db.flush()
        record(
            f"person:{person_id}",
            "accounts.grant",
            actor=actor,
            subject=f"person:{person_id}",
            after={"unit": unit_id, "role": role},
        )


def import_areas(actor: Actor, path: Path, city_codes: frozenset[str]) -> int:
    """Make units from the area table; areas already known stay as they are (导入行政区划).

    Args:
        city_codes: four-digit codes of the cities wanted.

    Returns:
        How many units were added.
    """
    kinds = {"city": "city", "district": "district", "town": "street", "subdistrict": "street"}
    made = 0
    with unit_of_work() as db:
        known = {unit.code: unit for unit in db.scalars(select(OrgUnit).where(OrgUnit.code.is_not(None)))}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                kind = kinds.get(row["kind"], "community" if row["kind"] == "community" else None)
                if kind is None or row["code"][:4] not in city_codes or row["code"] in known:
                    continue
                known[row["code"]] = _unit(
                    row["name"],
                    short_area_name(row["name"]),
                    kind,
                    row["code"][:4] + "00",
                    row["code"],
                    row["kind"],
                    known.get(row["parent_code"]),
                )
                made += 1
        if made:
            record("org_unit:0", "accounts.import_areas", actor=actor, subject=path.name, after={"added": made})
    return made


def short_area_name(name: str) -> str:
    """How people say an area: without the committee's full title."""
    for long, short in (("社区居民委员会", "社区"), ("居民委员会", "社区"), ("村民委员会", "村")):
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


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
