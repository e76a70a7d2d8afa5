"""Tests of a decision table, kept beside it: given these inputs, these outputs.

`decision/<name>.tests.json`: `{"tests": [{"name": "…", "inputs": {…}, "expected": {…}}]}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workflows.errors import DecisionError
from workflows.model import decision
from workflows.model.decision import DecisionTable
from workflows.types import Finding

SUFFIX: Final = ".tests.json"
MAX_TESTS: Final = 300


@dataclass(frozen=True, slots=True)
class Test:
    """One line of the list."""

    name: str
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test came to.

    Attributes:
        got: the table's answer, None when it has none; then `error` says why.
    """

    test: Test
    ok: bool
    got: Mapping[str, Any] | None
    error: str = ""


def read(data: bytes | str) -> list[Test]:
    """The tests of a file.

    Raises:
        DecisionError: not such a file.
    """
    try:
        rows = json.loads(data)["tests"]
        tests = [Test(str(row.get("name") or ""), dict(row["inputs"]), dict(row["expected"])) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DecisionError("决策表的测试文件写法有误") from error
    if len(tests) > MAX_TESTS:
        raise DecisionError(f"一张决策表最多 {MAX_TESTS} 条测试")
    return tests


def run(table: DecisionTable, tests: list[Test]) -> list[Outcome]:
    """Decide each test and compare; an output a test does not name is not compared."""
    return [_run(table, test) for test in tests]


def _run(table: DecisionTable, test: Test) -> Outcome:
    try:
        got = table.decide(test.inputs)
    except DecisionError as error:
        return Outcome(test, ok=False, got=None, error=str(error))
    return Outcome(
        test, all(name in got and got[name] == value for name, value in test.expected.items()), got
    )


def findings(files: Mapping[str, bytes]) -> list[Finding]:
    """Tests that fail, over all tables of a bundle; tables that cannot be read are told elsewhere."""
    found: list[Finding] = []
    for name in sorted(files):
        if not (name.startswith("decision/") and name.endswith(SUFFIX)):
            continue
        table_file = name.removesuffix(SUFFIX) + ".dmn"
        try:
            table = decision.read(files[table_file]) if table_file in files else None
            tests = read(files[name])
        except DecisionError as error:
            found.append(Finding(name, 0, "", "error", "table-test", str(error)))
            continue
        if table is None:
            found.append(Finding(name, 0, "", "error", "table-test", f"测试所属的决策表 {table_file} 不存在"))
            continue
        found += [
            Finding(table_file, 0, table.id, "error", "table-test", _failed(table, outcome))
            for outcome in run(table, tests)
            if not outcome.ok
        ]
    return found


def _failed(table: DecisionTable, outcome: Outcome) -> str:
    title = outcome.test.name or "、".join(f"{key}={value}" for key, value in outcome.test.inputs.items())
    if outcome.got is None:
        return f"决策表“{table.name}”的测试“{title}”没有得到结果：{outcome.error}"
    wrong = "，".join(
        f"{name} 应为 {value}，实为 {outcome.got.get(name)}"
        for name, value in outcome.test.expected.items()
        if outcome.got.get(name) != value
    )
    return f"决策表“{table.name}”的测试“{title}”不符：{wrong}"
