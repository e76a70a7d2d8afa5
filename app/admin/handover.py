"""Somebody leaves: all that waits for him goes to a named successor, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.accounts import rules, services
from app.accounts.models import Delegation, Membership, OrgUnit, Person
from app.accounts.queries import actor as actor_of
from app.admin import ties
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.core.identity import SYSTEM, Actor
from app.messages.services import notify
from app.runtime.locking import lock_case, parts_of
from app.runtime.models import Case, Task, TaskSigner
from app.runtime.stepping import append_history, audit_step, note


@dataclass(frozen=True, slots=True)
class Handed:
    """What went where.

    Attributes:
        taken: steps the successor holds or signs now.
        released: steps that went back to all who hold their post, because the successor does not.
        owned: projects the successor is in charge of now.
        deputies: deputies ended or passed on.
    """

    taken: int
    released: int
    owned: int
    deputies: int


def successors(person_id: int) -> list[tuple[Person, str]]:
    """Active people of the leaver's units and of the units right above, with their unit's name."""
    db = session()
    leaver = db.get(Person, person_id)
    if leaver is None:
        raise NotFound
    own = set(db.scalars(select(Membership.unit_id).where(Membership.person_id == person_id)))
    own |= {leaver.unit_id} if leaver.unit_id else set()
    near = own | set(db.scalars(select(OrgUnit.parent_id).where(OrgUnit.id.in_(sorted(own))))) - {None}
    rows = db.execute(
        select(Person, OrgUnit.short_name)
        .join(Membership, Membership.person_id == Person.id)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Membership.unit_id.in_(sorted(one for one in near if one)), Person.active)
        .order_by(OrgUnit.path.desc(), Person.id)
    )
    found: dict[int, tuple[Person, str]] = {}
    for person, unit_name in rows:
        if person.id != person_id:
            found.setdefault(person.id, (person, unit_name))
    return list(found.values())


def hand_over(
    actor: Actor, person_id: int, successor_id: int, reason: str, *, switch_off: bool = False
) -> Handed:
    """Give all that waits for a person to a successor (工作交接).

    Steps the successor has no post for go back to all who have it. Past acts stay the leaver's.

    Args:
        switch_off: also switch the leaver's account off.

    Raises:
        Forbidden: the actor does not keep accounts.
        Refusal: no reason, no such successor, or he already signs the same step.
    """
    with unit_of_work() as db:
        rules.permit(rules.may_manage(actor, person_id))
        require_all([rules.reason_given(reason)])
        leaver = db.get_one(Person, person_id, with_for_update=True)
        if successor_id not in {one.id for one, _ in successors(person_id)}:
            raise Refusal("接手人须是同一单位或上级单位的在职人员。", field="successor_id")
        move = _Move(actor, leaver, actor_of(successor_id), reason.strip(), clock.now())
        handed = move.everything()
        record(
            f"person:{person_id}",
            "accounts.hand_over",
            actor=actor,
            subject=leaver.login,
            after={
                "successor": successor_id,
                "reason": reason.strip(),
                "taken": handed.taken,
                "released": handed.released,
                "owned": handed.owned,
                "deputies": handed.deputies,
            },
        )
        if switch_off:
            services.deactivate(actor, person_id, reason)
        if handed.taken or handed.owned:
            words = f"{leaver.name}的工作交接给您：待办 {handed.taken} 项，负责的项目 {handed.owned} 个。"
            notify([successor_id], "task", words, "/desk")
        return handed


class _Move:
    """One handing over; each part answers how much it moved."""

    def __init__(self, actor: Actor, leaver: Person, successor: Actor, reason: str, at: datetime) -> None:
        self._actor, self._leaver, self._successor = actor, leaver, successor
        self._reason, self._at = reason, at
        self._who = successor.person_id or 0

    def everything(self) -> Handed:
        """All of it."""
        # Locked first, in the order of their numbers; what waits is read when nobody can change it any more.
        cases = {number: lock_case(SYSTEM, number) for number in ties.cases_of(self._leaver.id)}
        duties = ties.of_person(self._leaver.id)
        taken = released = 0
        for task, case in duties.held:
            if self._held(task, cases[case.id]):
                taken += 1
            else:
                released += 1
        for row, task, case in duties.signing:
            self._signature(row, task, cases[case.id])
        for case in duties.owned:
            self._owned(cases[case.id])
        deputies = self._deputies(duties.delegations)
        return Handed(taken + len(duties.signing), released, len(duties.owned), deputies)

    def _held(self, task: Task, case: Case) -> bool:
        fits = task.role is None or (
            self._successor.has(task.role, task.unit_id) and not self._acted_beside(task)
        )
        if fits:
            task.claimed_by, task.claimed_at = self._who, self._at
            title = f"工作交接：“{task.title}”由{self._leaver.name}交给{self._successor.name}"
        else:
            task.claimed_by = task.claimed_at = None
            title = f"工作交接：{self._leaver.name}持有的“{task.title}”退回本岗位"
        note(case, task, self._actor, "handed_over", title, opinion=self._reason)
        return fits

    def _acted_beside(self, task: Task) -> bool:
        """Whether the successor has done or holds another part of the same step: nobody votes twice."""
        parts = parts_of(task)
        return self._who in parts.done_by | parts.held_by

    def _signature(self, row: TaskSigner, task: Task, case: Case) -> None:
        same = select(TaskSigner.id).where(TaskSigner.task_id == task.id, TaskSigner.person_id == self._who)
        if session().scalar(same) is not None:
            raise Refusal(
                f"项目 {case.no} 的“{task.title}”由多人签署，{self._successor.name}已在其中，请另选接手人。",
                field="successor_id",
            )
        if row.place == "own" and task.role and not self._successor.has(task.role, task.unit_id):
            raise Refusal(
                f"项目 {case.no} 的“{task.title}”须由同一岗位的人员签署，{self._successor.name}没有这个岗位。",
                field="successor_id",
            )
        row.person_id = self._who
        title = f"工作交接：“{task.title}”由{self._leaver.name}交给{self._successor.name}签署"
        note(case, task, self._actor, "handed_over", title, opinion=self._reason)

    def _owned(self, case: Case) -> None:
        case.owner_id = self._who
        title = f"工作交接：项目负责人由{self._leaver.name}改为{self._successor.name}"
        append_history(case, self._actor, self._at, "handed_over", title, opinion=self._reason)
        audit_step(case, self._actor, "runtime.handed_over")

    def _deputies(self, delegations: Sequence[Delegation]) -> int:
        """Those who stood in for the leaver stop; whom he stood in for gets the successor instead."""
        db = session()
        for one in delegations:
            passed_on = one.delegate_id == self._leaver.id and one.person_id != self._who
            if passed_on:
                db.add(
                    Delegation(
                        person_id=one.person_id,
                        delegate_id=self._who,
                        role=one.role,
                        starts_at=max(one.starts_at, self._at),
                        ends_at=one.ends_at,
                        made_by=self._actor.person_id,
                        made_at=self._at,
                    )
                )
            if one.starts_at >= self._at:
                db.delete(one)
            else:
                one.ends_at = self._at
        db.flush()
        return len(delegations)
