"""Deadlines come before people: what is due fires first, and a late user does not beat it (到期处理)."""

from __future__ import annotations

from collections.abc import Sequence

from app.core import clock
from app.core.errors import Conflict
from app.core.identity import SYSTEM, Actor
from app.policy import queries as policy
from app.runtime import definitions, recording
from app.runtime.locking import Locked
from app.runtime.models import Case, Task
from app.runtime.stepping import BoundOperators, append_history, audit_step, settle
from workflows import engine
from workflows.types import Result

FIRED = "期限已到，流程自动推进"
EXPIRED = (
    "这一步的期限已到，流程已按期限的规定推进，不能再办理。您填写的内容没有提交，请刷新页面查看最新进展。"
)
MOVING = frozenset({"intermediateCatchEvent", "receiveTask", "callActivity"})
"""Passed elements that show a case has gone on by a timer."""


def fire(case: Case, waiting: Sequence[Task], actor: Actor = SYSTEM, title: str = FIRED) -> list[Task]:
    """Fire the due timers of a locked case; answers the newly opened steps.

    Args:
        waiting: the open steps of the case.
        title: of the history line.
    """
    at = clock.now()
    pack, bundle = policy.pack(case.pack_version_id), definitions.bundle(case.definition_id)
    recording.act("timer")
    result = engine.fire_timers(
        bundle.model, case.state, operators=BoundOperators(case, actor, pack, at), now=clock.now
    )
    if _moves(result, waiting):
        append_history(case, actor, at, "timer", title)
    fresh = settle(case, result, actor, pack, at, waiting)
    audit_step(case, actor, "runtime.timer")
    return fresh


def _moves(result: Result, were_open: Sequence[Task]) -> bool:
    """Whether the case goes on; a reminder at the edge of a step leaves it where it is."""
    if {step.id for step in result.open} != {task.engine_id for task in were_open}:
        return True
    return result.finished or any(one.kind in MOVING for one in result.passed)


def first(held: Locked) -> Locked:
    """Let due timers of a locked case fire before somebody acts on a step.

    Raises:
        Conflict: the step is gone with its deadline. Nothing of this act remains; the worker moves the case.
    """
    case = held.case
    if case.status != "running" or case.next_due is None or case.next_due > clock.now():
        return held
    was_open = held.task.state == "open"
    fresh = fire(case, held.open)
    if was_open and held.task.state != "open":
        raise Conflict(EXPIRED)
    return Locked(held.task, case, [*(task for task in held.open if task.state == "open"), *fresh])
