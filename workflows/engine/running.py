"""Start, complete, fire timers, cancel: one step of an instance, from stored state to stored state."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import UUID

import SpiffWorkflow.bpmn.specs.event_definitions.timer as library_timer
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from workflows import expressions
from workflows.engine import codec
from workflows.engine.folding import fold
from workflows.engine.model import Element, Model
from workflows.errors import EngineFault, StepNotOpen
from workflows.ports import Now, Operators
from workflows.types import OpenStep, Passed, Result

MAX_AUTOMATIC: Final = 2000
MAX_PASSED: Final = 5000
"""How many elements one instance may pass in its life: more is a loop that people turn in circles."""
MAX_VALUE: Final = 4000
UNKNOWN: Final = Element("", "", None)

for _name in ("spiff", "spiff.task", "spiff.workflow", "spiff.dmn"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # its debug records are built even when unread


class _Clock(datetime):
    """The library asks the system clock; here it asks the clock of the running step."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return expressions.clock.get()().astimezone(tz or UTC)


library_timer.datetime = _Clock


class _Engine(PythonScriptEngine):  # type: ignore[misc]
    """Every expression of a diagram passes here, into the closed language."""

    def __init__(self, operators: Operators | None) -> None:
        super().__init__()
        self.operators = operators
        self.raised: Exception | None = None
        self.at: Any = None  # the element it computes for, to say where a fault arose

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        self.at = task
        return expressions.evaluate(expression, {**task.data, **(external_context or {})})

    def execute(self, task: Any, script: str, external_context: Mapping[str, Any] | None = None) -> bool:
        self.at = task
        task.data.update(expressions.execute(script, {**task.data, **(external_context or {})}))
        return True

    def run_operator(
        self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Run an operator; what it raises is kept so that it reaches our caller unchanged."""
        if self.operators is None:
            raise EngineFault(f"自动步骤“{name}”在这里不能运行")
        try:
            return clean(self.operators.run(name, parameters, dict(data)))
        except Exception as error:
            self.raised = error
            raise


def clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that may enter process data: scalars and lists of scalars under plain names.

    Raises:
        EngineFault: anything else, which would bloat the state or make it unreadable.
    """
    for name, value in values.items():
        if not name.isidentifier() or name.startswith("_") or name in ("typename", "data_objects"):
            raise EngineFault(f"流程变量不能叫“{name}”")
        if name in expressions.FUNCTIONS or name in expressions.CONSTANTS:
            raise EngineFault(f"“{name}”是内置名称，不能作流程变量")
        for item in value if isinstance(value, list) else [value]:
            if not (item is None or isinstance(item, str | int)) or len(str(item)) > MAX_VALUE:
                raise EngineFault(f"流程变量“{name}”只能是文字、整数、是否，或它们的列表")
        if isinstance(value, list) and len(value) > MAX_VALUE:
            raise EngineFault(f"流程变量“{name}”的列表过长")
    return dict(values)


def start(model: Model, data: Mapping[str, Any], *, operators: Operators, now: Now) -> Result:
    """Start an instance and run it up to the first steps of people."""
    with guarded(operators, now) as engine:
        workflow = BpmnWorkflow(model.spec, dict(model.subs), script_engine=engine)
        workflow.elements_passed = 0
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(clean(data))
        workflow.data.update({})
        run_automatic(workflow)
        return finished_step(model, workflow, {})


def complete(
    model: Model, state: bytes, step_id: str, values: Mapping[str, Any], *, operators: Operators, now: Now
) -> Result:
    """Complete a person's step and run on.

    Timers that are due fire first: a late user does not beat an expired deadline.

    Args:
        values: set into the step's data; a list replaces the old one.

    Raises:
        StepNotOpen: the step does not, or no longer, wait for a person.
        EngineFault: anything breaks; the caller keeps nothing.
    """
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        due = next_due(workflow)
        if due is not None and due <= now():
            workflow.refresh_timers()
            run_automatic(workflow)
        try:
            task = workflow.get_task_from_id(UUID(hex=step_id))
        except SpiffWorkflowException:
            task = None
        if task is None or task._state != TaskState.READY or not task.task_spec.manual:
            raise StepNotOpen(step_id)
        task.data.update(clean(values))
        task.run()
        run_automatic(workflow)
        return finished_step(model, workflow, before)


def fire_timers(model: Model, state: bytes, *, operators: Operators, now: Now) -> Result:
    """Fire the timers that are due and run on."""
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        workflow.refresh_timers()
        run_automatic(workflow)
        return finished_step(model, workflow, before)


def cancel(model: Model, state: bytes, *, now: Now) -> Result:
    """End an instance wherever it stands."""
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        workflow.cancel()
        return finished_step(model, workflow, before)


def look(model: Model, state: bytes) -> Result:
    """Where an instance stands, changing nothing."""
    with guarded(None, lambda: datetime.now(UTC)) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        return Result(state, _open(workflow), (), next_due(workflow), workflow.is_completed(), workflow.data)


@contextmanager
def guarded(operators: Operators | None, now: Now) -> Iterator[_Engine]:
    """Bind the clock; let operators' own exceptions through and turn all others into faults."""
    engine = _Engine(operators)
    token = expressions.clock.set(now)
    counted = expressions.calendar.set(getattr(operators, "working_days", expressions.weekdays))
    try:
        yield engine
    except (StepNotOpen, EngineFault) as error:
        if engine.raised is not None and engine.raised is not error:
            raise engine.raised from None
        raise
    except Exception as error:
        if engine.raised is not None:
            raise engine.raised from None
        task = getattr(error, "task", None) or engine.at
        element = getattr(getattr(task, "task_spec", None), "bpmn_id", None) or ""
        process = getattr(getattr(getattr(task, "workflow", None), "spec", None), "name", "")
        raise EngineFault(str(error) or type(error).__name__, element, process) from error
    finally:
        expressions.calendar.reset(counted)
        expressions.clock.reset(token)


def run_automatic(workflow: BpmnWorkflow) -> None:
    """Run on until only people and events can go on."""
    steps = 0

    def count(task: Any) -> None:
        nonlocal steps
        steps += 1
        workflow.script_engine.at = task
        if steps > MAX_AUTOMATIC:
            raise EngineFault(
                "自动步骤循环不止，请检查流程图", task.task_spec.bpmn_id or "", task.workflow.spec.name
            )

    workflow.do_engine_steps(will_complete_task=count)


def _all_tasks(workflow: BpmnWorkflow) -> Iterator[Any]:
    for part in (workflow, *workflow.subprocesses.values()):
        yield from part.tasks.values()


def states_of(workflow: BpmnWorkflow) -> dict[UUID, int]:
    """The state of each element, to tell later what a step changed."""
    return {task.id: task._state for task in _all_tasks(workflow)}


def finished_step(model: Model, workflow: BpmnWorkflow, before: Mapping[UUID, int]) -> Result:
    """What a step changed, and the state to store."""
    finished = workflow.is_completed()
    passed = _passed(model, workflow, before)
    opened = _open(workflow)
    workflow.elements_passed += len(passed)
    if workflow.elements_passed > MAX_PASSED:
        raise EngineFault("流程循环次数过多，请检查流程图，或在修改后重新发起")
    data = dict(workflow.last_task.data if finished and workflow.last_task else workflow.data)
    data.pop("data_objects", None)
    _prune(workflow)
    fold(workflow)
    return Result(codec.dump(workflow), opened, passed, next_due(workflow), finished, data)


def _passed(model: Model, workflow: BpmnWorkflow, before: Mapping[UUID, int]) -> tuple[Passed, ...]:
    fresh = [
        task
        for task in _all_tasks(workflow)
        if task._state & (TaskState.COMPLETED | TaskState.CANCELLED)
        and before.get(task.id) != task._state
        and task.task_spec.bpmn_id
    ]
    fresh.sort(key=lambda task: task.last_state_change)
    made = []
    for task in fresh:
        spec = task.task_spec
        process = task.workflow.spec.name
        element = model.elements.get(process, {}).get(spec.bpmn_id, UNKNOWN)
        whole = (
            not spec.name.endswith("[child]") and f"{spec.bpmn_id} [child]" in task.workflow.spec.task_specs
        )
        made.append(
            Passed(
                task.id.hex,
                spec.bpmn_id,
                "multiInstance" if whole else element.kind,
                spec.bpmn_name or element.name,
                process,
                path_of(task),
                spec.lane,
                "completed" if task._state == TaskState.COMPLETED else "cancelled",
            )
        )
    return tuple(made)


def _open(workflow: BpmnWorkflow) -> tuple[OpenStep, ...]:
    made = []
    for task in _all_tasks(workflow):
        if task._state != TaskState.READY or not task.task_spec.manual:
            continue
        spec = task.task_spec
        extensions = getattr(spec, "extensions", None) or {}
        properties = extensions.get("properties") or {}
        child = spec.name.endswith("[child]")
        made.append(
            OpenStep(
                id=task.id.hex,
                element=spec.bpmn_id,
                title=spec.bpmn_name or spec.bpmn_id,
                process=task.workflow.spec.name,
                path=path_of(task),
                lane=spec.lane,
                form=(properties.get("formJsonSchemaFilename") or "").removesuffix(".json") or None,
                properties=properties,
                instructions=extensions.get("instructionsForEndUser"),
                group=task.parent.id.hex if child and task.parent else None,
                data=dict(task.data),
            )
        )
    return tuple(made)


def path_of(task: Any) -> tuple[str, ...]:
    """Ids of the call activities above a task, outermost first."""
    above: list[str] = []
    part = task.workflow
    while part.parent_task_id is not None:
        call = part.top_workflow.get_task_from_id(part.parent_task_id)
        above.append(call.task_spec.bpmn_id)
        part = call.workflow
    return tuple(reversed(above))


def _prune(workflow: BpmnWorkflow) -> None:
    """Finished called diagrams have given their data back; keeping them would only bloat the state."""
    for key, part in reversed(list(workflow.subprocesses.items())):  # inner ones first
        if part.completed and workflow.get_task_from_id(key).has_state(TaskState.FINISHED_MASK):
            del workflow.subprocesses[key]


def next_due(workflow: BpmnWorkflow) -> datetime | None:
    """The earliest moment a waiting timer of the instance wants to fire, in UTC."""
    moments = []
    for task in workflow.event_manager.tasks.values():
        definition = task.task_spec.event_definition
        parts = (
            definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]
        )
        for part in parts:
            value = task.internal_data.get("event_value") if isinstance(part, TimerEventDefinition) else None
            if isinstance(value, dict):
                value = value["next"] if value.get("cycles") else None
            if isinstance(value, str):
                moments.append(TimerEventDefinition.parse_time_or_duration(value))
    # The library fires a timer only after its moment has passed.
    return min(moments).astimezone(UTC) + timedelta(seconds=1) if moments else None
