"""What an instance does from stored state to stored state, with the engine's traps."""

from __future__ import annotations

import random

import pytest

from tests.factories.bpmn import Diagram
from tests.unit.workflows.models import START, Office, line, model, table
from workflows.engine import Model, cancel, complete, look, running
from workflows.errors import EngineFault, ModelError, StepNotOpen


def decide(rules: bytes) -> tuple[Model, Office]:
    made = Diagram("decide", "决策", lanes=["办公"])
    made.start("start", lane="办公", col=0)
    made.user("ask", "填金额", lane="办公", col=1)
    made.rule("rule", "分级", lane="办公", col=2, decision="level")
    made.user("again", "复核", lane="办公", col=3)
    made.xor("gate", lane="办公", col=4)
    made.end("end", lane="办公", col=5)
    made.flow("start", "ask")
    made.flow("ask", "rule")
    made.flow("rule", "again")
    made.flow("again", "gate")
    made.flow("gate", "ask", when="again", via="below")
    made.flow("gate", "end", default=True)
    return model(made, level=rules), Office()


def test_a_line_runs_to_its_end_and_tells_what_passed() -> None:
    office, flow = Office(), model(line("one", "two"))
    result = office.start(flow)
    assert [(step.element, step.lane, step.form) for step in result.open] == [("one", "办公", "test.one")]
    result = office.complete(flow, result, "one", decision="agree")
    assert [p.element for p in result.passed] == ["one"]
    result = office.complete(flow, result, "two")
    assert result.finished
    assert result.data["decision"] == "agree"
    assert not result.open


def test_completing_twice_is_refused() -> None:
    office, flow = Office(), model(line("one", "two"))
    first = office.start(flow)
    step = first.open[0]
    second = complete(flow, first.state, step.id, {}, operators=office, now=office.now)
    with pytest.raises(StepNotOpen):
        complete(flow, second.state, step.id, {}, operators=office, now=office.now)
    with pytest.raises(StepNotOpen):
        complete(flow, second.state, "0" * 32, {}, operators=office, now=office.now)


@pytest.mark.parametrize(
    "values",
    [
        {"typename": "x"},
        {"_x": 1},
        {"a b": 1},
        {"len": 1},
        {"a": {"b": 1}},
        {"a": [[1]]},
        {"a": 1.5},
        {"a": "x" * 5000},
    ],
)
def test_values_that_would_harm_the_state_are_refused(values: dict[str, object]) -> None:
    office, flow = Office(), model(line("one"))
    result = office.start(flow)
    with pytest.raises(EngineFault):
        complete(flow, result.state, result.open[0].id, values, operators=office, now=office.now)


def test_a_list_answered_again_replaces_the_old_one() -> None:
    """The library would merge them: [公园, 路灯, 厕所] ← [路灯, 绿化] gives [公园, 路灯]."""
    office, flow = Office(), model(line("one", "two", "three"))
    result = office.complete(flow, office.start(flow), "one", places=["公园", "路灯", "厕所"])
    result = office.complete(flow, result, "two", places=["路灯", "绿化"])
    assert list(result.open[0].data["places"]) == ["路灯", "绿化"]


def test_a_decision_asked_again_leaves_no_stale_answer() -> None:
    flow, office = decide(table(("&gt; 100", '"high"'), ("? &gt;= 0 and ? &lt;= 100", '"low"')))
    result = office.complete(flow, office.start(flow), "ask", amount=200)
    assert result.open[0].data["level"] == "high"
    result = office.complete(flow, result, "again", again=True)
    result = office.complete(flow, result, "ask", amount=5)
    assert result.open[0].data["level"] == "low"


@pytest.mark.parametrize(
    "rules",
    [table(("&gt; 100", '"high"')), table(("&gt;= 0", '"low"'), ("&gt;= 5", '"high"'))],
    ids=["no rule matches", "two rules match"],
)
def test_a_table_without_exactly_one_answer_is_a_fault(rules: bytes) -> None:
    flow, office = decide(rules)
    result = office.start(flow)
    with pytest.raises(EngineFault, match="规则"):
        office.complete(flow, result, "ask", amount=50)


def test_operators_get_parameters_and_their_answer_becomes_variables() -> None:
    made = Diagram("auto", "自动", lanes=["办公"])
    made.start("start", lane="办公", col=0)
    made.user("one", "一", lane="办公", col=1)
    made.service("do", "执行", lane="办公", col=2, operator="funds.reserve", params={"amount": "amount * 2"})
    made.user("two", "二", lane="办公", col=3)
    made.end("end", lane="办公", col=4)
    for pair in (("start", "one"), ("one", "do"), ("do", "two"), ("two", "end")):
        made.flow(*pair)
    flow, office = model(made), Office({"funds.reserve": {"reserved": 14}})
    result = office.complete(flow, office.start(flow), "one", amount=7)
    assert office.calls == [("funds.reserve", {"amount": 14})]
    assert result.open[0].data["reserved"] == 14
    assert "serviceTask" in {p.kind for p in result.passed}


def test_what_an_operator_refuses_reaches_the_caller_unchanged() -> None:
    class Refusal(Exception):
        pass

    made = Diagram("auto", "自动")
    made.start("start")
    made.user("one", "一", col=1)
    made.service("do", "执行", col=2, operator="x")
    made.end("end", col=3)
    for pair in (("start", "one"), ("one", "do"), ("do", "end")):
        made.flow(*pair)
    refusal = Refusal("余额不足")
    flow, office = model(made), Office({"x": refusal})
    result = office.start(flow)
    with pytest.raises(Refusal) as caught:
        office.complete(flow, result, "one")
    assert caught.value is refusal


def waiting() -> Diagram:
    made = Diagram("wait", "等待")
    made.start("start")
    made.user("one", "一", col=1)
    made.timer("pause", "公示", col=2, until="until")
    made.user("two", "二", col=3)
    made.end("end", col=4)
    for pair in (("start", "one"), ("one", "pause"), ("pause", "two"), ("two", "end")):
        made.flow(*pair)
    return made


def test_a_timer_fires_after_its_moment_and_once() -> None:
    flow, office = model(waiting()), Office()
    result = office.complete(flow, office.start(flow), "one", until="2026-03-09T23:59:59+08:00")
    assert not result.open
    assert result.next_due is not None
    office.time = result.next_due.replace(second=59, minute=59, hour=15)
    assert not office.fire(flow, result).open
    office.time = result.next_due
    fired = office.fire(flow, result)
    assert [step.element for step in fired.open] == ["two"]
    assert [step.id for step in office.fire(flow, fired).open] == [fired.open[0].id]


def test_a_waiting_timer_keeps_its_moment_through_reloads() -> None:
    flow, office = model(waiting()), Office()
    result = office.complete(flow, office.start(flow), "one", until="2026-03-09T23:59:59+08:00")
    first = result.next_due
    for _ in range(5):
        office.wait(hours=7)
        result = office.fire(flow, result)
    assert result.next_due == first


def test_a_late_user_does_not_beat_an_expired_deadline() -> None:
    made = Diagram("late", "限期")
    made.start("start")
    made.user("answer", "答复", col=1)
    made.end("end", col=2)
    made.user("expired", "逾期处理", col=2, row=1)
    made.end("end2", col=3, row=1)
    made.flow("start", "answer")
    made.flow("answer", "end")
    made.flow("limit", "expired")
    made.flow("expired", "end2")
    flow, office = Model.parse({"late.bpmn": _with_boundary(made)}, "late"), Office()
    result = office.start(flow)
    step = result.open[0]
    office.wait(days=3)
    with pytest.raises(StepNotOpen):
        complete(flow, result.state, step.id, {}, operators=office, now=office.now)
    assert [s.element for s in office.fire(flow, result).open] == ["expired"]


def _with_boundary(made: Diagram) -> bytes:
    made.flows = [flow for flow in made.flows if flow.source != "limit"]
    text = made.xml()
    event = (
        '<bpmn:boundaryEvent id="limit" attachedToRef="answer"><bpmn:outgoing>f_limit</bpmn:outgoing>'
        '<bpmn:timerEventDefinition id="ld"><bpmn:timeDuration>"P2D"</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:sequenceFlow id="f_limit" sourceRef="limit" targetRef="expired" />'
    )
    return text.replace("</bpmn:process>", event + "</bpmn:process>").encode()


def several(kind: str = "parallel") -> Diagram:
    made = Diagram("several", "会签")
    made.start("start")
    made.user("vote", "表决", col=1, mi={"kind": kind, "cardinality": "voters"})
    made.user("after", "决定", col=2)
    made.xor("gate", col=3)
    made.end("end", col=4)
    for pair in (("start", "vote"), ("vote", "after"), ("after", "gate")):
        made.flow(*pair)
    made.flow("gate", "vote", when="again", via="below")
    made.flow("gate", "end", default=True)
    return made


def test_parts_of_a_shared_step_are_siblings_and_it_can_be_passed_again() -> None:
    flow, office = model(several()), Office()
    result = office.start(flow, voters=3)
    for turn in range(2):
        assert len(result.open) == 3
        assert len({step.group for step in result.open}) == 1
        for left in (2, 1, 0):
            result = office.complete(flow, result, "vote")
            assert len([s for s in result.open if s.element == "vote"]) == left
        result = office.complete(flow, result, "after", again=turn == 0)
    assert result.finished


def test_an_endless_automatic_loop_is_a_fault() -> None:
    made = Diagram("loop", "循环")
    made.start("start")
    made.user("one", "一", col=1)
    made.xor("merge", col=2)
    made.service("do", "执行", col=3, operator="x")
    made.xor("gate", col=4)
    made.end("end", col=5)
    for pair in (("start", "one"), ("one", "merge"), ("merge", "do"), ("do", "gate")):
        made.flow(*pair)
    made.flow("gate", "merge", when="true", via="below")
    made.flow("gate", "end", default=True)
    flow, office = model(made), Office()
    result = office.start(flow)
    with pytest.raises(EngineFault, match="循环"):
        office.complete(flow, result, "one")


def test_a_loop_of_people_stays_small_and_ends_with_a_plain_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MAX_PASSED", 2400)
    made = Diagram("again", "反复")
    made.start("start")
    made.user("one", "一", col=1)
    made.xor("gate", col=2)
    made.end("end", col=3)
    made.flow("start", "one")
    made.flow("one", "gate")
    made.flow("gate", "one", when="true", via="below")
    made.flow("gate", "end", default=True)
    flow, office = model(made), Office()
    result = office.start(flow)
    with pytest.raises(EngineFault, match="循环次数过多"):
        for _ in range(1300):  # deeper than the library follows a tree
            result = office.complete(flow, result, "one")
            assert len(result.open) == 1
            assert len(result.state) < 2000


def test_cancel_closes_everything() -> None:
    flow, office = model(several()), Office()
    result = cancel(flow, office.start(flow, voters=3).state, now=office.now)
    assert result.finished
    assert not result.open
    assert look(flow, result.state).finished


@pytest.mark.parametrize("seed", range(8))
def test_reloading_after_every_step_changes_nothing(seed: int) -> None:
    """The same walk twice, looking (load and read) in between in the second: the same open steps."""

    def walk(extra: bool) -> list[list[str]]:
        rng = random.Random(seed)  # noqa: S311 - a walk, no secret
        office, flow = Office(), model(several())
        result, seen = office.start(flow, voters=4), []
        for _ in range(30):
            if result.finished:
                break
            if extra:
                look(flow, result.state)
            step = rng.choice(sorted(result.open, key=lambda s: (s.element, s.group or "", s.id)))
            result = office.complete(flow, result, step.element, again=rng.random() < 0.5)
            seen.append(sorted(s.element for s in result.open))
        return seen

    assert walk(False) == walk(True)


def test_a_broken_bundle_is_refused_with_a_message() -> None:
    with pytest.raises(ModelError):
        model(line("one"), bad=b"<x/>")
    with pytest.raises(ModelError):
        Model.parse({"line.bpmn": line("one").xml().encode()}, "other")


def test_the_clock_of_the_step_is_the_clock_of_expressions() -> None:
    made = Diagram("day", "日期")
    made.start("start")
    made.user("one", "一", col=1)
    made.script("note", "记日期", col=2, source="day = str(today())")
    made.user("two", "二", col=3)
    made.end("end", col=4)
    for pair in (("start", "one"), ("one", "note"), ("note", "two"), ("two", "end")):
        made.flow(*pair)
    flow, office = model(made), Office()
    result = office.complete(flow, office.start(flow), "one")
    assert result.open[0].data["day"] == START.date().isoformat()
