"""Mends of the way through a diagram: starts, ends, splits, arrows, ids."""

from __future__ import annotations

from workflows.model.graph import NODES
from workflows.model.mend_work import B, Work, insert, title
from workflows.model.structure import SPLITTING
from workflows.model.xml import local


def executable(work: Work) -> None:
    """A process with steps is meant to run."""
    for process in work.root.iter(f"{B}process"):
        if process.get("isExecutable") != "true" and len(work.nodes(process)):
            process.set("isExecutable", "true")
            work.note("executable", process, "已把流程标为“可执行”")


def ids(work: Work) -> None:
    """Elements without an id get one."""
    for node in work.root.iter():
        if local(node) in (*NODES, "sequenceFlow", "process") and not node.get("id"):
            node.set("id", work.fresh(local(node)))
            work.note("add-id", node, f"已补上编号 {node.get('id')}")


def start(work: Work) -> None:
    """A part without a start gets one before its first step."""
    for part in work.parts():
        nodes = work.nodes(part)
        if any(local(node) == "startEvent" for node in nodes) or not nodes:
            continue
        first = [
            node
            for node in nodes
            if local(node) != "boundaryEvent" and not work.flows(part, "targetRef", str(node.get("id")))
        ]
        if len(first) != 1:
            continue  # where it begins is for the designer to say
        made = work.add(part, "startEvent", first[0], name="开始")
        work.drawing.shape(str(made.get("id")), str(first[0].get("id")), before=True)
        work.connect(part, made, first[0])
        work.note("add-start", made, f"已在“{title(first[0])}”之前补上开始事件")


def end(work: Work) -> None:
    """Steps that lead nowhere lead to an end."""
    for part in work.parts():
        for node in work.nodes(part):
            key = str(node.get("id"))
            if local(node) in ("endEvent", "adHocSubProcess") or work.flows(part, "sourceRef", key):
                continue
            made = work.add(part, "endEvent", node, name="结束")
            work.drawing.shape(str(made.get("id")), key, before=False)
            work.connect(part, node, made)
            work.note("add-end", made, f"已在“{title(node)}”之后补上结束事件")


def drop_flows(work: Work) -> None:
    """Arrows that touch nothing, enter a start or leave an end are taken out."""
    for part in work.parts():
        own = {str(node.get("id")) for node in work.nodes(part)}
        for flow in [node for node in part if local(node) == "sequenceFlow"]:
            if flow.get("sourceRef") in own and flow.get("targetRef") in own:
                continue
            part.remove(flow)
            for tag in ("incoming", "outgoing"):
                for reference in list(work.root.iter(f"{B}{tag}")):
                    if (reference.text or "").strip() == flow.get("id"):
                        reference.getparent().remove(reference)
            work.drawing.remove(str(flow.get("id")))
            work.note("drop-flow", flow, "已删去没有接到步骤上的连线")


def split(work: Work) -> None:
    """Several arrows out of a step: all are taken, or those whose condition holds; a gateway says so."""
    for part in work.parts():
        for node in work.nodes(part):
            key = str(node.get("id"))
            flows = work.flows(part, "sourceRef", key)
            if local(node) in SPLITTING or len(flows) < 2:
                continue
            told = [flow for flow in flows if flow.find(f"{B}conditionExpression") is not None]
            default = str(node.attrib.pop("default", ""))
            kind = "inclusiveGateway" if told else "parallelGateway"
            gateway = work.add(part, kind, node)
            if default and told:
                gateway.set("default", default)
            for reference in [child for child in node if local(child) == "outgoing"]:
                node.remove(reference)
            for flow in flows:
                flow.set("sourceRef", str(gateway.get("id")))
                insert(gateway, "outgoing", str(flow.get("id")))
            work.drawing.shape(str(gateway.get("id")), key, before=False)
            work.drawing.lead([str(flow.get("id")) for flow in flows], str(gateway.get("id")))
            work.connect(part, node, gateway)
            what = "包容网关（满足条件的都走）" if told else "并行网关（全都走）"
            work.note(
                "split-gateway", gateway, f"“{title(node)}”有多条出线，已补上{what}，请核对是否应当只走一条"
            )


def signal_ends(work: Work) -> None:
    """A signal is thrown before the end, where it is heard."""
    for part in work.parts():
        for node in work.nodes(part):
            definition = next((c for c in node if local(c) == "signalEventDefinition"), None)
            if local(node) != "endEvent" or definition is None:
                continue
            node.tag = f"{B}intermediateThrowEvent"
            made = work.add(part, "endEvent", node)
            work.drawing.shape(str(made.get("id")), str(node.get("id")), before=False)
            work.connect(part, node, made)
            work.note("signal-end", node, f"“{title(node)}”已改成抛出信号，后面接结束事件")
