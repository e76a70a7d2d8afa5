"""What stands where in a running instance: its tokens, and the diagrams around one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.util.task import TaskState

from workflows.engine import codec
from workflows.engine.folding import is_token
from workflows.engine.model import Element, Model
from workflows.engine.running import guarded, path_of
from workflows.errors import StepNotOpen
from workflows.ports import Now


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


def tokens(model: Model, state: bytes, *, now: Now) -> list[Token]:
    """What stands where in an instance."""
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        return [_token(model, task) for task in standing(workflow)]


def standing(workflow: Any) -> Iterator[Any]:
    """Steps that wait for a person and events that wait, not the calls above them."""
    for part in (workflow, *workflow.subprocesses.values()):
        for task in part.tasks.values():
            waits = task._state == TaskState.WAITING and task.id in workflow.event_manager.tasks
            if is_token(task) and ((task._state == TaskState.READY and task.task_spec.manual) or waits):
                yield task


def find(workflow: Any, token_id: str) -> Any:
    """The step or event of a token.

    Raises:
        StepNotOpen: nothing stands there any more.
    """
    try:
        wanted = UUID(hex=token_id)
    except ValueError as error:
        raise StepNotOpen(token_id) from error
    try:
        task = workflow.get_task_from_id(wanted)
    except SpiffWorkflowException as error:
        raise StepNotOpen(token_id) from error
    if task not in list(standing(workflow)):
        raise StepNotOpen(token_id)
    return task


def _token(model: Model, task: Any) -> Token:
    spec, process = task.task_spec, task.workflow.spec.name
    element = model.elements.get(process, {}).get(spec.bpmn_id) or Element("", "", None)
    title = element.name or spec.bpmn_name or spec.bpmn_id
    place = Place(path_of(task), process, spec.bpmn_id, element.kind, title)
    return Token(task.id.hex, place, is_shared(task))


def is_shared(task: Any) -> bool:
    """Whether the step, or a call above it, is one part of a multi-instance."""
    while True:
        if task.task_spec.name.endswith("[child]"):
            return True
        if task.workflow.parent_task_id is None:
            return False
        task = task.workflow.top_workflow.get_task_from_id(task.workflow.parent_task_id)


def levels(task: Any) -> list[Any]:
    """The running diagrams above a step, its own first."""
    parts = [task.workflow]
    while parts[-1].parent_task_id is not None:
        parts.append(task.workflow.top_workflow.get_task_from_id(parts[-1].parent_task_id).workflow)
    return parts


def path_of_part(part: Any) -> tuple[str, ...]:
    """Ids of the call activities above a running diagram, outermost first."""
    if part.parent_task_id is None:
        return ()
    call = part.top_workflow.get_task_from_id(part.parent_task_id)
    return (*path_of(call), call.task_spec.bpmn_id)


def seen_from(part: Any, task: Any) -> Any:
    """The step in this diagram, or the call above it."""
    while task.workflow is not part:
        task = task.workflow.top_workflow.get_task_from_id(task.workflow.parent_task_id)
    return task
