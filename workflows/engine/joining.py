"""What a join knows: from each branch what that branch has changed; who changed a value last decides.

The library lays whole data over each other: a branch that did not touch a value and came last would undo what
another has written, and lists would be merged element by element.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.util.task import TaskState

_library = UnstructuredJoin._run_hook


def _join(self: Any, task: Any) -> bool:
    """Take the library's way for the tokens and our own for the data."""
    data = _joined(self, task)
    _library(self, task)
    task.data = data
    return True


UnstructuredJoin._run_hook = _join


def _joined(spec: Any, task: Any) -> dict[str, Any]:
    arrived = [
        one
        for one in task.workflow.tasks.values()
        if one.task_spec is spec and one.has_state(TaskState.FINISHED_MASK) and not task.is_descendant_of(one)
    ]
    if not arrived:
        return dict(task.data)  # a split, or the only branch that was taken
    arrived.sort(key=lambda one: one.last_state_change)
    ends = [one.parent for one in (*arrived, task)]
    before = _meeting(ends).data
    data = dict(before)
    for end in ends:
        for name in before.keys() - end.data.keys():
            data.pop(name, None)
        data.update({k: v for k, v in end.data.items() if k not in before or before[k] != v})
    return data


def _meeting(ends: Sequence[Any]) -> Any:
    """The last element that all branches have behind them."""
    others = [set(_above(one)) for one in ends[1:]]
    return next(one for one in _above(ends[0]) if all(one in way for way in others))


def _above(task: Any) -> list[Any]:
    found = [task]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found
