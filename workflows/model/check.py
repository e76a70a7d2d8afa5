"""Check models before they are deployed: all findings in one pass, in Chinese, never a traceback."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from workflows import expressions
from workflows.errors import DecisionError, ExpressionError, ModelError, UnsafeXml
from workflows.model import decision
from workflows.model.xml import BPMN, SPIFF, local, parse
from workflows.types import Finding

TASKS: Final = (
    "task", "userTask", "manualTask", "scriptTask", "serviceTask", "businessRuleTask", "sendTask",
    "receiveTask", "callActivity", "subProcess", "transaction",
)  # fmt: skip
GATEWAYS: Final = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway")
EVENTS: Final = (
    "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent",
)  # fmt: skip
NODES: Final = (*TASKS, *GATEWAYS, *EVENTS, "complexGateway", "adHocSubProcess")
UNSUPPORTED: Final[Mapping[str, str]] = {
    "complexGateway": "不支持复杂网关，请改用排他或并行网关",
    "adHocSubProcess": "不支持即席子流程，请改用普通步骤",
    "linkEventDefinition": "链接事件会让流程无声地结束，请直接连线",
    "compensateEventDefinition": "不支持补偿事件，请画出撤销的步骤",
    "cancelEventDefinition": "不支持取消事件",
    "conditionalEventDefinition": "条件事件不能可靠触发，请改用网关",
}
DURATION: Final = re.compile(
    r"P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
)
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?)?")


def check(files: Mapping[str, bytes]) -> list[Finding]:
    """Everything wrong with a bundle of BPMN and DMN files; nothing raises."""
    found: list[Finding] = []
    roots: dict[str, etree._Element] = {}
    for name, data in sorted(files.items()):
        try:
            root = parse(data)
        except UnsafeXml as error:
            found.append(Finding(name, error.line, "", "error", "xml", str(error)))
            continue
        if name.endswith(".dmn"):
            try:
                decision.read(data)
            except DecisionError as error:
                found.append(Finding(name, 0, "", "error", "decision", str(error)))
        elif local(root) != "definitions" or etree.QName(root).namespace != BPMN:
            found.append(Finding(name, root.sourceline or 0, "", "error", "bpmn", "不是 BPMN 流程文件"))
        else:
            roots[name] = root
    known = {str(p.get("id")) for root in roots.values() for p in root.iter(f"{{{BPMN}}}process")}
    tables = {_decision_id(data) for name, data in files.items() if name.endswith(".dmn")}
    for name, root in roots.items():
        found += _check_file(name, root, known, tables)
    if not any(one.severity == "error" for one in found):
        found += _check_engine(files, known)
    return sorted(found, key=lambda one: (one.file, one.line, one.element, one.rule))


def _decision_id(data: bytes) -> str:
    try:
        return decision.read(data).id
    except DecisionError:
        return ""


def _check_file(name: str, root: etree._Element, known: set[str], tables: set[str]) -> Iterator[Finding]:
    def finding(node: etree._Element, rule: str, message: str, severity: str = "error") -> Finding:
        return Finding(name, node.sourceline or 0, str(node.get("id") or ""), severity, rule, message)

    # Operators and parameters carry their name as `id`: only BPMN's own ids have to differ.
    own = [node for node in root.iter() if isinstance(node.tag, str) and SPIFF not in node.tag]
    ids = Counter(str(node.get("id")) for node in own if node.get("id"))
    for node in own:
        if ids.get(str(node.get("id")), 0) > 1:
            yield finding(node, "duplicate-id", f"编号“{node.get('id')}”重复，请改成不同的编号")
            ids[str(node.get("id"))] = 1
    processes = list(root.iter(f"{{{BPMN}}}process"))
    if not processes:
        yield finding(root, "no-process", "文件里没有流程")
    for process in processes:
        yield from _check_process(process, finding, known, tables)


def _check_process(process, finding, known, tables) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    nodes = {str(n.get("id")): n for n in process.iter() if local(n) in NODES}
    flows = [n for n in process.iter() if local(n) == "sequenceFlow"]
    outgoing: dict[str, list[etree._Element]] = {key: [] for key in nodes}
    incoming: dict[str, int] = dict.fromkeys(nodes, 0)
    for flow in flows:
        source, target = str(flow.get("sourceRef")), str(flow.get("targetRef"))
        if source not in nodes or target not in nodes:
            yield finding(flow, "dangling-flow", "连线的起点或终点不存在，请重新连接")
            continue
        outgoing[source].append(flow)
        incoming[target] += 1
    if process.get("isExecutable") == "true" and not any(local(n) == "startEvent" for n in nodes.values()):
        yield finding(process, "no-start", "流程没有开始事件")
    if nodes and not any(local(n) == "endEvent" for n in nodes.values()):
        yield finding(process, "no-end", "流程没有结束事件")
    for key, node in nodes.items():
        yield from _check_node(node, outgoing[key], finding, known, tables)
        attached = local(node) == "boundaryEvent"
        if (
            not incoming[key]
            and local(node) != "startEvent"
            and not attached
            and node.get("triggeredByEvent") != "true"
        ):
            yield finding(node, "unreachable", f"“{node.get('name') or key}”没有连线到达，永远不会执行")
    for key in _unreached(nodes, outgoing):
        if incoming[key]:
            yield finding(nodes[key], "unreachable", f"“{nodes[key].get('name') or key}”从开始走不到")


def _unreached(
    nodes: Mapping[str, etree._Element], outgoing: Mapping[str, list[etree._Element]]
) -> list[str]:
    seen: set[str] = set()
    stack = [key for key, n in nodes.items() if local(n) in ("startEvent", "boundaryEvent")]
    while stack:
        key = stack.pop()
        if key not in seen:
            seen.add(key)
            stack += [str(flow.get("targetRef")) for flow in outgoing[key]]
    return [key for key in nodes if key not in seen]


def _check_node(node, outgoing, finding, known, tables) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    kind, name = local(node), node.get("name") or node.get("id")
    inside = [child for child in node.iter() if child is not node]
    for child in [node, *(c for c in inside if local(c).endswith("EventDefinition"))]:
        if local(child) in UNSUPPORTED:
            yield finding(node, "unsupported", f"“{name}”：{UNSUPPORTED[local(child)]}")
    if kind == "endEvent" and any(local(c) == "signalEventDefinition" for c in node):
        yield finding(node, "unsupported", f"“{name}”：信号结束事件不会发出信号，请改用中间抛出事件")
    if kind == "subProcess" and node.get("triggeredByEvent") == "true":
        yield finding(node, "unsupported", f"“{name}”：不支持事件子流程，请改用边界事件")
    if kind in (*TASKS, "startEvent", "intermediateCatchEvent") and len(outgoing) > 1:
        yield finding(node, "implicit-split", f"“{name}”有 {len(outgoing)} 条出线，请加一个网关")
    if kind == "exclusiveGateway" and len(outgoing) > 1:
        default = node.get("default")
        for flow in outgoing:
            if flow.get("id") != default and not any(local(c) == "conditionExpression" for c in flow):
                yield finding(flow, "no-condition", f"“{name}”的这条出线没有条件，也不是默认出线")
        if default is None:
            yield finding(node, "no-default", f"“{name}”没有默认出线，条件都不满足时流程会卡住")
    for flow in outgoing:
        for child in flow:
            if local(child) != "conditionExpression":
                continue
            if kind not in ("exclusiveGateway", "inclusiveGateway"):
                yield finding(flow, "ignored-condition", f"“{name}”出线上的条件不起作用，请在网关上写条件")
            yield from _expression(flow, child.text or "", "eval", finding)
    yield from _check_content(node, kind, name, inside, finding, known, tables)


def _check_content(node, kind, name, inside, finding, known, tables) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    if kind == "callActivity" and node.get("calledElement") not in known:
        yield finding(node, "missing-call", f"“{name}”调用的流程“{node.get('calledElement') or ''}”不存在")
    if kind == "serviceTask" and not any(local(c) == "serviceTaskOperator" for c in inside):
        yield finding(node, "no-operator", f"“{name}”没有选择自动步骤")
    if kind == "businessRuleTask":
        called = next((c.text for c in inside if c.tag == f"{{{SPIFF}}}calledDecisionId"), None)
        if called not in tables:
            yield finding(node, "missing-decision", f"“{name}”使用的决策表“{called or ''}”不存在")
    for child in inside:
        tag = local(child)
        if tag == "script" or tag in ("preScript", "postScript"):
            yield from _expression(node, child.text or "", "exec", finding)
        elif tag == "parameter":
            yield from _expression(node, child.get("value") or "", "eval", finding)
        elif tag in ("loopCardinality", "completionCondition", "loopCondition"):
            yield from _expression(node, child.text or "", "eval", finding)
        elif tag in ("timeDate", "timeDuration", "timeCycle"):
            yield from _timer(node, tag, (child.text or "").strip(), finding)


def _expression(node, source, mode, finding) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    try:
        expressions.check(source, mode)
    except ExpressionError as error:
        yield finding(node, "expression", str(error))


def _timer(node, tag, text, finding) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    quoted = re.fullmatch(r"(['\"])(.*)\1", text)
    literal = quoted.group(2) if quoted else text
    if not quoted and (DURATION.fullmatch(text) or MOMENT.fullmatch(text) or text.startswith("R")):
        yield finding(node, "timer", f"时间“{text}”要写在引号里")
        return
    if not quoted:
        yield from _expression(node, text, "eval", finding)
        return
    good = {"timeDate": MOMENT, "timeDuration": DURATION}.get(tag)
    parts = literal.split("/")
    valid = (
        bool(good.fullmatch(literal))
        if good
        else re.fullmatch(r"R\d*", parts[0]) is not None and bool(DURATION.fullmatch(parts[-1]))
    )
    if not valid:
        yield finding(node, "timer", f"时间“{literal}”不是 ISO 8601 写法，例如 P5D（五天）")


def _check_engine(files: Mapping[str, bytes], known: set[str]) -> Iterator[Finding]:
    """The engine's own parser has the last word."""
    from workflows.engine.model import Model

    for process in sorted(known):
        try:
            Model.parse(files, process)
        except ModelError as error:
            yield Finding("", 0, process, "error", "engine", str(error))
