"""From files to plain graphs: diagrams, decision tables and forms of one model, with what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from lxml import etree

from workflows.errors import DecisionError, UnsafeXml
from workflows.model import decision, table_tests
from workflows.model.graph import (
    DEFINITION,
    EMBEDDED,
    NODES,
    REFERRED,
    Bundle,
    Flow,
    Node,
    Process,
)
from workflows.model.xml import BPMN, SPIFF, local, parse
from workflows.types import Finding


def read(files: Mapping[str, bytes]) -> tuple[Bundle, list[Finding]]:
    """The graphs of a bundle, and what could not be read."""
    bundle = Bundle()
    found: list[Finding] = []
    for name, data in sorted(files.items()):
        if name.endswith(table_tests.SUFFIX) or "tests" in name.split("/")[:-1]:
            continue  # tests of a table and recorded runs are no forms; `table_tests` and `replays` run them
        if name.endswith(".json"):
            found += _read_form(bundle, name, data)
            continue
        try:
            root = parse(data)
        except UnsafeXml as error:
            found.append(Finding(name, error.line, "", "error", "xml", str(error)))
            continue
        if name.endswith(".dmn"):
            try:
                table = decision.read(data)
            except DecisionError as error:
                found.append(Finding(name, 0, "", "error", "decision", str(error)))
                continue
            if table.id in bundle.tables:
                found.append(
                    Finding(name, 0, table.id, "error", "duplicate-id", f"决策编号“{table.id}”与别的文件重复")
                )
            bundle.tables[table.id], bundle.table_files[table.id] = table, name
        elif local(root) != "definitions" or etree.QName(root).namespace != BPMN:
            found.append(Finding(name, root.sourceline or 0, "", "error", "bpmn", "不是 BPMN 流程文件"))
        else:
            bundle.roots[name] = root
    names = bundle.referred = _names(bundle.roots)
    for name, root in bundle.roots.items():
        for element in root.iter(f"{{{BPMN}}}process"):
            key = str(element.get("id") or "")
            if key in bundle.processes:
                other = bundle.processes[key].file
                if other != name:
                    found.append(
                        Finding(
                            name,
                            element.sourceline or 0,
                            key,
                            "error",
                            "duplicate-id",
                            f"流程编号“{key}”与文件 {other} 中的重复",
                        )
                    )
                continue
            bundle.processes[key] = _process(element, name, names, {}, bundle.thrown)
    return bundle, found


def _read_form(bundle: Bundle, name: str, data: bytes) -> Iterator[Finding]:
    key = name.rsplit("/", 1)[-1].removesuffix(".json")
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        yield Finding(name, 0, key, "error", "form-schema", "表单文件不是有效的 JSON")
        schema = None
    if schema is not None and not isinstance(schema, dict):
        yield Finding(name, 0, key, "error", "form-schema", "表单文件的最外层须是一个对象")
        schema = None
    if not key.endswith(".ui"):
        bundle.forms[key], bundle.form_files[key] = schema, name


def _names(roots: Mapping[str, etree._Element]) -> dict[str, str]:
    """Name of each message and signal, code of each error and escalation, by id."""
    found = {}
    for root in roots.values():
        for tag in REFERRED:
            for node in root.findall(f"{{{BPMN}}}{tag}"):
                told = node.get("errorCode") or node.get("escalationCode") or node.get("name")
                found[str(node.get("id"))] = str(told or node.get("id"))
    return found


def _process(
    element: etree._Element,
    file: str,
    names: Mapping[str, str],
    lanes: Mapping[str, str],
    thrown: set[str],
    inherited: str = "",
) -> Process:
    made = Process(str(element.get("id") or ""), str(element.get("name") or ""), file, element)
    mine = dict(lanes)
    for lane in element.iter(f"{{{BPMN}}}lane"):  # inner lanes come later and win
        for reference in lane.findall(f"{{{BPMN}}}flowNodeRef"):
            mine[(reference.text or "").strip()] = str(lane.get("name") or "")
    for child in element:
        kind = local(child)
        if kind == "sequenceFlow":
            condition = next((c.text or "" for c in child if local(c) == "conditionExpression"), "")
            key = str(child.get("id") or f"{child.get('sourceRef')}-{child.get('targetRef')}")
            made.flows[key] = Flow(
                key,
                str(child.get("sourceRef") or ""),
                str(child.get("targetRef") or ""),
                condition.strip(),
                file,
                child,
            )
        elif kind in NODES:
            node = _node(child, kind, file, names, mine.get(str(child.get("id")), inherited))
            if kind in EMBEDDED:
                node.body = _process(child, file, names, mine, thrown, node.lane)
            if kind in ("intermediateThrowEvent", "endEvent", "sendTask") and node.ref:
                thrown.add(node.ref)
            made.nodes.setdefault(node.id, node)
    for flow in made.flows.values():
        if flow.source in made.nodes and flow.target in made.nodes:
            made.nodes[flow.source].outgoing.append(flow.id)
            made.nodes[flow.target].incoming.append(flow.id)
    return made


def _node(element: etree._Element, kind: str, file: str, names: Mapping[str, str], lane: str) -> Node:
    node = Node(
        str(element.get("id") or f"{kind}@{element.sourceline}"),
        kind,
        str(element.get("name") or ""),
        file,
        element,
        lane,
        called=str(element.get("calledElement") or ""),
        default=str(element.get("default") or ""),
        attached=str(element.get("attachedToRef") or "") if kind == "boundaryEvent" else "",
        interrupting=element.get("cancelActivity") != "false",
    )
    for child in element:
        tag = local(child)
        if tag == "extensionElements":
            _extensions(node, child)
        elif tag == "script":
            node.scripts.append(child.text or "")
        elif tag.endswith(DEFINITION):
            _event(node, tag, child, names)
        elif tag == "multiInstanceLoopCharacteristics":
            node.multi = "sequential" if child.get("isSequential") == "true" else "parallel"
            node.times = next((c.text or "" for c in child if local(c) == "loopCardinality"), "").strip()
        elif tag == "standardLoopCharacteristics":
            node.multi = "loop"
    if element.get("messageRef"):
        node.event, node.ref = "message", names.get(str(element.get("messageRef")), "")
    return node


def _event(node: Node, tag: str, child: etree._Element, names: Mapping[str, str]) -> None:
    kind = tag.removesuffix(DEFINITION)
    node.event = "multiple" if node.event else kind
    node.ref = names.get(str(child.get(f"{kind}Ref")), "")
    for time in child:
        if local(time) in ("timeDate", "timeDuration", "timeCycle"):
            node.timer = (local(time), (time.text or "").strip())


def _extensions(node: Node, element: etree._Element) -> None:
    for child in element.iter():
        if not isinstance(child.tag, str) or SPIFF not in child.tag:
            continue
        tag, text = local(child), (child.text or "").strip()
        if tag == "property":
            node.properties[str(child.get("name") or "")] = str(child.get("value") or "")
            node.form = node.properties.get("formJsonSchemaFilename", "").removesuffix(".json")
        elif tag == "serviceTaskOperator":
            node.operator = str(child.get("id") or "")
            node.result = str(child.get("resultVariable") or "")
        elif tag == "parameter":
            node.parameters[str(child.get("id") or "")] = str(child.get("value") or "")
        elif tag == "calledDecisionId":
            node.decision = text
        elif tag in ("preScript", "postScript"):
            node.scripts.append(child.text or "")
