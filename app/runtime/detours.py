"""A step sent back to come straight back: where the case stood waits until the step is done again (退回后直达)."""

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
from workflows.types import Result


def begin(case: Case, stood: bytes, source: Task, target: Task, waiting: Sequence[Task]) -> None:
    """Keep where the case stood.

    Args:
        waiting: the steps that were open there.
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


def end(model: engine.Model, task: Task, variables: Mapping[str, Any]) -> tuple[Result, list[Task]]:
    """Stand again where the case stood; answers that and the steps that are open again."""
    detour = session().scalar(select(Detour).where(Detour.to_task_id == task.id, Detour.state == "open"))
    if detour is None:
        raise Fault("找不到退回前的办理位置")
    detour.state = "used"
    waiting = list(session().scalars(select(Task).where(Task.id.in_(detour.task_ids)).order_by(Task.id)))
    for one in waiting:
        one.state, one.done_at, one.outcome = "open", None, None
        signers.recall(one)
    return engine.resume(model, detour.case_state, variables, now=clock.now), waiting
