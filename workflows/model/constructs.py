"""Checks of single elements: what the engine cannot run or silently runs wrongly, times and expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from workflows import expressions
from workflows.approval.acts import ACTS
from workflows.approval.signing import Rule
from workflows.errors import ExpressionError, ModelError
from workflows.model.graph import (
    CONTAINERS,
    DEFINITION,
    PEOPLE,
    REFERRED,
    Bundle,
    Flow,
    Node,
    Process,
    finding,
)
from workflows.model.xml import BPMN, SPIFF, local
from workflows.types import Finding

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
ZONED: Final = re.compile(r"T.*([+-]\d\d:\d\d|Z)$")
FOREIGN: Final = re.compile(r"\s*[$#]\{.*\}\s*", re.DOTALL)
OTHER_TOOLS: Final = ("camunda", "zeebe", "flowable", "activiti", "jbpm", "drools")


def check_file(file: str, root: etree._Element) -> Iterator[Finding]:
    """Data stores and the extensions of other tools."""
    for node in root.iter(f"{{{BPMN}}}dataStoreReference"):
        yield Finding(
            file,
            node.sourceline or 0,
            str(node.get("id") or ""),
            "error",
            "unsupported",
            f"“{node.get('name') or node.get('id')}”：引擎没有数据存储，请改成文字注释",
            "data-store",
        )
    for node in root.iter():
        if not isinstance(node.tag, str):
            continue
        spaces = [etree.QName(node).namespace or ""]
        spaces += [etree.QName(name).namespace or "" for name in node.attrib]
        tool = next((tool for tool in OTHER_TOOLS for space in spaces if tool in space), None)
        if tool is not None:
            owner = node
            while owner.get("id") is None and owner.getparent() is not None:
                owner = owner.getparent()
            yield Finding(
                file,
                node.sourceline or 0,
                str(owner.get("id") or ""),
                "warning",
                "foreign-extension",
                f"{tool} 的设置“{local(node)}”在这里不起作用",
                "foreign-extension" if _can_be_carried_over(node) else "",
            )


def _can_be_carried_over(node: etree._Element) -> bool:
    """Whether mending says something of another tool in our words; the rest is for the designer to read."""
    told = {etree.QName(name).localname for name in node.attrib if etree.QName(name).namespace}
    inner = [one for one in node.iter() if isinstance(one.tag, str)]
    own, names = {local(one) for one in inner}, {one.get("name") for one in inner}
    form = "formKey" in told and local(node) in ("userTask", "manualTask")
    return (form and "formJsonSchemaFilename" not in names) or (
        "decisionRef" in told and "calledDecisionId" not in own
    )


def check_process(process: Process, bundle: Bundle) -> Iterator[Finding]:
    """Every element of a diagram."""
    for part in process.all_parts():
        for flow in part.flows.values():
            if flow.condition:
                yield from _expression(flow, flow.condition, "eval")
        for node in part.nodes.values():
            yield from _unsupported(node)
            yield from _events(node, part, bundle.referred)
            yield from _repeated(node)
            yield from _expressions(node)
            yield from _properties(node)


def _unsupported(node: Node) -> Iterator[Finding]:
    if node.kind in UNSUPPORTED:
        yield finding(node, "unsupported", f"“{node.title}”：{UNSUPPORTED[node.kind]}")
    for child in node.xml:
        if local(child) in UNSUPPORTED:
            yield finding(node, "unsupported", f"“{node.title}”：{UNSUPPORTED[local(child)]}")
    if node.kind == "endEvent" and node.event == "signal":
        yield finding(
            node,
            "unsupported",
            f"“{node.title}”：信号结束事件不会发出信号，请改用中间抛出事件",
            fix="signal-end",
        )
    if node.kind == "subProcess" and node.xml.get("triggeredByEvent") == "true":
        yield finding(node, "unsupported", f"“{node.title}”：不支持事件子流程，请改用边界事件")
    for name in ("startQuantity", "completionQuantity"):
        if node.xml.get(name, "1") != "1":
            yield finding(node, "unsupported", f"“{node.title}”：引擎不认识 {name}，只会走一次")
    if node.kind == "receiveTask" and any(local(child) == "preScript" for child in node.xml.iter()):
        yield finding(
            node, "wait-script", f"“{node.title}”等待时，前置计算会反复执行，请改成前面的一个计算步骤"
        )
    if any(local(child) == "retry" and SPIFF in child.tag for child in node.xml.iter()):
        yield finding(
            node,
            "retries",
            f"“{node.title}”的重试设置不起作用；对外发送失败时系统会自动重发，请去掉",
            fix="retries",
        )
    if node.event == "multiple":
        yield finding(node, "unsupported", f"“{node.title}”：一个事件只能有一种触发方式")


def _events(node: Node, part: Process, referred: Mapping[str, str]) -> Iterator[Finding]:
    for child in (node.xml, *(c for c in node.xml if local(c).endswith(DEFINITION))):
        kind = local(child).removesuffix(DEFINITION)
        for tag in REFERRED:
            reference = child.get(f"{tag}Ref")
            needed = (kind == tag and tag in ("message", "signal")) or kind in ("sendTask", "receiveTask")
            if reference is not None and reference not in referred:
                yield finding(node, "missing-message", f"“{node.title}”引用的消息或信号“{reference}”没有定义")
            elif reference is None and needed and tag == (kind if kind == tag else "message"):
                yield finding(node, "missing-message", f"“{node.title}”没有说明是哪个消息或信号")
    if node.kind == "startEvent" and node.event not in ("", "timer"):
        yield finding(node, "start-event", f"“{node.title}”：流程由人发起，开始事件不能等待消息或信号")
    if node.kind == "intermediateCatchEvent" and not node.event:
        yield finding(node, "no-event", f"“{node.title}”没有说明等待什么（时间或消息）")
    if node.kind == "boundaryEvent":
        host = part.nodes.get(node.attached)
        if not node.event:
            yield finding(node, "no-event", f"边界事件“{node.title}”没有说明何时触发")
        elif node.event in ("error", "escalation") and host is not None and host.kind not in CONTAINERS:
            yield finding(
                node, "error-on-task", f"“{node.title}”附在普通步骤上，永远不会触发；只能附在子流程或调用上"
            )
    if node.event == "timer" and node.timer[0] == "timeCycle" and not _reminds(node):
        yield finding(
            node,
            "repeating-timer",
            f"“{node.title}”会让后面的步骤重复好几次；重复计时只能附在步骤边上，并且不中断",
        )
    if node.event == "timer" and not node.timer[1]:
        yield finding(node, "timer", f"“{node.title}”没有写时间")
    if node.kind == "eventBasedGateway":
        events = [part.nodes[part.flows[key].target] for key in node.outgoing]
        for event in events:
            if event.kind not in ("intermediateCatchEvent", "receiveTask"):
                yield finding(node, "event-gateway", f"事件网关“{node.title}”之后只能接等待的事件")
        if sum(event.event == "timer" for event in events) > 1:
            yield finding(
                node, "two-timers", f"事件网关“{node.title}”之后有多个定时，引擎只认一个，请只留最早的一个"
            )


def _reminds(node: Node) -> bool:
    """The one place where a repeated timer does what is drawn: at the edge of a step that goes on."""
    return node.kind == "boundaryEvent" and not node.interrupting


def _repeated(node: Node) -> Iterator[Finding]:
    for child in node.xml:
        inner = {local(c): (c.text or "").strip() for c in child}
        if local(child) == "standardLoopCharacteristics":
            if not child.get("loopMaximum") and not inner.get("loopCondition"):
                yield finding(node, "loop-bound", f"“{node.title}”会一直重复，请写明最多几次或停止的条件")
        elif local(child) == "multiInstanceLoopCharacteristics":
            if not inner.get("loopCardinality") and "loopDataInputRef" not in inner:
                yield finding(node, "multi-instance", f"“{node.title}”没有写明由几个人办理")
            if "completionCondition" in inner:
                yield finding(
                    node,
                    "completion-condition",
                    f"“{node.title}”的完成条件看不到别人的结果，不能用来数票，请用“签署方式”",
                )
            if "loopDataOutputRef" in inner:
                yield finding(
                    node,
                    "multi-output",
                    f"“{node.title}”把各人的结果收进一个变量，第二次走到时会出错，请把结果存在表单里",
                )


def _expressions(node: Node) -> Iterator[Finding]:
    for script in node.scripts:
        yield from _expression(node, script, "exec")
    language = (node.xml.get("scriptFormat") or "").lower()
    if node.kind == "scriptTask":
        if language and "python" not in language:
            yield finding(node, "script-language", f"“{node.title}”的脚本语言是 {language}，这里不能执行")
        if not any(script.strip() for script in node.scripts):
            yield finding(node, "no-script", f"“{node.title}”没有写脚本")
    for child in node.xml.iter():
        if child is not node.xml and local(child) in CONTAINERS | {"sequenceFlow", "userTask", "serviceTask"}:
            break  # what lies inside is judged for itself
        tag = local(child)
        if tag == "parameter" and SPIFF in child.tag:
            yield from _expression(node, child.get("value") or "", "eval")
        elif tag in ("loopCardinality", "loopCondition", "messagePayload"):
            yield from _expression(node, child.text or "", "eval")
    if node.timer[1]:
        yield from _timer(node, *node.timer)


def _expression(owner: Node | Flow, source: str, mode: str) -> Iterator[Finding]:
    try:
        expressions.check(source, mode)
    except ExpressionError as error:
        fix = "foreign-expression" if FOREIGN.fullmatch(source) else ""
        yield finding(owner, "expression", str(error), fix=fix)


def literal_time(kind: str, text: str) -> bool:
    """Whether a text is a time that the engine understands: ISO 8601 of the kind."""
    if kind != "timeCycle":
        return bool({"timeDate": MOMENT, "timeDuration": DURATION}[kind].fullmatch(text))
    parts = text.split("/")
    return (
        len(parts) in (2, 3)
        and re.fullmatch(r"R\d*", parts[0]) is not None
        and bool(DURATION.fullmatch(parts[-1]))
        and (len(parts) == 2 or bool(MOMENT.fullmatch(parts[1])))
    )


def _moment(kind: str, text: str) -> str:
    """The day and hour that a literal time names, "" when it names none."""
    parts = text.split("/")
    return text if kind == "timeDate" else parts[1] if len(parts) == 3 else ""


def _timer(node: Node, kind: str, text: str) -> Iterator[Finding]:
    quoted = re.fullmatch(r"(['\"])(.*)\1", text)
    if quoted and not literal_time(kind, quoted.group(2)):
        yield finding(node, "timer", f"时间“{quoted.group(2)}”不是 ISO 8601 写法，例如 P5D（五天）")
    elif quoted and (moment := _moment(kind, quoted.group(2))) and not ZONED.search(moment):
        fix = "timer-zone" if kind == "timeDate" else ""
        told = "没有写时区，会按服务器所在时区计算，请写成 2027-03-01T09:00:00+08:00 的样子"
        yield finding(node, "timer", f"时间“{moment}”{told}", fix=fix)
    elif not quoted and (
        literal_time(kind, text) or DURATION.fullmatch(text) or MOMENT.fullmatch(text) or text.startswith("R")
    ):
        fix = "quote-timer" if literal_time(kind, text) else ""
        yield finding(node, "timer", f"时间“{text}”要写在引号里，并用合适的种类", fix=fix)
    elif not quoted:
        yield from _expression(node, text, "eval")


def _properties(node: Node) -> Iterator[Finding]:
    told = node.properties
    if node.kind not in PEOPLE:
        return
    days = told.get("dueWorkingDays", "")
    if days and not (days.isdigit() and 0 < int(days) <= 999):
        yield finding(node, "due", f"“{node.title}”的办理时限须是 1 到 999 个工作日")
    if told.get("signing"):
        try:
            Rule.parse(told["signing"])
        except ModelError as error:
            yield finding(node, "signing", f"“{node.title}”：{error}")
    acts = {part.strip() for part in told.get("acts", "").split(",") if part.strip()}
    unknown = sorted(acts - ACTS.keys() - {"none"})
    if unknown:
        yield finding(node, "acts", f"“{node.title}”允许的办理动作不认识：{'、'.join(unknown)}")
