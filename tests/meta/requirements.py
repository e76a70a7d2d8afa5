"""Which tests show which requirement, read from their source.

`python -m tests.meta.requirements` prints the table that `make coverage` keeps in the documentation.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIDES = ("accept", "reject")
ONE_SIDED = ("AIM", "DEF")
"""Goals and definitions: a metric or a list shows them, so that one side is enough."""
MOST = 3
"""Markers a test: who shows more at once shows none of them well."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row of docs/requirements.csv."""

    id: str
    city: str
    force: str
    text: str
    accept: str
    reject: str
    source: str


@dataclass(frozen=True, slots=True)
class Marker:
    """A requirement on a test."""

    id: str
    side: str
    test: str


def register() -> dict[str, Requirement]:
    """All requirements by id."""
    with (ROOT / "docs" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: Requirement(**row) for row in csv.DictReader(file)}


def sources() -> list[Path]:
    """All files of tests."""
    return sorted((ROOT / "tests").rglob("test_*.py"))


def read(path: Path) -> tuple[list[Marker], list[str]]:
    """The markers of a file, and what is wrong with how they are written."""
    return judge(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))


def judge(source: str, name: str) -> tuple[list[Marker], list[str]]:
    """The markers in a source text, and what is wrong with how they are written."""
    found: list[Marker] = []
    wrong: list[str] = []
    tree = ast.parse(source)
    on_tests: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        test = f"{name}::{node.name}"
        direct = [one for one in node.decorator_list if is_mark(one)]
        marks = direct + [
            one
            for decorator in node.decorator_list
            for case in ast.walk(decorator)
            if is_case(case)
            for one in ast.walk(case)
            if is_mark(one)
        ]
        on_tests.update(id(one) for one in marks)
        if len(direct) > MOST:
            wrong.append(f"{test} carries {len(direct)} requirements, more than {MOST}")
        for mark in marks:
            words = literals(mark)
            if words is None:
                wrong.append(f"{test}: a requirement is written as two literal words, id and side")
            elif words[1] not in SIDES:
                wrong.append(f"{test}: {words[1]!r} is neither accept nor reject")
            else:
                found.append(Marker(words[0], words[1], test))
    stray = [one for one in ast.walk(tree) if is_mark(one) and id(one) not in on_tests]
    wrong += [f"{name}:{one.lineno}: a requirement stands on a test or on a case of it" for one in stray]
    return found, wrong


def is_case(node: ast.AST) -> bool:
    """Whether this is one case of a test, `pytest.param(..., marks=...)`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.param"


def is_mark(node: ast.AST) -> bool:
    """Whether this is `pytest.mark.requirement(...)`."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and ast.unparse(called) == "pytest.mark.requirement"


def literals(node: ast.AST) -> tuple[str, str] | None:
    """The two words of a marker, None when they are anything else."""
    if not isinstance(node, ast.Call) or node.keywords or len(node.args) != 2:
        return None
    words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return (words[0], words[1]) if len(words) == 2 else None


def faults(markers: Iterable[Marker], known: dict[str, Requirement]) -> Iterator[str]:
    """Unknown requirements, and those of which only one side is shown."""
    sides: dict[str, set[str]] = {}
    for marker in markers:
        if marker.id not in known:
            yield f"{marker.test}: there is no requirement {marker.id}"
        else:
            sides.setdefault(marker.id, set()).add(marker.side)
    for key, shown in sorted(sides.items()):
        missing = set(SIDES) - shown
        if missing and not known[key].force.startswith(ONE_SIDED):
            yield f"{key} has no test that shows: {missing.pop()}"


def table(known: dict[str, Requirement], markers: Iterable[Marker]) -> str:
    """The coverage as Markdown."""
    tests: dict[tuple[str, str], list[str]] = {}
    for marker in markers:
        tests.setdefault((marker.id, marker.side), []).append(marker.test)
    full = sum(all((key, side) in tests for side in SIDES) for key in known)
    lines = [
        "# Requirements and the tests that show them",
        "",
        "Written by `make coverage` from `docs/requirements.csv` and the markers of the tests.",
        "",
        f"{full} of {len(known)} requirements have both an accept and a reject test.",
    ]
    for city in dict.fromkeys(one.city for one in known.values()):
        own = [one for one in known.values() if one.city == city]
        shown = sum(all((one.id, side) in tests for side in SIDES) for one in own)
        lines += ["", f"## {city} ({shown}/{len(own)})", "", "| id | force | requirement | accept | reject |"]
        lines.append("| --- | --- | --- | --- | --- |")
        for one in own:
            cells = [cell(tests.get((one.id, side), [])) for side in SIDES]
            text = one.text.replace("|", "\\|")
            lines.append(f"| {one.id} | {one.force} | {text} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def cell(names: list[str]) -> str:
    """Tests of one side."""
    return "<br>".join(f"`{name.rpartition('::')[2]}`" for name in sorted(set(names))) or "–"


def main() -> None:
    """Print the table."""
    markers = [marker for path in sources() for marker in read(path)[0]]
    sys.stdout.write(table(register(), markers))


if __name__ == "__main__":
    main()
