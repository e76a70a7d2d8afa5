"""Each faulty model of the corpus is found out, at its element, in Chinese; hostile bytes are only findings."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.corpus.models import CORPUS, chain, flow, line, model, node, one, user
from workflows.model.context import Context
from workflows.model.judge import findings_of, judge
from workflows.model.xml import MAX_BYTES

HOSTILE = sorted((Path(__file__).parents[2] / "corpus" / "hostile").iterdir())
CHINESE = re.compile("[\u4e00-\u9fff]")
ALONE = Context(alone=True)


@pytest.mark.parametrize("name", CORPUS)
def test_each_fault_is_found_at_its_element(name: str) -> None:
    case = CORPUS[name]
    told = judge(case.files, case.context)
    hits = [found for found in told.findings if found.rule == case.rule and found.severity == "error"]
    assert hits, told.findings
    assert not case.element or case.element in {found.element for found in hits}
    assert not told.ok
    assert all(CHINESE.search(found.message) for found in findings_of(told))
    assert all(found.file in case.files for found in told.findings)


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
def test_hostile_bytes_are_findings(path: Path) -> None:
    told = judge({path.name: path.read_bytes()}, ALONE)
    assert {found.rule for found in told.findings} <= {"xml", "bpmn", "decision", "form-schema"}
    assert any(found.severity == "error" for found in told.findings)
    assert "root:" not in str(told)


def test_a_file_over_the_bound_is_refused() -> None:
    told = judge({"big.bpmn": b"<x>" + b"a" * MAX_BYTES + b"</x>"}, ALONE)
    assert [found.rule for found in told.findings] == ["xml"]


def test_the_corpus_is_large_and_says_where() -> None:
    assert len(CORPUS) + len(HOSTILE) >= 100
    told = judge(CORPUS["unreachable"].files, ALONE)
    found = next(found for found in told.findings if found.rule == "unreachable")
    assert (found.file, found.line > 0) == ("model.bpmn", True)


def test_a_plain_model_alone_has_only_warnings() -> None:
    told = judge(one(line(user("m", formJsonSchemaFilename="f.json"))), ALONE)
    assert told.ok
    assert {found.rule for found in told.findings} == {"missing-form", "no-lane", "no-picture"}
    assert [verdict.outcome for verdict in told.verdicts] == ["holds"]


def test_all_findings_come_in_one_pass() -> None:
    middle = '<bpmn:callActivity id="m" calledElement="other"/><bpmn:userTask id="lost"/><bpmn:complexGateway id="g"/>'
    told = judge(one(line(middle)), ALONE)
    assert {"missing-call", "unreachable", "unsupported"} <= {found.rule for found in told.findings}
    assert {verdict.outcome for verdict in told.verdicts} == {"unknown"}


def calls(count: int, *, twice: bool) -> dict[str, bytes]:
    """Diagrams that call one another down a long row, once or twice each."""
    files = {}
    for number in range(count):
        steps = ("a", "b") if twice else ("a",)
        parts = [node("startEvent", "s"), node("endEvent", "e"), chain("s", *steps, "e")]
        parts += [node("callActivity", key, calledElement=f"p{number + 1}") for key in steps]
        files[f"p{number}.bpmn"] = model(*parts, key=f"p{number}")
    files[f"p{count}.bpmn"] = model(
        node("startEvent", "s"),
        node("endEvent", "e"),
        user("u"),
        flow("s", "u"),
        flow("u", "e"),
        key=f"p{count}",
    )
    return files


@pytest.mark.parametrize(("count", "twice"), [(40, True), (300, False)])
def test_calls_that_multiply_or_go_deep_come_to_an_end(count: int, twice: bool) -> None:
    begun = time.process_time()
    told = judge(calls(count, twice=twice), ALONE)
    assert {verdict.outcome for verdict in told.verdicts} <= {"holds", "unknown"}
    assert time.process_time() - begun < 20


def test_a_huge_flat_model_comes_to_an_end() -> None:
    keys = [f"u{number}" for number in range(1500)]
    data = model(node("startEvent", "s"), node("endEvent", "e"), *map(user, keys), chain("s", *keys, "e"))
    begun = time.process_time()
    told = judge(one(data), ALONE)
    assert [verdict.outcome for verdict in told.verdicts] in (["holds"], ["unknown"])
    assert time.process_time() - begun < 20
