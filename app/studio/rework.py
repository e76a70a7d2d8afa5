"""Ways back that cases really took: sent back, taken back, or by a line of the drawing; how often, at what cost (返工)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import select

from app.core.db import session
from app.runtime.models import History, Task

WAYS: Mapping[str, str] = {
    "sent_back": "退回",
    "withdrawn": "撤回",
    "completed": "按图返回",
    "signed": "按图返回",
    "timer": "到期后返回",
    "repaired": "运维处理",
}
"""How a case came back to a step it had been at, by the history line before it."""


@dataclass(slots=True)
class Loop:
    """A way back, over all cases of a version and period.

    Attributes:
        process: the drawing that shows it: the innermost that holds both ends, each itself or by its call.
        start: where it leaves on that drawing; "" when operations took the case back.
        stop: where it comes back to on that drawing.
        ways: how the cases came back, by `WAYS`.
        hours: from coming back until the case stood again where it had been; of those that did.
    """

    process: str
    start: str
    stop: str
    from_title: str
    to_title: str
    ways: Counter[str] = field(default_factory=Counter)
    cases: set[int] = field(default_factory=set)
    hours: list[float] = field(default_factory=list)

    @property
    def times(self) -> int:
        """How often it was gone."""
        return self.ways.total()

    @property
    def typical(self) -> float:
        """The median of what it cost, in hours."""
        return median(self.hours) if self.hours else 0.0


def loops(
    tasks: Sequence[Task], root: str, calls: Mapping[str, Mapping[str, str]], since: datetime | None
) -> list[Loop]:
    """Every way back among the steps of some cases, the most frequent first.

    Args:
        tasks: all steps of those cases, by case and order.
        root: the process the cases began with.
        calls: called process by process and calling element.
        since: ways back before this moment are not counted.
    """
    again = list(_again(tasks))
    lines = _lines({one.case_id for one in again})
    found: dict[tuple[str, str, str, str, str], Loop] = {}
    opened: dict[tuple[int, str, str], list[datetime]] = defaultdict(list)
    titles = {task.id: task.title for task in tasks}
    for task in tasks:
        opened[(task.case_id, task.path, task.element)].append(task.created_at)
    for task in again:
        if since is not None and task.created_at < since:
            continue
        way, line = _source(lines[task.case_id], task.created_at)
        if line is None or _onward(line, task, opened):
            continue
        process, start, stop = _ends(line, task, root, calls)
        loop = Loop(process, start, stop, titles.get(line.task_id, line.title), task.title)
        loop = found.setdefault((process, start, stop, line.element or "", task.element), loop)
        loop.ways[way] += 1
        loop.cases.add(task.case_id)
        back = [
            at for at in opened[(task.case_id, line.path or "", line.element or "")] if at > task.created_at
        ]
        if back:
            loop.hours.append((min(back) - task.created_at).total_seconds() / 3600)
    return sorted(found.values(), key=lambda one: (-one.times, one.process, one.stop))


def _again(tasks: Sequence[Task]) -> list[Task]:
    """Steps opened once more; the parts of a shared step are one."""
    seen: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    found = []
    for task in tasks:
        passes = seen[(task.case_id, task.path, task.element)]
        group = task.group_id or task.engine_id
        if passes and group not in passes:
            found.append(task)
        passes.add(group)
    return found


def _lines(case_ids: set[int]) -> dict[int, list[Any]]:
    """History lines that can lead back, by case, in order."""
    columns = (
        History.case_id, History.at, History.kind, History.path, History.element, History.task_id, History.title,
    )  # fmt: skip
    query = (
        select(*columns)
        .where(History.case_id.in_(case_ids), History.kind.in_((*WAYS, "passed")))
        .order_by(History.case_id, History.seq)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for line in session().execute(query):
        found[line.case_id].append(line)
    return found


def _source(lines: Sequence[Any], at: datetime) -> tuple[str, Any]:
    """How and from where a case came to what was opened at a moment; a deadline has its place in the line after it."""
    before = [one for one in lines if one.at <= at]
    last = next((n for n in reversed(range(len(before))) if before[n].kind in WAYS), None)
    if last is None:
        return "", None
    return WAYS[before[last].kind], next((one for one in before[last:] if one.element), before[last])


def _onward(line: Any, task: Task, opened: Mapping[tuple[int, str, str], Sequence[datetime]]) -> bool:
    """Whether the case only went on again, after it had come back to an earlier step."""
    left = opened.get((task.case_id, line.path or "", line.element or ""), ())
    return bool(left) and min(left) < min(opened[(task.case_id, task.path, task.element)])


def _ends(line: Any, task: Task, root: str, calls: Mapping[str, Mapping[str, str]]) -> tuple[str, str, str]:
    """The innermost drawing with both ends, and what stands for each of them there; "" for an end without a place."""
    if not line.element:
        return task.process, "", task.element
    one = [*filter(None, (line.path or "").split("/")), line.element]
    other = [*filter(None, task.path.split("/")), task.element]
    process, depth = root, 0
    while depth < min(len(one), len(other)) - 1 and one[depth] == other[depth]:
        process = calls.get(process, {}).get(one[depth], "")
        depth += 1
    return process, one[depth], other[depth]
