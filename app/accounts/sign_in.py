"""Signing in and out, and the password that goes with it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select

from app.accounts import rules
from app.accounts.models import LoginSession, Person, UnknownLogin
from app.audit.services import digest, record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, require_all
from app.core.identity import SYSTEM, Actor

_hasher = PasswordHasher()
WRONG = "用户名或密码不正确，请重新输入。连续输错 5 次，账号会锁定 15 分钟。"
LOCKED = "密码多次输入错误，账号已暂时锁定，请 15 分钟后再试。"


def hash_password(password: str) -> str:
    """The Argon2 hash under which a password is kept."""
    return _hasher.hash(password)


def authenticate(login: str, password: str) -> Person:
    """Check login name and password (登录).

    A login that nobody has answers, waits and locks like a real one, so that guessing tells nothing.

    Raises:
        Refusal: wrong, locked or switched off. The failure is counted all the same; that is why this
            must not run inside another unit of work.
    """
    login = login.strip().lower()[:60]
    known = session().scalar(select(Person.password_hash).where(Person.login == login))
    # Before the transaction: hashing is slow on purpose, and nobody should wait behind it.
    good = _verify(known or _decoy(), password)
    with unit_of_work() as db:
        now = clock.now()
        person = db.scalar(select(Person).where(Person.login == login).with_for_update())
        guard = person or _unknown(login, now)
        if rules.locked(guard.locked_until, now):
            failure = LOCKED
        elif person is not None and good and person.active and person.password_hash == known:
            person.failed_logins, person.locked_until, person.last_login_at = 0, None, now
            if _hasher.check_needs_rehash(person.password_hash):
                person.password_hash = _hasher.hash(password)
            record(_chain(person), "accounts.login", actor=Actor(person.id, person.name), subject=login)
            return person
        else:
            failure = WRONG
            guard.failed_logins += 1
            full = guard.failed_logins >= rules.MAX_FAILURES
            if full:
                guard.locked_until, guard.failed_logins = now + rules.LOCK_FOR, 0
            if person is not None:
                action = "accounts.lock" if full else "accounts.login_failed"
                record(_chain(person), action, actor=SYSTEM, subject=login)
    raise Refusal(failure, field="login")


def change_password(actor: Actor, old: str, new: str) -> Person:
    """Set a new password; every session of the person ends (修改密码).

    Raises:
        Refusals: the old one is wrong or the new one too weak.
    """
    with unit_of_work() as db:
        person = db.get_one(Person, actor.person_id, with_for_update=True)
        decisions = [
            rules.old_password_right(_verify(person.password_hash, old)),
            rules.password_allowed(new, person.login),
            rules.password_new(old, new),
        ]
        require_all(decisions)
        person.password_hash, person.must_change = _hasher.hash(new), False
        end_sessions(person)
        record(_chain(person), "accounts.password", actor=actor, subject=person.login)
        return person


def open_session(person: Person) -> str:
    """Open a session and answer its token (建立登录会话); the database keeps only a fingerprint of it.

    Sessions run on the machine's clock: moving the demo's clock signs nobody out.
    """
    token = secrets.token_urlsafe(32)
    now = clock.SystemClock().now()
    with unit_of_work() as db:
        db.execute(
            delete(LoginSession).where(LoginSession.person_id == person.id, LoginSession.expires_at <= now)
        )
        db.add(
            LoginSession(
                token_hash=_fingerprint(token),
                person_id=person.id,
                session_version=person.session_version,
                created_at=now,
                expires_at=now + rules.SESSION_LASTS,
            )
        )
    return token


def person_of(token: str) -> Person | None:
    """The person of an open session; None when it is over, ended, or the account is switched off."""
    found = session().execute(
        select(LoginSession, Person)
        .join(Person, Person.id == LoginSession.person_id)
        .where(LoginSession.token_hash == _fingerprint(token))
    ).first()  # fmt: skip
    if found is None:
        return None
    opened, person = found
    live = opened.expires_at > clock.SystemClock().now() and opened.session_version == person.session_version
    return person if live and person.active else None


def close_session(actor: Actor, token: str) -> None:
    """End a session: a copy of its cookie is worth nothing any more (退出登录)."""
    with unit_of_work() as db:
        db.execute(delete(LoginSession).where(LoginSession.token_hash == _fingerprint(token)))
        record(f"person:{actor.person_id}", "accounts.logout", actor=actor, subject=actor.name)


def end_sessions(person: Person) -> None:
    """End every session of a person, in the open unit of work."""
    person.session_version += 1
    session().execute(delete(LoginSession).where(LoginSession.person_id == person.id))


def _unknown(login: str, now: datetime) -> UnknownLogin:
    """The counter of a login nobody has; old ones are dropped on the way."""
    db = session()
    db.execute(delete(UnknownLogin).where(UnknownLogin.at < now - rules.FORGET_UNKNOWN))
    key = digest(login)
    found = db.get(UnknownLogin, key, with_for_update=True)
    if found is None:
        found = UnknownLogin(login_hash=key, failed_logins=0, locked_until=None, at=now)
        db.add(found)
    found.at = now
    return found


def _chain(person: Person) -> str:
    return f"person:{person.id}"


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash nobody knows the password of: an unknown login costs the same time as a wrong password."""
    return _hasher.hash(secrets.token_urlsafe(16))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
