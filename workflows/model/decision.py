"""Decision tables (DMN): read once, answer exactly, never silently wrong.

Unlike the engine's own evaluator: no rule matches → an error; two rules match under UNIQUE → an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from lxml import etree

from workflows import expressions
from workflows.errors import DecisionError, ExpressionError, UnsafeXml
from workflows.model.xml import local, parse

PLACE: Final = re.compile(r"\?(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)")
COMPARISON: Final = re.compile(r"\s*(<=|>=|==|!=|<|>|not\s+in\b|in\b)")
INPUT: Final = "dmninput"
ANY: Final = ("", "-")


@dataclass(frozen=True, slots=True)
class Column:
    """An input expression or an output name."""

    source: str
    label: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table; blank input cells match anything."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """One decision with one table.

    Attributes:
        hit_policy: UNIQUE (one answer) or COLLECT (a list per output).
    """

    id: str
    name: str
    hit_policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]

    def decide(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs for these inputs.

        Raises:
            DecisionError: an input is missing, no rule or more than one matches, or a cell fails.
        """
        try:
            values = [expressions.evaluate(column.source, names) for column in self.inputs]
            hits = [rule for rule in self.rules if self._matches(rule, values, names)]
            rows = [
                {
                    column.source: expressions.evaluate(cell, names) if cell.strip() else None
                    for column, cell in zip(self.outputs, rule.outputs, strict=True)
                }
                for rule in hits
            ]
        except ExpressionError as error:
            raise DecisionError(f"决策表“{self.name}”：{str(error).replace(INPUT, '?')}") from error
        given = "，".join(f"{c.label or c.source}={v!r}" for c, v in zip(self.inputs, values, strict=True))
        if not rows:
            raise DecisionError(f"决策表“{self.name}”没有一条规则适用于：{given}")
        if self.hit_policy == "COLLECT":
            return {column.source: [row[column.source] for row in rows] for column in self.outputs}
        if len(rows) > 1:
            which = "、".join(rule.id for rule in hits)
            raise DecisionError(f"决策表“{self.name}”有多条规则同时适用（{which}）：{given}")
        return rows[0]

    @staticmethod
    def _matches(rule: Rule, values: list[Any], names: Mapping[str, Any]) -> bool:
        return all(
            cell.strip() in ANY or bool(expressions.evaluate(condition(cell), {**names, INPUT: value}))
            for cell, value in zip(rule.inputs, values, strict=True)
        )


def condition(cell: str) -> str:
    """A cell as a whole expression over the input value."""
    text = cell.strip()
    replaced = PLACE.sub(INPUT, text)
    if replaced != text:
        return replaced
    return f"{INPUT} {text}" if COMPARISON.match(text) else f"{INPUT} == ({text})"


@lru_cache(maxsize=512)
def read(data: bytes) -> DecisionTable:
    """Read a DMN file with one decision that is one table.

    Raises:
        DecisionError: not such a file, or a cell outside the closed language.
    """
    try:
        root = parse(data)
    except UnsafeXml as error:
        raise DecisionError(str(error)) from error
    decisions = [node for node in root.iter() if local(node) == "decision"]
    if len(decisions) != 1:
        raise DecisionError(f"一个决策文件里应当正好有一个决策，这里有 {len(decisions)} 个")
    decision = decisions[0]
    tables = [node for node in decision if local(node) == "decisionTable"]
    if len(tables) != 1:
        raise DecisionError("决策必须是一张决策表")
    table = tables[0]
    policy = (table.get("hitPolicy") or "UNIQUE").upper()
    if policy not in ("UNIQUE", "COLLECT") or table.get("aggregation"):
        raise DecisionError(f"只支持“唯一”和“收集”两种命中策略，不支持 {policy}")
    made = DecisionTable(
        str(decision.get("id")),
        str(decision.get("name") or decision.get("id")),
        policy,
        tuple(_input(node) for node in table if local(node) == "input"),
        tuple(
            Column(str(node.get("name") or ""), str(node.get("label") or node.get("name") or ""))
            for node in table
            if local(node) == "output"
        ),
        tuple(_rule(node) for node in table if local(node) == "rule"),
    )
    _check(made)
    return made


def _input(node: etree._Element) -> Column:
    expression = next((child for child in node if local(child) == "inputExpression"), None)
    return Column(_text(expression) if expression is not None else "", str(node.get("label") or ""))


def _rule(node: etree._Element) -> Rule:
    def cells(tag: str) -> tuple[str, ...]:
        return tuple(_text(child) for child in node if local(child) == tag)

    note = next((_own_text(child) for child in node if local(child) == "description"), "")
    return Rule(str(node.get("id") or ""), cells("inputEntry"), cells("outputEntry"), note)


def _text(node: etree._Element) -> str:
    inner = next((child for child in node if local(child) == "text"), None)
    return _own_text(inner) if inner is not None else ""


def _own_text(node: etree._Element) -> str:
    return (node.text or "").strip()


def _check(table: DecisionTable) -> None:
    if not table.outputs or not table.rules:
        raise DecisionError(f"决策表“{table.name}”没有输出列或没有规则")
    try:
        for column in table.inputs:
            expressions.check(column.source)
        for rule in table.rules:
            if len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
                raise DecisionError(f"决策表“{table.name}”的规则 {rule.id} 列数不对")
            for cell in rule.inputs:
                if cell.strip() not in ANY:
                    _refuse_never_true(table, cell)
                    expressions.check(condition(cell))
            for cell in rule.outputs:
                if cell.strip():
                    expressions.check(cell)
    except ExpressionError as error:
        raise DecisionError(f"决策表“{table.name}”：{error}") from error


def _refuse_never_true(table: DecisionTable, cell: str) -> None:
    """Cells that read like a test but are taken as a value to equal, and so would silently never match."""
    text = cell.strip()
    if PLACE.search(text) or COMPARISON.match(text):
        return
    try:
        body = ast.parse(text, mode="eval").body
    except SyntaxError:
        return  # told by the check of the expression itself
    negated = isinstance(body, ast.UnaryOp) and isinstance(body.op, ast.Not)
    if negated or isinstance(body, ast.Tuple | ast.List | ast.BoolOp | ast.Compare):
        raise DecisionError(
            f"决策表“{table.name}”的单元格“{text}”永远不会成立；几个值请写 ? in (1, 2)，否定请写 != 值"
        )
