"""How long each step took: for the diagram's marks and for the table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock
from app.runtime.models import History, Task
from app.runtime.rules import role_name

DAY, HOUR = 86_400, 3_600


@dataclass(frozen=True, slots=True)
class Span:
    """One step, however often it was done.

    Attributes:
        times: how often it was opened.
        state: done, active or late.
    """

    element: str
    path: str
    title: str
    stage: str
    role: str
    times: int
    seconds: int
    state: str

    @property
    def words(self) -> str:
        """What a person reads: 3 天 2 小时."""
        return in_words(self.seconds)


def in_words(seconds: int) -> str:
    """A length of time, in the two largest units that matter."""
    days, rest = divmod(max(0, seconds), DAY)
    hours, minutes = rest // HOUR, rest % HOUR // 60
    if days:
        return f"{days} 天 {hours} 小时" if hours and days < 10 else f"{days} 天"
    if hours:
        return f"{hours} 小时 {minutes} 分" if minutes and hours < 10 else f"{hours} 小时"
    return f"{minutes} 分钟" if minutes else "不到 1 分钟"


def spans(tasks: Sequence[Task]) -> list[Span]:
    """Steps of people in the order they were first opened; parts of a shared step are one span."""
    now = clock.now()
    groups: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.path, task.element), []).append(task)
    found = []
    for (path, element), own in groups.items():
        open_here = [one for one in own if one.state == "open"]
        late = any(one.due_at is not None and one.due_at < now for one in open_here)
        seconds = _covered([(one.created_at, one.done_at or now) for one in own])
        found.append(
            Span(
                element,
                path,
                own[0].title,
                own[0].stage or "",
                role_name(own[0].role),
                len({one.created_at for one in own}),
                seconds,
                "late" if late else "active" if open_here else "done",
            )
        )
    return found


def marks(tasks: Sequence[Task], lines: Sequence[History], path: str) -> dict[str, str]:
    """Words by element of one drawn diagram: its steps, its waits, and the stages it calls."""
    now = clock.now()
    found = {one.element: one.words for one in spans(tasks) if one.path == path}
    inside: dict[str, list[tuple[datetime, datetime]]] = {}
    head = f"{path}/" if path else ""
    for task in tasks:
        if task.path != path and task.path.startswith(head):
            call = task.path[len(head) :].split("/")[0]
            inside.setdefault(call, []).append((task.created_at, task.done_at or now))
    for call, times in inside.items():
        ends = max(end for _, end in times) - min(begin for begin, _ in times)
        found[call] = in_words(int(ends.total_seconds()))
    for before, fired, passed in zip(lines, lines[1:], lines[2:], strict=False):
        # A deadline ran out: it had been waited for since the line before.
        if (
            fired.kind == "timer"
            and passed.kind == "passed"
            and passed.element
            and (passed.path or "") == path
        ):
            found[passed.element] = f"等待 {in_words(int((passed.at - before.at).total_seconds()))}"
    return found


def _covered(times: Sequence[tuple[datetime, datetime]]) -> int:
    """Seconds covered by periods that may overlap."""
    total, reached = timedelta(), None
    for begin, end in sorted(times):
        start = begin if reached is None or begin > reached else reached
        if end > start:
            total += end - start
            reached = end
    return int(total.total_seconds())
