"""Steps that several sign: who is asked, whose turn it is, when they have decided (会签、或签、票签、依次、加签)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.accounts.queries import people_with
from app.core.db import session
from app.core.errors import Conflict, Fault
from app.core.identity import Actor
from app.runtime import faults
from app.runtime.models import Case, Task, TaskSigner
from workflows.approval import Rule, Sheet, Signature, tally


@dataclass(frozen=True, slots=True)
class Decided:
    """What the signatures of a step came to.

    Attributes:
        answers: the form as the one whose signature decided filled it in.
        person_id: that person.
    """

    answers: dict[str, Any]
    person_id: int


def ask(case: Case, task: Task, at: datetime) -> None:
    """Ask all who hold the role when the diagram wants several signatures (发起会签).

    Too few people for the rule is an incident at once.
    """
    rule = Rule.parse(task.signing)
    if rule.kind == "one" or task.role is None or task.unit_id is None:
        return
    people = people_with(task.role, task.unit_id)
    if rule.needed(len(people)) > len(people):
        message = f"“{task.title}”需要 {rule.needed(len(people))} 人签署，但这一岗位只有 {len(people)} 人。"
        faults.report(case, at, "no_people", message, task=task)
    task.has_signers = True
    session().add_all(_row(task, person.id, "own", seq, None) for seq, person in enumerate(people, start=1))
    session().flush()
    _hand_on(task)


def enough(task: Task) -> bool:
    """Whether those who hold the role now can decide the step; who came since it opened is asked too."""
    if task.role is None or task.unit_id is None:
        return task.role is None
    people = people_with(task.role, task.unit_id)
    rule = Rule.parse(task.signing)
    if rule.kind == "one":
        return bool(people)
    if rule.needed(len(people)) > len(people):
        return False
    rows = of(task)
    known = {row.person_id for row in rows}
    fresh = [person for person in people if person.id not in known]
    if fresh or not task.has_signers:
        task.has_signers = True
        session().add_all(
            _row(task, person.id, "own", seq, None) for seq, person in enumerate(fresh, start=len(rows) + 1)
        )
        session().flush()
        _hand_on(task)
    return True


def add(task: Task, actor: Actor, person_id: int, place: str) -> None:
    """Let one more person sign before, beside or after (加签); who adds stays the one who decides."""
    rows = of(task)
    if not rows:
        task.has_signers = True
        session().add(_row(task, actor.person_id or 0, "own", 1, None))
    elif any(row.person_id == person_id for row in rows):
        raise Conflict("这位同事已经在签署名单中。")
    session().add(_row(task, person_id, place, len(rows) + 2, actor.person_id))
    session().flush()
    _hand_on(task)


def sign(
    task: Task,
    actor: Actor,
    at: datetime,
    agrees: bool,
    opinion: str | None,
    answers: Mapping[str, Any] | None,
) -> Decided | None:
    """Keep a signature; answers what it came to, None while others have still to sign.

    Raises:
        Conflict: it is not this person's turn any more.
    """
    rows = of(task)
    row = next((one for one in rows if one.person_id in actor.persons and one.state == "open"), None)
    if row is None:
        raise Conflict("您已经签署，或现在没有轮到您。请刷新页面查看。")
    row.state, row.agrees, row.opinion = "signed", agrees, opinion
    row.answers = dict(answers) if answers is not None else None
    row.signed_by, row.signed_at = actor.person_id, at
    session().flush()
    sheet = _hand_on(task)
    if sheet.outcome == "open":
        return None
    wanted = sheet.outcome == "agreed"
    own = [one for one in rows if one.place == "own" and one.agrees is wanted and one.answers is not None]
    if not own:
        raise Fault("签署名单中没有可以决定的人")
    last = max(own, key=lambda one: one.signed_at or at)
    return Decided(dict(last.answers or {}), last.signed_by or last.person_id)


def rule_of(task: Task) -> Rule:
    """How many of those asked have to agree."""
    return Rule.parse(task.signing)


def of(task: Task) -> list[TaskSigner]:
    """Those asked to sign a step, in their order."""
    query = select(TaskSigner).where(TaskSigner.task_id == task.id).order_by(TaskSigner.seq)
    return list(session().scalars(query))


def place_of(task: Task, actor: Actor) -> str | None:
    """In which place the actor signs now: `own` with the step's form, others with an opinion; None when not."""
    return next(
        (row.place for row in of(task) if row.person_id in actor.persons and row.state == "open"), None
    )


def forget(task_ids: list[int]) -> None:
    """Nobody is asked any more: the steps are closed."""
    session().execute(
        update(TaskSigner)
        .where(TaskSigner.task_id.in_(task_ids), TaskSigner.state.in_(("open", "waiting")))
        .values(state="closed")
    )


def recall(task: Task) -> None:
    """The step is open again as it was left: those who have not signed yet are asked again (退回后直达)."""
    if task.has_signers:
        _hand_on(task)


def _row(task: Task, person_id: int, place: str, seq: int, added_by: int | None) -> TaskSigner:
    return TaskSigner(
        city=task.city,
        case_id=task.case_id,
        task_id=task.id,
        person_id=person_id,
        place=place,
        seq=seq,
        state="waiting",
        added_by=added_by,
    )


def _hand_on(task: Task) -> Sheet:
    """Open the signatures whose turn it is and close the others that are no longer needed."""
    rows = of(task)
    sheet = tally(
        Rule.parse(task.signing),
        [Signature(one.person_id, one.place, one.seq, one.agrees) for one in rows],  # type: ignore[arg-type]  # CHECK
    )
    for row in rows:
        if row.agrees is None:
            row.state = "open" if row.person_id in sheet.turn else "waiting"
            if sheet.outcome != "open":
                row.state = "closed"
    session().flush()
    return sheet
