"""A net of tokens: what a proof searches.

A marking is one whole number: bit = a token on an arrow, a running step, an active called diagram, or
"variable = value". A place never holds two tokens: the move that would put a second one is a finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from workflows.model.graph import GATEWAYS, Node, Process
from workflows.model.logic import UNSET
from workflows.model.reminders import telling
from workflows.model.values import Alternative, Values
from workflows.model.watch import Until

Letters = frozenset[str]
SILENT: Letters = frozenset()
MAX_MOVES: Final = 20_000
"""Calls inside calls multiply: a net larger than this is not searched."""


class Unprovable(Exception):
    """A construct that the engine runs wrongly, or a model that is not whole: nothing can be proved of it."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(f"{element}：{reason}")
        self.element, self.reason = element, reason


class Scope:
    """A frame of a diagram: all its places, so that an abort can sweep them away."""

    def __init__(self, parent: Scope | None, prefix: str, process: Process) -> None:
        self.parent, self.prefix, self.process = parent, prefix, process
        self.mask = self.active = self.out = self.armed = 0
        self.single = _single(process)
        self.catches: list[tuple[Node, Scope, Scope]] = []


def _single(process: Process) -> bool:
    """Whether there is always exactly one token in a diagram, so that its end simply hands it on."""
    left_out = telling(process)
    return not any(
        (node.kind in ("parallelGateway", "inclusiveGateway") and len(node.outgoing) > 1)
        or (node.kind not in GATEWAYS and len(node.outgoing) > 1)
        or (node.kind == "boundaryEvent" and not node.interrupting)
        or node.event == "escalation"
        or (node.kind != "endEvent" and not node.outgoing)
        for node in process.nodes.values()
        if node.id not in left_out
    )


@dataclass(slots=True, eq=False)
class Move:
    """What may happen: tokens taken and put.

    Attributes:
        clear: tokens removed by force (an abort, an old value).
        absent: places that must be empty.
        steps: elements passed, with one set of letters each.
        covers: elements that this move shows to be alive.
        sweeps, empties: scopes whose places `clear` and `absent` still have to take in.
    """

    take: int
    put: int
    steps: tuple[str, ...] = ()
    letters: tuple[Letters, ...] = ()
    automatic: bool = True
    clear: int = 0
    absent: int = 0
    covers: set[str] = field(default_factory=set)
    sweeps: tuple[Scope, ...] = ()
    empties: tuple[Scope, ...] = ()


class Net:
    """Places and moves of a diagram with all it calls.

    Attributes:
        until: when a search of it has to give up.
    """

    def __init__(self, values: Values, until: Until | None = None) -> None:
        self.values, self.until = values, until or Until()
        self.names: list[str] = []
        self.bits: dict[str, int] = {}
        self.moves: list[Move] = []
        self.elements: dict[str, Node] = {}
        self.parts: dict[str, list[Process]] = defaultdict(list)
        self.unsent: list[tuple[str, str]] = []
        self.uncaught: list[tuple[str, str]] = []
        self.joins: list[tuple[list[int], int, str, Letters]] = []
        self.markers = self.variables = self.initial = 0
        self.alive: set[str] = set()
        for name, domain in values.domains.items():
            for value in (UNSET, *domain):
                self.variables |= self.place(f"{name}={value!r}")
            self.initial |= self.bits[f"{name}={UNSET!r}"]

    @property
    def tokens(self) -> int:
        """Mask of everything that is no variable: empty means finished."""
        return ~self.variables

    def place(self, name: str, scope: Scope | None = None) -> int:
        """The bit of a place, made when it is new."""
        if name not in self.bits:
            self.bits[name] = 1 << len(self.names)
            self.names.append(name)
        bit = self.bits[name]
        while scope is not None:
            scope.mask |= bit
            scope = scope.parent
        return bit

    def move(
        self,
        take: int,
        put: int,
        step: str = "",
        letters: Letters = SILENT,
        *,
        automatic: bool = True,
        clear: int = 0,
        absent: int = 0,
        covers: bool = True,
        sweeps: tuple[Scope, ...] = (),
        empties: tuple[Scope, ...] = (),
    ) -> Move:
        """Add a move that passes one element or none."""
        made = Move(
            take,
            put,
            (step,) if step else (),
            (letters,) if step else (),
            automatic,
            clear,
            absent,
            {step} if step and covers else set(),
            sweeps,
            empties,
        )
        self.moves.append(made)
        if len(self.moves) > MAX_MOVES:
            raise Unprovable(step, "流程图展开后过大，不能逐一证明")
        return made

    def effect(self, alternative: Alternative) -> tuple[int, int, int]:
        """Tokens of the variables that an alternative takes, puts and clears."""
        take = put = clear = 0
        written = {name for name, _ in alternative.writes}
        for name, value in alternative.reads:
            bit = self.bits[f"{name}={value!r}"]
            take |= bit
            put |= 0 if name in written else bit
        for name, value in alternative.writes:
            put |= self.bits[f"{name}={value!r}"]
            for one in (UNSET, *self.values.domains[name]):
                clear |= self.bits[f"{name}={one!r}"]
        return take, put, clear

    def close(self) -> None:
        """Take in what the scopes hold now that all places are known."""
        for move in self.moves:
            for scope in move.sweeps:
                move.clear |= scope.mask
            for scope in move.empties:
                move.absent |= scope.mask & ~scope.active
        for inputs, put, step, letters in self.joins:
            self._inclusive_join(inputs, put, step, letters)

    def _inclusive_join(self, inputs: list[int], put: int, step: str, letters: Letters) -> None:
        """Some inputs fire it once no token can still reach one of the others without passing it."""
        before = {}
        for place in inputs:
            seen = place
            while True:
                more = seen
                for move in self.moves:
                    if move.put & seen:
                        more |= move.take & ~self.variables
                if more == seen:
                    break
                seen = more
            before[place] = seen
        for chosen in range(1, 1 << len(inputs)):
            take = absent = 0
            for number, place in enumerate(inputs):
                if chosen >> number & 1:
                    take |= place
                else:
                    absent |= before[place]
            self.move(take, put, step, letters, absent=absent & ~take)

    def at(self, marking: int) -> list[str]:
        """Names of the marked places that are tokens."""
        return [self.names[bit.bit_length() - 1] for bit in bits(marking & ~self.variables & ~self.markers)]

    def variant(self, moves: list[Move], initial: int | None = None) -> Net:
        """The same net with other moves or another beginning."""
        made = Net.__new__(Net)
        made.__dict__.update(self.__dict__)
        made.moves = moves
        made.alive = set(self.alive)
        if initial is not None:
            made.initial = initial
        return made


def bits(mask: int) -> Iterator[int]:
    """The single bits of a mask."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit
