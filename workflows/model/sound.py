"""Soundness over all ways: it can always finish, leaves nothing running, has no dead step and no deadlock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workflows.model.graph import Node
from workflows.model.loops import endless_turns, joins_in_loops
from workflows.model.net import Net
from workflows.model.reduce import reduce
from workflows.model.search import LIMIT, SMALL, Graph

TEXTS = {
    "deadlock": "流程走到这里会永远等下去，不能继续",
    "left-behind": "流程已经走到结束，这里却还有没有办完的分支，永远结束不了",
    "no-way-out": "走到这里以后，无论怎样办理都到不了结束",
    "runs-twice": "这里会同时到达两次，后面的步骤会重复办理，请用并行汇合",
    "dead-step": "任何情况下都走不到这里",
    "uncaught-error": "错误结束事件没有边界事件来接收，流程会在这里中断",
    "never-sent": "没有任何步骤发出这个消息或信号，等不到它",
    "endless-loop": "自动步骤会一直循环，中间没有人办理，也没有定时等待",
    "join-in-loop": "并行汇合在循环里，引擎会出错，请把这一段放进被调用的流程",
    "too-many-states": "可能的情况太多，不能逐一证明，请把并行的一段放进被调用的流程",
}
MOST_TRACED = 20_000
"""How many markings are tried to find where a way through the reduced net leads in the whole one."""
SERIOUS = frozenset({"deadlock", "left-behind", "no-way-out", "runs-twice", "uncaught-error"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is unsound, where, and a way that leads there."""

    kind: str
    element: str
    path: tuple[str, ...] = ()


def prove(net: Net, limit: int = LIMIT, small: int = SMALL) -> tuple[list[Fault], int]:
    """What is unsound in a net, and how many states were looked at.

    Args:
        small: up to how many states the whole net is searched before it is reduced.
    """
    graph, whole = Graph(net, limit=small), True
    if not graph.full:
        graph, whole = Graph(reduce(net), limit=limit), False
    if not graph.full:
        return [Fault("too-many-states", "")], len(graph.order)
    found = [*_doubled(graph), *_stuck(net, graph, whole)]
    found += _dead(net, graph)
    found += [Fault("never-sent", path) for path, _ in net.unsent]
    found += _uncaught(net, graph)
    found += [Fault("endless-loop", way[0], way) for way in endless_turns(net) if way]
    found += [Fault("join-in-loop", way[0], way) for way in joins_in_loops(net)]
    return found, len(graph.order)


def element_of(net: Net, place: str) -> str:
    """The element a place belongs to: an arrow leads to its target."""
    prefix, _, name = place.rpartition("/")
    prefix = f"{prefix}/" if prefix else ""
    for part in net.parts.get(prefix, ()):
        if name in part.flows:
            return prefix + part.flows[name].target
    for tail in (".in", ".enter", ".active", ".again", "?"):
        place = place.removesuffix(tail)
    return place


def plain(path: Iterable[str]) -> tuple[str, ...]:
    """A way without the numbers of the frames of repeated calls."""
    found: list[str] = []
    for step in path:
        parts = [part.split("#")[0] for part in step.split("/")]
        found.append("/".join(parts))
    return tuple(found)


def _doubled(graph: Graph) -> Iterator[Fault]:
    if graph.doubled:
        state, number, places = graph.doubled[0]
        where = graph.net.at(places)
        element = element_of(graph.net, where[0]) if where else ""
        yield Fault("runs-twice", element, tuple(graph.steps(state, number)))


def _stuck(net: Net, graph: Graph, whole: bool) -> Iterator[Fault]:
    doomed = graph.doomed()
    if not doomed or (graph.doubled and not graph.final):
        return
    doubled = {state for state, _, _ in graph.doubled}
    ends = [state for state in doomed if not graph.after[state] and state not in doubled]
    if not ends and graph.doubled:
        return
    state = ends[0] if ends else doomed[0]
    steps, marking, kind = graph.steps(state), state[0], "deadlock" if ends else "no-way-out"
    if ends and not whole:  # the reduced net hides idle turns: look again from there
        kind, steps, marking = _look_again(net, steps, marking)
    where = net.at(marking)
    frames = {place.rpartition("/")[0] for place in where}
    ended = any(
        step in net.elements and net.elements[step].kind == "endEvent" and step.rpartition("/")[0] in frames
        for step in steps
    )
    if ended and kind == "deadlock":
        kind = "left-behind"
    yield Fault(kind, element_of(net, where[0]) if where else "", tuple(steps))


def _look_again(net: Net, steps: list[str], marking: int) -> tuple[str, list[str], int]:
    reached = marking_after(net, steps)
    if reached is None:
        return "deadlock", steps, marking
    onward = Graph(net.variant(net.moves, reached), limit=20_000)
    stuck = [state for state in onward.order if not onward.after.get(state) and state[0] & net.tokens]
    if stuck:
        return "deadlock", steps + onward.steps(stuck[0]), stuck[0][0]
    return ("no-way-out" if onward.full else "deadlock"), steps, reached


def marking_after(net: Net, steps: list[str]) -> int | None:
    """A marking of the whole net after these elements; moves that pass none are found."""
    told = tuple(steps)
    seen = {(net.initial, 0)}
    todo = deque(seen)
    while todo and len(seen) < MOST_TRACED and not net.until.over:
        marking, done = todo.popleft()
        if done == len(told):
            return marking
        for move in net.moves:
            if marking & move.take != move.take or marking & move.absent:
                continue
            if told[done : done + len(move.steps)] != move.steps:
                continue
            kept = marking & ~(move.take | move.clear)
            state = (kept | move.put, done + len(move.steps))
            if not kept & move.put and state not in seen:
                seen.add(state)
                todo.append(state)
    return None


def _uncaught(net: Net, graph: Graph) -> Iterator[Fault]:
    for path, _ in net.uncaught:
        for number, state in graph.fired.items():
            move = graph.net.moves[number]
            if path in move.steps:
                yield Fault("uncaught-error", path, tuple(graph.steps(state, number)))
                break


def _dead(net: Net, graph: Graph) -> Iterator[Fault]:
    """Steps that no way reaches; of a dead tail only where it begins."""
    alive = graph.net.alive.union(*(graph.net.moves[number].covers for number in graph.fired))
    alive = set(plain(alive))
    told: dict[str, tuple[str, Node]] = {
        plain([path])[0]: (path, node)
        for path, node in net.elements.items()
        if node.kind != "startEvent" and plain([path])[0] not in alive
    }
    for path in told:
        before = set(plain(_before(net, told[path][0])))
        if not before or not before <= set(told):
            yield Fault("dead-step", told[path][0])


def _before(net: Net, path: str) -> list[str]:
    """Elements directly before one; for the first of a called diagram, its call."""
    prefix, _, key = path.rpartition("/")
    lead = f"{prefix}/" if prefix else ""
    if net.elements[path].attached:
        return [lead + net.elements[path].attached]
    found = []
    for part in net.parts.get(lead, ()):
        for flow in part.flows.values():
            if flow.target == key and flow.source in part.nodes:
                start = part.nodes[flow.source].kind == "startEvent"
                found.append(prefix if start and prefix else lead + flow.source)
    return found
