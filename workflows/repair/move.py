"""Put a token on another element, and set process variables: an operator's way out of a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.inclusive_gateway import InclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from workflows import expressions
from workflows.engine import codec
from workflows.engine.folding import is_token
from workflows.engine.model import Element, Model
from workflows.engine.moving import take_away
from workflows.engine.running import clean, finished_step, guarded, path_of, run_automatic, states_of
from workflows.errors import EngineFault, StepNotOpen
from workflows.ports import Now, Operators
from workflows.types import Result

GOALS = frozenset(
    {
        "userTask",
        "manualTask",
        "task",
        "serviceTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "intermediateCatchEvent",
    }
)
"""Kinds of elements a token can be put on; gateways and events at the edges decide nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a running diagram.

    Attributes:
        path: ids of the call activities above it, outermost first.
    """

    path: tuple[str, ...]
    process: str
    element: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Token:
    """Something that stands and waits: for a person or for an event.

    Attributes:
        shared: one part of a multi-instance step, or of a stage that runs several times at once.
    """

    id: str
    place: Place
    shared: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a token can be put.

    Attributes:
        skipped: what lies between on the drawing and would not be done, the token's own element first;
            empty when the drawing does not lead there from the token.
        why_not: what the drawing itself has against it, None when nothing.
    """

    place: Place
    skipped: tuple[Place, ...]
    why_not: str | None


def tokens(model: Model, state: bytes, *, now: Now) -> list[Token]:
    """What stands where in an instance."""
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        return [_token(model, task) for task in _standing(workflow)]


def variables(model: Model, state: bytes, *, now: Now) -> dict[str, Any]:
    """The process variables as the waiting steps see them."""
    found: dict[str, Any] = {}
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        for task in _standing(workflow):
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


def goals(model: Model, state: bytes, token_id: str, *, now: Now) -> list[Goal]:
    """Where a token can be put: in its own diagram and in those that called it.

    Raises:
        StepNotOpen: the token stands there no more.
    """
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        task = _task(workflow, token_id)
        made = []
        for part in _levels(task):
            here = _inside(part, task)
            for name, element in model.elements.get(part.spec.name, {}).items():
                if element.kind in GOALS and name != here.task_spec.bpmn_id:
                    made.append(_goal(model, part, here, name, element))
        return made


def move(
    model: Model,
    state: bytes,
    token_id: str,
    path: Sequence[str],
    element: str,
    *,
    operators: Operators,
    now: Now,
) -> Result:
    """Take a token away and put one on another element of its diagram, or of one that called it; run on.

    What lies between is not done: whether that may be is the caller's rule.

    Args:
        path: call activities above the goal, outermost first: a beginning of the token's own.

    Raises:
        StepNotOpen: the token stands there no more.
        EngineFault: the goal is not there, or the drawing does not allow it (`Goal.why_not`).
    """
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        task = _task(workflow, token_id)
        part = next((one for one in _levels(task) if _path_of_part(one) == tuple(path)), None)
        known = model.elements.get(part.spec.name, {}).get(element) if part is not None else None
        if part is None or known is None or known.kind not in GOALS:
            raise EngineFault(f"运行中的流程图里没有可以移到的步骤“{element}”", element)
        here = _inside(part, task)
        if why := _goal(model, part, here, element, known).why_not:
            raise EngineFault(why, element, part.spec.name)
        _put(workflow, part, here, element)
        run_automatic(workflow)
        return finished_step(model, workflow, before)


def _set_again(task: Any, changed: Mapping[str, Any]) -> None:
    """A timer that reads a changed variable is set anew."""
    definition = getattr(task.task_spec, "event_definition", None)
    if not isinstance(definition, TimeDateEventDefinition | DurationTimerEventDefinition):
        return
    if expressions.check(definition.expression) & changed.keys():
        task.internal_data.pop("event_value", None)
        task.internal_data.pop("event_fired", None)
        definition.has_fired(task)


def _standing(workflow: Any) -> Iterator[Any]:
    """Steps that wait for a person and events that wait, not the calls above them."""
    for part in (workflow, *workflow.subprocesses.values()):
        for task in part.tasks.values():
            waits = task._state == TaskState.WAITING and task.id in workflow.event_manager.tasks
            if is_token(task) and ((task._state == TaskState.READY and task.task_spec.manual) or waits):
                yield task


def _task(workflow: Any, token_id: str) -> Any:
    try:
        wanted = UUID(hex=token_id)
    except ValueError as error:
        raise StepNotOpen(token_id) from error
    try:
        task = workflow.get_task_from_id(wanted)
    except SpiffWorkflowException as error:
        raise StepNotOpen(token_id) from error
    if task not in list(_standing(workflow)):
        raise StepNotOpen(token_id)
    return task


def _token(model: Model, task: Any) -> Token:
    spec, process = task.task_spec, task.workflow.spec.name
    element = model.elements.get(process, {}).get(spec.bpmn_id) or Element("", "", None)
    title = element.name or spec.bpmn_name or spec.bpmn_id
    place = Place(path_of(task), process, spec.bpmn_id, element.kind, title)
    return Token(task.id.hex, place, _shared(task))


def _shared(task: Any) -> bool:
    """Whether the step, or a call above it, is one part of a multi-instance."""
    while True:
        if task.task_spec.name.endswith("[child]"):
            return True
        if task.workflow.parent_task_id is None:
            return False
        task = task.workflow.top_workflow.get_task_from_id(task.workflow.parent_task_id)


def _levels(task: Any) -> list[Any]:
    """The running diagrams above a step, its own first."""
    parts = [task.workflow]
    while parts[-1].parent_task_id is not None:
        parts.append(task.workflow.top_workflow.get_task_from_id(parts[-1].parent_task_id).workflow)
    return parts


def _path_of_part(part: Any) -> tuple[str, ...]:
    if part.parent_task_id is None:
        return ()
    call = part.top_workflow.get_task_from_id(part.parent_task_id)
    return (*path_of(call), call.task_spec.bpmn_id)


def _inside(part: Any, task: Any) -> Any:
    """The step in this diagram, or the call above it."""
    while task.workflow is not part:
        task = task.workflow.top_workflow.get_task_from_id(task.workflow.parent_task_id)
    return task


def _goal(model: Model, part: Any, here: Any, name: str, element: Element) -> Goal:
    path, process = _path_of_part(part), part.spec.name
    place = Place(path, process, name, element.kind, element.name or name)
    target, standing = _spec(part, name), _spec(part, here.task_spec.bpmn_id)
    if target is None or standing is None:
        return Goal(place, (), "流程图中没有这个步骤。")
    if _shared(here):
        return Goal(
            place, (), "这里由多人或多份同时办理，正在进行中，不能移动；请等各人办完，或由办理人退回。"
        )
    if any(_branch(split, target) != _branch(split, standing) for split in part.spec.task_specs.values()):
        return Goal(place, (), "这一步在并行的另一分支里，移过去会使汇合处永远等待。")
    return Goal(place, _between(model, part, standing, target), None)


def _spec(part: Any, element: str) -> Any:
    """The specification of an element; of a shared step the whole, not a part of it."""
    return next(
        (
            spec
            for spec in part.spec.task_specs.values()
            if spec.bpmn_id == element and not spec.name.endswith("[child]")
        ),
        None,
    )


def _branch(split: Any, spec: Any) -> frozenset[int]:
    """In which ways side by side from a split an element lies; none when it lies before, behind or elsewhere."""
    if isinstance(split, BoundaryEventSplit):
        beside = [one for one in split.outputs if isinstance(one, BoundaryEvent)]
        main = _reach([one for one in split.outputs if one not in beside], split)
        return frozenset(
            number for number, one in enumerate(beside) if spec in _reach([one], split) and spec not in main
        )
    if not isinstance(split, ParallelGateway | InclusiveGateway) or len(split.outputs) < 2:
        return frozenset()
    ways = [_reach([way], split) for way in split.outputs]
    inside = frozenset(number for number, way in enumerate(ways) if spec in way)
    return inside if len(inside) < len(ways) else frozenset()


def _reach(starts: Sequence[Any], without: Any) -> set[Any]:
    found: set[Any] = set()
    stack = list(starts)
    while stack:
        one = stack.pop()
        if one not in found and one is not without:
            found.add(one)
            stack.extend(one.outputs)
    return found


def _between(model: Model, part: Any, standing: Any, target: Any) -> tuple[Place, ...]:
    """What the drawing wants done from the token to the goal, called diagrams in whole."""
    ahead = _reach([standing], target)
    if not any(target in one.outputs for one in ahead):
        return ()
    behind, stack = set(), [one for one in ahead if target in one.outputs]
    while stack:
        one = stack.pop()
        if one not in behind:
            behind.add(one)
            stack.extend(before for before in one.inputs if before in ahead)
    drawn = [standing, *(spec for spec in part.spec.task_specs.values() if spec in behind - {standing})]
    names = dict.fromkeys(spec.bpmn_id for spec in drawn if spec.bpmn_id)
    return tuple(_whole(model, _path_of_part(part), part.spec.name, list(names)))


def _whole(model: Model, path: tuple[str, ...], process: str, names: Sequence[str]) -> Iterator[Place]:
    for name in names:
        element = model.elements.get(process, {}).get(name)
        if element is None:
            continue
        yield Place(path, process, name, element.kind, element.name or name)
        if element.called and len(path) < 20:
            inner = list(model.elements.get(element.called, {}))
            yield from _whole(model, (*path, name), element.called, inner)


def _put(workflow: Any, part: Any, here: Any, element: str) -> None:
    """Take the token away and put a fresh one on the goal, with the data it had."""
    spec = _spec(part, element)
    goal = part.spec.task_specs.get(f"{spec.name}.BoundaryEventSplit") or spec
    gone = here
    while gone.parent is not None and isinstance(gone.parent.task_spec, BoundaryEventSplit):
        gone = gone.parent  # what watches the step goes with it
    data, anchor = dict(here.data), gone.parent or part.task_tree
    take_away(workflow, part, gone)
    kept, anchor.data = anchor.data, data
    fresh = anchor._add_child(goal, TaskState.FUTURE)
    goal._predict(fresh, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    goal._update(fresh)
    anchor.data = kept
    part.completed = False
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = anchor
