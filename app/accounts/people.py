"""Keep people's accounts: mend, move, switch on, unlock, sign out; ask for roles."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from app.accounts import rules
from app.accounts.models import Membership, Person, RoleRequest
from app.accounts.queries import unit
from app.accounts.sign_in import end_sessions
from app.audit.services import digest, record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.core.identity import Actor


def edit_person(actor: Actor, person_id: int, *, name: str, unit_id: int | None) -> Person:
    """Mend a person's name and the unit he works in; roles stay as they are (修改人员资料、调动).

    Raises:
        Forbidden: the actor does not keep accounts.
        Refusal: no name, or a unit that is not in use.
    """
    with unit_of_work():
        person = _mine(actor, person_id)
        require_all([rules.name_given(name)])
        if unit_id is not None and not unit(unit_id).active:
            raise Refusal("这个单位已停用，请另选单位。", field="unit_id")
        before = {"name": digest(person.name), "unit": person.unit_id}
        person.name, person.unit_id = name.strip(), unit_id
        after = {"name": digest(person.name), "unit": person.unit_id}
        if before != after:
            _record(person, "accounts.edit_person", actor, before, after)
        return person


def reactivate(actor: Actor, person_id: int) -> None:
    """Switch an account on again; roles it still holds count again (恢复账号)."""
    with unit_of_work():
        person = _mine(actor, person_id)
        rules.permit(rules.may_manage(actor, person_id))
        if not person.active:
            person.active = True
            _record(person, "accounts.reactivate", actor, {"active": False}, {"active": True})


def unlock(actor: Actor, person_id: int) -> None:
    """Lift the lock after wrong passwords before its time (解除锁定)."""
    with unit_of_work():
        person = _mine(actor, person_id)
        person.failed_logins, person.locked_until = 0, None
        _record(person, "accounts.unlock", actor, {}, {})


def sign_out_everywhere(actor: Actor, person_id: int) -> None:
    """End every session of a person at once (强制退出登录)."""
    with unit_of_work():
        person = _mine(actor, person_id)
        end_sessions(person)
        _record(person, "accounts.sign_out_everywhere", actor, {}, {})


def ask_role(actor: Actor, person_id: int, unit_id: int, role: str) -> RoleRequest | None:
    """Ask the security administrator to give a person a role (申请岗位).

    Returns:
        The request; None when the person holds the role already.

    Raises:
        Forbidden: the actor does not keep accounts.
        Refusal: the role has no place in that unit.
    """
    with unit_of_work() as db:
        person = _mine(actor, person_id)
        rules.role_fits(role, unit(unit_id).kind).require()
        same = {"person_id": person_id, "unit_id": unit_id, "role": role}
        if db.scalar(select(Membership.id).filter_by(**same)):
            return None
        known = db.scalar(select(RoleRequest).filter_by(**same))
        if known is not None:
            return known
        made = RoleRequest(**same, asked_by=actor.person_id, asked_at=clock.now())
        db.add(made)
        _record(person, "accounts.ask_role", actor, {}, {"unit": unit_id, "role": role})
        return made


def decline_request(actor: Actor, request_id: int, reason: str) -> None:
    """Refuse a role that was asked for (不予授予岗位).

    Raises:
        Forbidden: the actor gives no roles.
        Refusal: no reason.
    """
    with unit_of_work() as db:
        found = db.get(RoleRequest, request_id, with_for_update=True)
        if found is None:
            raise NotFound
        rules.permit(rules.may_grant(actor, found.person_id, found.role))
        require_all([rules.reason_given(reason)])
        person = db.get_one(Person, found.person_id)
        db.delete(found)
        before = {"unit": found.unit_id, "role": found.role}
        _record(person, "accounts.decline_role", actor, before, {"reason": reason.strip()})


def _mine(actor: Actor, person_id: int) -> Person:
    """A person's row, locked, for those who keep accounts."""
    found = session().get(Person, person_id, with_for_update=True)
    if found is None:
        raise NotFound
    rules.permit(rules.may_make_person(actor))
    return found


def _record(
    person: Person, action: str, actor: Actor, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    session().flush()
    record(
        f"person:{person.id}",
        action,
        actor=actor,
        subject=person.login,
        before=before or None,
        after=after or None,
    )
