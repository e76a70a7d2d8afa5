"""A step sent back to come straight back: where the case stood waits until the step is done again (退回后直达).

Where everything went back, the whole case stands still meanwhile and stands again where it stood. Inside one of
several branches the others go on; the token then goes from the step done again to the one that sent it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import session
from app.core.errors import Fault
from app.runtime import signers
from app.runtime.models import Case, Detour, Task
from workflows import engine
from workflows.ports import Operators
from workflows.repair import move as moves
from workflows.types import Result


def possible(model: engine.Model, case: Case, made: Task, closed: Sequence[Task]) -> bool:
    """Whether a step in one of several branches can go straight to the one that sent it back.

    Args:
        made: the step that is open again; closed: what was closed by sending back.
    """
    if len(closed) != 1 or closed[0].group_id is not None:
        return False
    wanted = (_path(closed[0]), closed[0].element)
    goals = moves.goals(model, case.state, made.engine_id, now=clock.now)
    return any((one.place.path, one.place.element) == wanted and one.why_not is None for one in goals)


def begin(case: Case, stood: bytes, source: Task, target: Task, waiting: Sequence[Task]) -> None:
    """Keep where the case stood.

    Args:
        stood: the case's state; empty when branches beside go on.
        waiting: the steps that were open there and wait now.
    """
    target.detour = True
    session().add(
        Detour(
            city=case.city,
            case_id=case.id,
            from_task_id=source.id,
            to_task_id=target.id,
            case_state=stood,
            task_ids=[task.id for task in waiting],
        )
    )


def of(task: Task) -> Detour | None:
    """Where a step goes straight to when it is done; None for ordinary steps.

    Raises:
        Fault: the step has lost its way.
    """
    if not task.detour:
        return None
    found = session().scalar(select(Detour).where(Detour.to_task_id == task.id, Detour.state == "open"))
    if found is None:
        raise Fault("找不到退回前的办理位置")
    return found


def jump(detour: Detour | None) -> list[str]:
    """Path and element to which the token of one branch goes; empty when the whole case stood still."""
    if detour is None or detour.case_state:
        return []
    source = session().get_one(Task, detour.from_task_id)
    return [source.path, source.element]


def end(
    model: engine.Model,
    case: Case,
    task: Task,
    detour: Detour,
    variables: Mapping[str, Any],
    operators: Operators,
) -> tuple[Result, list[Task]]:
    """Stand again where the case, or its branch, stood; answers that and the steps that are open again."""
    detour.state = "used"
    waiting = list(session().scalars(select(Task).where(Task.id.in_(detour.task_ids)).order_by(Task.id)))
    if detour.case_state:
        result = engine.resume(model, detour.case_state, variables, now=clock.now)
    else:
        (source,) = waiting
        result = moves.move(
            model, case.state, task.engine_id, _path(source), source.element,
            values=variables, operators=operators, now=clock.now,
        )  # fmt: skip
        source.engine_id = _fresh(result, case, source)
    for one in waiting:
        one.state, one.done_at, one.outcome = "open", None, None
        signers.recall(one)
    return result, waiting


def _fresh(result: Result, case: Case, source: Task) -> str:
    """The token that stands on the step now."""
    known = set(session().scalars(select(Task.engine_id).where(Task.case_id == case.id)))
    here = (_path(source), source.element)
    return next(one.id for one in result.open if (one.path, one.element) == here and one.id not in known)


def _path(task: Task) -> tuple[str, ...]:
    return tuple(filter(None, task.path.split("/")))
