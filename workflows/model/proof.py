"""Prove a start process with all it calls: soundness first, then each rule of the law.

Choices at gateways are free unless tracked variables exclude them. What seems broken is looked at again with
every variable that a gateway reads; called diagrams that are sound on their own stand as one step for rules
that do not speak of anything inside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workflows.model import law, sound
from workflows.model.context import Context
from workflows.model.gates import letters_of
from workflows.model.graph import Bundle, elements_of
from workflows.model.law import BAD, Automaton, Law, Rule
from workflows.model.levels import CLOSER, Level
from workflows.model.logic import conditions, names
from workflows.model.net import Letters, Move, Net, Unprovable
from workflows.model.reduce import reduce
from workflows.model.search import LIMIT, SMALL, Graph, Phase, State
from workflows.model.sound import SERIOUS, Fault
from workflows.model.values import TooManyValues, Values, Writers, shared
from workflows.model.watch import Until


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule came to: a way that breaks it, and the assumption that alone excludes it.

    Attributes:
        sure: False when a closer look at the values of variables was not possible.
    """

    kind: str
    path: tuple[str, ...] = ()
    assumption: str = ""
    sure: bool = True


class Proof:
    """A proof of one start process; keeps nets and summaries between its questions.

    A question is first asked without following any variable that it does not name; what seems broken then is asked
    again with those that several gateways read, and at last with all that any gateway reads.

    Attributes:
        states: how many states all questions looked at together.
        walk: replays a way on the engine; what is real there need not be looked at again.
        until: when it gives up: what it does not know by then is unknown.
    """

    def __init__(self, bundle: Bundle, context: Context, told: Law, start: str, until: Until) -> None:
        self.bundle, self.context, self.law, self.start = bundle, context, told, start
        self.until, self.limit = until, LIMIT
        self.states = 0
        writers = Writers(bundle, context)
        self.written = {name for node in bundle.nodes() for name in writers.of(node)}
        processes = bundle.processes.values()
        read = {name for process in processes for _, told in conditions(process) for name in names(told)}
        self.followed = (frozenset[str](), frozenset(shared(processes)), frozenset(read))
        self.levels: dict[tuple[frozenset[str], str], Level] = {}
        self.ways: dict[str, tuple[str, ...]] = {}
        self.elements = elements_of(bundle, start)
        self.walk: Callable[[Sequence[str]], str] = _unwalked

    def soundness(self) -> tuple[list[Fault], Net]:
        """What is unsound.

        Raises:
            Unprovable: the model has something that no proof can speak about.
        """
        found, net = self._sound(0, self.limit)
        for closer in (1, 2):
            if not any(fault.kind in SERIOUS for fault in found):
                break
            again, seen = self._sound(closer, CLOSER if closer > 1 else self.limit)
            if not any(fault.kind == "too-many-states" for fault in again):
                others = [fault for fault in found if fault.kind not in SERIOUS]
                found, net = [fault for fault in again if fault.kind in SERIOUS] + others, seen
        return found, net

    def dead_by_data(self) -> list[Fault]:
        """Steps that the drawing reaches but no values of the variables do."""
        found, _ = self._sound(1, CLOSER)
        return [fault for fault in found if fault.kind == "dead-step"]

    def _sound(self, level: int, limit: int) -> tuple[list[Fault], Net]:
        try:
            net = self._level(self.followed[level], {}).net(self.start)
        except TooManyValues:
            return [Fault("too-many-states", "")], Net(Values(self.bundle, self.context, ()))
        found, states = sound.prove(net, limit)
        self.states += states
        return found, net

    def rule(self, rule: Rule) -> Outcome:
        """Whether a rule holds on every way."""
        try:
            return self._lane(*rule.lane) if rule.lane is not None else self._order(rule)
        except Unprovable:
            return Outcome("unknown")

    def _order(self, rule: Rule) -> Outcome:
        unknown = False
        for automaton in rule.automata:
            outcome = self._automaton(automaton)
            if outcome.kind == "broken":
                for assumption in self.law.assumptions:
                    under = self._look(automaton, assumption.automata, 1, self.limit)
                    if under.kind == "holds":
                        return Outcome("holds-under", outcome.path, assumption.id)
                return outcome
            unknown = unknown or outcome.kind == "unknown"
        return Outcome("unknown" if unknown else "holds")

    def _automaton(self, automaton: Automaton) -> Outcome:
        found = self._look(automaton, (), 0, self.limit)
        for closer in (1, 2):
            if found.kind != "broken" or (closer > 1 and self.walk(self.whole(found.path)) == "real"):
                break
            again = self._look(automaton, (), closer, CLOSER if closer > 1 else self.limit)
            found = replace(found, sure=found.sure and closer > 1) if again.kind == "unknown" else again
        return found

    def _level(self, followed: frozenset[str], asked: Mapping[str, set[Any]]) -> Level:
        key = (followed, repr(sorted(asked.items(), key=repr)))
        if key not in self.levels:
            told = Values(self.bundle, self.context, followed | set(asked), asked)
            self.levels[key] = Level(self.bundle, told, self.law.nonempty, self.until)
        return self.levels[key]

    def whole(self, path: Iterable[str]) -> tuple[str, ...]:
        """A way with the shortest way through each called diagram that stood as one step."""
        told, found = list(path), []
        for number, step in enumerate(told):
            found.append(step)
            inside = number + 1 < len(told) and told[number + 1].startswith(f"{step}/")
            node = self.elements.get(sound.plain([step])[0])
            if node is not None and node.called and not inside and not step.endswith("#0"):
                found += [f"{step}/{inner}" for inner in self._through(node.called)]
        return sound.plain(found)

    def _through(self, process: str) -> tuple[str, ...]:
        if process not in self.ways:
            try:
                net = self._level(frozenset(), {}).build(process)
            except Unprovable:
                return ()
            graph = Graph(net, limit=SMALL)
            if not graph.final:
                graph = Graph(reduce(net), limit=CLOSER)
            self.ways[process] = tuple(graph.steps(graph.final[0])) if graph.final else ()
        return self.ways[process]

    def _lane(self, label: str, role: str) -> Outcome:
        """A rule of place: the steps with the label lie in lanes of the role."""
        if self.context.lanes is None:
            return Outcome("unknown")
        for path, node in self._level(frozenset(), {}).build(self.start).elements.items():
            told = self.context.lanes.get(node.lane, "")
            if letters_of(node) & self.law.labels[label] and not told.startswith(role):
                return Outcome("broken", sound.plain([path]))
        return Outcome("holds")

    def _look(self, automaton: Automaton, more: Iterable[Automaton], level: int, limit: int) -> Outcome:
        automata = [automaton, *more]
        labels = {label for one in automata for label in one.labels}
        alphabet = frozenset().union(*(self.law.labels[label] for label in labels))
        asked = {n: told for n, told in law.values(alphabet).items() if n in self.written}
        try:
            net = self._level(self.followed[level], asked).net(self.start, alphabet)
        except TooManyValues:
            return Outcome("unknown")
        found, states = _search(net, automata, self.law, alphabet, min(SMALL, limit))
        if found.kind == "unknown":
            self.states += states
            found, states = _search(reduce(net, alphabet), automata, self.law, alphabet, limit)
        self.states += states
        return found


def _unwalked(_path: Sequence[str]) -> str:
    """A proof on its own cannot tell what is real."""
    return ""


def _search(
    net: Net, automata: list[Automaton], law: Law, alphabet: Letters, limit: int
) -> tuple[Outcome, int]:
    """Look for the nearest state in which the first automaton is broken and no other one is."""
    known: dict[Letters, tuple[tuple[str, ...], ...]] = {}

    def labels(letters: Letters) -> tuple[tuple[str, ...], ...]:
        told = letters & alphabet
        if told not in known:
            known[told] = tuple(
                tuple(label for label in one.labels if law.labels[label] & told) for one in automata
            )
        return known[told]

    def step(phase: Phase, move: Move) -> Phase | None:
        after = list(phase)
        for letters in move.letters:
            if letters & alphabet:
                for number, told in enumerate(labels(letters)):
                    if told and after[number] != BAD:
                        after[number] = automata[number].step(after[number], told)
        return None if BAD in after[1:] else tuple(after)

    def broken(state: State) -> bool:
        return state[1][0] == BAD or (not state[0] & net.tokens and state[1][0] in automata[0].unfinished)

    graph = Graph(net, (0,) * len(automata), step, limit, broken)
    if graph.hit is None:
        return Outcome("holds" if graph.full else "unknown"), len(graph.order)
    path, phase = [], 0
    for number in graph.way(graph.hit):
        move = net.moves[number]
        for element, letters in zip(move.steps, move.letters, strict=True):
            if phase != BAD:
                path.append(element)
                told = labels(letters)[0] if letters & alphabet else ()
                phase = automata[0].step(phase, told) if told else phase
    return Outcome("broken", tuple(path)), len(graph.order)
