"""Models drawn in other tools: what is safe is rewritten with a note, and nothing that was drawn is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from tests.corpus.models import (
    CORPUS,
    MESSAGE,
    chain,
    flow,
    fork,
    line,
    model,
    node,
    one,
    timer,
    user,
    wait,
)
from workflows.errors import UnsafeXml
from workflows.model.context import Context
from workflows.model.judge import judge
from workflows.model.mend import MENDS, mend

ALONE = Context(alone=True)
FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn elsewhere -->
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
    xmlns:own="http://example.org/own" id="d" targetNamespace="x">
<bpmn:process id="p" name="报销" isExecutable="false">
<bpmn:documentation>从别处带来</bpmn:documentation>
<bpmn:userTask id="ask" name="申请" camunda:formKey="embedded:app:forms/ask.html" camunda:assignee="zhang">
<bpmn:documentation>说明</bpmn:documentation>
<bpmn:extensionElements><own:colour value="red"/></bpmn:extensionElements></bpmn:userTask>
<bpmn:exclusiveGateway id="g" default="g-no"/>
<bpmn:userTask id="yes" name="办理"/><bpmn:userTask id="no" name="退回"/><bpmn:userTask id="copy" name="抄送"/>
<bpmn:intermediateCatchEvent id="w"><bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration>
</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
<bpmn:dataStoreReference id="ds" name="台账"/>
<bpmn:sequenceFlow id="f1" sourceRef="ask" targetRef="g"/>
<bpmn:sequenceFlow id="g-yes" sourceRef="g" targetRef="yes"><bpmn:conditionExpression>${amount &gt; 100 &amp;&amp; !late}
</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="g-no" sourceRef="g" targetRef="no"/>
<bpmn:sequenceFlow id="f2" sourceRef="yes" targetRef="w"/><bpmn:sequenceFlow id="f3" sourceRef="yes" targetRef="copy"/>
<bpmn:sequenceFlow id="f9" sourceRef="no" targetRef="gone"/>
</bpmn:process>
<bpmndi:BPMNDiagram id="dia"><bpmndi:BPMNPlane id="pl" bpmnElement="p">
<bpmndi:BPMNShape id="s1" bpmnElement="ask"><dc:Bounds x="100" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s2" bpmnElement="yes"><dc:Bounds x="400" y="80" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="s3" bpmnElement="ds"><dc:Bounds x="400" y="300" width="50" height="50"/></bpmndi:BPMNShape>
<bpmndi:BPMNEdge id="e9" bpmnElement="f9"><di:waypoint x="1" y="1"/><di:waypoint x="2" y="2"/></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>""".encode()


def rules(data: bytes) -> set[str]:
    """Rules of the findings that stand against a model, a missing lane or form aside."""
    told = judge(one(data), ALONE)
    return {found.rule for found in told.findings} - {"no-lane", "no-form", "missing-form", "unwritten"}


def test_a_foreign_model_becomes_one_that_runs() -> None:
    told = judge(one(FOREIGN), ALONE)
    assert not told.ok
    data, notes = mend(FOREIGN, told.findings)
    assert rules(data) == {"foreign-extension"}  # what the other tool wrote stays in the file
    after = judge(one(data), ALONE)
    assert after.ok, after.findings
    said = " ".join(note.message for note in notes)
    assert "zhang" in said
    assert {note.fix for note in notes} == {
        "executable", "drop-flow", "split-gateway", "add-start", "add-end", "quote-timer", "foreign-expression",
        "data-store", "foreign-extension",
    }  # fmt: skip


def test_nothing_that_was_drawn_is_lost() -> None:
    data, _ = mend(FOREIGN, MENDS)
    text = data.decode()
    for kept in (
        "<!-- drawn elsewhere -->", "从别处带来", "说明", 'own:colour value="red"', 'camunda:assignee="zhang"',
        'name="申请"', 'x="100" y="80"', 'x="400" y="300"', "台账",
    ):  # fmt: skip
        assert kept in text
    before = {one.get("id") for one in etree.fromstring(FOREIGN).iter() if one.get("id")}
    after = {one.get("id") for one in etree.fromstring(data).iter() if one.get("id")}
    assert before - after == {"f9", "e9"}  # the arrow that led nowhere
    assert "ask.json" in text
    assert "amount &gt; 100 and not late" in text


def test_new_elements_are_drawn_beside_the_old_ones() -> None:
    data, _ = mend(FOREIGN, MENDS)
    shapes = re.findall(
        r'bpmnElement="(startEvent_\d+|parallelGateway_\d+)"><dc:Bounds x="(\d+)"', data.decode()
    )
    assert {name.split("_")[0]: int(x) for name, x in shapes} == {"startEvent": 4, "parallelGateway": 560}


MENDED = {
    "add-start": model(user("m"), node("endEvent", "e"), chain("m", "e")),
    "add-end": model(node("startEvent", "s"), user("m"), chain("s", "m")),
    "split-gateway": line(user("m") + user("n") + chain("m", "n", "e")),
    "drop-flow": line(user("m") + flow("m", "nowhere", key="f9")),
    "quote-timer": line(wait(timer("P7D"))),
    "timer-zone": CORPUS["moment without a zone"].files["model.bpmn"],
    "retries": CORPUS["retries that never happen"].files["model.bpmn"],
    "data-store": CORPUS["data store"].files["model.bpmn"],
    "add-id": line(user("m") + "<bpmn:textAnnotation id='t'/>").replace(b' id="m-e"', b""),
    "add-picture": line(user("m")),
    "executable": line(user("m")).replace(b'isExecutable="true"', b""),
    "signal-end": CORPUS["signal end"].files["model.bpmn"],
    "foreign-expression": CORPUS["condition of another tool"].files["model.bpmn"],
}


@pytest.mark.parametrize("fix", MENDED)
def test_each_mend_takes_its_finding_away(fix: str) -> None:
    data = MENDED[fix]
    offered = [found for found in judge(one(data), ALONE).findings if found.fix == fix]
    assert offered
    mended, notes = mend(data, offered)
    assert {note.fix for note in notes} == {fix}
    left = judge(one(mended), ALONE).findings
    assert fix not in {found.fix for found in left}
    again, more = mend(mended, [fix])
    assert (again, more) == (mended, ())


def test_conditions_on_a_steps_arrows_become_an_inclusive_choice() -> None:
    data = model(
        node("startEvent", "s"), user("m"), user("a"), user("b"), node("endEvent", "e"), chain("s", "m"),
        flow("m", "a", "amount > 1"), flow("m", "b", "amount > 5"), chain("a", "e"), chain("b", "e"),
    )  # fmt: skip
    mended, notes = mend(data, judge(one(data), ALONE).findings)
    assert "inclusiveGateway" in {note.element.split("_")[0] for note in notes}
    assert not {"implicit-split", "ignored-condition"} & rules(mended)


def test_what_cannot_be_known_is_left_to_the_designer() -> None:
    data = model(user("m"), user("n"), node("endEvent", "e"), chain("m", "e"), chain("n", "e"), more=MESSAGE)
    mended, notes = mend(data, ["add-start"])
    assert (mended, notes) == (data, ())
    foreign = line(wait(timer("${soon.in(3)}")))
    assert mend(foreign, ["foreign-expression"]) == (foreign, ())


def test_a_sound_model_is_left_as_it_is() -> None:
    data = Path("bpmn/zhuhai/process/payment.bpmn").read_bytes()
    assert mend(data, MENDS) == (data, ())
    forked = fork("parallelGateway", "parallelGateway", "a", "b")
    assert mend(forked, set(MENDS) - {"add-picture"}) == (forked, ())


def test_findings_offer_only_mends_there_are() -> None:
    offered = {found.fix for case in CORPUS.values() for found in judge(case.files, case.context).findings}
    assert offered - {""} <= set(MENDS)


def test_hostile_files_are_not_mended() -> None:
    with pytest.raises(UnsafeXml):
        mend(b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', MENDS)
