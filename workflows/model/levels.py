"""Nets with the same tracked variables, and the called diagrams that stand in them as one step."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final

from workflows.model import sound
from workflows.model.build import build
from workflows.model.gates import letters_of
from workflows.model.graph import Bundle, Process
from workflows.model.logic import conditions, names
from workflows.model.net import Letters, Net, Unprovable
from workflows.model.values import Values
from workflows.model.watch import Until

CLOSER: Final = 20_000
"""How many states a second, closer look may take."""
CAUGHT: Final = ("error", "escalation", "cancel")


class Level:
    """Nets with the same tracked variables."""

    def __init__(self, bundle: Bundle, values: Values, nonempty: Container[str], until: Until) -> None:
        self.bundle, self.values, self.nonempty, self.until = bundle, values, nonempty, until
        self.nets: dict[tuple[str, frozenset[str]], Net] = {}
        self.summaries: dict[str, tuple[bool, Letters]] | None = None

    def net(self, start: str, alphabet: Letters = frozenset()) -> Net:
        """The net in which called diagrams that say nothing to these letters stand as one step."""
        if self.summaries is None:
            self.summaries = {}
            Summaries(self).fill(self.summaries)
        opaque = {key: automatic for key, (automatic, told) in self.summaries.items() if not told & alphabet}
        key = (start, frozenset(opaque))
        if key not in self.nets:
            self.nets[key] = self.build(start, opaque)
        return self.nets[key]

    def build(self, start: str, opaque: Mapping[str, bool] | None = None) -> Net:
        """A net of any process of the bundle."""
        return build(self.bundle, start, self.values, opaque, self.nonempty, self.until)


class Summaries:
    """Proves each called diagram alone: sound, throwing nothing to its caller, touching no tracked variable."""

    def __init__(self, level: Level) -> None:
        self.level, self.bundle = level, level.bundle
        self.letters: dict[str, Letters] = {}
        self.busy: set[str] = set()

    def fill(self, into: dict[str, tuple[bool, Letters]]) -> None:
        """Add each called diagram that may stand as one step: has it a way without people, what it says."""
        for key in sorted({node.called for node in self.bundle.nodes() if node.called}):
            self._visit(key, into)

    def _visit(self, key: str, into: dict[str, tuple[bool, Letters]]) -> None:
        process = self.bundle.processes.get(key)
        if process is None or key in self.letters or key in self.busy:
            return
        self.busy.add(key)
        told: set[str] = {f"call:{key}"}
        called = set()
        for node in process.all_nodes():
            told |= letters_of(node)
            if node.called:
                called.add(node.called)
                self._visit(node.called, into)
                told |= self.letters.get(node.called, frozenset())
        self.letters[key] = frozenset(told)
        if called <= set(into) and self._closed(process):
            try:
                net = self.level.build(key, {one: automatic for one, (automatic, _) in into.items()})
            except Unprovable:
                return  # its fault is told where it is called
            faults, _ = sound.prove(net, CLOSER)
            if not faults:
                into[key] = (_without_people(net), self.letters[key])

    def _closed(self, process: Process) -> bool:
        tracked = set(self.level.values.domains)
        writers = self.level.values.writers
        return not any(
            (node.kind == "endEvent" and node.event in CAUGHT) or set(writers.of(node)) & tracked
            for node in process.all_nodes()
        ) and not any(names(told) & tracked for _, told in conditions(process))


def _without_people(net: Net) -> bool:
    seen, todo = {net.initial}, [net.initial]
    while todo:
        marking = todo.pop()
        if not marking & net.tokens:
            return True
        for move in net.moves:
            if move.automatic and marking & move.take == move.take and not marking & move.absent:
                after = marking & ~(move.take | move.clear) | move.put
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
    return False
