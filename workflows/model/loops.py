"""Turns in the drawing itself: automatic ones that never rest, and joins that the engine meets twice."""

from __future__ import annotations

from collections import defaultdict, deque

from workflows.model.graph import Process
from workflows.model.net import Move, Net, bits


def endless_turns(net: Net) -> list[tuple[str, ...]]:
    """Circles of moves without a person, a message or a timer in them, one for each knot."""
    after: dict[int, dict[int, Move]] = defaultdict(dict)
    for move in net.moves:
        if move.automatic and not (move.absent and not move.steps):
            for source in bits(move.take & net.tokens):
                for target in bits(move.put & net.tokens):
                    after[source].setdefault(target, move)
    found: list[tuple[str, ...]] = []
    while True:
        _trim(after)
        circle = next((way for place in sorted(after) if (way := _circle(after, place))), None)
        if circle is None:
            return found
        found.append(
            tuple(
                step
                for place, then in zip(circle, [*circle[1:], circle[0]], strict=True)
                for step in after[place][then].steps
            )
        )
        for place in circle:
            after.pop(place, None)


def _trim(after: dict[int, dict[int, Move]]) -> None:
    """Take away what lies on no circle because nothing leads on from it, or nothing leads to it."""
    changed = True
    while changed:
        changed = False
        reached = {target for targets in after.values() for target in targets}
        for place in list(after):
            targets = {t: move for t, move in after[place].items() if t in after}
            if not targets or place not in reached:
                del after[place]
                changed = True
            elif len(targets) != len(after[place]):
                after[place] = targets
                changed = True


def _circle(after: dict[int, dict[int, Move]], first: int) -> list[int]:
    """The shortest circle through a place, empty when there is none."""
    before: dict[int, int] = {}
    todo = deque([first])
    while todo:
        place = todo.popleft()
        for target in after.get(place, ()):
            if target == first:
                way = [place]
                while way[-1] != first:
                    way.append(before[way[-1]])
                return way[::-1]
            if target not in before:
                before[target] = place
                todo.append(target)
    return []


def joins_in_loops(net: Net) -> list[tuple[str, ...]]:
    """Parallel and inclusive joins that lie on a circle of their own diagram.

    The engine loses count when such a join is passed a second time in one run of its diagram.
    """
    seen: set[int] = set()
    found: list[tuple[str, ...]] = []
    for prefix, parts in net.parts.items():
        for part in parts:
            if id(part) in seen:
                continue
            seen.add(id(part))
            for node in part.nodes.values():
                joining = node.kind in ("parallelGateway", "inclusiveGateway") and len(node.incoming) > 1
                way = _turn(part, node.id) if joining else []
                if way:
                    found.append(tuple(prefix + key for key in way))
    return found


def _turn(part: Process, first: str) -> list[str]:
    before: dict[str, str] = {}
    todo = deque([first])
    while todo:
        key = todo.popleft()
        for target in part.after(key):
            if target == first:
                way = [key]
                while way[-1] != first:
                    way.append(before[way[-1]])
                return way[::-1]
            if target not in before:
                before[target] = key
                todo.append(target)
    return []
