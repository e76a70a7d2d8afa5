"""Checks of the drawing itself: ids, arrows, starts and ends, what is never reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from workflows.model.graph import NODES, Flow, Node, Process, finding
from workflows.model.xml import BPMN, SPIFF, local
from workflows.types import Finding

SPLITTING: Final = (
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "eventBasedGateway",
    "complexGateway",
)
MANY_PAIRS: Final = 6
TOO_MANY_PAIRS: Final = 9
DIAGRAM: Final = "BPMNDiagram"


def check_file(file: str, root: etree._Element, *, alone: bool) -> Iterator[Finding]:
    """Ids, processes and the picture of a file."""
    # Operators and parameters carry their name as `id`: only BPMN's own ids have to differ.
    own = [node for node in root.iter() if isinstance(node.tag, str) and SPIFF not in node.tag]
    ids = Counter(str(node.get("id")) for node in own if node.get("id"))
    for node in own:
        key, line = str(node.get("id")), node.sourceline or 0
        if ids.get(key, 0) > 1:
            yield Finding(file, line, key, "error", "duplicate-id", f"编号“{key}”重复，请改成不同的编号")
            ids[key] = 1
        if not node.get("id") and local(node) in (*NODES, "sequenceFlow", "process"):
            yield Finding(file, line, "", "error", "no-id", "这个元素没有编号（id）", "add-id")
    if root.find(f"{{{BPMN}}}process") is None:
        yield Finding(file, root.sourceline or 0, "", "error", "no-process", "文件里没有流程")
    elif not any(local(node) == DIAGRAM for node in root):
        told = "warning" if alone else "error"
        yield Finding(
            file,
            root.sourceline or 0,
            "",
            told,
            "no-picture",
            "没有流程图的图形，办理人看不到图",
            "add-picture",
        )


def check_process(process: Process) -> Iterator[Finding]:
    """Everything about the arrows of a diagram and its embedded sub-processes."""
    if process.xml.get("isExecutable") != "true":
        yield finding(process, "not-executable", "流程没有标为“可执行”，不能发起", "warning", "executable")
    for part in process.all_parts():
        yield from _ends(part)
        yield from _flows(part)
        yield from _reached(part)
        yield from _pairs(part)


def _ends(part: Process) -> Iterator[Finding]:
    if not part.nodes:
        yield finding(part, "no-start", "流程没有开始事件", fix="add-start")
        return
    starts = [node for node in part.nodes.values() if node.kind == "startEvent"]
    if not starts:
        yield finding(part, "no-start", "流程没有开始事件", fix="add-start")
    for extra in starts[1:]:
        yield finding(extra, "several-starts", "有多个开始事件，引擎会同时从每一个开始，请只留一个")
    if not any(node.kind == "endEvent" for node in part.nodes.values()):
        yield finding(part, "no-end", "流程没有结束事件", fix="add-end")
    for node in part.nodes.values():
        if node.kind == "startEvent" and node.incoming:
            yield finding(node, "start-incoming", f"“{node.title}”是开始事件，不能有连线进入")
        if node.kind == "endEvent" and node.outgoing:
            yield finding(node, "end-outgoing", f"“{node.title}”是结束事件，不能有连线引出")
        if node.kind == "boundaryEvent" and node.attached not in part.nodes:
            yield finding(node, "boundary", f"边界事件“{node.title}”没有附在步骤上")
        if not node.outgoing and node.kind not in ("endEvent", "adHocSubProcess"):
            yield finding(
                node, "implicit-end", f"“{node.title}”之后没有连线，请接到结束事件", "warning", "add-end"
            )


def _flows(part: Process) -> Iterator[Finding]:
    for flow in part.flows.values():
        if flow.source not in part.nodes or flow.target not in part.nodes:
            yield finding(flow, "dangling-flow", "连线的起点或终点不在这张图里，请重新连接", fix="drop-flow")
    for node in part.nodes.values():
        outgoing = [part.flows[key] for key in node.outgoing]
        if node.kind not in SPLITTING and len(outgoing) > 1:
            yield finding(
                node,
                "implicit-split",
                f"“{node.title}”有 {len(outgoing)} 条出线，请加一个网关",
                fix="split-gateway",
            )
        yield from _choice(node, outgoing)


def _choice(node: Node, outgoing: list[Flow]) -> Iterator[Finding]:
    choosing = node.kind in ("exclusiveGateway", "inclusiveGateway")
    if node.default and node.default not in node.outgoing:
        yield finding(node, "no-default", f"“{node.title}”的默认出线不是它自己的出线")
    for flow in outgoing:
        if flow.condition and not choosing:
            fix = "split-gateway" if len(outgoing) > 1 and node.kind not in SPLITTING else ""
            yield finding(
                flow,
                "ignored-condition",
                f"“{node.title}”出线上的条件不起作用，请在网关上写条件",
                fix=fix,
            )
        if choosing and len(outgoing) > 1 and not flow.condition and flow.id != node.default:
            yield finding(flow, "no-condition", f"“{node.title}”的这条出线没有条件，也不是默认出线")
    if choosing and len(outgoing) > 1 and not node.default:
        yield finding(node, "no-default", f"“{node.title}”没有默认出线，条件都不满足时流程会卡住")


def _reached(part: Process) -> Iterator[Finding]:
    seen: set[str] = set()
    todo = [
        node.id
        for node in part.nodes.values()
        if node.kind == "startEvent" or node.xml.get("triggeredByEvent") == "true"
    ]
    if not todo:
        return
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += part.after(key)
    for node in part.nodes.values():
        if node.id in seen or (node.kind == "boundaryEvent" and node.attached not in part.nodes):
            continue
        if not node.incoming and node.kind != "boundaryEvent":
            yield finding(node, "unreachable", f"“{node.title}”没有连线到达，永远不会执行")
        else:
            yield finding(node, "unreachable", f"“{node.title}”从开始走不到")


def _pairs(part: Process) -> Iterator[Finding]:
    """Parallel blocks in a row: the engine foresees every combination of them."""
    longest: dict[str, int] = {}
    order, seen = [], set()
    stack = [(node.id, False) for node in part.nodes.values() if node.kind == "startEvent"]
    while stack:  # elements before those that follow them, arrows back left aside
        key, done = stack.pop()
        if done:
            order.append(key)
        elif key not in seen:
            seen.add(key)
            stack.append((key, True))
            stack += [(target, False) for target in part.after(key) if target not in seen]
    for key in order:
        node = part.nodes[key]
        own = int(node.kind in ("parallelGateway", "inclusiveGateway") and len(node.outgoing) > 1)
        longest[key] = own + max((longest.get(target, 0) for target in part.after(key)), default=0)
    most = max(longest.values(), default=0)
    if most >= MANY_PAIRS:
        yield finding(
            part,
            "many-parallel",
            f"一条路上有 {most} 段并行，引擎会很慢，请把并行的一段放进被调用的流程",
            "error" if most >= TOO_MANY_PAIRS else "warning",
        )
