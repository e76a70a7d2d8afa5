"""What conditions and scripts say, as far as some variables are known: three-valued, never computed."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from workflows import expressions
from workflows.model.graph import Node, Process

CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}


class Mark:
    """A value that is no value of the language."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


OTHER: Final = Mark("其他")
UNSET: Final = Mark("未填")
UNKNOWN: Final = Mark("?")
COMPARE: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.eq, ast.IsNot: operator.ne,
}  # fmt: skip
ORDER: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def parse(source: str) -> ast.expr | None:
    """The tree of an expression, None when it is none (the checks tell)."""
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def names(source: str) -> set[str]:
    """Variables an expression reads."""
    tree = parse(source)
    if tree is None:
        return set()
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found - expressions.FUNCTIONS.keys() - expressions.CONSTANTS.keys()


def conditions(process: Process) -> Iterator[tuple[Node, str]]:
    """Gateways of a diagram and its embedded sub-processes with each of their conditions."""
    for part in process.all_parts():
        for flow in part.flows.values():
            if flow.condition and flow.source in part.nodes:
                yield part.nodes[flow.source], flow.condition


def truth(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """What an expression says as far as the known variables tell; UNKNOWN when they do not."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return CONSTANTS[node.id] if node.id in CONSTANTS else known.get(node.id, UNKNOWN)
    if isinstance(node, ast.UnaryOp):
        value = truth(node.operand, known)
        if isinstance(value, Mark):
            return UNKNOWN
        if isinstance(node.op, ast.Not):
            return not value
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int) else UNKNOWN
    if isinstance(node, ast.BoolOp):
        parts = [truth(value, known) for value in node.values]
        stop = isinstance(node.op, ast.Or)
        if any(not isinstance(part, Mark) and bool(part) == stop for part in parts):
            return stop
        return UNKNOWN if any(isinstance(part, Mark) for part in parts) else not stop
    if isinstance(node, ast.List | ast.Tuple):
        items = [truth(item, known) for item in node.elts]
        return UNKNOWN if any(isinstance(item, Mark) for item in items) else items
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(type(node.ops[0]), truth(node.left, known), truth(node.comparators[0], known), node)
    return UNKNOWN


def _compare(kind: type[ast.cmpop], left: Any, right: Any, node: ast.Compare) -> Any:
    if OTHER in (left, right) and UNKNOWN not in (left, right) and UNSET not in (left, right):
        # OTHER is none of the constants that any condition names.
        plain = (
            left is not right
            and isinstance(node.left, ast.Name) != isinstance(node.comparators[0], ast.Name)
            and kind not in ORDER
        )
        return kind in (ast.NotEq, ast.NotIn, ast.IsNot) if plain else UNKNOWN
    if isinstance(left, Mark) or isinstance(right, Mark):
        return UNKNOWN
    try:
        return COMPARE[kind](left, right)
    except TypeError:
        return UNKNOWN


def assigned(script: str) -> dict[str, Any]:
    """Variables a script sets with their literal, or UNKNOWN."""
    try:
        tree = ast.parse(script)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str, Any] = {}
    plain = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    value = truth(node.value, {}) if node in plain else UNKNOWN
                    found[target.id] = UNKNOWN if isinstance(value, list) else value
    return found
