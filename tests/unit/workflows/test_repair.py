"""An operator puts a token elsewhere and sets variables; what the drawing forbids is refused with its reason."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from tests.factories.bpmn import Diagram
from tests.unit.workflows.models import Office, line, model
from tests.unit.workflows.test_running import _with_boundary
from workflows.engine import Model
from workflows.errors import EngineFault, StepNotOpen
from workflows.repair import move as moves
from workflows.repair import places, values
from workflows.types import Result

LANE = "办公"


def chain(made: Diagram, *steps: str) -> Diagram:
    for pair in itertools.pairwise(steps):
        made.flow(*pair)
    return made


def open_elements(result: Result) -> list[str]:
    return sorted(step.element for step in result.open)


def put(
    flow: Model, office: Office, result: Result, element: str, path: Sequence[str] = (), token: int = 0
) -> Result:
    standing = places.tokens(flow, result.state, now=office.now)
    chosen = standing[token].id
    return moves.move(flow, result.state, chosen, path, element, operators=office, now=office.now)


def goal(flow: Model, office: Office, result: Result, element: str) -> moves.Goal:
    token = places.tokens(flow, result.state, now=office.now)[0]
    found = moves.goals(flow, result.state, token.id, now=office.now)
    return next(one for one in found if one.place.element == element)


def test_a_token_goes_forward_and_says_what_it_skips() -> None:
    flow, office = model(line("one", "two", "three")), Office()
    result = office.start(flow)
    assert [one.element for one in goal(flow, office, result, "three").skipped] == ["one", "two"]
    moved = put(flow, office, result, "three")
    assert open_elements(moved) == ["three"]
    assert office.complete(flow, moved, "three").finished


def test_a_token_goes_back_and_keeps_what_is_known() -> None:
    flow, office = model(line("one", "two")), Office()
    result = office.complete(flow, office.start(flow), "one", answer="yes")
    assert goal(flow, office, result, "one").skipped == ()
    moved = put(flow, office, result, "one")
    assert open_elements(moved) == ["one"]
    assert moved.open[0].data["answer"] == "yes"
    again = office.complete(flow, moved, "one")
    assert office.complete(flow, again, "two").finished


def waiting() -> Diagram:
    made = Diagram("waiting", "等候", lanes=[LANE])
    made.start("start", lane=LANE)
    made.timer("wait", "到期", LANE, 1, until="until")
    made.service("tell", "通知", LANE, 2, operator="test.tell")
    made.user("after", "之后", LANE, 3)
    made.end("end", lane=LANE, col=4)
    return chain(made, "start", "wait", "tell", "after", "end")


def test_a_token_leaves_a_timer_which_then_fires_no_more() -> None:
    flow, office = model(waiting()), Office()
    result = office.start(flow, until="2026-03-05T00:00:00+08:00")
    assert result.next_due is not None
    assert [one.place.element for one in places.tokens(flow, result.state, now=office.now)] == ["wait"]
    moved = put(flow, office, result, "after")
    assert (open_elements(moved), moved.next_due, office.calls) == (["after"], None, [])
    assert office.complete(flow, moved, "after").finished


def test_an_automatic_goal_runs_at_once() -> None:
    flow, office = model(waiting()), Office()
    moved = put(flow, office, office.start(flow, until="2026-03-05T00:00:00+08:00"), "tell")
    assert open_elements(moved) == ["after"]
    assert [name for name, _ in office.calls] == ["test.tell"]


def test_a_mended_variable_lets_a_timer_run() -> None:
    flow, office = model(waiting()), Office()
    result = office.start(flow, until="2026-03-05T00:00:00+08:00", note="old")
    mended = values.set_variables(flow, result.state, {"note": "new"}, now=office.now)
    assert values.variables(flow, mended.state, now=office.now)["note"] == "new"
    office.wait(days=9)
    assert office.fire(flow, mended).open[0].data["note"] == "new"
    with pytest.raises(EngineFault):
        values.set_variables(flow, result.state, {"typename": "x"}, now=office.now)


def test_a_timer_that_reads_a_mended_variable_is_set_anew() -> None:
    flow, office = model(waiting()), Office()
    result = office.start(flow, until="2026-03-05T00:00:00+08:00")
    mended = values.set_variables(flow, result.state, {"until": "2026-03-09T00:00:00+08:00"}, now=office.now)
    assert mended.next_due is not None
    assert result.next_due is not None
    assert (mended.next_due - result.next_due).days == 4
    with pytest.raises(EngineFault):
        values.set_variables(flow, result.state, {"until": "soon"}, now=office.now)


def branches() -> Diagram:
    made = Diagram("branches", "分头", lanes=[LANE])
    made.start("start", lane=LANE)
    made.user("before", "之前", LANE, 1)
    made.parallel("split", lane=LANE, col=2)
    made.user("left", "左", LANE, 3)
    made.user("left2", "左二", LANE, 4)
    made.user("right", "右", LANE, 3, row=1)
    made.parallel("join", lane=LANE, col=5)
    made.user("after", "之后", LANE, 6)
    made.end("end", lane=LANE, col=7)
    chain(made, "start", "before", "split", "left", "left2", "join", "after", "end")
    return chain(made, "split", "right", "join")


def test_a_branch_is_neither_entered_nor_left_but_may_be_walked() -> None:
    flow, office = model(branches()), Office()
    result = office.start(flow)
    assert "并行" in (goal(flow, office, result, "left").why_not or "")
    with pytest.raises(EngineFault, match="并行"):
        put(flow, office, result, "right")
    result = office.complete(flow, result, "before")
    left = [one.place.element for one in places.tokens(flow, result.state, now=office.now)].index("left")
    with pytest.raises(EngineFault, match="并行"):
        put(flow, office, result, "after", token=left)
    moved = put(flow, office, result, "left2", token=left)
    assert open_elements(moved) == ["left2", "right"]
    moved = office.complete(flow, office.complete(flow, moved, "right"), "left2")
    assert open_elements(moved) == ["after"]


def test_a_shared_step_is_not_moved() -> None:
    made = Diagram("shared", "会审", lanes=[LANE])
    made.start("start", lane=LANE)
    made.user("vote", "会审", LANE, 1, mi={"kind": "parallel", "cardinality": "3"})
    made.user("after", "之后", LANE, 2)
    made.end("end", lane=LANE, col=3)
    flow, office = model(chain(made, "start", "vote", "after", "end")), Office()
    result = office.start(flow)
    assert all(one.shared for one in places.tokens(flow, result.state, now=office.now))
    assert "同时办理" in (goal(flow, office, result, "after").why_not or "")
    with pytest.raises(EngineFault, match="同时办理"):
        put(flow, office, result, "after")


def called() -> Model:
    inner = line("one", "two")
    outer = Diagram("outer", "总", lanes=[LANE])
    outer.start("start", lane=LANE)
    outer.user("first", "先", LANE, 1)
    outer.call("stage", "阶段", LANE, 2, process="line")
    outer.user("last", "后", LANE, 3)
    outer.end("end", lane=LANE, col=4)
    return model(chain(outer, "start", "first", "stage", "last", "end"), inner)


def test_a_token_leaves_a_called_stage_which_counts_whole_as_skipped() -> None:
    flow, office = called(), Office()
    result = office.complete(flow, office.start(flow), "first")
    found = goal(flow, office, result, "last")
    assert [one.element for one in found.skipped if one.kind == "userTask"] == ["one", "two"]
    moved = put(flow, office, result, "last")
    assert open_elements(moved) == ["last"]
    assert office.complete(flow, moved, "last").finished


def test_a_token_comes_back_before_a_called_stage_or_restarts_it() -> None:
    flow, office = called(), Office()
    inside = office.complete(flow, office.complete(flow, office.start(flow), "first"), "one")
    assert open_elements(put(flow, office, inside, "first")) == ["first"]
    last = office.complete(flow, inside, "two")
    again = put(flow, office, last, "stage")
    assert open_elements(again) == ["one"]
    assert open_elements(put(flow, office, inside, "one", path=["stage"])) == ["one"]


def test_what_watches_a_step_goes_with_it() -> None:
    made = Diagram("late", "限时", lanes=[LANE])
    made.start("start", lane=LANE)
    made.user("answer", "答复", LANE, 1)
    made.user("next", "下一步", LANE, 2)
    made.user("expired", "超时", LANE, 2, row=1)
    made.end("end", lane=LANE, col=3)
    made.end("end2", lane=LANE, col=3, row=1)
    chain(made, "start", "answer", "next", "end")
    made.flow("limit", "expired")
    made.flow("expired", "end2")
    flow, office = Model.parse({"late.bpmn": _with_boundary(made)}, "late"), Office()
    result = office.start(flow)
    assert result.next_due is not None
    moved = put(flow, office, result, "next")
    assert (open_elements(moved), moved.next_due) == (["next"], None)


def test_a_token_that_has_gone_is_not_moved() -> None:
    flow, office = model(line("one", "two")), Office()
    result = office.start(flow)
    token = places.tokens(flow, result.state, now=office.now)[0].id
    result = office.complete(flow, result, "one")
    for unknown in (token, "rubbish", "0" * 32):
        with pytest.raises(StepNotOpen):
            moves.goals(flow, result.state, unknown, now=office.now)
    with pytest.raises(EngineFault, match="没有可以移到"):
        put(flow, office, result, "nowhere")
