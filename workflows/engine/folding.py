"""Keep a running instance small: what has been passed on a straight way is taken out of its tree.

The library keeps every passed element, walks all of them at each step and stops finding tasks at a depth of 1000.
What happened lies in the caller's history; the tree is needed only where tokens still have to meet.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.event_types import ThrowingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent, IntermediateCatchEvent
from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent
from SpiffWorkflow.bpmn.specs.mixins.exclusive_gateway import ExclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.spiff.specs.defaults import (
    BusinessRuleTask,
    ManualTask,
    NoneTask,
    ScriptTask,
    SendTask,
    ServiceTask,
    UserTask,
)
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.errors import EngineFault

MAX_DEPTH = 900
"""The library stops finding tasks at a depth of 1000 and the instance would stand still without a word."""
PLAIN = (
    BusinessRuleTask,
    CallActivity,
    ExclusiveGateway,
    IntermediateCatchEvent,
    ManualTask,
    NoneTask,
    ScriptTask,
    SendTask,
    ServiceTask,
    StartEvent,
    ThrowingEvent,
    UserTask,
)
"""Elements with one way in and, once passed, one way out."""
SETTLED = TaskState.READY | TaskState.COMPLETED
"""A task in these states has its own data and asks its parent for nothing any more."""


def fold(workflow: Any) -> None:
    """Take passed elements of straight ways out of the trees of an instance and its running called diagrams.

    Promises: joins, splits, boundary events and multi-instances keep their neighbours, since they look for them;
    no open step, no timer and no data of an open step changes.

    Raises:
        EngineFault: automatic steps turned in a loop for longer than the library can follow.
    """
    for part in (workflow, *workflow.subprocesses.values()):
        _require_shallow(part)
        if sum(1 for task in part.tasks.values() if is_token(task)) > 1:
            continue  # branches and parts: moving back has to find what lies in which of them
        for task in list(part.tasks.values()):
            if _passed(part, task):
                _take_out(part, task)


def is_token(task: Task) -> bool:
    """Whether something of the diagram stands at this element; what only watches a step does not count."""
    alive = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    return bool(task._state & alive) and not isinstance(task.task_spec, BoundaryEvent)


def _require_shallow(part: Any) -> None:
    level, depth = [part.task_tree], 0
    while level:
        level = [part.tasks[child] for task in level for child in task._children]
        depth += 1
    if depth > MAX_DEPTH:
        raise EngineFault("自动步骤循环不止，请检查流程图")


def _passed(part: Any, task: Task) -> bool:
    if task._state != TaskState.COMPLETED or len(task._children) != 1 or task is part.last_task:
        return False
    spec = task.task_spec
    if not isinstance(spec, PLAIN) or spec.name.endswith("[child]") or task._parent not in part.tasks:
        return False
    child = part.tasks[task._children[0]]
    return bool(child._state & SETTLED) and not isinstance(child.task_spec, Join)


def _take_out(part: Any, task: Task) -> None:
    above, below = part.tasks[task._parent], part.tasks[task._children[0]]
    above._children[above._children.index(task.id)] = below.id
    below._parent = above.id
    del part.tasks[task.id]
