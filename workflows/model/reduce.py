"""Make a net smaller without losing a fault: proofs over big diagrams stay quick.

Moves that follow each other are fused, equal alternatives and equal places become one, until nothing changes.
What keeps faults visible: a place is fused only when it and all behind it are swept and watched by the same
moves; true merges stay, so that a second token still shows; no two tokens of one move meet in one place, and
none vanishes while its sisters live; variables are never fused.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import replace

from workflows.model.net import Move, Net, bits


def reduce(net: Net, alphabet: AbstractSet[str] = frozenset()) -> Net:
    """A smaller net with the same faults and the same order of the letters in the alphabet."""
    made = _Reducer(net, alphabet)
    made.run()
    small = net.variant(list(made.moves.values()))
    small.alive |= made.alive
    return small


class _Reducer:
    def __init__(self, net: Net, alphabet: AbstractSet[str]) -> None:
        self.net, self.alphabet = net, alphabet
        self.moves: dict[int, Move] = {}
        self.makers: dict[int, set[int]] = defaultdict(set)
        self.takers: dict[int, set[int]] = defaultdict(set)
        self.numbers = itertools.count()
        self.alive: set[str] = set()
        self.fixed = net.initial | net.variables
        for move in net.moves:
            self._add(replace(move, covers=set(move.covers)))
        masks = {mask for move in net.moves for mask in (move.clear, move.absent) if mask}
        self.watched: dict[int, int] = defaultdict(int)
        for number, mask in enumerate(masks):
            for bit in bits(mask):
                self.watched[bit] |= 1 << number

    def run(self) -> None:
        changed = True
        while changed:
            changed = self._same_moves()
            changed |= self._empty_watches()
            changed |= self._series()
            changed |= self._same_places()

    def _add(self, move: Move) -> None:
        key = next(self.numbers)
        self.moves[key] = move
        for bit in bits(move.put):
            self.makers[bit].add(key)
        for bit in bits(move.take):
            self.takers[bit].add(key)

    def _drop(self, key: int) -> None:
        move = self.moves.pop(key)
        for bit in bits(move.put):
            self.makers[bit].discard(key)
        for bit in bits(move.take):
            self.takers[bit].discard(key)

    def _visible(self, move: Move) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(sorted(told)) for one in move.letters if (told := one & self.alphabet))

    def _same_moves(self) -> bool:
        """Equal alternatives become one, idle turns none."""
        changed = False
        seen: dict[tuple[object, ...], int] = {}
        for key, move in list(self.moves.items()):
            told = self._visible(move)
            idle = move.take == move.put and not move.clear and not told and not move.take & (move.take - 1)
            if idle:
                others = self.makers[move.take] - {key}
                if others or move.take & self.net.initial:
                    for other in others:
                        self.moves[other].covers |= move.covers
                    if move.take & self.net.initial:
                        self.alive |= move.covers
                    self._drop(key)
                    changed = True
                    continue
            same = (move.take, move.put, move.clear, move.absent, told)
            first = seen.setdefault(same, key)
            if first != key:
                kept = self.moves[first]
                kept.covers |= move.covers
                if len(move.steps) < len(kept.steps):
                    kept.steps, kept.letters, kept.automatic = move.steps, move.letters, move.automatic
                self._drop(key)
                changed = True
        return changed

    def _empty_watches(self) -> bool:
        """Places that can no longer be marked need not be watched."""
        changed = False
        for move in self.moves.values():
            live = 0
            for bit in bits(move.absent):
                if self.makers[bit] or bit & self.net.initial:
                    live |= bit
            if live != move.absent:
                move.absent, changed = live, True
        return changed

    def _series(self) -> bool:
        """A place whose takers take nothing else is fused into its makers."""
        changed = False
        for place in list(self.takers):
            after = [self.moves[key] for key in self.takers[place]]
            before = [self.moves[key] for key in self.makers[place]]
            if self._fusible(place, before, after):
                for key in list(self.makers[place]):
                    first = self.moves[key]
                    self._drop(key)
                    for then in after:
                        self._add(
                            Move(
                                first.take,
                                (first.put & ~place) | then.put,
                                first.steps + then.steps,
                                first.letters + then.letters,
                                first.automatic and then.automatic,
                                first.clear,
                                first.absent,
                                first.covers | then.covers,
                            )
                        )
                for key in list(self.takers[place]):
                    self._drop(key)
                changed = True
        return changed

    def _fusible(self, place: int, before: list[Move], after: list[Move]) -> bool:
        if not before or not after or place & self.fixed:
            return False
        if len(before) * len(after) > len(before) + len(after) + 2:
            return False
        if any(
            then.take != place or then.absent or then.clear or then.put & place or self._visible(then)
            for then in after
        ):
            return False
        if any(first.take != before[0].take or first.take & place for first in before):
            return False  # a true merge: a second token has to stay visible
        for then in after:
            if any(self.watched[bit] != self.watched[place] for bit in bits(then.put)):
                return False
            for first in before:
                rest = first.put & ~place
                lost = not then.put and rest & ~self.net.markers & ~self.net.variables
                if rest & then.put or lost:
                    return False
        return True

    def _same_places(self) -> bool:
        """Places with the same makers and takers are one."""
        groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for place in list(self.makers):
            if self.makers[place] and self.takers[place] and not place & self.fixed:
                same = (frozenset(self.makers[place]), frozenset(self.takers[place]), self.watched[place])
                groups[same].append(place)
        changed = False
        for group in groups.values():
            for place in group[1:]:
                for key in self.makers.pop(place):
                    self.moves[key].put &= ~place
                for key in self.takers.pop(place):
                    self.moves[key].take &= ~place
                changed = True
        return changed
