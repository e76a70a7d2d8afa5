"""Move an instance back to a step it has passed (退回、撤回): the token goes, the caller's history stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine import codec
from workflows.engine.blocks import goal, spec_named, start_of_block
from workflows.engine.folding import is_token
from workflows.engine.model import Model
from workflows.engine.running import clean, finished_step, guarded, path_of, run_automatic, states_of
from workflows.errors import StepNotOpen
from workflows.ports import Now, Operators
from workflows.types import Result


@dataclass(frozen=True, slots=True)
class Back:
    """What moving back led to.

    Attributes:
        element: where the token really went: the step itself, or the called stage that holds it and restarts.
        whole: every token of that diagram went back; False when parallel branches beside stay as they are.
        path: ids of the call activities above `element`, outermost first.
    """

    result: Result
    element: str
    path: tuple[str, ...]
    whole: bool


def send_back(
    model: Model,
    state: bytes,
    step_id: str,
    path: Sequence[str],
    element: str,
    *,
    operators: Operators,
    now: Now,
) -> Back:
    """Take the token of an open step back to an element passed before, also out of branches, parts and calls.

    A step in a stage that has ended restarts that stage; a step in a parallel block that has been left, or in a
    branch beside, restarts the block. All that was open behind the target is closed; a parallel branch that does
    not lie behind the target goes on.

    Args:
        step_id: the open step that is sent back.
        path: call activities above the target, outermost first; element: the target.

    Raises:
        StepNotOpen: the step does not, or no longer, wait for a person.
        EngineFault: the target is not part of the running diagrams.
    """
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        task = _open_step(workflow, step_id)
        depth, target = goal(path_of(task), tuple(path), element)
        part = _parts(workflow, task)[depth]
        _graft(workflow, part, task, target)
        whole = sum(1 for one in part.tasks.values() if is_token(one)) == 1
        run_automatic(workflow)
        return Back(finished_step(model, workflow, before), target, tuple(path[:depth]), whole)


def resume(model: Model, state: bytes, values: Mapping[str, Any], *, now: Now) -> Result:
    """Stand again where an instance stood, with what has become known since.

    Args:
        state: a state stored earlier; values: set into the data of its open steps.
    """
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        for part in (workflow, *workflow.subprocesses.values()):
            for task in part.tasks.values():
                if task._state == TaskState.READY and task.task_spec.manual:
                    task.data.update(clean(values))
        return finished_step(model, workflow, before)


def _open_step(workflow: BpmnWorkflow, step_id: str) -> Task:
    try:
        task = workflow.get_task_from_id(UUID(hex=step_id))
    except SpiffWorkflowException:
        task = None
    if task is None or task._state != TaskState.READY or not task.task_spec.manual:
        raise StepNotOpen(step_id)
    return task


def _parts(workflow: BpmnWorkflow, task: Task) -> list[Any]:
    """The running diagrams above a step, the main one first."""
    parts = [task.workflow]
    while parts[-1].parent_task_id is not None:
        parts.append(workflow.get_task_from_id(parts[-1].parent_task_id).workflow)
    return parts[::-1]


def _graft(workflow: BpmnWorkflow, part: Any, task: Task, target: str) -> None:
    """Take away what lies behind the target and put a fresh token on it."""
    data = dict(task.data)
    here = _inside(part, task)
    standing = spec_named(part.spec, here.task_spec.bpmn_id)
    spec = start_of_block(part.spec, target, standing)
    first = part.spec.task_specs.get(f"{spec.name}.BoundaryEventSplit") or spec
    passed = _nearest(part, here, first)
    if passed is None:
        anchor, gone = part.task_tree, list(part.task_tree.children)
    else:
        anchor, gone = passed.parent, [passed]
    for one in gone:
        take_away(workflow, part, one)
    kept = anchor.data
    anchor.data = data  # what the step knew: forms are filled as they were
    fresh = anchor._add_child(first, TaskState.FUTURE)
    first._predict(fresh, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    first._update(fresh)
    if isinstance(first, Join) and fresh._state == TaskState.WAITING:
        fresh._inherit_data()
        fresh._ready()  # a split looks for those who led to it; they have been folded away
    anchor.data = kept
    part.completed = False
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = anchor


def _inside(part: Any, task: Task) -> Task:
    """The step in this diagram, or the call above it."""
    while task.workflow is not part:
        task = task.workflow.top_workflow.get_task_from_id(task.workflow.parent_task_id)
    return task


def _nearest(part: Any, here: Task, first: Any) -> Task | None:
    """The passed element above the open step in the tree, None when it has been folded away."""
    inside: Task | None = here
    while inside is not None and inside._parent is not None:
        if inside.task_spec is first:
            return inside
        inside = part.tasks.get(inside._parent)
    return None


def take_away(workflow: BpmnWorkflow, part: Any, top: Task) -> None:
    """Take a branch out of the tree, with the called diagrams and waiting events in it."""
    stack, doomed = [top], []
    while stack:
        one = stack.pop()
        doomed.append(one)
        stack.extend(one.children)
    for one in doomed:
        if one.id in workflow.subprocesses:
            inner = workflow.subprocesses[one.id]
            take_away(workflow, inner, inner.task_tree)
            del workflow.subprocesses[one.id]
        workflow.event_manager.tasks.pop(one.id, None)
    if top._parent is not None:
        part._remove_task(top.id)
