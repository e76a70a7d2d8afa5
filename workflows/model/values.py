"""Decision variables with known values: which there are, who writes them, what a condition says of them.

A variable is followed through a proof by the few values that conditions can tell apart: the constants it is
compared with or set to, and OTHER for every further value. Comparing whole numbers keeps one on each side.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from workflows.model import decision
from workflows.model.context import Context
from workflows.model.graph import PEOPLE, Bundle, Node, Process
from workflows.model.logic import (
    ORDER,
    OTHER,
    UNKNOWN,
    UNSET,
    Mark,
    assigned,
    conditions,
    names,
    parse,
    truth,
)

MAX_VALUES: Final = 12
MAX_ALTERNATIVES: Final = 400


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way a step may leave the variables: what it found, and what it writes."""

    reads: tuple[tuple[str, Any], ...] = ()
    writes: tuple[tuple[str, Any], ...] = ()


class Writers:
    """Who writes which variables of a bundle."""

    def __init__(self, bundle: Bundle, context: Context) -> None:
        self.bundle, self.context = bundle, context

    def of_form(self, key: str) -> dict[str, tuple[Any, ...] | None]:
        """Variables a form answers with the values its schema allows, None for any."""
        schema = self.bundle.forms.get(key)
        properties = schema.get("properties") if schema else None
        properties = properties if isinstance(properties, dict) else {}
        if key in self.context.forms:
            return {name: choices(properties.get(name)) for name in self.context.forms[key]}
        return {str(name): choices(told) for name, told in properties.items()}

    def of(self, node: Node) -> dict[str, Any]:
        """Variables a step writes: a literal, a tuple of what it may be, or UNKNOWN."""
        found: dict[str, Any] = {}
        if node.kind in PEOPLE and node.form:
            found = {
                name: UNKNOWN if told is None else told for name, told in self.of_form(node.form).items()
            }
        elif node.operator and node.result:
            found = {node.result: UNKNOWN}
        elif node.operator:
            facts = (self.context.operators or {}).get(node.operator)
            for name in facts.outputs if facts else ():
                tree = parse(node.parameters.get(facts.echoes.get(name, ""), "")) if facts else None
                found[name] = UNKNOWN if tree is None else truth(tree, {})
        elif node.decision in self.bundle.tables:
            found = {column.source: UNKNOWN for column in self.bundle.tables[node.decision].outputs}
        for script in node.scripts:
            found.update(assigned(script))
        return found


def choices(told: Any) -> tuple[Any, ...] | None:
    """The values a property of a form schema allows, None for any."""
    if not isinstance(told, Mapping):
        return None
    if told.get("type") == "boolean":
        return (True, False)
    if isinstance(told.get("enum"), list):
        found = told["enum"]
    elif isinstance(told.get("oneOf"), list):
        found = [one.get("const") for one in told["oneOf"] if isinstance(one, Mapping)]
    else:
        return None
    return tuple(value for value in found if isinstance(value, str | int | bool)) or None


def shared(processes: Iterable[Process]) -> set[str]:
    """Variables that several gateways read: only these can make ways impossible that look possible."""
    counted: Counter[str] = Counter()
    for process in processes:
        read: dict[str, set[str]] = {}
        for node, condition in conditions(process):
            read.setdefault(node.id, set()).update(names(condition))
        for found in read.values():
            counted.update(found)
    return {name for name, times in counted.items() if times > 1}


class Values:
    """The tracked variables of a proof."""

    def __init__(
        self,
        bundle: Bundle,
        context: Context,
        tracked: Iterable[str],
        extra: Mapping[str, set[Any]] | None = None,
    ) -> None:
        self.bundle, self.context = bundle, context
        self.writers = Writers(bundle, context)
        self.written: set[str] = set()
        literals: dict[str, dict[str, Any]] = {name: {} for name in tracked}
        for name, values in (extra or {}).items():
            literals.setdefault(name, {}).update({repr(value): value for value in values})
        for node in bundle.nodes():
            for name, told in self._literals(node):
                self.written.add(name)
                if name in literals and not isinstance(told, Mark):
                    literals[name][repr(told)] = told
        for name, initial in (context.initial or {}).items():
            if name in literals:
                literals[name].update({repr(value): value for value in initial})
        mentions = self._mentions(set(literals))
        self.domains: dict[str, tuple[Any, ...]] = {}
        for name, told in sorted(literals.items()):
            domain = _domain(name, mentions[name], told)
            if 1 < len(domain) <= MAX_VALUES:
                self.domains[name] = domain

    def _literals(self, node: Node) -> Iterator[tuple[str, Any]]:
        for name, told in self.writers.of(node).items():
            for value in told if isinstance(told, tuple) else (told,):
                yield name, value
        table = self.bundle.tables.get(node.decision)
        if table is not None:
            for rule in table.rules:
                for column, cell in zip(table.outputs, rule.outputs, strict=True):
                    tree = parse(cell)
                    value = UNKNOWN if tree is None else truth(tree, {})
                    yield column.source, UNKNOWN if isinstance(value, list) else value

    def _mentions(self, tracked: set[str]) -> dict[str, list[ast.expr]]:
        """Conditions and decision cells by the tracked variables that they read."""
        found: dict[str, list[ast.expr]] = {name: [] for name in tracked}
        if not tracked:
            return found
        trees = [
            tree
            for process in self.bundle.processes.values()
            for _, condition in conditions(process)
            if (tree := parse(condition)) is not None
        ]
        for tree in trees + self._cells():
            for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & tracked:
                found[name].append(tree)
        return found

    def _cells(self) -> list[ast.expr]:
        found = []
        for table in self.bundle.tables.values():
            for number, column in enumerate(table.inputs):
                if column.source.isidentifier():
                    for rule in table.rules:
                        tree = _cell(rule.inputs[number], column.source)
                        if tree is not None:
                            found.append(tree)
        return found

    def fit(self, name: str, value: Any) -> tuple[Any, ...]:
        """The places a value may stand for: itself, OTHER, or any when it is not known."""
        domain = self.domains[name]
        if value is UNKNOWN:
            return domain
        same = [one for one in domain if type(one) is type(value) and one == value]
        return tuple(same) or ((OTHER,) if OTHER in domain else domain)

    def start(self) -> list[Alternative]:
        """What the variables may be when a case begins."""
        initial = self.context.initial or {}
        options: list[tuple[tuple[str, Any], ...]] = []
        for name, domain in self.domains.items():
            if initial.get(name):
                options.append(tuple((name, v) for told in initial[name] for v in self.fit(name, told)))
            elif name in initial or name not in self.written:
                options.append(tuple((name, value) for value in domain))
        return [Alternative(writes=combo) for combo in _product(options)]

    def of(self, node: Node) -> list[Alternative]:
        """The ways a step may leave the tracked variables."""
        told = {name: value for name, value in self.writers.of(node).items() if name in self.domains}
        if not told:
            return [Alternative()]
        table = self.bundle.tables.get(node.decision)
        if table is not None and table.hit_policy == "UNIQUE" and not node.scripts:
            return self._rows(table)
        options = []
        for name, value in told.items():
            values = value if isinstance(value, tuple) else (value,)
            found = dict.fromkeys(repr(v) for one in values for v in self.fit(name, one))
            made = [(name, v) for v in self.domains[name] if repr(v) in found]
            sure = not isinstance(value, tuple | Mark)
            options.append(tuple(made) if sure and not node.multi else (*made, (name, UNSET)))
        return [
            Alternative(writes=tuple(one for one in combo if one[1] is not UNSET))
            for combo in _product(options)
        ]

    def _rows(self, table: decision.DecisionTable) -> list[Alternative]:
        """One alternative a row and values of its tracked inputs that may choose it."""
        inputs = sorted({c.source for c in table.inputs if c.source in self.domains})
        found = {}
        for combo in _product([tuple((n, v) for v in (*self.domains[n], UNSET)) for n in inputs]):
            known = {name: UNKNOWN if value is UNSET else value for name, value in combo}
            for rule in table.rules:
                if not all(
                    _may(_cell(cell, column.source), known)
                    for cell, column in zip(rule.inputs, table.inputs, strict=True)
                    if column.source in known
                ):
                    continue
                options = []
                for column, cell in zip(table.outputs, rule.outputs, strict=True):
                    if column.source in self.domains:
                        tree = parse(cell) if cell.strip() else None
                        value = truth(tree, known) if tree is not None else None
                        fitting = self.fit(column.source, UNKNOWN if isinstance(value, list) else value)
                        options.append(tuple((column.source, one) for one in fitting))
                for writes in _product(options):
                    found[repr((combo, writes))] = Alternative(combo, writes)
        return list(found.values()) or [Alternative()]


def _product(options: list[tuple[tuple[str, Any], ...]]) -> list[tuple[tuple[str, Any], ...]]:
    size = 1
    for one in options:
        size *= len(one)
    if size > MAX_ALTERNATIVES:
        raise TooManyValues
    return list(itertools.product(*options))


class TooManyValues(Exception):
    """The tracked variables have too many combinations; the proof goes on without them."""


def _cell(cell: str, source: str) -> ast.expr | None:
    if cell.strip() in decision.ANY:
        return None
    tree = parse(decision.condition(cell))
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name) and node.id == decision.INPUT:
            node.id = source
    return tree


def _may(tree: ast.expr | None, known: Mapping[str, Any]) -> bool:
    value = UNKNOWN if tree is None else truth(tree, known)
    return isinstance(value, Mark) or bool(value)


def _domain(name: str, trees: list[ast.expr], told: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of a variable that conditions can tell apart."""
    found, yes_no, ordered = dict(told), False, False
    for tree in trees:
        yes_no = yes_no or _plain(tree, name)
        for node in ast.walk(tree):
            if isinstance(node, ast.BoolOp):
                yes_no = yes_no or any(_plain(value, name) for value in node.values)
            if isinstance(node, ast.Compare) and len(node.ops) == 1:
                sides = [node.left, node.comparators[0]]
                if not any(_plain(side, name) for side in sides):
                    continue
                value = truth(sides[1] if _plain(sides[0], name) else sides[0], {})
                for one in value if isinstance(value, list) else [value]:
                    if not isinstance(one, Mark):
                        found[repr(one)] = one
                        if isinstance(node.ops[0], ORDER) and isinstance(one, int):
                            ordered = True
                            found |= {repr(one + step): one + step for step in (-1, 1)}
    values = list(found.values())
    if yes_no or (values and all(isinstance(value, bool) for value in values)):
        for value in (True, False):
            if not any(one is value for one in values):
                values.append(value)
        if all(isinstance(value, bool) for value in values):
            return tuple(values)
    return tuple(values) if ordered else (*values, OTHER)


def _plain(node: ast.expr, name: str) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _plain(node.operand, name)
    return isinstance(node, ast.Name) and node.id == name
