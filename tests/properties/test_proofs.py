"""Proofs against the engine: what is proved sound never gets stuck on a random walk; reducing loses no fault."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.diagrams import Sketch, office
from tests.unit.workflows.models import Office
from workflows.engine import Model
from workflows.errors import EngineFault
from workflows.model import reading, sound
from workflows.model.build import build
from workflows.model.context import Context
from workflows.model.judge import judge
from workflows.model.net import Net
from workflows.model.sound import SERIOUS, Fault
from workflows.model.values import Values

ALONE = Context(alone=True)
SEEDS = st.tuples(st.integers(0, 2**32), st.integers(0, 2))
WALKS, LONGEST = 6, 40
FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))


def walk(sketch: Sketch, random: Random) -> str:
    """How a walk with random answers ends: "done", "stuck", "twice", "fault", or "long" when it was cut."""

    def answers() -> Mapping[str, Any]:
        return {name: random.randrange(2) for name in sketch.variables()}

    office_, parsed = Office(), Model.parse({"m.bpmn": sketch.xml()}, "p")
    try:
        result = office_.start(parsed, **answers())
        for _ in range(LONGEST):
            if result.finished:
                return "done"
            if not result.open:
                return "stuck"
            open_ = [step.element for step in result.open]
            if len(set(open_)) < len(open_):
                return "twice"
            result = office_.complete(parsed, result, random.choice(open_), **answers())
    except EngineFault:
        return "fault"
    return "long"


def agrees(seed: int, faults: int) -> bool:
    """Whether a diagram is proved sound; if so, no walk of it may go wrong."""
    sketch = Sketch(Random(seed), faults)  # noqa: S311 - dice, no secret
    told = judge({"m.bpmn": sketch.xml()}, ALONE, seconds=60)
    if not told.ok:
        return False
    random = Random(seed)  # noqa: S311 - dice, no secret
    ends = {walk(sketch, random) for _ in range(WALKS)}
    assert ends <= {"done", "long"}, (sketch.xml().decode(), ends)
    return True


def same_reduced(seed: int, faults: int) -> None:
    """The reduced net is as sound as the whole one."""
    bundle, _ = reading.read({"m.bpmn": Sketch(Random(seed), faults).xml()})  # noqa: S311 - dice, no secret

    def net() -> Net:
        return build(bundle, "p", Values(bundle, ALONE, ()))

    whole, _ = sound.prove(net(), small=50_000)
    reduced, _ = sound.prove(net(), small=0)
    assert _kinds(whole) == _kinds(reduced)


def _kinds(faults: list[Fault]) -> set[str]:
    """Each proof tells the nearest serious fault only; which one that is may differ."""
    return {"serious" if one.kind in SERIOUS else one.kind for one in faults}


@FEW
@given(SEEDS)
def test_a_sound_diagram_never_gets_stuck_on_the_engine(seed: tuple[int, int]) -> None:
    agrees(*seed)


@FEW
@given(SEEDS)
def test_a_reduced_net_has_the_faults_of_the_whole(seed: tuple[int, int]) -> None:
    same_reduced(*seed)


@pytest.mark.long
@MANY
@given(SEEDS)
def test_many_sound_diagrams_never_get_stuck(seed: tuple[int, int]) -> None:
    agrees(*seed)


@pytest.mark.long
@MANY
@given(SEEDS)
def test_many_reduced_nets_have_the_faults_of_the_whole(seed: tuple[int, int]) -> None:
    same_reduced(*seed)


def test_the_sketches_are_of_both_sorts() -> None:
    proved = [agrees(seed, seed % 3) for seed in range(12)]
    assert 3 <= sum(proved) <= 11


def test_a_large_model_is_judged_while_one_waits() -> None:
    files = office(300, 10)
    told = judge(files, ALONE, seconds=60)
    assert len(files) == 11
    assert told.ok
    assert told.states < 5_000
