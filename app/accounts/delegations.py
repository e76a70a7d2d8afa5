"""Stand in for an absent colleague (代理)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import Delegation, Membership, Person
from app.accounts.rules import ADMINISTRATORS, may_delegate
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, NotFound, Refusal
from app.core.identity import Actor

LONGEST = timedelta(days=90)


def delegate(
    actor: Actor, delegate_id: int, starts_at: datetime, ends_at: datetime, role: str | None
) -> Delegation:
    """Let a colleague of one's own unit do one's work for a time (设置代理).

    Args:
        role: only this role; None for all of them.

    Raises:
        Refusal: nobody else, another unit, or no proper time.
    """
    if actor.person_id is None:
        raise Forbidden("请先登录。")
    if delegate_id == actor.person_id:
        raise Refusal("代理人不能是自己。", field="delegate_id")
    if not starts_at < ends_at:
        raise Refusal("结束时间应晚于开始时间。", field="ends_at")
    if ends_at <= clock.now():
        raise Refusal("结束时间已经过去。", field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise Refusal("一次代理最长 90 天，请分次设置。", field="ends_at")
    if delegate_id not in {person.id for person in colleagues(actor)}:
        raise Refusal("代理人须是同一单位的在职人员。", field="delegate_id")
    if role is not None and role not in {held.role for held in _own(actor.person_id)}:
        raise Refusal("您没有这个岗位。", field="role")
    lent = {role} if role is not None else {held.role for held in _own(actor.person_id)}
    if role is None and lent - set(ADMINISTRATORS):
        lent -= set(ADMINISTRATORS)  # these stay with their holder; the others are lent
    may_delegate(lent).require()
    with unit_of_work() as db:
        made = Delegation(
            person_id=actor.person_id,
            delegate_id=delegate_id,
            role=role,
            starts_at=starts_at,
            ends_at=ends_at,
            made_by=actor.person_id,
            made_at=clock.now(),
        )
        db.add(made)
        db.flush()
        after = {"delegate": delegate_id, "role": role, "from": starts_at, "until": ends_at}
        record(f"person:{actor.person_id}", "accounts.delegate", actor=actor, subject=actor.name, after=after)
        return made


def end(actor: Actor, delegation_id: int) -> None:
    """End a delegation of one's own early (取消代理).

    Raises:
        NotFound: not the actor's.
    """
    with unit_of_work() as db:
        found = db.get(Delegation, delegation_id, with_for_update=True)
        if found is None or found.person_id != actor.person_id:
            raise NotFound
        now = clock.now()
        if found.ends_at <= now:
            return
        if found.starts_at >= now:
            db.delete(found)
        else:
            found.ends_at = now
        before = {"delegate": found.delegate_id, "until": found.ends_at}
        record(
            f"person:{actor.person_id}",
            "accounts.delegate_end",
            actor=actor,
            subject=actor.name,
            before=before,
        )


def of(actor: Actor) -> list[tuple[Delegation, str]]:
    """The actor's delegations that have not ended, with the colleague's name."""
    query = (
        select(Delegation, Person.name)
        .join(Person, Person.id == Delegation.delegate_id)
        .where(Delegation.person_id == actor.person_id, Delegation.ends_at > clock.now())
        .order_by(Delegation.starts_at)
    )
    return [(row, name) for row, name in session().execute(query)]


def colleagues(actor: Actor) -> list[Person]:
    """Active people of the actor's own units, without himself."""
    own = {held.unit_id for held in _own(actor.person_id or 0)}
    query = (
        select(Person)
        .where(
            Person.active,
            Person.id != actor.person_id,
            Person.id.in_(select(Membership.person_id).where(Membership.unit_id.in_(own))),
        )
        .order_by(Person.name, Person.id)
    )
    return list(session().scalars(query))


def own_roles(actor: Actor) -> list[str]:
    """The roles the actor holds himself, without those he stands in for."""
    return sorted({held.role for held in _own(actor.person_id or 0)})


def _own(person_id: int) -> list[Membership]:
    return list(session().scalars(select(Membership).where(Membership.person_id == person_id)))
