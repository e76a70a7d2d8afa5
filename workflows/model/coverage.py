"""What a decision table leaves open: inputs no rule answers, and inputs two rules answer.

The values of each input are cut into classes that no cell tells apart; one value stands for each class.
Numbers are whole (fen, days, people) and, when a table names no negative one, not negative.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workflows import expressions
from workflows.errors import ExpressionError
from workflows.model.decision import ANY, INPUT, DecisionTable, condition

MAX_FOUND: Final = 50
"""Gaps and overlaps told at most; more of them say nothing new."""
MAX_VISITS: Final = 200_000
OTHER: Final = "其他值"


@dataclass(frozen=True, slots=True)
class Place:
    """Some inputs, in words and by example.

    Attributes:
        words: per input column; "" where it does not matter.
        example: one value per input column.
        rules: ids of the rules that answer; empty for a gap.
        open: the inputs hold a text that the table nowhere names.
        cells: per input column, the cell that matches exactly these inputs; "" where it does not matter.
    """

    words: tuple[str, ...]
    example: tuple[Any, ...]
    cells: tuple[str, ...]
    rules: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """The analysis of a table.

    Attributes:
        unread: labels of columns whose cells read more than their own input, and are taken to match anything.
        whole: whether everything was looked at.
    """

    gaps: tuple[Place, ...]
    overlaps: tuple[Place, ...]
    unread: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Class:
    """Values that no cell of the column tells apart: one of them, and the rules it matches as bits."""

    value: Any
    low: int | None
    high: int | None
    mask: int
    open: bool = False


def analyse(table: DecisionTable, known: Mapping[str, Sequence[Any]] | None = None) -> Coverage:
    """Gaps and overlaps of a table.

    Args:
        known: all values an input can have, by its expression; a text not named there cannot occur.
    """
    everything = (1 << len(table.rules)) - 1
    columns: list[list[_Class]] = []
    unread: list[str] = []
    for index, column in enumerate(table.inputs):
        cells = [rule.inputs[index] for rule in table.rules]
        try:
            columns.append(_classes(cells, (known or {}).get(column.source)))
        except ExpressionError:
            unread.append(column.label or column.source)
            columns.append([_Class(None, None, None, everything)])
    search = _Search(table, columns)
    search.run(0, everything, (), False)
    return Coverage(tuple(search.gaps), tuple(search.overlaps), tuple(unread), search.whole)


class _Search:
    """Goes through the columns; classes that leave the same rules are one."""

    def __init__(self, table: DecisionTable, columns: list[list[_Class]]) -> None:
        self.table, self.columns = table, columns
        self.gaps: list[Place] = []
        self.overlaps: list[Place] = []
        self.whole = True
        self.visits = 0

    def run(self, index: int, mask: int, chosen: tuple[Sequence[_Class], ...], loose: bool) -> None:
        self.visits += 1
        if self.visits > MAX_VISITS or len(self.gaps) + len(self.overlaps) >= MAX_FOUND:
            self.whole = False
            return
        if mask == 0 or index == len(self.columns):
            self._told(mask, chosen, loose)
            return
        groups: dict[int, list[_Class]] = {}
        for one in self.columns[index]:
            groups.setdefault(mask & one.mask, []).append(one)
        for rest, group in groups.items():
            only_open = all(one.open for one in group) and len(group) < len(self.columns[index])
            self.run(index + 1, rest, (*chosen, group), loose or only_open)

    def _told(self, mask: int, chosen: tuple[Sequence[_Class], ...], loose: bool) -> None:
        groups = [*chosen, *self.columns[len(chosen) :]]
        parts = [
            (group, len(group) == len(column)) for group, column in zip(groups, self.columns, strict=True)
        ]
        words = tuple("" if whole else "、".join(_words(group)) for group, whole in parts)
        example = tuple(group[0].value for group in groups)
        cells = tuple(
            "" if whole else _cell(group, column)
            for (group, whole), column in zip(parts, self.columns, strict=True)
        )
        rules = tuple(rule.id for bit, rule in enumerate(self.table.rules) if mask >> bit & 1)
        if not rules:
            self.gaps.append(Place(words, example, cells, open=loose))
        elif len(rules) > 1 and self.table.hit_policy == "UNIQUE":
            self.overlaps.append(Place(words, example, cells, rules))


def _classes(cells: Sequence[str], known: Sequence[Any] | None) -> list[_Class]:
    named: list[Any] = []
    for cell in cells:
        if cell.strip() not in ANY:
            named += _constants(condition(cell))
    if known:
        return [_class(cells, value, None, None) for value in dict.fromkeys(known)]
    truths = any(isinstance(value, bool) for value in named)
    numbers = sorted({value for value in named if isinstance(value, int) and not isinstance(value, bool)})
    texts = sorted({value for value in named if isinstance(value, str)})
    found = [_class(cells, value, None, None) for value in ((True, False) if truths else ())]
    found += [_class(cells, low if low is not None else high, low, high) for low, high in _intervals(numbers)]
    found += [_class(cells, text, None, None) for text in texts]
    if texts:
        found.append(_class(cells, OTHER, None, None, is_open=True))
    return found or [_class(cells, None, None, None)]


def _class(
    cells: Sequence[str], value: Any, low: int | None, high: int | None, *, is_open: bool = False
) -> _Class:
    mask = 0
    for bit, cell in enumerate(cells):
        if cell.strip() in ANY or _matches(cell, value):
            mask |= 1 << bit
    return _Class(value, low, high, mask, is_open)


def _matches(cell: str, value: Any) -> bool:
    try:
        return bool(expressions.evaluate(condition(cell), {INPUT: value}))
    except ExpressionError:
        if expressions.check(condition(cell)) - {INPUT}:
            raise  # it reads other variables: nothing can be said about this column
        return False  # a text compared with a number


def _constants(source: str) -> Iterator[Any]:
    tree = ast.parse(source, mode="eval")
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and isinstance(node.operand, ast.Constant)
        ):
            if isinstance(node.operand.value, int):
                yield -node.operand.value
        elif isinstance(node, ast.Constant) and node.value is not None:
            yield node.value
        elif isinstance(node, ast.Name) and node.id in ("true", "false"):
            yield node.id == "true"


def _intervals(numbers: Sequence[int]) -> Iterator[tuple[int | None, int | None]]:
    """Each named number, what lies between two of them, below and above."""
    if not numbers:
        return
    first = numbers[0]
    if first < 0:
        yield None, first - 1
    elif first > 0:
        yield 0, first - 1
    for index, number in enumerate(numbers):
        yield number, number
        following = numbers[index + 1] if index + 1 < len(numbers) else None
        if following is None:
            yield number + 1, None
        elif following - number > 1:
            yield number + 1, following - 1


def _words(group: Sequence[_Class]) -> list[str]:
    said = [
        {True: "是", False: "否"}.get(one.value, str(one.value))
        if isinstance(one.value, bool)
        else str(one.value)
        for one in group
        if one.low is None and one.high is None
    ]
    for low, high in _spans(group):
        if low is None:
            said.append(f"不超过 {high}")
        elif high is None:
            said.append(f"{low} 以上")
        else:
            said.append(str(low) if low == high else f"{low} 至 {high}")
    return said


def _spans(group: Sequence[_Class]) -> list[list[int | None]]:
    """Intervals of numbers, those that touch put together."""
    spans: list[list[int | None]] = []
    for one in group:
        if one.low is None and one.high is None:
            continue
        if spans and spans[-1][1] is not None and one.low == spans[-1][1] + 1:
            spans[-1][1] = one.high
        else:
            spans.append([one.low, one.high])
    return spans


def _cell(group: Sequence[_Class], column: Sequence[_Class]) -> str:
    """The cell that matches these classes of a column and no others."""
    plain = [one for one in group if one.low is None and one.high is None]
    if any(one.open for one in plain):
        others = [one.value for one in column if one not in group and isinstance(one.value, str)]
        return f"? not in ({_texts(others)})"
    if len(group) == 1 and plain:
        return _literal(plain[0].value)
    parts = [f"? in ({_texts([one.value for one in plain])})"] if plain else []
    lowest = next((one.low for one in column if one.high is not None), None)  # nothing lies below it
    for low, high in _spans(group):
        if low is None or (low == lowest and high is not None and low < high):
            parts.append(f"? <= {high}")
        elif high is None:
            parts.append(f"? >= {low}")
        else:
            parts.append(f"? == {low}" if low == high else f"? >= {low} and ? <= {high}")
    if len(parts) == 1:
        return parts[0].removeprefix("? == ") if parts[0].startswith("? == ") else parts[0]
    return " or ".join(f"({part})" if " and " in part else part for part in parts)


def _texts(values: Sequence[Any]) -> str:
    return ", ".join(map(_literal, values)) + ("," if len(values) == 1 else "")


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
