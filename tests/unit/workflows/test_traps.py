"""The library's traps: each shown to be one, and ours not to fall into it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from tests.factories.bpmn import Diagram
from tests.unit.workflows.models import Office, line, model, table
from workflows.engine import joining
from workflows.errors import EngineFault
from workflows.model import check


def stock(made: Diagram, *tables: bytes) -> BpmnWorkflow:
    """The same drawing with the library alone."""
    parser = SpiffBpmnParser()
    for one in tables:
        parser.add_dmn_xml(etree.fromstring(one))
    parser.add_bpmn_xml(etree.fromstring(made.xml().encode()))
    spec = parser.get_spec(made.id)
    workflow = BpmnWorkflow(spec, parser.get_subprocess_specs(made.id), script_engine=PythonScriptEngine())
    workflow.do_engine_steps()
    return workflow


def do(workflow: BpmnWorkflow, element: str, **values: Any) -> None:
    """Complete a step as the library's own examples do."""
    task = next(one for one in workflow.get_tasks(state=TaskState.READY) if one.task_spec.bpmn_id == element)
    DeepMerge.merge(task.data, values)
    task.run()
    workflow.do_engine_steps()


def known(workflow: BpmnWorkflow) -> dict[str, Any]:
    """What the open step knows."""
    found: dict[str, Any] = workflow.get_tasks(state=TaskState.READY, manual=True)[0].data
    return found


def test_a_list_given_again() -> None:
    first, again = ["公园", "路灯", "厕所"], ["路灯", "绿化"]
    naive = stock(line("one", "two", "three"))
    do(naive, "one", places=list(first))
    do(naive, "two", places=list(again))
    assert known(naive)["places"] == ["公园", "路灯"]  # what nobody has chosen
    flow, office = model(line("one", "two", "three")), Office()
    result = office.complete(flow, office.start(flow), "one", places=first)
    result = office.complete(flow, result, "two", places=again)
    assert result.open[0].data["places"] == again


def branches() -> Diagram:
    made = Diagram("branches", "并行")
    made.start("start")
    made.user("ask", "申请", col=1)
    made.parallel("split", col=2)
    made.user("left", "财务", col=3)
    made.user("right", "纪检", col=3, row=1)
    made.parallel("join", col=4)
    made.user("decide", "决定", col=5)
    made.end("end", col=6)
    for pair in (
        ("start", "ask"), ("ask", "split"), ("split", "left"), ("split", "right"), ("left", "join"),
        ("right", "join"), ("join", "decide"), ("decide", "end"),
    ):  # fmt: skip
        made.flow(*pair)
    return made


def test_the_branch_that_comes_last_undoes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as library:
        library.setattr(UnstructuredJoin, "_run_hook", joining._library)
        naive = stock(branches())
        do(naive, "ask", amount=0, places=["公园", "路灯"])
        naive_task = next(
            one for one in naive.get_tasks(state=TaskState.READY) if one.task_spec.bpmn_id == "left"
        )
        naive_task.data["places"] = ["绿化"]
        do(naive, "left", amount=5)
        do(naive, "right", seen=True)
        assert known(naive)["amount"] == 0  # the left branch's 5 is lost
        assert known(naive)["places"] != ["绿化"]
    flow, office = model(branches()), Office()
    for order in (("left", "right"), ("right", "left")):
        result = office.complete(flow, office.start(flow), "ask", amount=0, places=["公园", "路灯"])
        for branch in order:
            values = {"amount": 5, "places": ["绿化"]} if branch == "left" else {"seen": True}
            result = office.complete(flow, result, branch, **values)
        assert dict(result.open[0].data) == {"amount": 5, "places": ["绿化"], "seen": True}


def test_of_two_who_changed_a_value_the_last_decides() -> None:
    flow, office = model(branches()), Office()
    result = office.complete(flow, office.start(flow), "ask", amount=0)
    result = office.complete(flow, result, "right", amount=7)
    result = office.complete(flow, result, "left", amount=5)
    assert result.open[0].data["amount"] == 5


def test_a_value_named_typename() -> None:
    naive = stock(line("one", "two"))
    do(naive, "one", answers={"typename": "x"})
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    kept = serializer.serialize_json(naive)
    with pytest.raises((TypeError, ValueError, KeyError)):
        serializer.deserialize_json(kept)  # the case could never be opened again
    flow, office = model(line("one", "two")), Office()
    with pytest.raises(EngineFault, match="typename"):
        office.complete(flow, office.start(flow), "one", typename="x")


def turning() -> Diagram:
    made = Diagram("again", "反复")
    made.start("start")
    made.user("one", "一", col=1)
    made.xor("gate", col=2)
    made.end("end", col=3)
    made.flow("start", "one")
    made.flow("one", "gate")
    made.flow("gate", "one", when="again", via="below")
    made.flow("gate", "end", default=True)
    return made


def test_a_long_loop_of_people() -> None:
    naive = stock(turning())
    task = naive.get_tasks(state=TaskState.READY, manual=True)[0]
    for _ in range(500):
        task.data["again"] = True
        task.run()
        gate = next(one for one in task.children)
        gate.run()
        task = next(one for one in gate.children)
        task.task_spec._update(task)
    assert task.state == TaskState.READY
    assert task not in naive.get_tasks(state=TaskState.READY)  # it waits, and nobody sees it
    flow, office = model(turning()), Office()
    result = office.start(flow)
    for _ in range(510):
        result = office.complete(flow, result, "one", again=True)
    assert [step.element for step in result.open] == ["one"]


def several(completion: str = "") -> Diagram:
    made = Diagram("several", "会签")
    made.start("start")
    made.user("vote", "表决", col=1, mi={"kind": "parallel", "cardinality": "3"})
    made.user("after", "决定", col=2)
    made.end("end", col=3)
    for pair in (("start", "vote"), ("vote", "after"), ("after", "end")):
        made.flow(*pair)
    if not completion:
        return made
    condition = f"<bpmn:completionCondition>{completion}</bpmn:completionCondition></bpmn:multiInstance"
    plain = made.xml
    made.xml = lambda: plain().replace("</bpmn:multiInstance", condition)  # type: ignore[method-assign]
    return made


def connected(spec: Any) -> bool:
    whole = next(one for one in spec.task_specs.values() if isinstance(one, LoopTask))
    return bool(spec.task_specs[whole.task_spec].completed_event.is_connected(whole.merge_child))


def test_parts_of_a_step_are_connected_before_anybody_shares_the_model() -> None:
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(several().xml().encode()))
    assert not connected(parser.get_spec("several"))  # each thread would connect it while another runs it
    assert connected(model(several()).spec)


def test_a_completion_condition_that_never_holds() -> None:
    drawn = several("done &gt;= 2")
    naive = stock(drawn)
    for number in (1, 2):
        do(naive, "vote", done=number)
    assert {one.task_spec.bpmn_id for one in naive.get_tasks(state=TaskState.READY, manual=True)} == {"after"}
    whole = stock(several("len(opinions) &gt;= 2"))
    with pytest.raises(Exception, match="opinions"):
        do(whole, "vote", opinion="同意")  # it sees one part's data, never all parts
    found = check.check({"several.bpmn": drawn.xml().encode()})
    assert any(one.rule == "completion-condition" for one in found)


def hurried() -> Diagram:
    """Several vote under an interrupting timer that leads elsewhere."""
    made = several()
    made.user("late", "逾期处理", col=2, row=1)
    made.end("end2", col=3, row=1)
    made.flow("late", "end2")
    plain = made.xml
    timer = (
        '<bpmn:boundaryEvent id="limit" attachedToRef="vote"><bpmn:outgoing>f_limit</bpmn:outgoing>'
        '<bpmn:timerEventDefinition id="ld"><bpmn:timeDuration>"PT0.05S"</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:sequenceFlow id="f_limit" sourceRef="limit" targetRef="late" /></bpmn:process>'
    )
    made.xml = lambda: plain().replace("</bpmn:process>", timer)  # type: ignore[method-assign]
    return made


def test_votes_given_before_a_timer_interrupts() -> None:
    """The library forgets them; ours lie in rows, kept on both databases (test_deadlines)."""
    naive = stock(hurried())
    do(naive, "vote", opinion="同意")
    time.sleep(0.06)
    naive.refresh_timers()
    naive.do_engine_steps()
    assert [one.task_spec.bpmn_id for one in naive.get_tasks(state=TaskState.READY, manual=True)] == ["late"]
    assert "opinion" not in known(naive)


def decided() -> Diagram:
    made = Diagram("decide", "决定")
    made.start("start")
    made.user("ask", "填金额", col=1)
    made.rule("rule", "查表", col=2, decision="level")
    made.user("again", "再来", col=3)
    made.xor("gate", col=4)
    made.end("end", col=5)
    for pair in (("start", "ask"), ("ask", "rule"), ("rule", "again"), ("again", "gate")):
        made.flow(*pair)
    made.flow("gate", "ask", when="again", via="below")
    made.flow("gate", "end", default=True)
    return made


def test_a_decision_that_no_rule_makes() -> None:
    rules = table(("&gt; 100", '"high"'))
    naive = stock(decided(), rules)
    do(naive, "ask", amount=200)
    do(naive, "again", again=True)
    do(naive, "ask", amount=5)
    assert known(naive)["level"] == "high"  # the answer of another amount
    flow, office = model(decided(), level=rules), Office()
    result = office.complete(flow, office.start(flow), "ask", amount=200)
    result = office.complete(flow, result, "again", again=True)
    with pytest.raises(EngineFault, match="规则"):
        office.complete(flow, result, "ask", amount=5)
