"""Random small diagrams, sound and unsound, and large ones as offices draw them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.corpus.models import chain, flow, model, node, user

KINDS = {"xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway"}


class Sketch:
    """A diagram put together from blocks; some joins and arrows then go wrong."""

    def __init__(self, random: Random, faults: int) -> None:
        self.random = random
        self.parts: list[str] = []
        self.arrows: list[tuple[str, str, bool]] = []
        self.gates: dict[str, str] = {}
        self.steps: list[str] = []
        self.count = 0
        first, last = self.block(3)
        self.arrows += [("s", first, False), (last, "e", False)]
        for _ in range(faults):
            self.spoil()

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def step(self) -> tuple[str, str]:
        key = self.name("u")
        self.steps.append(key)
        return key, key

    def block(self, depth: int) -> tuple[str, str]:
        """The first and the last element of a block."""
        if depth == 0:
            return self.step()
        make: Callable[[int], tuple[str, str]] = self.random.choice(
            [lambda _: self.step(), self.row, self.row, self.fork, self.fork, self.again]
        )
        return make(depth - 1)

    def row(self, depth: int) -> tuple[str, str]:
        first, middle = self.block(depth)
        then, last = self.block(depth)
        self.arrows.append((middle, then, False))
        return first, last

    def fork(self, depth: int) -> tuple[str, str]:
        kind = self.random.choice(["xor", "xor", "and", "or"])
        split, join = self.name("g"), self.name("j")
        self.gates |= {split: kind, join: kind}
        for number in range(2):
            first, last = self.block(depth)
            self.arrows += [(split, first, number == 1), (last, join, False)]
        return split, join

    def again(self, depth: int) -> tuple[str, str]:
        first, last = self.block(depth)
        back, on = self.name("g"), self.name("j")
        self.gates |= {back: "xor", on: "xor"}
        self.arrows += [(on, first, False), (last, back, False), (back, on, False)]
        out = self.name("u")
        self.steps.append(out)
        self.arrows.append((back, out, True))
        return on, out

    def spoil(self) -> None:
        """A join of another kind, or an arrow that leads elsewhere."""
        if self.gates and self.random.random() < 0.6:
            key = self.random.choice(sorted(self.gates))
            self.gates[key] = self.random.choice(sorted(KINDS))
        else:
            number = self.random.randrange(len(self.arrows))
            source, _, default = self.arrows[number]
            self.arrows[number] = (source, self.random.choice([*self.gates, *self.steps, "e"]), default)

    def xml(self) -> bytes:
        """The document; conditions ask for one variable each."""
        defaults = {source: f"{source}-{target}" for source, target, last in self.arrows if last}
        outgoing = [source for source, _, _ in self.arrows]
        parts = [node("startEvent", "s"), node("endEvent", "e"), *(user(key) for key in self.steps)]
        for key, kind in self.gates.items():
            choosing = kind != "and" and outgoing.count(key) > 1
            parts.append(node(KINDS[kind], key, **({"default": defaults[key]} if choosing else {})))
        for source, target, last in self.arrows:
            asks = self.gates.get(source, "and") != "and" and outgoing.count(source) > 1 and not last
            parts.append(flow(source, target, f"c_{source} == 1" if asks else ""))
        return model(*parts)

    def variables(self) -> list[str]:
        """What its conditions read."""
        return [f"c_{key}" for key in self.gates]


def office(elements: int, called: int) -> dict[str, bytes]:
    """A large model: a long row of steps, choices, parallel blocks and calls of further diagrams."""
    random = Random(7)  # noqa: S311 - dice, no secret
    files = {}
    for number in range(called):
        files[f"part{number}.bpmn"] = _long(random, elements // (called + 1), f"part{number}", ())
    calls = tuple(f"part{number}" for number in range(called))
    files["main.bpmn"] = _long(random, elements - called * (elements // (called + 1)), "main", calls)
    return files


def _long(random: Random, elements: int, key: str, calls: tuple[str, ...]) -> bytes:
    parts, before, made = [node("startEvent", "s"), node("endEvent", "e")], "s", 2
    waiting = list(calls)
    blocks = 0
    while made < elements or waiting:
        number = made
        if waiting and (random.random() < 0.4 or made >= elements):
            here = f"call{number}"
            parts += [node("callActivity", here, calledElement=waiting.pop()), chain(before, here)]
            before, made = here, made + 1
        elif random.random() < 0.3 and made + 4 <= elements and blocks < 5:
            g, a, b, j = (f"{letter}{number}" for letter in "gabj")
            blocks += 1
            parts += [node("parallelGateway", g), user(a), user(b), node("parallelGateway", j)]
            parts += [chain(before, g, a, j), chain(g, b, j)]
            before, made = j, made + 4
        elif random.random() < 0.5 and made + 4 <= elements:
            g, a, b, j = (f"{letter}{number}" for letter in "xabk")
            parts += [
                node("exclusiveGateway", g, default=f"{g}-{b}"),
                user(a),
                user(b),
                node("exclusiveGateway", j),
            ]
            parts += [chain(before, g, b, j), flow(g, a, f"v{number % 7} == 'yes'"), chain(a, j)]
            before, made = j, made + 4
        else:
            here = f"u{number}"
            parts += [user(here), chain(before, here)]
            before, made = here, made + 1
    return model(*parts, chain(before, "e"), key=key)
