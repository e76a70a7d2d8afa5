"""Walk a counter-example on the engine with generated answers: is it real, or only possible by the drawing?

The steps of a way that the drawing allows are done one by one: people answer with values that the conditions can
tell apart, timers are waited for, operators answer what suits. When no answers lead the engine along the whole
way, it is possible by the drawing, not by the data.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from workflows.errors import EngineFault, ModelError, StepNotOpen
from workflows.model.context import Context
from workflows.model.graph import CONTAINERS, PEOPLE, Bundle, Node
from workflows.model.logic import OTHER, conditions, names
from workflows.model.reminders import TELLING
from workflows.model.replay_office import OTHERWISE, Place, WalkOffice
from workflows.model.values import Values, Writers
from workflows.model.watch import Watch
from workflows.types import Result

BEGIN: Final = datetime(2026, 1, 5, 1, tzinfo=UTC)
MAX_STEPS: Final = 300
MAX_CHOICES: Final = 32
MAX_TIMERS: Final = 12
COUNTED: Final = PEOPLE | {"serviceTask", "businessRuleTask"}
STUCK: Final = ("deadlock", "left-behind")


class _GivenUp(Exception):
    """The bound of steps or of time is used up."""


@dataclass(slots=True)
class Replay:
    """Walks ways through one start process.

    Attributes:
        elements: element by its way ("call/inner").
        seconds: how long all walks may take together.
        watch: stops them.
    """

    bundle: Bundle
    context: Context
    files: Mapping[str, bytes]
    start: str
    elements: Mapping[str, Node]
    seconds: float
    watch: Watch = field(default_factory=Watch)
    until: float = 0
    steps: int = 0
    timed: bool = False
    model: Any = None
    values: Values | None = None
    times: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    known: dict[tuple[tuple[str, ...], bool], str] = field(default_factory=dict)

    def walk(self, path: Sequence[str], kind: str = "") -> str:
        """Whether the engine can go this way: "real", "drawing-only", or "" when that is not known.

        Args:
            kind: the fault it leads to, "" for a broken rule.
        """
        key = (tuple(path), kind in STUCK)
        if key not in self.known:
            self.known[key] = self._walk(path, kind)
        return self.known[key]

    def _walk(self, path: Sequence[str], kind: str) -> str:
        try:
            self._prepare()
        except ModelError:
            return ""  # the engine cannot even read it
        events = [step for step in path if self._is_event(step)]
        if any(
            self.elements[step].event in ("message", "signal") for step in events if step in self.elements
        ):
            return ""  # nobody sends it here
        self._count(path)
        begun = time.monotonic()
        self.steps, self.timed, self.until = 0, False, begun + self.seconds
        wanted = Counter(step for step in path if self._counted(step))
        try:
            for begin in self._begin(path):
                if self._go(begin, path, events, wanted, kind):
                    return "real"
        except _GivenUp:
            return ""
        finally:
            self.seconds -= time.monotonic() - begun
        return "" if self.timed else "drawing-only"

    def _prepare(self) -> None:
        from workflows.engine import Model  # the engine reads models with this package

        if self.model is not None:
            return
        named = {
            f"{name}.bpmn" if not name.endswith(".bpmn") else name: self.files[name]
            for name in self.bundle.roots
        }
        named |= {name: data for name, data in self.files.items() if name.endswith(".dmn")}
        self.model = Model.parse(named, self.start)
        read = set()
        for process in self.bundle.processes.values():
            for _, source in conditions(process):
                read |= names(source)
        self.values = Values(self.bundle, self.context, read)
        for node in self.bundle.nodes():
            self.times |= dict.fromkeys(names(node.timer[1]), node.timer[0]) if node.timer[1] else {}

    def _count(self, path: Sequence[str]) -> None:
        """How many do a repeated step: one, or nobody where the way leads past what lies inside it."""
        self.counts = {}
        for step, node in self.elements.items():
            if node.times and node.kind in CONTAINERS and step in path:
                inside = any(other.startswith(f"{step}/") for other in path)
                self.counts |= dict.fromkeys(names(node.times), int(inside))
            elif node.times:
                self.counts |= dict.fromkeys(names(node.times) - set(self.counts), 1)

    def _is_event(self, step: str) -> bool:
        node = self.elements.get(step)
        return node is not None and (
            node.kind in PEOPLE or node.kind in ("intermediateCatchEvent", "receiveTask", "boundaryEvent")
        )

    def _counted(self, step: str) -> bool:
        node = self.elements.get(step)
        if node is None or node.operator in TELLING:
            return False  # reminders come when their time comes, whatever the way
        return node.kind in COUNTED and not node.multi

    # --- what may be answered -------------------------------------------------------------------

    def _options(self, name: str, now: datetime) -> list[Any]:
        if name in self.times:
            later = now + timedelta(days=3)
            return ["P3D" if self.times[name] == "timeDuration" else later.isoformat()]
        if name in self.counts:
            return [self.counts[name]]
        domain = self.values.domains.get(name) if self.values else None
        return [OTHERWISE if value is OTHER else value for value in domain or (OTHERWISE,)]

    def _answers(self, written: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
        """Sets of answers, those first that differ in what conditions read."""
        options = []
        for name, told in written.items():
            fitting = self._options(name, now)
            if isinstance(told, tuple):
                fitting = [one for one in told if isinstance(one, str | int)] or fitting
            options.append([(name, value) for value in fitting])
        for combo in itertools.islice(itertools.product(*options), MAX_CHOICES):
            yield dict(combo)

    def _between(self, path: Sequence[str], event: int, events: Sequence[str]) -> dict[str, Any]:
        """What operators on the way between two events may answer."""
        writers, found, seen = Writers(self.bundle, self.context), {}, -1
        for step in path:
            if self._is_event(step):
                seen += 1
            elif seen == event and step in self.elements and self.elements[step].operator:
                found.update(writers.of(self.elements[step]))
            if seen > event:
                break
        return found

    # --- the walk -------------------------------------------------------------------------------

    def _begin(self, path: Sequence[str]) -> Iterator[Place]:
        from workflows.engine import start

        writers = Writers(self.bundle, self.context)
        written = {name for node in self.bundle.nodes() for name in writers.of(node)}
        known = self.values.domains if self.values else {}
        asked = {name for name in (*known, *self.times, *self.counts) if name not in written}
        given: dict[str, Any] = dict.fromkeys(asked)
        given |= {name: told or None for name, told in (self.context.initial or {}).items()}
        for answers in self._answers({**given, **self._between(path, -1, ())}, BEGIN):
            data = {name: value for name, value in answers.items() if name in given}
            made = self._step(partial(start, self.model, data), BEGIN, answers)
            if made is not None:
                yield Place(made, BEGIN, self._passed(made))

    def _go(
        self, place: Place, path: Sequence[str], events: Sequence[str], wanted: Counter[str], kind: str
    ) -> bool:
        """Depth first from a place to the end of the way."""
        todo: list[tuple[int, Iterator[Place]]] = [(0, iter((place,)))]
        while todo:
            number, places = todo[-1]
            here = next(places, None)
            if here is None:
                todo.pop()
                continue
            done = Counter(step for step in here.passed if self._counted(step))
            if done - wanted:
                continue  # something was done that does not lie on the way
            if number == len(events):
                if self._arrived(here, path, done, wanted, kind):
                    return True
                continue
            todo.append((number + 1, self._event(here, path, number, events)))
        return False

    def _arrived(
        self, here: Place, path: Sequence[str], done: Counter[str], wanted: Counter[str], kind: str
    ) -> bool:
        if wanted - done:
            return False
        if kind in STUCK:
            return not here.result.finished and not here.result.open and here.result.next_due is None
        return bool(kind) or not path or path[-1] in here.passed

    def _event(self, here: Place, path: Sequence[str], number: int, events: Sequence[str]) -> Iterator[Place]:
        step = events[number]
        node = self.elements[step]
        if node.kind not in PEOPLE:
            made = self._wait(here, step, self._between(path, number, events))
            yield from (made,) if made is not None else ()
            return
        waiting = [one for one in here.result.open if "/".join((*one.path, one.element)) == step]
        if not waiting:
            if node.multi:
                yield here  # nobody was asked
            return
        written = Writers(self.bundle, self.context).of(node)
        for answers in self._answers({**written, **self._between(path, number, events)}, here.now):
            yield from self._complete(here, step, answers, written, all_of=bool(node.multi))

    def _complete(
        self, here: Place, step: str, answers: Mapping[str, Any], written: Mapping[str, Any], *, all_of: bool
    ) -> Iterator[Place]:
        from workflows.engine import complete

        values = {name: value for name, value in answers.items() if name in written}
        place = here
        while True:
            waiting = [one for one in place.result.open if "/".join((*one.path, one.element)) == step]
            if not waiting:
                break
            act = partial(complete, self.model, place.result.state, waiting[0].id, values)
            made = self._step(act, place.now, answers)
            if made is None:
                return
            place = Place(made, place.now, place.passed + self._passed(made))
            if not all_of:
                break
        yield place

    def _wait(self, here: Place, step: str, between: Mapping[str, Any]) -> Place | None:
        """Let time pass until an event has come."""
        from workflows.engine import fire_timers

        place = here
        already = here.passed.count(step)
        for _ in range(MAX_TIMERS):
            due = place.result.next_due
            if due is None:
                break
            now = max(due, place.now)
            answers = next(self._answers(between, now), {})
            made = self._step(partial(fire_timers, self.model, place.result.state), now, answers)
            if made is None:
                break
            place = Place(made, now, place.passed + self._passed(made))
            if place.passed.count(step) > already:
                return place
        self.timed = True
        return None

    def _step(self, act: Callable[..., Result], now: datetime, answers: Mapping[str, Any]) -> Result | None:
        """One step of the engine, None when it fails with these answers."""
        self.steps += 1
        if self.steps > MAX_STEPS or time.monotonic() > self.until or self.watch.stopped:
            raise _GivenUp
        try:
            return act(operators=WalkOffice(self.context, answers), now=lambda: now)
        except (EngineFault, StepNotOpen):
            return None

    @staticmethod
    def _passed(result: Result) -> tuple[str, ...]:
        return tuple("/".join((*one.path, one.element)) for one in result.passed if one.state == "completed")
