"""Move a running instance to another version of its model (迁移): as it stands, or not at all.

What stands open stays open under the same id, with its data and its running deadlines; what lies ahead is the new
version's. Refused, never forced: an open multi-instance step, a token on an element that is gone or of another kind,
changed branches while several are open, and reminders or deadlines that were added to or taken from an open step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.util.task import TaskState

from workflows.engine import codec
from workflows.engine.folding import is_token
from workflows.engine.model import Model
from workflows.engine.running import guarded, look
from workflows.types import Result

ALIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
FORESEEN = TaskState.MAYBE | TaskState.LIKELY | TaskState.FUTURE
SPLIT = ".BoundaryEventSplit"
CHILD = " [child]"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an instance cannot move: the element where it stands, and the reason."""

    element: str
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An instance on its new version, or what keeps it on the old one."""

    result: Result | None
    obstacles: tuple[Obstacle, ...]


def migrate(old: Model, new: Model, state: bytes) -> Moved:
    """The instance on the new version; nothing runs, nothing opens or closes."""
    with guarded(None, lambda: datetime.now(UTC)) as engine:
        workflow = codec.load(state, old.spec, dict(old.subs), engine)
        parts = [(workflow, new.spec)]
        parts += [(part, new.subs.get(part.spec.name)) for part in workflow.subprocesses.values()]
        obstacles = tuple(one for part, spec in parts for one in _obstacles(part, spec, old))
        if obstacles:
            return Moved(None, obstacles)
        moved = codec.load(_known(state), new.spec, dict(new.subs), engine)
        for part in (moved, *moved.subprocesses.values()):
            for task in list(part.tasks.values()):
                if task._state & ALIVE and not task._children:
                    task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
        made = codec.dump(moved)
    before, after = look(old, state), look(new, made)
    same = {one.id for one in before.open} == {one.id for one in after.open}
    if not same or before.next_due != after.next_due:
        return Moved(None, (Obstacle("", "移过去以后待办步骤或期限会变，系统没有移动"),))
    return Moved(after, ())


def _obstacles(part: Any, spec: Any, old: Model) -> Iterator[Obstacle]:
    """What keeps one diagram of the instance on its version."""
    if spec is None:
        yield Obstacle(
            part.spec.name, f"正在进行的子流程“{part.spec.description or part.spec.name}”在新版本里没有了"
        )
        return
    tokens = [task for task in part.tasks.values() if is_token(task)]
    if len(tokens) > 1 and _shape(part.spec) != _shape(spec):
        yield Obstacle("", "正在并行办理，而新版本改动了并行分支")
    told: set[str] = set()
    for task in part.tasks.values():
        if task._state & FORESEEN:
            continue
        was, now = task.task_spec, spec.task_specs.get(task.task_spec.name)
        drawn = old.elements.get(part.spec.name, {}).get(was.bpmn_id or "")
        title = was.bpmn_name or (drawn and drawn.name) or was.bpmn_id or was.name
        text = _obstacle(task, was, now, spec)
        if text and text not in told:
            told.add(text)
            yield Obstacle(was.bpmn_id or "", f"“{title}”{text}")


def _obstacle(task: Any, was: Any, now: Any, spec: Any) -> str:
    alive = bool(task._state & ALIVE)
    if alive and (isinstance(was, LoopTask) or was.name.endswith(CHILD)):
        return "正由多人分别办理，须等全部办完"
    if now is None and was.bpmn_id is None:
        return "办理过的步骤带有提醒或超时，而新版本取消了它"
    if now is None:
        return "正在办理，而新版本里没有这一步" if alive else "已经办过，而新版本里没有这一步"
    if type(was) is not type(now):
        return "在新版本里换成了另一种步骤"
    if not alive:
        return ""
    if isinstance(was, CallActivity) and was.spec != now.spec:
        return "正在进行，而新版本改为调用另一个子流程"
    if isinstance(was, Join) and set(was._inputs) != set(now._inputs):
        return "正在等待汇合，而新版本改动了汇入的路线"
    if not isinstance(was, BoundaryEvent) and _watchers(task.workflow.spec, was.name) != _watchers(
        spec, was.name
    ):
        return "正在办理，而新版本增减了它的提醒或超时"
    return ""


def _watchers(spec: Any, name: str) -> frozenset[str]:
    """The boundary events that watch a step."""
    split = spec.task_specs.get(f"{name}{SPLIT}")
    return frozenset(split._outputs) if split is not None else frozenset()


def _shape(spec: Any) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Ways into and out of what splits and joins."""
    return {
        name: (frozenset(one._inputs), frozenset(one._outputs))
        for name, one in spec.task_specs.items()
        if isinstance(one, Join | ParallelGateway)
    }


def _known(state: bytes) -> bytes:
    """A stored state without what was only foreseen: that is the new version's to say."""
    document = orjson.loads(state)
    for part in (document, *(inner for _, inner in document["sp"])):
        kept: list[Any] = []
        places: dict[int, int] = {-1: -1}
        for number, row in enumerate(part["t"]):
            if row[2] & FORESEEN:
                continue
            places[number] = len(kept)
            kept.append([*row[:3], places[row[3]], *row[4:]])
        part["t"], part["l"] = kept, places.get(part["l"], -1)
    return orjson.dumps(document)
