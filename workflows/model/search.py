"""Search all states of a net, nearest first, up to a bound."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from workflows.model.net import Move, Net, bits

SMALL: Final = 1_000
"""Up to here the whole net is searched; beyond, the reduced one."""
LIMIT: Final = 200_000
"""No proof looks at more states than this; what it has not seen by then it does not know."""

Phase = tuple[int, ...]
State = tuple[int, Phase]


class Graph:
    """The states that can be reached, of the marking and of an automaton that reads the letters.

    Attributes:
        full: whether all states were seen within the limit.
        doubled: a state and a move that would put a second token on a place, with these places.
        fired: numbers of the moves that can happen, with the nearest state in which they can.
        hit: the first state that `stop` asked for.
    """

    def __init__(
        self,
        net: Net,
        phase: Phase = (),
        step: Callable[[Phase, Move], Phase | None] | None = None,
        limit: int = LIMIT,
        stop: Callable[[State], bool] | None = None,
    ) -> None:
        self.net = net
        self.until = net.until
        self.parents: dict[State, tuple[State, int] | None] = {(net.initial, phase): None}
        self.after: dict[State, list[State]] = {}
        self.order: list[State] = []
        self.final: list[State] = []
        self.doubled: list[tuple[State, int, int]] = []
        self.fired: dict[int, State] = {}
        self.full = True
        self.hit: State | None = None
        self._search((net.initial, phase), step, limit, stop)

    def _search(
        self,
        first: State,
        step: Callable[[Phase, Move], Phase | None] | None,
        limit: int,
        stop: Callable[[State], bool] | None,
    ) -> None:
        moves, tokens = self.net.moves, self.net.tokens
        by_place: dict[int, list[int]] = defaultdict(list)
        for number, move in enumerate(moves):
            own = move.take & tokens or move.take
            by_place[own & -own].append(number)
        # Ways are counted in elements: a fused move weighs as many as it holds.
        length = [len(move.steps) for move in moves]
        order, best, done = itertools.count(), {first: 0}, set()
        todo = [(0, 0, first)]
        while todo:
            passed, _, state = heapq.heappop(todo)
            if state in done:
                continue
            done.add(state)
            self.order.append(state)
            if stop is not None and stop(state):
                self.hit = state
                return
            marking, phase = state
            if not marking & tokens:
                self.final.append(state)
            after = self.after[state] = []
            for place in bits(marking & tokens):
                for number in by_place.get(place, ()):
                    move = moves[number]
                    if marking & move.take != move.take or marking & move.absent:
                        continue
                    self.fired.setdefault(number, state)
                    kept = marking & ~(move.take | move.clear)
                    if kept & move.put:
                        self.doubled.append((state, number, kept & move.put))
                        continue
                    then: Phase | None = phase
                    if step is not None and move.letters:
                        then = step(phase, move)
                        if then is None:
                            continue
                    target = (kept | move.put, then or ())
                    after.append(target)
                    far = passed + length[number]
                    if far < best.get(target, 1 << 30):
                        best[target] = far
                        self.parents[target] = (state, number)
                        heapq.heappush(todo, (far, next(order), target))
            if len(done) > limit or (not len(done) & 1023 and self.until.over):
                self.full = False
                return

    def way(self, state: State) -> list[int]:
        """Numbers of the moves that lead to a state."""
        found = []
        parent = self.parents[state]
        while parent is not None:
            found.append(parent[1])
            parent = self.parents[parent[0]]
        return found[::-1]

    def steps(self, state: State, last: int | None = None) -> list[str]:
        """Elements passed on the way to a state, and by one move more."""
        numbers = self.way(state) + ([] if last is None else [last])
        return [step for number in numbers for step in self.net.moves[number].steps]

    def doomed(self) -> list[State]:
        """States from which the end cannot be reached, nearest first."""
        before: dict[State, list[State]] = defaultdict(list)
        for state, targets in self.after.items():
            for target in targets:
                before[target].append(state)
        good, todo = set(self.final), list(self.final)
        while todo:
            for state in before[todo.pop()]:
                if state not in good:
                    good.add(state)
                    todo.append(state)
        return [state for state in self.order if state not in good]
