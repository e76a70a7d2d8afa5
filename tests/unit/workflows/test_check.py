"""Decision tables and good models; the faulty models lie in tests/corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.workflows.models import line, table
from workflows.model.check import check
from workflows.model.context import Context


@pytest.mark.parametrize(
    "data",
    [
        b"<x/>",
        table(("1,2,3", '"a"')),
        table(("[1..5]", '"a"')),
        table(('not("a")', '"a"')),
        table(("-", '"a"'), policy="FIRST"),
        table(("-", "open('x')")),
    ],
)
def test_tables_that_would_silently_never_match_are_refused(data: bytes) -> None:
    assert [one.rule for one in check({"t.dmn": data})] == ["decision"]


def test_good_models_have_no_finding() -> None:
    told = check({"line.bpmn": line("one", "two").xml().encode()}, Context(alone=True, lanes={"办公": "x"}))
    assert {one.rule for one in told} == {"missing-form"}
    assert {one.severity for one in told} == {"warning"}
    pack = Path("bpmn/zhuhai")
    files = {
        p.name: p.read_bytes() for part in ("process", "decision", "form") for p in (pack / part).iterdir()
    }
    files |= {p.name: p.read_bytes() for p in Path("bpmn/law-cn/decision").iterdir()}
    assert [one for one in check(files) if one.severity == "error"] == []
