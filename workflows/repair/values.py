"""Set process variables and reminders of a running instance: an operator's mend, and a new calendar's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.util.task import TaskState

from workflows import expressions
from workflows.engine import codec
from workflows.engine.folding import is_token
from workflows.engine.model import Model
from workflows.engine.running import clean, finished_step, guarded, path_of, states_of
from workflows.ports import Now, Operators
from workflows.repair.places import standing
from workflows.types import Result


def variables(model: Model, state: bytes, *, now: Now) -> dict[str, Any]:
    """The process variables as the waiting steps see them."""
    found: dict[str, Any] = {}
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        for task in standing(workflow):
            found.update(task.data)
    return {name: value for name, value in found.items() if name != "data_objects"}


def set_variables(model: Model, state: bytes, values: Mapping[str, Any], *, now: Now) -> Result:
    """Set variables wherever something stands or is still running; timers that read them are set anew.

    Raises:
        EngineFault: a value that may not enter process data, or one that a timer cannot read.
    """
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        fresh = clean(values)
        for part in (workflow, *workflow.subprocesses.values()):
            for task in list(part.tasks.values()):
                if is_token(task) or isinstance(task.task_spec, BoundaryEvent):
                    task.data.update(fresh)
                    if task._state == TaskState.WAITING and task.parent is not None:
                        task.parent.data.update(fresh)  # what waits reads from there when it goes on
                        _set_again(task, fresh)
        return finished_step(model, workflow, before)


def set_reminders(
    model: Model,
    state: bytes,
    begun: Mapping[tuple[tuple[str, ...], str], datetime],
    *,
    operators: Operators,
    now: Now,
) -> Result:
    """Set the timers at the edge of steps anew, as if counted when each step began; nothing fires or moves.

    Args:
        begun: by path and element of the steps.
    """
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        for part in (workflow, *workflow.subprocesses.values()):
            for task in part.tasks.values():
                definition = getattr(task.task_spec, "event_definition", None)
                waits = task._state == TaskState.WAITING and isinstance(task.task_spec, BoundaryEvent)
                if not waits or not isinstance(definition, TimeDateEventDefinition):
                    continue
                step = next(
                    one for one in task.parent.children if not isinstance(one.task_spec, BoundaryEvent)
                )
                moment = begun.get((path_of(task), step.task_spec.bpmn_id))
                if moment is not None:
                    task.internal_data["event_value"] = _as_of(engine, task, definition.expression, moment)
        return finished_step(model, workflow, before)


def _as_of(engine: Any, task: Any, expression: str, moment: datetime) -> Any:
    """The value of an expression as it would have been at a moment."""
    token = expressions.clock.set(lambda: moment)
    try:
        return engine.evaluate(task, expression)
    finally:
        expressions.clock.reset(token)


def _set_again(task: Any, changed: Mapping[str, Any]) -> None:
    """A timer that reads a changed variable is set anew."""
    definition = getattr(task.task_spec, "event_definition", None)
    if not isinstance(definition, TimeDateEventDefinition | DurationTimerEventDefinition):
        return
    if expressions.check(definition.expression) & changed.keys():
        task.internal_data.pop("event_value", None)
        task.internal_data.pop("event_fired", None)
        definition.has_fired(task)
