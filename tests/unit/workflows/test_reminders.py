"""Reminders at the edge of a step: proofs leave them out, the real flow draws them with the step's own term."""

from __future__ import annotations

import re

import pytest

from config import ROOT
from tests.factories.bpmn import Diagram
from workflows.model.reading import read
from workflows.model.reminders import telling

DRAWN = {
    "review": ["decide"],
    "publicity": ["close"],
    "contract": ["sign"],
    "payment": ["approve", "check", "pay"],
    "evaluation": ["close", "confirm", "publish", "score", "score_third"],
}
BRANCH = (
    '<bpmn:boundaryEvent id="soon" attachedToRef="write" cancelActivity="{cancel}"><bpmn:outgoing>f1</bpmn:outgoing>'
    '<bpmn:timerEventDefinition id="d"><bpmn:timeDate>due_soon(5)</bpmn:timeDate></bpmn:timerEventDefinition>'
    '</bpmn:boundaryEvent><bpmn:serviceTask id="tell"><bpmn:extensionElements>'
    '<spiffworkflow:serviceTaskOperator id="{operator}"><spiffworkflow:parameters /></spiffworkflow:serviceTaskOperator>'
    "</bpmn:extensionElements><bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing></bpmn:serviceTask>"
    '<bpmn:endEvent id="told"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="f1" sourceRef="soon" targetRef="tell" />'
    '<bpmn:sequenceFlow id="f2" sourceRef="tell" targetRef="{target}" />'
)


def branch(operator: str = "task.remind", cancel: str = "false", target: str = "told") -> frozenset[str]:
    made = Diagram("line", "一步", lanes=["办公"])
    made.start("start", lane="办公")
    made.user("write", "拟稿", "办公", 1)
    made.user("after", "之后", "办公", 2)
    made.end("end", lane="办公", col=3)
    for pair in (("start", "write"), ("write", "after"), ("after", "end")):
        made.flow(*pair)
    drawn = BRANCH.format(operator=operator, cancel=cancel, target=target)
    if target != "told":
        drawn = drawn.replace("<bpmn:incoming>f2</bpmn:incoming>", "")
    text = made.xml().replace("</bpmn:process>", drawn + "</bpmn:process>")
    bundle, _ = read({"line.bpmn": text.encode()})
    return telling(bundle.processes["line"])


def test_a_branch_that_only_tells_is_left_out_of_proofs() -> None:
    assert branch() == {"soon", "tell", "told"}
    assert branch("task.escalate") == {"soon", "tell", "told"}


@pytest.mark.parametrize("more", [{"operator": "funds.release"}, {"cancel": "true"}, {"target": "after"}])
def test_a_branch_that_does_more_is_proved(more: dict[str, str]) -> None:
    assert branch(**more) == frozenset()


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_the_real_flow_reminds_by_the_steps_own_terms(name: str) -> None:
    text = (ROOT / "bpmn" / "zhuhai" / "process" / f"{name}.bpmn").read_text("utf-8")
    found = {}
    for step, soon, late in re.findall(
        r'id="(\w+)_soon" .*?due_soon\((\d+)\).*?\n.*?id="\1_late" .*?due_in\((\d+)\)', text
    ):
        line = next(one for one in text.splitlines() if f'<bpmn:userTask id="{step}"' in one)
        days = re.search(r'name="dueWorkingDays" value="(\d+)"', line)
        assert days is not None
        assert (soon, late) == (days[1], days[1])
        assert text.count(f"value=\"'{step}'\"") == 2
        found[step] = days[1]
    assert sorted(found) == DRAWN[name]
