"""Sending back: out of straight ways, branches, parts of a shared step, called stages and timed steps."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.factories.bpmn import Diagram
from tests.unit.workflows.models import Office, line, model
from workflows.engine import Back, Model, look, send_back
from workflows.errors import EngineFault, StepNotOpen
from workflows.types import Result


def back(
    flow: Model, office: Office, result: Result, source: str, target: str, path: tuple[str, ...] = ()
) -> Back:
    step = next(step for step in result.open if step.element == source)
    return send_back(flow, result.state, step.id, path, target, operators=office, now=office.now)


def names(result: Result) -> list[str]:
    return sorted(step.element for step in result.open)


def parallel() -> Diagram:
    made = Diagram("branches", "并行")
    made.start("start")
    made.user("ask", "申请", col=1)
    made.parallel("split", col=2)
    made.user("left", "财务", col=3)
    made.user("left2", "财务复核", col=4)
    made.user("right", "纪检", col=3, row=1)
    made.parallel("join", col=5)
    made.user("decide", "决定", col=6)
    made.end("end", col=7)
    for pair in (
        ("start", "ask"), ("ask", "split"), ("split", "left"), ("left", "left2"), ("split", "right"),
        ("left2", "join"), ("right", "join"), ("join", "decide"), ("decide", "end"),
    ):  # fmt: skip
        made.flow(*pair)
    return made


def shared(kind: str) -> Diagram:
    made = Diagram("shared", "会签")
    made.start("start")
    made.user("ask", "申请", col=1)
    made.user("vote", "表决", col=2, mi={"kind": kind, "cardinality": "voters"})
    made.user("decide", "决定", col=3)
    made.end("end", col=4)
    for pair in (("start", "ask"), ("ask", "vote"), ("vote", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def staged() -> tuple[Diagram, Diagram]:
    inner = Diagram("inner", "阶段")
    inner.start("start")
    inner.user("first", "第一步", col=1)
    inner.user("second", "第二步", col=2)
    inner.end("end", col=3)
    for pair in (("start", "first"), ("first", "second"), ("second", "end")):
        inner.flow(*pair)
    outer = Diagram("outer", "总图")
    outer.start("start")
    outer.user("ask", "申请", col=1)
    outer.call("stage", "阶段", col=2, process="inner")
    outer.call("again", "同一阶段再来", col=3, process="inner")
    outer.user("decide", "决定", col=4)
    outer.end("end", col=5)
    for pair in (
        ("start", "ask"), ("ask", "stage"), ("stage", "again"), ("again", "decide"), ("decide", "end"),
    ):  # fmt: skip
        outer.flow(*pair)
    return outer, inner


def test_back_on_a_straight_way_keeps_what_was_known() -> None:
    flow, office = model(line("one", "two", "three", "four")), Office()
    result = office.start(flow)
    for step in ("one", "two", "three"):
        result = office.complete(flow, result, step, **{step: "知"})
    went = back(flow, office, result, "four", "one")
    assert names(went.result) == ["one"]
    assert went.whole
    assert went.result.open[0].data == {"one": "知", "two": "知", "three": "知"}
    result = went.result
    for step in ("one", "two", "three", "four"):
        result = office.complete(flow, result, step)
    assert result.finished


def test_out_of_branches_all_of_them_go_back() -> None:
    flow, office = model(parallel()), Office()
    result = office.complete(flow, office.start(flow), "ask")
    result = office.complete(flow, result, "left")
    went = back(flow, office, result, "left2", "ask")
    assert names(went.result) == ["ask"]
    assert went.whole
    result = office.complete(flow, went.result, "ask")
    assert names(result) == ["left", "right"]
    for step in ("right", "left", "left2"):
        result = office.complete(flow, result, step)
    assert names(result) == ["decide"]
    assert office.complete(flow, result, "decide").finished


def test_inside_a_branch_the_other_goes_on() -> None:
    flow, office = model(parallel()), Office()
    result = office.complete(flow, office.start(flow), "ask")
    result = office.complete(flow, result, "left")
    went = back(flow, office, result, "left2", "left")
    assert names(went.result) == ["left", "right"]
    assert not went.whole
    result = went.result
    for step in ("right", "left", "left2"):
        result = office.complete(flow, result, step)
    assert names(result) == ["decide"]


def test_behind_a_join_back_into_the_block_before_it() -> None:
    flow, office = model(parallel()), Office()
    result = office.complete(flow, office.start(flow), "ask")
    for step in ("left", "left2", "right"):
        result = office.complete(flow, result, step)
    went = back(flow, office, result, "decide", "left2")
    assert names(went.result) == ["left", "right"]
    result = went.result
    for step in ("left", "right", "left2", "decide"):
        result = office.complete(flow, result, step)
    assert result.finished


def test_into_the_branch_beside_the_block_starts_anew() -> None:
    flow, office = model(parallel()), Office()
    result = office.complete(flow, office.start(flow), "ask")
    for step in ("left", "right"):
        result = office.complete(flow, result, step)
    went = back(flow, office, result, "left2", "right")
    assert names(went.result) == ["left", "right"]
    result = went.result
    for step in ("right", "left", "left2", "decide"):
        result = office.complete(flow, result, step)
    assert result.finished


@pytest.mark.parametrize("kind", ["parallel", "sequential"])
def test_out_of_a_shared_step_its_parts_are_closed_and_all_made_anew(kind: str) -> None:
    flow, office = model(shared(kind)), Office()
    result = office.complete(flow, office.start(flow, voters=3), "ask")
    result = office.complete(flow, result, "vote")
    went = back(flow, office, result, "vote", "ask")
    assert names(went.result) == ["ask"]
    result = office.complete(flow, went.result, "ask")
    for _ in range(3):
        result = office.complete(flow, result, "vote")
    assert names(result) == ["decide"]
    went = back(flow, office, result, "decide", "vote")
    assert names(went.result) == ["vote"] * (3 if kind == "parallel" else 1)
    result = went.result
    for _ in range(3):
        result = office.complete(flow, result, "vote")
    assert office.complete(flow, result, "decide").finished


def test_into_a_stage_that_has_ended_restarts_it() -> None:
    flow, office = model(*staged()), Office()
    result = office.complete(flow, office.start(flow), "ask", asked="知")
    for step in ("first", "second", "first"):
        result = office.complete(flow, result, step)
    went = back(flow, office, result, "second", "second", ("stage",))
    assert (went.element, went.path) == ("stage", ())
    assert [(s.element, s.path) for s in went.result.open] == [("first", ("stage",))]
    assert went.result.open[0].data["asked"] == "知"
    result = went.result
    for step in ("first", "second", "first", "second", "decide"):
        result = office.complete(flow, result, step)
    assert result.finished


def test_inside_a_running_stage_and_out_of_it() -> None:
    flow, office = model(*staged()), Office()
    result = office.complete(flow, office.start(flow), "ask")
    result = office.complete(flow, result, "first")
    went = back(flow, office, result, "second", "first", ("stage",))
    assert [(s.element, s.path) for s in went.result.open] == [("first", ("stage",))]
    result = office.complete(flow, went.result, "first")
    went = back(flow, office, result, "second", "ask")
    assert names(went.result) == ["ask"]
    assert look(flow, went.result.state).open == went.result.open


def timed() -> Model:
    made = line("one", "two")
    text = made.xml()
    late = (
        '<bpmn:boundaryEvent id="limit" attachedToRef="one" cancelActivity="true"><bpmn:outgoing>f_l</bpmn:outgoing>'
        '<bpmn:timerEventDefinition id="ld"><bpmn:timeDuration>"P2D"</bpmn:timeDuration>'
        '</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="late"/>'
        '<bpmn:sequenceFlow id="f_l" sourceRef="limit" targetRef="late"/>'
    )
    return Model.parse({"l.bpmn": text.replace("</bpmn:process>", late + "</bpmn:process>").encode()}, "line")


def test_a_timed_step_gets_its_time_anew() -> None:
    flow, office = timed(), Office()
    result = office.complete(flow, office.start(flow), "one")
    assert result.next_due is None
    office.wait(days=1)
    went = back(flow, office, result, "two", "one")
    assert names(went.result) == ["one"]
    assert went.result.next_due is not None
    assert went.result.next_due - office.now() >= timedelta(days=2)
    office.wait(days=3)
    assert office.fire(flow, went.result).finished


def test_what_is_not_there_is_refused() -> None:
    flow, office = model(line("one", "two")), Office()
    result = office.complete(flow, office.start(flow), "one")
    with pytest.raises(EngineFault):
        back(flow, office, result, "two", "nowhere")
    went = back(flow, office, result, "two", "one")
    with pytest.raises(EngineFault, match="之后"):
        back(flow, office, went.result, "one", "two")
    with pytest.raises(StepNotOpen):
        send_back(flow, result.state, "0" * 32, (), "one", operators=office, now=office.now)


@pytest.mark.parametrize("seed", range(30))
def test_random_walks_with_sending_back_never_stand_still(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable walk
    flow = [model(parallel()), model(shared("parallel")), model(*staged())][seed % 3]
    office = Office()
    result = office.start(flow, **({"voters": 2} if seed % 3 == 1 else {}))
    done: list[tuple[str, tuple[str, ...]]] = []
    for _ in range(60):
        assert result.open or result.finished
        if result.finished:
            break
        step = chance.choice(result.open)
        targets = [one for one in done if one != (step.element, step.path)]
        if targets and chance.random() < 0.3:
            element, path = chance.choice(targets)
            with suppress(EngineFault):  # a step ahead is refused
                result = back(flow, office, result, step.element, element, path).result
        else:
            result = office.complete(flow, result, step.element)
            done.append((step.element, step.path))
    for _ in range(40):
        if result.finished:
            break
        result = office.complete(flow, result, result.open[0].element)
    assert result.finished
