"""The small teaching models: each can be opened, is proved sound, and runs to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from config import ROOT
from tests.unit.workflows.models import Office
from workflows.engine import Model
from workflows.model.context import Context
from workflows.model.judge import judge

SAMPLES = sorted((ROOT / "bpmn" / "samples").glob("*.bpmn"))
ANSWERS = [{"amount": 40_000_000, "decision": "return"}, {"amount": 100, "decision": "agree"}]
"""The first time round, and ever after."""


def test_the_readme_tells_of_each() -> None:
    told = (ROOT / "bpmn" / "samples" / "README.md").read_text("utf-8")
    assert len(SAMPLES) >= 5
    assert all(f"`{path.name}`" in told for path in SAMPLES)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_sound_and_runs_to_its_end(path: Path) -> None:
    data = path.read_bytes()
    told = judge({path.name: data}, Context(alone=True))
    assert told.ok, told.findings
    office, model = Office(), Model.parse({path.name: data}, path.stem)
    result, passed = office.start(model), set[str]()
    for turn in range(12):
        if result.finished:
            break
        if result.open:
            passed.add(result.open[0].element)
            result = office.complete(model, result, result.open[0].element, **ANSWERS[min(turn // 2, 1)])
        else:
            office.wait(days=5, minutes=1)
            result = office.fire(model, result)
    assert result.finished
    steps = {node.get("id") for node in etree.fromstring(data).iter("{*}userTask")}
    assert passed == steps
