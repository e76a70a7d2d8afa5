"""What hangs on a unit or a person: open steps, running projects, deputies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, union

from app.accounts.directory import units_using
from app.accounts.models import Delegation
from app.core import clock
from app.core.db import session
from app.runtime.models import Case, Task, TaskSigner


@dataclass(frozen=True, slots=True)
class Duties:
    """What a person would leave behind."""

    held: Sequence[tuple[Task, Case]]
    signing: Sequence[tuple[TaskSigner, Task, Case]]
    owned: Sequence[Case]
    delegations: Sequence[Delegation]

    @property
    def count(self) -> int:
        """How many things somebody else has to take over."""
        return len(self.held) + len(self.signing) + len(self.owned) + len(self.delegations)


def of_unit(unit_id: int) -> list[str]:
    """What hangs on a unit, in words; empty when it may be switched off."""
    db = session()
    found = units_using(unit_id)
    steps = db.scalar(select(func.count(Task.id)).where(Task.unit_id == unit_id, Task.state == "open"))
    if steps:
        found.append(f"有 {steps} 项未办完的待办")
    running = (
        select(Case.no)
        .where(
            Case.status == "running",
            or_(
                Case.street_id == unit_id,
                Case.community_id == unit_id,
                Case.provider_id == unit_id,
                Case.evaluator_id == unit_id,
            ),
        )
        .order_by(Case.id)
        .limit(100)
    )
    numbers = list(db.scalars(running))
    if numbers:
        more = " 等" if len(numbers) > 3 else ""
        found.append(f"有 {len(numbers)} 个进行中的项目（{'、'.join(numbers[:3])}{more}）")
    return found


def of_person(person_id: int) -> Duties:
    """What a person holds, signs, owns and stands in for."""
    db = session()
    held = db.execute(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.claimed_by == person_id, Task.state == "open")
        .order_by(Task.id)
    ).all()
    signing = db.execute(
        select(TaskSigner, Task, Case)
        .join(Task, Task.id == TaskSigner.task_id)
        .join(Case, Case.id == Task.case_id)
        .where(
            TaskSigner.person_id == person_id,
            TaskSigner.state.in_(("open", "waiting")),
            Task.state == "open",
        )
        .order_by(Task.id)
    ).all()
    owned = db.scalars(
        select(Case).where(Case.owner_id == person_id, Case.status == "running").order_by(Case.id)
    ).all()
    lent = db.scalars(
        select(Delegation)
        .where(
            or_(Delegation.person_id == person_id, Delegation.delegate_id == person_id),
            Delegation.ends_at > clock.now(),
        )
        .order_by(Delegation.id)
    ).all()
    return Duties(
        [(task, case) for task, case in held],
        [(row, task, case) for row, task, case in signing],
        owned,
        lent,
    )


def cases_of(person_id: int) -> list[int]:
    """Numbers of the cases in which something waits for a person, in order."""
    query = union(
        select(Task.case_id).where(Task.claimed_by == person_id, Task.state == "open"),
        select(TaskSigner.case_id).where(
            TaskSigner.person_id == person_id, TaskSigner.state.in_(("open", "waiting"))
        ),
        select(Case.id).where(Case.owner_id == person_id, Case.status == "running"),
    )
    return sorted(session().scalars(query))
