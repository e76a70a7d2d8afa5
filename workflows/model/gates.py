"""Gateways, and what every other element of a diagram shares with them: arrows, letters, messages."""

from __future__ import annotations

import itertools
from collections.abc import Container, Mapping
from typing import Final

from workflows.model.graph import PEOPLE, Bundle, Node
from workflows.model.logic import UNKNOWN, UNSET, Mark, names, parse, truth
from workflows.model.net import SILENT, Letters, Net, Scope, Unprovable

MAX_BRANCHES: Final = 6


def letters_of(node: Node, more: str = "") -> Letters:
    """How constraints may name a step: by form, operator (with literal parameters), decision, call."""
    found = set()
    if node.form and node.kind in PEOPLE:
        found.add(f"form:{node.form}")
    if node.operator:
        found.add(f"operator:{node.operator}")
        for name, source in node.parameters.items():
            tree = parse(source)
            value = UNKNOWN if tree is None else truth(tree, {})
            if not isinstance(value, Mark | list):
                found.add(f"operator:{node.operator}?{name}={value}")
    if node.decision:
        found.add(f"decision:{node.decision}")
    if node.called:
        found.add(f"call:{node.called}")
    if node.event == "timer" and node.timer[1]:
        found |= {f"timer:{name}" for name in names(node.timer[1])}
    if more:
        found.add(more)
    return frozenset(found)


class Gates:
    """The part of building a net that is about choosing, splitting and joining."""

    def __init__(
        self, bundle: Bundle, opaque: Mapping[str, bool], nonempty: Container[str], net: Net
    ) -> None:
        self.bundle, self.opaque, self.nonempty = bundle, opaque, nonempty
        self.net, self.values = net, net.values

    def flow(self, key: str, scope: Scope) -> int:
        return self.net.place(scope.prefix + key, scope)

    def out(self, node: Node, scope: Scope) -> int:
        out = 0
        for flow in node.outgoing:
            out |= self.flow(flow, scope)
        return out

    def choice(self, node: Node, scope: Scope, place: int, path: str) -> None:
        """The first condition that is true wins, else the default; what is not tracked may be either."""
        flows, net = scope.process.flows, self.net
        told = [(key, flows[key].condition) for key in node.outgoing if key != node.default]
        used = sorted({n for _, source in told for n in names(source)} & set(self.values.domains))
        for combo in itertools.product(*[(*self.values.domains[name], UNSET) for name in used]):
            known = {n: v for n, v in zip(used, combo, strict=True) if v is not UNSET}
            held = 0
            for name, value in zip(used, combo, strict=True):
                held |= net.bits[f"{name}={value!r}"]
            possible, sure = [], False
            for key, source in told:
                tree = parse(source) if source else None
                value = truth(tree, known) if tree is not None else UNKNOWN
                if len(node.outgoing) == 1 and not source:
                    value = True
                if isinstance(value, Mark) or value:
                    possible.append(key)
                if not isinstance(value, Mark) and value:
                    sure = True
                    break
            if node.default and not sure:
                possible.append(node.default)
            for key in possible:
                net.move(place | held, self.flow(key, scope) | held, path, frozenset({f"flow:{key}"}))

    def inclusive(self, node: Node, scope: Scope, inputs: list[int], path: str) -> None:
        net, out = self.net, self.out(node, scope)
        if len(inputs) > 1:
            place = out if len(node.outgoing) == 1 else net.place(f"{path}.in", scope)
            net.joins.append((inputs, place, path, SILENT))
            inputs = [] if len(node.outgoing) == 1 else [place]
        others = [key for key in node.outgoing if key != node.default]
        if len(others) > MAX_BRANCHES or len(node.incoming) > MAX_BRANCHES:
            raise Unprovable(path, f"包容网关的分支超过 {MAX_BRANCHES} 条，不能逐一证明，请拆开")
        for place in inputs:
            if len(node.outgoing) == 1:
                net.move(place, out, path)
                continue
            for count in range(1, len(others) + 1):
                for chosen in itertools.combinations(others, count):
                    put = 0
                    for key in chosen:
                        put |= self.flow(key, scope)
                    net.move(place, put, path)
            if node.default:
                net.move(place, self.flow(node.default, scope), path)

    def race(self, node: Node, scope: Scope, place: int, path: str) -> None:
        """The first event to come decides."""
        for key in node.outgoing:
            event = scope.process.nodes[scope.process.flows[key].target]
            target = scope.prefix + event.id
            if self.may_come(event, target):
                made = self.net.move(place, self.out(event, scope), path, automatic=False)
                made.steps, made.letters = (path, target), (SILENT, letters_of(event))
                made.covers = {path, target}

    def may_come(self, node: Node, path: str) -> bool:
        """Nobody outside can send a message: one that no element of the bundle sends never comes."""
        if node.event in ("message", "signal") and node.ref not in self.bundle.thrown:
            if (path, node.ref) not in self.net.unsent:
                self.net.unsent.append((path, node.ref))
            return False
        return True
