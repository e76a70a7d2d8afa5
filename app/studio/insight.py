"""Where cases spend their time: durations, counts, who is waited for, rework; and the event log for other tools."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from xml.sax.saxutils import quoteattr

from sqlalchemy import ColumnElement, select

from app.core import clock
from app.core.db import session
from app.runtime.models import Case, Definition, History, Task
from app.runtime.rules import role_name
from app.studio import queries
from app.studio.rework import Loop, loops

MOST = 20_000
"""Steps looked at for one picture; more than that is a longer period than one can read."""
HEATS = 5


@dataclass(slots=True)
class Spot:
    """One step of a diagram, over all cases of a version and period.

    Attributes:
        hours: how long each finished pass took.
        waiting: cases that wait there now, with since when.
        repeats: passes beyond the first of a case.
    """

    process: str
    element: str
    title: str
    role: str
    hours: list[float] = field(default_factory=list)
    waiting: list[datetime] = field(default_factory=list)
    late: int = 0
    repeats: int = 0
    heat: int = 0

    @property
    def count(self) -> int:
        """Finished passes."""
        return len(self.hours)

    @property
    def typical(self) -> float:
        """The median duration in hours."""
        return median(self.hours) if self.hours else 0.0

    @property
    def total(self) -> float:
        """All hours spent there."""
        return sum(self.hours)


@dataclass(frozen=True, slots=True)
class Picture:
    """What happened to the cases of a version in a period.

    Attributes:
        spots: every step that was reached, where most time went first.
        loops: ways back, the most frequent first.
        cases: how many cases had a step in the period.
        finished: hours from start to end of those that have ended.
        whole: False when there was more than one picture looks at.
    """

    spots: list[Spot]
    loops: list[Loop]
    cases: int
    finished: list[float]
    whole: bool

    @property
    def reworked(self) -> int:
        """Cases that went back at least once."""
        return len({case for loop in self.loops for case in loop.cases})

    @property
    def typical(self) -> float:
        """The median duration of a whole case in hours."""
        return median(self.finished) if self.finished else 0.0

    @property
    def waiting(self) -> int:
        """Steps that wait for somebody now."""
        return sum(len(one.waiting) for one in self.spots)

    @property
    def late(self) -> int:
        """Of these, the overdue ones."""
        return sum(one.late for one in self.spots)


def picture(version: Definition, since: date | None = None, until: date | None = None) -> Picture:
    """Steps, ways back and durations of a version's cases (运行分析).

    Args:
        since: only what began on this day or later.
        until: only what began on this day or before.
    """
    begun: list[ColumnElement[bool]] = [Case.definition_id == version.id]
    if since is not None:
        begun.append(Task.created_at >= _morning(since))
    if until is not None:
        begun.append(Task.created_at < _morning(until + timedelta(days=1)))
    cases = select(Task.case_id).join(Case, Case.id == Task.case_id).where(*begun)
    query = select(Task).where(Task.case_id.in_(cases)).order_by(Task.case_id, Task.id).limit(MOST + 1)
    found = list(session().scalars(query))
    tasks = found[:MOST]
    if until is not None:
        tasks = [task for task in tasks if task.created_at < _morning(until + timedelta(days=1))]
    start = _morning(since) if since is not None else None
    reached = [task for task in tasks if start is None or task.created_at >= start]
    ended = (
        session()
        .execute(
            select(Case.started_at, Case.finished_at).where(Case.id.in_(cases), Case.finished_at.is_not(None))
        )
        .all()
    )
    return Picture(
        _spots(tasks, start),
        loops(tasks, version.process_key, queries.calls_of(version.id), start),
        len({task.case_id for task in reached}),
        [_hours(case.started_at, case.finished_at) for case in ended],
        len(found) <= MOST,
    )


def _spots(tasks: Sequence[Task], start: datetime | None) -> list[Spot]:
    found: dict[tuple[str, str], Spot] = {}
    seen: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    now = clock.now()
    for task in tasks:
        passes = seen[(task.case_id, task.path, task.element)]
        group = task.group_id or task.engine_id  # the parts of a shared step are one pass
        again = bool(passes) and group not in passes
        passes.add(group)
        if start is not None and task.created_at < start:
            continue
        place = (task.process, task.element)
        spot = found.setdefault(place, Spot(*place, task.title, role_name(task.role)))
        spot.repeats += again
        if task.state == "done" and task.done_at is not None:
            spot.hours.append(_hours(task.created_at, task.done_at))
        elif task.state == "open":
            spot.waiting.append(task.created_at)
            spot.late += bool(task.due_at and task.due_at < now)
    _warm(list(found.values()))
    return sorted(found.values(), key=lambda one: (-one.total, one.process, one.element))


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def _warm(rows: list[Spot]) -> None:
    """Five degrees by the typical duration, each step against the slowest."""
    most = max((one.typical for one in rows), default=0.0)
    for one in rows:
        one.heat = min(HEATS, 1 + int(one.typical / most * HEATS)) if most and one.count else 0


def span(hours: float) -> str:
    """A duration as people say it."""
    if hours < 1:
        return f"{round(hours * 60)} 分钟"
    return f"{hours:.1f} 小时" if hours < 48 else f"{hours / 24:.1f} 天"


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=clock.SHANGHAI)


EVENTS = (
    select(
        Case.no,
        Case.title,
        Case.definition_id,
        History.case_id,
        History.seq,
        History.at,
        History.kind,
        History.title.label("activity"),
        History.process,
        History.element,
        History.role,
        History.actor_name,
        History.outcome,
    )
    .join(Case, Case.id == History.case_id)
    .order_by(History.case_id, History.seq)
    .execution_options(yield_per=500)
)
COLUMNS = (
    "case",
    "activity",
    "timestamp",
    "lifecycle",
    "process",
    "element",
    "role",
    "resource",
    "outcome",
    "version",
)
LIFECYCLE = {"completed": "complete", "passed": "complete", "started": "start", "finished": "complete"}


def as_csv(definition_id: int | None = None) -> Iterator[str]:
    """The event log as CSV, row by row; a formula in a name stays text."""
    line = io.StringIO()
    writer = csv.writer(line)
    yield "\ufeff"  # so that spreadsheets read the Chinese
    for values in (COLUMNS, *_rows(definition_id)):
        writer.writerow([_plain(value) for value in values])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _rows(definition_id: int | None) -> Iterator[tuple[object, ...]]:
    for one in _events(definition_id):
        at = clock.local(one.at).isoformat()
        kind = LIFECYCLE.get(one.kind, one.kind)
        yield (
            one.no, one.activity, at, kind, one.process, one.element, role_name(one.role) if one.role else "",
            one.actor_name, one.outcome, one.definition_id,
        )  # fmt: skip


def _plain(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_xes(definition_id: int | None = None) -> Iterator[str]:
    """The event log as XES (IEEE 1849), trace by trace."""
    yield HEAD
    case_id: int | None = None
    for one in _events(definition_id):
        if one.case_id != case_id:
            if case_id is not None:
                yield "</trace>\n"
            case_id = one.case_id
            yield f"<trace>{_text('concept:name', one.no)}{_text('title', one.title)}\n"
        resource = _text("org:resource", one.actor_name)
        more = "".join(
            _text(key, value)
            for key, value in (
                ("org:role", role_name(one.role) if one.role else None),
                ("process", one.process),
                ("element", one.element),
                ("outcome", one.outcome),
                ("kind", one.kind),
            )
            if value
        )
        yield (
            f"<event>{_text('concept:name', one.activity)}"
            f"{_text('lifecycle:transition', LIFECYCLE.get(one.kind, 'unknown'))}{resource}"
            f'<date key="time:timestamp" value={quoteattr(clock.local(one.at).isoformat())}/>{more}</event>\n'
        )
    yield "</trace>\n</log>\n" if case_id is not None else "</log>\n"


def _events(definition_id: int | None) -> Iterator[Any]:
    query = EVENTS if definition_id is None else EVENTS.where(Case.definition_id == definition_id)
    yield from session().execute(query)


def _text(key: str, value: object) -> str:
    kept = "".join(c for c in str(value) if c in "\t\n\r" or ord(c) >= 0x20)
    return f"<string key={quoteattr(key)} value={quoteattr(kept)}/>"


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/><string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name lifecycle:transition"/>
"""
