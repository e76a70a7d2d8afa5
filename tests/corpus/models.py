"""Faulty models, each with the check that has to find it; hostile bytes lie in the folder `hostile`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.unit.workflows.models import table
from workflows.model.context import Context, OperatorFacts

HEAD = (
    '<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="x">'
    '{more}<bpmn:process id="{id}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'
)
OPERATORS = {"funds.release": OperatorFacts(), "case.close": OperatorFacts(("status",), ("case_status",))}
HOUSE = Context(operators=OPERATORS, initial={"amount": ()}, lanes={"街道经办": "street.clerk"})
"""What surrounds the models that are judged with a pack."""


@dataclass(frozen=True)
class Case:
    """A faulty model: its files, the rule that finds it, the element it is found at."""

    rule: str
    files: Mapping[str, bytes]
    element: str = ""
    context: Context = field(default_factory=lambda: Context(alone=True))


def flow(source: str, target: str, when: str = "", key: str = "") -> str:
    """An arrow."""
    told = f"<bpmn:conditionExpression>{escape(when)}</bpmn:conditionExpression>" if when else ""
    return f'<bpmn:sequenceFlow id="{key or f"{source}-{target}"}" sourceRef="{source}" targetRef="{target}">{told}</bpmn:sequenceFlow>'


def chain(*keys: str) -> str:
    """Arrows from one to the next."""
    return "".join(flow(a, b) for a, b in itertools.pairwise(keys))


def node(kind: str, key: str, inner: str = "", **attributes: str) -> str:
    """An element."""
    told = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{key}"{told}>{inner}</bpmn:{kind}>'


def user(key: str, inner: str = "", **properties: str) -> str:
    """A step of people."""
    told = "".join(
        f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in properties.items()
    )
    ext = f"<bpmn:extensionElements><spiffworkflow:properties>{told}</spiffworkflow:properties></bpmn:extensionElements>"
    return node("userTask", key, (ext if told else "") + inner, name=key)


def service(key: str, operator: str = "", **parameters: str) -> str:
    """An automatic step."""
    told = "".join(
        f'<spiffworkflow:parameter id="{name}" value="{escape(value)}"/>'
        for name, value in parameters.items()
    )
    inner = (
        f'<bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="{operator}"><spiffworkflow:parameters>'
        f"{told}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
    )
    return node("serviceTask", key, inner if operator else "")


def timer(text: str, kind: str = "timeDuration") -> str:
    """A timer's definition."""
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{escape(text)}</bpmn:{kind}></bpmn:timerEventDefinition>"


def model(*parts: str, more: str = "", key: str = "p") -> bytes:
    """A document with one process."""
    return HEAD.format(more=more, id=key, body="".join(parts)).encode()


def line(middle: str, more: str = "") -> bytes:
    """Start, the element `m`, end."""
    return model(node("startEvent", "s"), middle, node("endEvent", "e"), chain("s", "m", "e"), more=more)


def one(data: bytes) -> Mapping[str, bytes]:
    return {"model.bpmn": data}


def simple(rule: str, middle: str, element: str = "m", more: str = "") -> Case:
    """A model of one step that is wrong."""
    return Case(rule, one(line(middle, more)), element)


def wait(definition: str) -> str:
    return node("intermediateCatchEvent", "m", definition)


def fork(kind: str, joined: str, *branches: str) -> bytes:
    """A split of one kind, a step in each branch, a join of another kind."""
    conditions = (
        ["amount > 1", "amount < 5", ""] if kind in ("exclusiveGateway", "inclusiveGateway") else [""] * 3
    )
    default = f"g-{branches[-1]}"
    lead = "".join(
        flow("g", key, "" if key == branches[-1] else conditions[number])
        for number, key in enumerate(branches)
    )
    attributes = {"default": default} if kind in ("exclusiveGateway", "inclusiveGateway") else {}
    return model(
        node("startEvent", "s"), node(kind, "g", **attributes), *(user(key) for key in branches), node(joined, "j"),
        node("endEvent", "e"), chain("s", "g"), lead, *(flow(key, "j") for key in branches), chain("j", "e"),
    )  # fmt: skip


MESSAGE = '<bpmn:message id="m1" name="answer"/>'
MI = "<bpmn:multiInstanceLoopCharacteristics>{0}</bpmn:multiInstanceLoopCharacteristics>"
BOUNDARY = node("boundaryEvent", "b", "{0}", attachedToRef="m")
FORM = b'{"type": "object", "properties": {"decision": {"type": "string", "enum": ["yes", "no"]}}}'


def form(text: str) -> Case:
    """A form schema that is wrong."""
    return Case(
        "form-schema",
        {**one(line(user("m", formJsonSchemaFilename="f.json"))), "form/f.json": text.encode()},
        "f",
    )


def dmn(cell: str, policy: str = "UNIQUE", out: str = '"a"') -> Case:
    """A decision table that is wrong."""
    rule = "<bpmn:extensionElements><spiffworkflow:calledDecisionId>level</spiffworkflow:calledDecisionId></bpmn:extensionElements>"
    files = {**one(line(node("businessRuleTask", "m", rule))), "t.dmn": table((cell, out), policy=policy)}
    return Case("decision", files)


def _loop_with_join() -> bytes:
    return model(
        node("startEvent", "s"), node("exclusiveGateway", "x"), node("parallelGateway", "g"), user("a"), user("b"),
        node("parallelGateway", "j"), node("exclusiveGateway", "again", default="again-e"), node("endEvent", "e"),
        chain("s", "x", "g", "a", "j"), chain("g", "b", "j", "again", "e"), flow("again", "x", "amount > 1"),
    )  # fmt: skip


def _automatic_loop() -> bytes:
    return model(
        node("startEvent", "s"), node("scriptTask", "m", "<bpmn:script>n = 1</bpmn:script>"),
        node("exclusiveGateway", "x", default="x-e"), node("endEvent", "e"), chain("s", "m", "x", "e"),
        flow("x", "m", "amount > 1"),
    )  # fmt: skip


def _race(*events: str) -> bytes:
    keys = [f"ev{number}" for number in range(len(events))]
    return model(
        node("startEvent", "s"), node("eventBasedGateway", "g"), node("endEvent", "e"), chain("s", "g"),
        *(node("intermediateCatchEvent", key, event) for key, event in zip(keys, events, strict=True)),
        *(chain("g", key, "e") for key in keys), more=MESSAGE,
    )  # fmt: skip


def _pairs(count: int) -> bytes:
    parts, before = [node("startEvent", "s"), node("endEvent", "e")], "s"
    for number in range(count):
        g, a, b, j = (f"{letter}{number}" for letter in "gabj")
        parts += [node("parallelGateway", g), user(a), user(b), node("parallelGateway", j)]
        parts += [chain(before, g, a, j), chain(g, b, j)]
        before = j
    return model(*parts, chain(before, "e"))


SUB = node("startEvent", "is") + user("iu") + node("endEvent", "ie") + chain("is", "iu", "ie")

CORPUS: dict[str, Case] = {
    # --- the drawing ---
    "no process": Case("no-process", one(model().replace(b'<bpmn:process id="p" isExecutable="true"></bpmn:process>', b""))),
    "no start": Case("no-start", one(model(user("m"), node("endEvent", "e"), chain("m", "e")))),
    "nothing in it": Case("no-start", one(model())),
    "several starts": Case("several-starts", one(model(node("startEvent", "s"), node("startEvent", "s2"), user("m"), node("endEvent", "e"), chain("s", "m", "e"), flow("s2", "m"))), "s2"),
    "no end": Case("no-end", one(model(node("startEvent", "s"), user("m"), chain("s", "m")))),
    "arrow into the start": Case("start-incoming", one(model(node("startEvent", "s"), user("m"), node("endEvent", "e"), chain("s", "m", "e"), flow("m", "s"))), "s"),
    "arrow out of the end": Case("end-outgoing", one(model(node("startEvent", "s"), user("m"), node("endEvent", "e"), chain("s", "m", "e", "m"))), "e"),
    "duplicate id": Case("duplicate-id", one(line(user("m") + user("m"))), "m"),
    "same process in two files": Case("duplicate-id", {"a.bpmn": line(user("m")), "b.bpmn": line(user("m"))}, "p"),
    "step without id": Case("no-id", one(line(user("m") + "<bpmn:userTask/>"))),
    "dangling arrow": Case("dangling-flow", one(line(user("m") + flow("m", "nowhere", key="f9"))), "f9"),
    "arrow across a sub-process": Case("dangling-flow", one(line(node("subProcess", "m", SUB) + flow("iu", "e", key="f9"))), "f9"),
    "unreachable": Case("unreachable", one(line(user("m") + user("lost"))), "lost"),
    "unreachable ring": Case("unreachable", one(line(user("m") + user("a") + user("b") + chain("a", "b", "a"))), "a"),
    "boundary event on nothing": Case("boundary", one(line(user("m") + node("boundaryEvent", "b", timer('"P1D"'), attachedToRef="gone"))), "b"),
    "two arrows out of a step": Case("implicit-split", one(line(user("m") + user("n") + chain("m", "n", "e"))), "m"),
    "condition on a step's arrow": Case("ignored-condition", one(model(node("startEvent", "s"), user("m"), node("endEvent", "e"), flow("s", "m"), flow("m", "e", "amount > 1", key="f2"))), "f2"),
    "condition after a parallel gateway": Case("ignored-condition", one(model(node("startEvent", "s"), node("parallelGateway", "m"), user("n"), node("endEvent", "e"), flow("s", "m"), flow("m", "n", "amount > 1", key="f2"), flow("m", "e"), flow("n", "e"))), "f2"),
    "gateway without default": Case("no-default", one(model(node("startEvent", "s"), node("exclusiveGateway", "m"), node("endEvent", "e"), user("n"), flow("s", "m"), flow("m", "e", "amount > 1"), flow("m", "n", "amount < 1"), flow("n", "e"))), "m"),
    "branch without condition": Case("no-condition", one(model(node("startEvent", "s"), node("exclusiveGateway", "m"), node("endEvent", "e"), user("n"), flow("s", "m"), flow("m", "e", "amount > 1"), flow("m", "n", key="f3"), flow("n", "e"))), "f3"),
    "ten parallel blocks in a row": Case("many-parallel", one(_pairs(10)), "p"),
    # --- what the engine cannot do, or silently does wrongly ---
    "complex gateway": simple("unsupported", node("complexGateway", "m")),
    "ad hoc": simple("unsupported", node("adHocSubProcess", "m")),
    "event sub-process": Case("unsupported", one(line(user("m") + node("subProcess", "es", SUB, triggeredByEvent="true"))), "es"),
    "link event": simple("unsupported", node("intermediateThrowEvent", "m", "<bpmn:linkEventDefinition/>")),
    "compensation thrown": simple("unsupported", node("intermediateThrowEvent", "m", "<bpmn:compensateEventDefinition/>")),
    "compensation boundary": simple("unsupported", user("m") + BOUNDARY.format("<bpmn:compensateEventDefinition/>"), "b"),
    "conditional event": simple("unsupported", wait("<bpmn:conditionalEventDefinition><bpmn:condition>amount</bpmn:condition></bpmn:conditionalEventDefinition>")),
    "cancel event": simple("unsupported", user("m") + BOUNDARY.format("<bpmn:cancelEventDefinition/>"), "b"),
    "signal end": Case("unsupported", one(model(node("startEvent", "s"), user("m"), node("endEvent", "e", '<bpmn:signalEventDefinition signalRef="g1"/>'), chain("s", "m", "e"), more='<bpmn:signal id="g1" name="x"/>')), "e"),
    "two triggers in one event": simple("unsupported", wait(timer('"P1D"') + '<bpmn:messageEventDefinition messageRef="m1"/>'), more=MESSAGE),
    "link event caught": simple("unsupported", wait("<bpmn:linkEventDefinition/>")),
    "step that starts with two tokens": simple("unsupported", node("userTask", "m", startQuantity="2")),
    "step that ends with two tokens": simple("unsupported", node("userTask", "m", completionQuantity="2")),
    "computation before a wait": simple("wait-script", node("receiveTask", "m", "<bpmn:extensionElements><spiffworkflow:preScript>n = n + 1</spiffworkflow:preScript></bpmn:extensionElements>", messageRef="m1"), more=MESSAGE),
    "retries that never happen": simple("retries", service("m", "funds.release").replace("<spiffworkflow:parameters>", '<spiffworkflow:retry retries="3" backoff_base="2"/><spiffworkflow:parameters>')),
    "data store": simple("unsupported", user("m") + '<bpmn:dataStoreReference id="ds" name="台账"/>', "ds"),
    "error boundary on a step": simple("error-on-task", user("m") + BOUNDARY.format("<bpmn:errorEventDefinition/>"), "b"),
    "two timers after an event gateway": Case("two-timers", one(_race(timer('"P1D"'), timer('"P9D"'))), "g"),
    "step after an event gateway": Case("event-gateway", one(model(node("startEvent", "s"), node("eventBasedGateway", "g"), user("m"), node("endEvent", "e"), chain("s", "g", "m", "e"))), "g"),
    "event without a cause": simple("no-event", wait("")),
    "start that waits for a message": Case(
        "start-event",
        one(
            model(
                node("startEvent", "s", '<bpmn:messageEventDefinition messageRef="m1"/>'), user("m"),
                node("endEvent", "e"), chain("s", "m", "e"), more=MESSAGE,
            )
        ),
        "s",
    ),
    "message nobody defined": simple("missing-message", wait('<bpmn:messageEventDefinition messageRef="gone"/>')),
    "signal nobody defined": simple("missing-message", wait('<bpmn:signalEventDefinition signalRef="gone"/>')),
    "escalation nobody defined": simple("missing-message", node("intermediateThrowEvent", "m", '<bpmn:escalationEventDefinition escalationRef="gone"/>')),
    "sub-process with two starts": simple("several-starts", node("subProcess", "m", SUB + node("startEvent", "is2") + chain("is2", "iu")), "is2"),
    "sub-process without a start": simple("no-start", node("subProcess", "m", user("iu") + node("endEvent", "ie") + chain("iu", "ie"))),
    "sub-process without an end": simple("no-end", node("subProcess", "m", node("startEvent", "is") + user("iu") + chain("is", "iu"))),
    "message not named": simple("missing-message", node("receiveTask", "m")),
    "loop without bound": simple("loop-bound", user("m", "<bpmn:standardLoopCharacteristics/>")),
    "repeated by nobody knows whom": simple("multi-instance", user("m", MI.format(""))),
    "quorum by completion condition": simple("completion-condition", user("m", MI.format("<bpmn:loopCardinality>3</bpmn:loopCardinality><bpmn:completionCondition>len(results) >= 2</bpmn:completionCondition>"))),
    "results gathered in a variable": simple("multi-output", user("m", MI.format("<bpmn:loopDataInputRef>a</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>r</bpmn:loopDataOutputRef>"))),
    "parallel join in a loop": Case("join-in-loop", one(_loop_with_join()), "j"),
    # --- times and expressions ---
    "unquoted timer": simple("timer", wait(timer("P7D"))),
    "timer in cron": simple("timer", wait(timer('"0 0 * * *"'))),
    "duration as date": simple("timer", wait(timer('"P5D"', "timeDate"))),
    "bad cycle": simple("timer", wait(timer('"every day"', "timeCycle"))),
    "five days in words": simple("timer", wait(timer('"5 days"'))),
    "impossible duration": simple("timer", wait(timer('"P"'))),
    "moment without a zone": simple("timer", wait(timer('"2027-03-01T09:00:00"', "timeDate"))),
    "day without a zone": simple("timer", wait(timer('"2027-03-01"', "timeDate"))),
    "repeated from a moment without a zone": simple("timer", user("m") + node("boundaryEvent", "b", timer('"R2/2027-03-01T09:00:00/P7D"', "timeCycle"), attachedToRef="m", cancelActivity="false") + chain("b", "e"), "b"),
    "repeated timer in the way": simple("repeating-timer", wait(timer('"R3/P1D"', "timeCycle"))),
    "repeated timer that interrupts": simple("repeating-timer", user("m") + node("boundaryEvent", "b", timer('"R3/P1D"', "timeCycle"), attachedToRef="m") + chain("b", "e"), "b"),
    "repeated timer at the start": Case("repeating-timer", one(model(node("startEvent", "s", timer('"R3/P1D"', "timeCycle")), user("m"), node("endEvent", "e"), chain("s", "m", "e"))), "s"),
    "timer without time": simple("timer", wait("<bpmn:timerEventDefinition/>")),
    "dangerous timer": simple("expression", wait(timer("__import__('os').system('id')"))),
    "dangerous script": simple("expression", node("scriptTask", "m", "<bpmn:script>open('/etc/passwd')</bpmn:script>")),
    "script that reaches out of its language": simple("expression", node("scriptTask", "m", "<bpmn:script>x = ().__class__</bpmn:script>")),
    "script with a loop": simple("expression", node("scriptTask", "m", "<bpmn:script>while True: x = 1</bpmn:script>")),
    "script that does not parse": simple("expression", node("scriptTask", "m", "<bpmn:script>x ==== 1</bpmn:script>")),
    "empty script": simple("no-script", node("scriptTask", "m")),
    "script in another language": simple("script-language", node("scriptTask", "m", "<bpmn:script>x = 1</bpmn:script>", scriptFormat="groovy")),
    "dangerous pre-script": simple("expression", user("m", "<bpmn:extensionElements><spiffworkflow:preScript>exec('x')</spiffworkflow:preScript></bpmn:extensionElements>")),
    "dangerous parameter": simple("expression", service("m", "funds.release", a="eval('1')")),
    "condition of another tool": Case("expression", one(model(node("startEvent", "s"), node("exclusiveGateway", "m", default="m-e"), user("n"), node("endEvent", "e"), flow("s", "m"), flow("m", "e"), flow("m", "n", "${amount > 1}", key="f3"), flow("n", "e"))), "f3"),
    "half a condition": Case("expression", one(model(node("startEvent", "s"), node("exclusiveGateway", "m", default="m-e"), user("n"), node("endEvent", "e"), flow("s", "m"), flow("m", "e"), flow("m", "n", "amount >", key="f3"), flow("n", "e"))), "f3"),
    # --- decisions and forms ---
    "decision nobody has": simple("missing-decision", node("businessRuleTask", "m")),
    "several values with commas": dmn("1,2,3"),
    "interval in FEEL": dmn("[1..5]"),
    "negation in FEEL": dmn('not("a")'),
    "hit policy FIRST": dmn("-", policy="FIRST"),
    "several texts with commas": dmn('"a","b"'),
    "hit policy PRIORITY": dmn("-", policy="PRIORITY"),
    "hit policy RULE ORDER": dmn("-", policy="RULE ORDER"),
    "hit policy OUTPUT ORDER": dmn("-", policy="OUTPUT ORDER"),
    "collected into a sum": dmn("-", policy='COLLECT" aggregation="SUM'),
    "two decisions in one file": Case("decision", {"t.dmn": table(("-", '"a"')).replace(b"</definitions>", b'<decision id="other"/></definitions>')}),
    "decision that is an expression": Case("decision", {"t.dmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="level"><literalExpression><text>1</text></literalExpression></decision></definitions>'}),
    "decision file without a decision": Case("decision", {"t.dmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'}),
    "hit policy ANY": dmn("-", policy="ANY"),
    "dangerous cell": dmn("-", out="open('x')"),
    "form that is no JSON": form("{"),
    "form that is a list": form("[]"),
    "form without kinds": form('{"type": "array"}'),
    "field of an unknown kind": form('{"type": "object", "properties": {"a": {"type": "money"}}}'),
    "field chosen twice": form('{"type": "object", "properties": {"a": {"type": "string", "enum": ["x", "x"]}}}'),
    "required field that is not there": form('{"type": "object", "properties": {}, "required": ["a"]}'),
    # --- the surroundings ---
    "call of a missing diagram": simple("missing-call", node("callActivity", "m", calledElement="gone")),
    "call of nothing": simple("missing-call", node("callActivity", "m")),
    "diagram that calls itself": simple("recursive-call", node("callActivity", "m", calledElement="p")),
    "two diagrams that call each other": Case("recursive-call", {"a.bpmn": model(node("startEvent", "s"), node("callActivity", "m", calledElement="q"), node("endEvent", "e"), chain("s", "m", "e")), "b.bpmn": model(node("startEvent", "s"), node("callActivity", "m", calledElement="p"), node("endEvent", "e"), chain("s", "m", "e"), key="q")}, "m"),
    "automatic step without operator": simple("no-operator", service("m")),
    "unknown operator": Case("unknown-operator", one(line(service("m", "funds.burn"))), "m", HOUSE),
    "operator without its parameter": Case("operator-parameter", one(line(service("m", "case.close"))), "m", HOUSE),
    "operator with one too many": Case("operator-parameter", one(line(service("m", "funds.release", to="1"))), "m", HOUSE),
    "form that is missing": Case("missing-form", one(line(user("m", formJsonSchemaFilename="f.json"))), "m", HOUSE),
    "step in no lane": Case("no-lane", one(line(user("m"))), "m", HOUSE),
    "lane without a role": Case("unknown-lane", one(line('<bpmn:laneSet id="l"><bpmn:lane id="l1" name="路人"><bpmn:flowNodeRef>m</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>' + user("m"))), "m", HOUSE),
    "variable nobody writes": Case("unwritten", one(model(node("startEvent", "s"), node("exclusiveGateway", "m", default="m-e"), user("n"), node("endEvent", "e"), flow("s", "m"), flow("m", "e"), flow("m", "n", "score > 1", key="f3"), flow("n", "e"))), "f3", HOUSE),
    "deadline of no days": simple("due", user("m", dueWorkingDays="0")),
    "signing by a rule nobody knows": simple("signing", user("m", signing="most")),
    "act that does not exist": simple("acts", user("m", acts="transfer,explode")),
    # --- proved over all ways ---
    "exclusive split, parallel join": Case("deadlock", one(fork("exclusiveGateway", "parallelGateway", "a", "b"))),
    "inclusive split, parallel join": Case("deadlock", one(fork("inclusiveGateway", "parallelGateway", "a", "b"))),
    "parallel split, exclusive join": Case("runs-twice", one(fork("parallelGateway", "exclusiveGateway", "a", "b").replace(b'sourceRef="j" targetRef="e"', b'sourceRef="j" targetRef="z"').replace(b'<bpmn:endEvent id="e"', (user("z") + flow("z", "e")).encode() + b'<bpmn:endEvent id="e"'))),
    "message nobody sends": simple("never-sent", wait('<bpmn:messageEventDefinition messageRef="m1"/>'), more=MESSAGE),
    "way behind a message nobody sends": Case("dead-step", one(_race(timer('"P1D"'), '<bpmn:messageEventDefinition messageRef="m1"/>')), "ev1"),
    "loop of automatic steps": Case("endless-loop", one(_automatic_loop())),
    "loop of people without a way out": Case("no-way-out", one(model(node("startEvent", "s"), user("m"), user("n"), node("endEvent", "e"), chain("s", "m", "n", "m")))),
    "error that nothing catches": Case("uncaught-error", one(model(node("startEvent", "s"), user("m"), node("endEvent", "e", "<bpmn:errorEventDefinition/>"), chain("s", "m", "e"))), "e"),
    "token left behind an end": Case("left-behind", one(model(node("startEvent", "s"), node("parallelGateway", "g"), user("a"), user("b"), node("exclusiveGateway", "x", default="x-j"), node("endEvent", "e1"), node("parallelGateway", "j"), node("endEvent", "e"), chain("s", "g", "a", "x", "j", "e"), chain("g", "b", "j"), flow("x", "e1", "amount > 1")))),
}  # fmt: skip
