"""Mend the tree of units: rename, move, switch off and on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from app.accounts import rules
from app.accounts.areas import NO_CITY
from app.accounts.models import OrgUnit
from app.audit.services import record
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.core.identity import Actor


def rename_unit(actor: Actor, unit_id: int, *, name: str, short_name: str, code: str | None) -> OrgUnit:
    """Mend a unit's names and code (更名).

    Raises:
        Forbidden: the actor does not keep units.
        Refusal: no name, or the code is another unit's.
    """
    with unit_of_work() as db:
        found = _locked(actor, unit_id)
        require_all([rules.name_given(name)])
        if code and db.scalar(select(OrgUnit.id).where(OrgUnit.code == code, OrgUnit.id != unit_id)):
            raise Refusal("这个代码已经属于别的单位，请核对。", field="code")
        before = {"name": found.name, "short_name": found.short_name, "code": found.code}
        found.name, found.short_name = name.strip(), short_name.strip() or name.strip()
        found.code = code or None
        if found.city == NO_CITY and found.kind == "city" and len(code or "") >= 4:
            _say_city(found, f"{(code or '')[:4]}00")
        after = {"name": found.name, "short_name": found.short_name, "code": found.code}
        if before != after:
            _record(found, "accounts.rename_unit", actor, before, after)
        return found


def move_unit(actor: Actor, unit_id: int, parent_id: int) -> OrgUnit:
    """Hang a unit, with all that lies below it, under another one of its city (调整隶属关系; ZH-29).

    Promises: who looks down from above sees the unit from now on; running cases keep their street.

    Raises:
        Forbidden: the actor does not keep units.
        Refusals: the new place is no place for it.
    """
    with unit_of_work() as db:
        found = _locked(actor, unit_id)
        parent = db.get(OrgUnit, parent_id)
        if parent is None or not parent.active:
            raise Refusal("请选择一个在用的上级单位。", field="parent_id")
        decisions = [
            rules.parent_allowed(found.kind, parent.kind),
            rules.city_allowed(found.city, parent.city),
            rules.move_allowed(found.path, parent.path),
        ]
        require_all(decisions)
        if found.parent_id == parent.id:
            return found
        before = {"parent": found.parent_id}
        old, new = found.path, f"{parent.path}{found.id}/"
        for one in db.scalars(select(OrgUnit).where(OrgUnit.path.startswith(old, autoescape=True))):
            one.path = new + one.path.removeprefix(old)
        found.parent_id = parent.id
        _record(found, "accounts.move_unit", actor, before, {"parent": parent.id})
        return found


def switch_off_unit(actor: Actor, unit_id: int, ties: Sequence[str]) -> None:
    """Take a unit out of use; nothing is deleted (停用单位).

    Args:
        ties: what still hangs on it, in words; rooms above know.

    Raises:
        Forbidden: the actor does not keep units.
        Refusal: something hangs on it.
    """
    with unit_of_work():
        found = _locked(actor, unit_id)
        rules.may_switch_off_unit(ties).require()
        found.active = False
        _record(found, "accounts.switch_off_unit", actor, {"active": True}, {"active": False})


def switch_on_unit(actor: Actor, unit_id: int) -> None:
    """Use a unit again (恢复使用单位)."""
    with unit_of_work():
        found = _locked(actor, unit_id)
        found.active = True
        _record(found, "accounts.switch_on_unit", actor, {"active": False}, {"active": True})


def _say_city(city: OrgUnit, code: str) -> None:
    """The city of a new installation has its code now: all below it lie in that city."""
    for one in session().scalars(select(OrgUnit).where(OrgUnit.path.startswith(city.path, autoescape=True))):
        one.city = code


def _locked(actor: Actor, unit_id: int) -> OrgUnit:
    found = session().get(OrgUnit, unit_id, with_for_update=True)
    if found is None:
        raise NotFound
    rules.permit(rules.may_make_unit(actor, "city"))  # what is there is the system administrator's
    return found


def _record(
    found: OrgUnit, action: str, actor: Actor, before: Mapping[str, object], after: Mapping[str, object]
) -> None:
    session().flush()
    record(f"org_unit:{found.id}", action, actor=actor, subject=found.name, before=before, after=after)
