"""Gaps, overlaps and tests of decision tables."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import ROOT
from workflows.errors import DecisionError
from workflows.model import decision, reading, table_tests
from workflows.model.coverage import analyse
from workflows.model.decision import Column, DecisionTable, Rule


def table(inputs: Sequence[str], *rows: Sequence[str], policy: str = "UNIQUE") -> DecisionTable:
    """A table whose last cell of a row is the answer."""
    rules = tuple(Rule(f"r{n}", tuple(row[:-1]), (row[-1],), "") for n, row in enumerate(rows, 1))
    columns = tuple(Column(name, name) for name in inputs)
    return DecisionTable("t", "表", policy, columns, (Column("out", "结果"),), rules)


def test_a_gap_between_two_ranges_is_told_with_an_example() -> None:
    made = table(["total"], [">= 9000", "1"], ["? >= 8500 and ? < 9500", "2"], ["< 8000", "3"])
    found = analyse(made)
    ((words, example),) = [(gap.words, gap.example) for gap in found.gaps]
    assert words == ("8000 至 8499",)
    assert 8000 <= example[0] <= 8499
    assert [(one.words, one.rules) for one in found.overlaps] == [(("9000 至 9499",), ("r1", "r2"))]
    assert found.whole


def test_numbers_are_whole_and_not_negative_unless_the_table_says_so() -> None:
    assert analyse(table(["n"], ["<= 5", "1"], [">= 6", "2"])).gaps == ()
    assert [g.words for g in analyse(table(["n"], [">= 1", "1"])).gaps] == [("0",)]
    assert [g.words for g in analyse(table(["n"], [">= -1", "1"])).gaps] == [("不超过 -2",)]


def test_texts_the_table_does_not_name_are_open_and_known_values_close_it() -> None:
    made = table(["kind"], ['"a"', "1"], ['"b"', "2"])
    (gap,) = analyse(made).gaps
    assert (gap.words, gap.open) == (("其他值",), True)
    assert analyse(made, {"kind": ["a", "b"]}).gaps == ()
    (missing,) = analyse(made, {"kind": ["a", "b", "c"]}).gaps
    assert (missing.words, missing.open) == (("c",), False)


def test_truths_and_several_columns_merge_what_no_cell_tells_apart() -> None:
    made = table(["vip", "n"], ["true", "", "1"], ["false", "< 10", "2"])
    (gap,) = analyse(made).gaps
    assert gap.words == ("否", "10 以上")
    assert gap.rules == ()


def test_a_collecting_table_may_overlap() -> None:
    made = table(["n"], [">= 1", "1"], [">= 2", "2"], ["== 0", "3"], policy="COLLECT")
    found = analyse(made)
    assert (found.gaps, found.overlaps) == ((), ())


def test_a_column_that_reads_other_variables_is_left_out_and_said_so() -> None:
    found = analyse(table(["n", "kind"], ["> limit", '"a"', "1"]))
    assert found.unread == ("n",)
    assert [(gap.words, gap.open) for gap in found.gaps] == [(("", "其他值"), True)]


def test_too_many_places_are_cut_and_said_so() -> None:
    rows = [[str(n * 2), str(n), "1"] for n in range(80)]
    found = analyse(table(["n", "m"], *rows))
    assert not found.whole
    assert len(found.gaps) == 50


CELLS = st.sampled_from(["", "-", "< 3", ">= 3", "5", "? > 1 and ? < 6", "!= 4", "? in (1, 2)", "2", "> 6"])


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_deciding_every_input(rows: list[tuple[str, str]]) -> None:
    made = table(["a", "b"], *[[*row, "1"] for row in rows])
    found = analyse(made)
    gap = overlap = False
    for a, b in itertools.product(range(9), repeat=2):
        try:
            made.decide({"a": a, "b": b})
        except DecisionError as error:
            gap |= "没有一条规则" in str(error)
            overlap |= "多条规则" in str(error)
    assert (bool(found.gaps), bool(found.overlaps)) == (gap, overlap)
    for place in (*found.gaps, *found.overlaps):
        names = {name: 0 if value is None else value for name, value in zip("ab", place.example, strict=True)}
        with pytest.raises(DecisionError):
            made.decide(names)


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("bpmn/*/decision/*.dmn")), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_no_table_of_the_packs_overlaps(path: Path) -> None:
    found = analyse(decision.read(path.read_bytes()))
    assert found.overlaps == ()
    assert found.whole


GRADE = (ROOT / "bpmn/zhuhai/decision/evaluation_grade.dmn").read_bytes()


def test_tests_of_a_table_say_what_it_really_answers() -> None:
    good = {"name": "良", "inputs": {"total": 8000}, "expected": {"grade": "良"}}
    bad = {"name": "", "inputs": {"total": 9000}, "expected": {"grade": "良"}}
    none = {"name": "缺", "inputs": {}, "expected": {"grade": "良"}}
    text = json.dumps({"tests": [good, bad, none]}).encode()
    outcomes = table_tests.run(decision.read(GRADE), table_tests.read(text))
    assert [(one.ok, one.got) for one in outcomes[:2]] == [(True, {"grade": "良"}), (False, {"grade": "优"})]
    assert (outcomes[2].ok, outcomes[2].got) == (False, None)
    found = table_tests.findings({"decision/g.dmn": GRADE, "decision/g.tests.json": text})
    assert [(one.file, one.element, one.severity) for one in found] == [
        ("decision/g.dmn", "evaluation_grade", "error")
    ] * 2
    assert "grade 应为 良，实为 优" in found[0].message
    assert "“缺”没有得到结果" in found[1].message


@pytest.mark.parametrize("text", [b"", b"[]", b'{"tests": [{"inputs": 1}]}', b'{"tests": 3}', b"\xff"])
def test_a_broken_tests_file_is_a_finding(text: bytes) -> None:
    (found,) = table_tests.findings({"decision/g.dmn": GRADE, "decision/g.tests.json": text})
    assert (found.rule, found.severity, found.file) == ("table-test", "error", "decision/g.tests.json")


def test_tests_of_a_table_and_recorded_runs_are_no_forms() -> None:
    tests = b'{"tests": [{"name": "", "inputs": {"total": 1}, "expected": {"grade": "x"}}]}'
    run = b'{"title": "x", "process": "p", "steps": []}'
    files = {"decision/g.dmn": GRADE, "decision/g.tests.json": tests, "tests/run-1.json": run}
    bundle, found = reading.read(files)
    assert (list(bundle.forms), found) == ([], [])


def test_tests_without_their_table_are_a_finding() -> None:
    (found,) = table_tests.findings({"decision/g.tests.json": b'{"tests": []}'})
    assert "decision/g.dmn 不存在" in found.message


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_gap_told_as_cells_is_closed_by_that_row_and_by_nothing_more(rows: list[tuple[str, str]]) -> None:
    written = [[*row, "1"] for row in rows]
    before = analyse(table(["a", "b"], *written))
    for gap in before.gaps:
        after = analyse(table(["a", "b"], *written, [*gap.cells, "2"]))
        new = {f"r{len(rows) + 1}"}
        assert not [one for one in after.overlaps if new & set(one.rules)]
        assert not [one for one in after.gaps if one.words == gap.words]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["< 8000", "? >= 8500 and ? < 9500", ">= 9500"], "? >= 8000 and ? <= 8499"),
        (["< 5"], "? >= 5"),
        (["> 0"], "0"),
        (['"a"', '"b"'], '? not in ("a", "b")'),
        (['"a"'], '? not in ("a",)'),
        (["true"], "false"),
        (["? > 2 and ? < 5"], "? <= 2 or ? >= 5"),
    ],
)
def test_the_cell_of_a_gap_is_written_as_a_person_would(cells: list[str], wanted: str) -> None:
    made = table(["n"], *[[cell, "1"] for cell in cells])
    (gap,) = analyse(made).gaps
    assert gap.cells == (wanted,)
