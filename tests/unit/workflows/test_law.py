"""The order of the law over the real Zhuhai flow: it holds, and whoever breaks it is shown the way."""

from __future__ import annotations

from dataclasses import replace

from tests.factories.diagrams import office
from tests.unit.workflows.packs import files, surroundings
from workflows.model.judge import judge


def test_diagrams_that_a_process_never_reaches_cost_its_proof_nothing() -> None:
    own = replace(surroundings(), start="zhuhai_project")
    alone = judge(files(), own, seconds=60)
    beside = judge({**files(), **office(60, 3)}, own, seconds=60)
    assert beside.states == alone.states
    assert beside.verdicts == alone.verdicts


def test_the_zhuhai_flow_is_sound_and_lawful() -> None:
    told = judge(files(), surroundings())
    assert told.findings == ()
    assert {one.outcome for one in told.verdicts} == {"holds"}
    assert len(told.verdicts) > 25
    assert told.ok
