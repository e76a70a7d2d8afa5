"""Faulty and hostile models, each with its finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.workflows.models import line, table
from workflows.model.check import check
from workflows.model.context import Context

HEAD = (
    '<?xml version="1.0"?>{doctype}<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="x">'
    '<bpmn:process id="p" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
)


def bpmn(middle: str, flows: str = "", doctype: str = "") -> bytes:
    """start → m → end with the middle given."""
    body = (
        '<bpmn:startEvent id="s"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>'
        f'{middle}<bpmn:endEvent id="e"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="m" />'
        f"{flows or chr(60) + 'bpmn:sequenceFlow id=' + chr(34) + 'f2' + chr(34) + ' sourceRef=' + chr(34) + 'm' + chr(34) + ' targetRef=' + chr(34) + 'e' + chr(34) + ' />'}"
    )
    return HEAD.format(doctype=doctype, body=body).encode()


TIMER = '<bpmn:intermediateCatchEvent id="m"><bpmn:timerEventDefinition><bpmn:{0}>{1}</bpmn:{0}></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>'
USER = '<bpmn:userTask id="m" name="办理" />'
F2 = '<bpmn:sequenceFlow id="f2" sourceRef="m" targetRef="e" />'
CORPUS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "xml"),
    "no xml": (b"hello", "xml"),
    "truncated": (bpmn(USER)[:300], "xml"),
    "doctype": (bpmn(USER, doctype='<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">'), "xml"),
    "entity": (bpmn(USER, doctype='<!DOCTYPE x [<!ENTITY a "b">]>').replace("办理".encode(), b"&a;"), "xml"),
    "external entity": (bpmn(USER, doctype='<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "xml"),
    "billion laughs": (
        bpmn(USER, doctype='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'),
        "xml",
    ),
    "too large": (b"<x>" + b"a" * (2 * 1024 * 1024) + b"</x>", "xml"),
    "too deep": (b"<x>" * 100 + b"</x>" * 100, "xml"),
    "other xml": (b"<html/>", "bpmn"),
    "no process": (
        HEAD.format(doctype="", body="")
        .replace('<bpmn:process id="p" isExecutable="true"></bpmn:process>', "")
        .encode(),
        "no-process",
    ),
    "no start": (HEAD.format(doctype="", body='<bpmn:endEvent id="e"/>').encode(), "no-start"),
    "no end": (HEAD.format(doctype="", body='<bpmn:startEvent id="s"/>').encode(), "no-end"),
    "duplicate id": (bpmn(USER + '<bpmn:userTask id="m" />'), "duplicate-id"),
    "dangling flow": (bpmn(USER, F2.replace('"e"', '"nowhere"')), "dangling-flow"),
    "unreachable": (bpmn(USER + '<bpmn:userTask id="lost" />'), "unreachable"),
    "unreachable ring": (
        bpmn(
            USER + '<bpmn:userTask id="a"/><bpmn:userTask id="b"/>',
            F2
            + '<bpmn:sequenceFlow id="x1" sourceRef="a" targetRef="b"/><bpmn:sequenceFlow id="x2" sourceRef="b" targetRef="a"/>',
        ),
        "unreachable",
    ),
    "missing call": (bpmn('<bpmn:callActivity id="m" calledElement="other" />'), "missing-call"),
    "missing decision": (bpmn('<bpmn:businessRuleTask id="m" />'), "missing-decision"),
    "no operator": (bpmn('<bpmn:serviceTask id="m" />'), "no-operator"),
    "implicit split": (
        bpmn(
            USER + '<bpmn:userTask id="n"/>', F2 + '<bpmn:sequenceFlow id="f3" sourceRef="m" targetRef="n"/>'
        ),
        "implicit-split",
    ),
    "ignored condition": (
        bpmn(
            USER,
            F2.replace(" />", "><bpmn:conditionExpression>x</bpmn:conditionExpression></bpmn:sequenceFlow>"),
        ),
        "ignored-condition",
    ),
    "gateway without default": (
        bpmn(
            '<bpmn:exclusiveGateway id="m" /><bpmn:endEvent id="e2"/>',
            F2 + '<bpmn:sequenceFlow id="f3" sourceRef="m" targetRef="e2"/>',
        ),
        "no-default",
    ),
    "complex gateway": (bpmn('<bpmn:complexGateway id="m" />'), "unsupported"),
    "ad hoc": (bpmn('<bpmn:adHocSubProcess id="m" />'), "unsupported"),
    "link event": (
        bpmn('<bpmn:intermediateThrowEvent id="m"><bpmn:linkEventDefinition/></bpmn:intermediateThrowEvent>'),
        "unsupported",
    ),
    "compensation": (
        bpmn(
            '<bpmn:intermediateThrowEvent id="m"><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>'
        ),
        "unsupported",
    ),
    "signal end": (
        bpmn(USER).replace(b"<bpmn:incoming>f2</bpmn:incoming>", b"<bpmn:signalEventDefinition/>"),
        "unsupported",
    ),
    "event sub-process": (bpmn('<bpmn:subProcess id="m" triggeredByEvent="true" />'), "unsupported"),
    "unquoted timer": (bpmn(TIMER.format("timeDuration", "P7D")), "timer"),
    "cron timer": (bpmn(TIMER.format("timeDuration", '"0 0 * * *"')), "timer"),
    "duration as date": (bpmn(TIMER.format("timeDate", '"P5D"')), "timer"),
    "bad cycle": (bpmn(TIMER.format("timeCycle", '"every day"')), "timer"),
    "dangerous timer": (bpmn(TIMER.format("timeDuration", "__import__('os').system('id')")), "expression"),
    "dangerous script": (
        bpmn("<bpmn:scriptTask id='m'><bpmn:script>open('/etc/passwd')</bpmn:script></bpmn:scriptTask>"),
        "expression",
    ),
    "broken script": (
        bpmn("<bpmn:scriptTask id='m'><bpmn:script>x ==== 1</bpmn:script></bpmn:scriptTask>"),
        "expression",
    ),
    "escaping script": (
        bpmn("<bpmn:scriptTask id='m'><bpmn:script>x = ().__class__</bpmn:script></bpmn:scriptTask>"),
        "expression",
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_each_fault_is_found_and_told_in_chinese(name: str) -> None:
    data, rule = CORPUS[name]
    findings = check({"model.bpmn": data})
    assert rule in {one.rule for one in findings if one.severity == "error"}, findings
    assert all(
        any("\u4e00" <= c <= "\u9fff" for c in one.message) for one in findings if one.rule != "engine"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"<x/>",
        table(("1,2,3", '"a"')),
        table(("[1..5]", '"a"')),
        table(('not("a")', '"a"')),
        table(("-", '"a"'), policy="FIRST"),
        table(("-", "open('x')")),
    ],
)
def test_tables_that_would_silently_never_match_are_refused(data: bytes) -> None:
    assert [one.rule for one in check({"t.dmn": data})] == ["decision"]


def test_all_findings_come_in_one_pass() -> None:
    data = bpmn(
        '<bpmn:callActivity id="m" calledElement="other" /><bpmn:userTask id="lost" /><bpmn:complexGateway id="g" />'
    )
    assert {"missing-call", "unreachable", "unsupported"} <= {one.rule for one in check({"m.bpmn": data})}


def test_good_models_have_no_finding() -> None:
    told = check({"line.bpmn": line("one", "two").xml().encode()}, Context(alone=True, lanes={"办公": "x"}))
    assert {one.rule for one in told} == {"missing-form"}
    assert {one.severity for one in told} == {"warning"}
    pack = Path("bpmn/zhuhai")
    files = {
        p.name: p.read_bytes() for part in ("process", "decision", "form") for p in (pack / part).iterdir()
    }
    files |= {p.name: p.read_bytes() for p in Path("bpmn/law-cn/decision").iterdir()}
    assert [one for one in check(files) if one.severity == "error"] == []
