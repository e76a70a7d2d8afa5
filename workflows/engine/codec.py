"""The stored form of a running instance: run state only, the specification comes from the model.

Our own format because the library's holds the whole specification, depends on the order of JSON keys, and
cannot be read again when data carries its type tag.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.serializer.helpers.registry import DefaultRegistry
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.errors import EngineFault

FORMAT: Final = 1
MAX_BYTES: Final = 1024 * 1024

REGISTRY: Final = BpmnWorkflowSerializer.configure(SPIFF_CONFIG, DefaultRegistry())


def dump(workflow: BpmnWorkflow) -> bytes:
    """Store a workflow.

    Raises:
        EngineFault: too large or too deep: a loop in the diagram runs too often.
    """
    document = _pack(workflow)
    document["f"] = FORMAT
    document["n"] = workflow.elements_passed
    document["sp"] = [[sp.parent_task_id.hex, _pack(sp)] for sp in workflow.subprocesses.values()]
    document["ev"] = REGISTRY.convert(workflow.bpmn_events)
    data = orjson.dumps(document)
    if len(data) > MAX_BYTES:
        raise EngineFault("流程数据过大（超过 1 MB），请检查流程图是否有循环过多的步骤")
    return data


def load(data: bytes, spec: Any, subs: dict[str, Any], script_engine: Any) -> BpmnWorkflow:
    """The workflow a stored state stands for."""
    document = orjson.loads(data)
    if document["f"] != FORMAT:
        raise EngineFault(f"流程状态的格式 {document['f']} 不认识")
    workflow = BpmnWorkflow(spec, subs, script_engine=script_engine, deserializing=True)
    _unpack(workflow, document)
    for parent, part in document["sp"]:  # outer sub-processes were created, and so stored, first
        task = workflow.get_task_from_id(UUID(hex=parent))
        inner = BpmnSubWorkflow(subs[task.task_spec.spec], task.id, workflow, deserializing=True)
        _unpack(inner, part)
        workflow.subprocesses[task.id] = inner
        inner.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    workflow.bpmn_events = REGISTRY.restore(document["ev"])
    workflow.elements_passed = document["n"]
    return workflow


def _pack(workflow: Any) -> dict[str, Any]:
    order: list[Task] = []
    stack = [workflow.task_tree]
    while stack:  # parents first, children in their order
        task = stack.pop()
        order.append(task)
        stack.extend(workflow.tasks[child] for child in reversed(task._children))
    index = {task.id: number for number, task in enumerate(order)}
    rows = []
    for task in order:
        parent = workflow.tasks.get(task._parent)
        if parent is None:
            changed, gone = task.data, None
        else:
            above, own = parent.data, task.data
            changed = {key: value for key, value in own.items() if key not in above or above[key] != value}
            gone = [key for key in above if key not in own] or None
        rows.append(
            [
                task.id.hex,
                task.task_spec.name,
                task._state,
                -1 if parent is None else index[parent.id],
                task.last_state_change,
                task.triggered,
                REGISTRY.convert(task.internal_data) or None,
                changed or None,
                gone,
            ]
        )
    last = index.get(workflow.last_task.id, -1) if workflow.last_task else -1
    return {
        "t": rows,
        "d": REGISTRY.convert(workflow.data),
        "c": workflow.correlations,
        "ok": workflow.success,
        "done": workflow.completed,
        "l": last,
    }


def _unpack(workflow: Any, part: dict[str, Any]) -> None:
    events, specs = workflow.top_workflow.event_manager, workflow.spec.task_specs
    made: list[Task] = []
    for key, name, state, parent, changed_at, triggered, internal, changed, gone in part["t"]:
        task = Task.__new__(Task)
        task.id, task.workflow, task.task_spec, task._state = UUID(hex=key), workflow, specs[name], state
        task.triggered, task.last_state_change, task.thread_id, task._children = triggered, changed_at, 0, []
        task.internal_data = REGISTRY.restore(internal) if internal else {}
        if parent < 0:
            task._parent, task.data = None, changed or {}
        else:
            above = made[parent]
            task._parent = above.id
            above._children.append(task.id)
            data = {k: list(v) if isinstance(v, list) else v for k, v in above.data.items()}
            for key_gone in gone or ():
                data.pop(key_gone, None)
            data.update(changed or {})
            task.data = data
        workflow.tasks[task.id] = task
        made.append(task)
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            events.add_task(task)
    workflow.task_tree = made[0]
    workflow.data, workflow.correlations = REGISTRY.restore(part["d"]), part["c"]
    workflow.success, workflow.completed = part["ok"], part["done"]
    workflow.last_task = made[part["l"]] if part["l"] >= 0 else None
