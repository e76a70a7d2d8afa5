"""The order of the law over the real Zhuhai flow: it holds, and whoever breaks it is shown the way."""

from __future__ import annotations

from tests.unit.workflows.packs import files, surroundings
from workflows.model.judge import judge


def test_the_zhuhai_flow_is_sound_and_lawful() -> None:
    told = judge(files(), surroundings())
    assert told.findings == ()
    assert {one.outcome for one in told.verdicts} == {"holds"}
    assert len(told.verdicts) > 25
    assert told.ok
