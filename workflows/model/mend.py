"""Rewrite an imported model where that is safe, a note for each change; nothing that was drawn is lost.

Each mend answers one `fix` of a finding. What cannot be known (who does a step, what a condition should be) is
never guessed: it stays a finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from workflows import expressions
from workflows.errors import ExpressionError
from workflows.model.constructs import FOREIGN, OTHER_TOOLS, literal_time
from workflows.model.drawing import Drawing
from workflows.model.graph import NODES
from workflows.model.structure import SPLITTING
from workflows.model.xml import BPMN, SPIFF, local, parse
from workflows.types import Finding

B: Final = f"{{{BPMN}}}"
S: Final = f"{{{SPIFF}}}"
JUEL: Final = ((re.compile(r"&&"), " and "), (re.compile(r"\|\|"), " or "), (re.compile(r"!(?!=)"), " not "))
LATER: Final = ("documentation", "extensionElements", "incoming", "outgoing")


@dataclass(frozen=True, slots=True)
class Note:
    """One change.

    Attributes:
        fix: the key of the mend that made it.
        message: Chinese, says what was changed and, if need be, what is left to do.
    """

    fix: str
    element: str
    message: str


def mend(data: bytes, wanted: Iterable[Finding | str]) -> tuple[bytes, tuple[Note, ...]]:
    """The file with the wanted mends made.

    Args:
        wanted: findings (those with a `fix` count) or keys of mends.

    Raises:
        UnsafeXml: the file is no plain, bounded XML.
    """
    keys = {one if isinstance(one, str) else one.fix for one in wanted}
    root = parse(data)
    work = _Work(root)
    for key, act in MENDS.items():
        if key in keys:
            act(work)
    if not work.notes:
        return data, ()
    made: bytes = etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)
    return made, tuple(work.notes)


class _Work:
    """A document being mended."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.notes: list[Note] = []
        self.drawing = Drawing(root)
        self.ids = {str(node.get("id")) for node in root.iter() if node.get("id")}

    def note(self, fix: str, element: etree._Element, message: str) -> None:
        self.notes.append(Note(fix, str(element.get("id") or ""), message))

    def fresh(self, stem: str) -> str:
        """An id nobody has."""
        number = 1
        while f"{stem}_{number}" in self.ids:
            number += 1
        self.ids.add(f"{stem}_{number}")
        return f"{stem}_{number}"

    def parts(self) -> list[etree._Element]:
        """Processes and embedded sub-processes."""
        return [node for node in self.root.iter() if local(node) in ("process", "subProcess", "transaction")]

    def nodes(self, part: etree._Element) -> list[etree._Element]:
        """Elements that lie directly in a part."""
        return [node for node in part if local(node) in NODES]

    def flows(self, part: etree._Element, end: str, key: str) -> list[etree._Element]:
        """Arrows of a part that leave ("sourceRef") or reach ("targetRef") an element."""
        return [node for node in part if local(node) == "sequenceFlow" and node.get(end) == key]

    def add(
        self, part: etree._Element, kind: str, like: etree._Element | None, **more: str
    ) -> etree._Element:
        """A new element, in the lane of another."""
        made = etree.SubElement(part, f"{B}{kind}", id=self.fresh(kind), **more)
        if like is not None:
            for reference in list(self.root.iter(f"{B}flowNodeRef")):
                if (reference.text or "").strip() == like.get("id"):
                    etree.SubElement(reference.getparent(), f"{B}flowNodeRef").text = made.get("id")
                    break
        return made

    def connect(self, part: etree._Element, source: etree._Element, target: etree._Element) -> etree._Element:
        """A new arrow, drawn straight."""
        made = etree.SubElement(
            part,
            f"{B}sequenceFlow",
            id=self.fresh("Flow"),
            sourceRef=str(source.get("id")),
            targetRef=str(target.get("id")),
        )
        for node, tag in ((source, "outgoing"), (target, "incoming")):
            _insert(node, tag, str(made.get("id")))
        self.drawing.arrow(str(made.get("id")), str(source.get("id")), str(target.get("id")))
        return made


def _insert(node: etree._Element, tag: str, text: str) -> None:
    """An `incoming` or `outgoing` where the schema wants it."""
    place = 0
    for number, child in enumerate(node):
        if local(child) in LATER[: LATER.index(tag) + 1]:
            place = number + 1
    child = etree.Element(f"{B}{tag}")
    child.text = text
    node.insert(place, child)


def _executable(work: _Work) -> None:
    for process in work.root.iter(f"{B}process"):
        if process.get("isExecutable") != "true" and len(work.nodes(process)):
            process.set("isExecutable", "true")
            work.note("executable", process, "已把流程标为“可执行”")


def _ids(work: _Work) -> None:
    for node in work.root.iter():
        if local(node) in (*NODES, "sequenceFlow", "process") and not node.get("id"):
            node.set("id", work.fresh(local(node)))
            work.note("add-id", node, f"已补上编号 {node.get('id')}")


def _start(work: _Work) -> None:
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
        work.note("add-start", made, f"已在“{_title(first[0])}”之前补上开始事件")


def _end(work: _Work) -> None:
    for part in work.parts():
        for node in work.nodes(part):
            key = str(node.get("id"))
            if local(node) in ("endEvent", "adHocSubProcess") or work.flows(part, "sourceRef", key):
                continue
            made = work.add(part, "endEvent", node, name="结束")
            work.drawing.shape(str(made.get("id")), key, before=False)
            work.connect(part, node, made)
            work.note("add-end", made, f"已在“{_title(node)}”之后补上结束事件")


def _drop_flows(work: _Work) -> None:
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


def _split(work: _Work) -> None:
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
                _insert(gateway, "outgoing", str(flow.get("id")))
            work.drawing.shape(str(gateway.get("id")), key, before=False)
            work.drawing.lead([str(flow.get("id")) for flow in flows], str(gateway.get("id")))
            work.connect(part, node, gateway)
            what = "包容网关（满足条件的都走）" if told else "并行网关（全都走）"
            work.note(
                "split-gateway", gateway, f"“{_title(node)}”有多条出线，已补上{what}，请核对是否应当只走一条"
            )


def _signal_ends(work: _Work) -> None:
    for part in work.parts():
        for node in work.nodes(part):
            definition = next((c for c in node if local(c) == "signalEventDefinition"), None)
            if local(node) != "endEvent" or definition is None:
                continue
            node.tag = f"{B}intermediateThrowEvent"
            made = work.add(part, "endEvent", node)
            work.drawing.shape(str(made.get("id")), str(node.get("id")), before=False)
            work.connect(part, node, made)
            work.note("signal-end", node, f"“{_title(node)}”已改成抛出信号，后面接结束事件")


def _timers(work: _Work) -> None:
    for node in work.root.iter(f"{B}timeDate", f"{B}timeDuration", f"{B}timeCycle"):
        text = (node.text or "").strip()
        if literal_time(local(node), text):
            node.text = f'"{text}"'
            owner = node.getparent().getparent()
            work.note("quote-timer", owner, f"“{_title(owner)}”的时间 {text} 已加引号")


def _expressions(work: _Work) -> None:
    """`${amount > 100 && ok}` of other tools in the closed language."""
    for node in work.root.iter():
        if local(node) not in ("conditionExpression", "loopCardinality", "timeDate", "timeDuration"):
            continue
        text = (node.text or "").strip()
        if not FOREIGN.fullmatch(text):
            continue
        inner = text[2:-1].strip()
        for pattern, word in JUEL:
            inner = pattern.sub(word, inner)
        inner = " ".join(inner.split())
        try:
            expressions.check(inner)
        except ExpressionError:
            continue  # not to be had by changing signs: it stays a finding
        node.text = inner
        owner = node.getparent()
        work.note("foreign-expression", owner, f"表达式 {text} 已改写为 {node.text}")


def _data_stores(work: _Work) -> None:
    """A data store becomes a text annotation in its place; arrows to it become associations."""
    for store in list(work.root.iter(f"{B}dataStoreReference")):
        key, name = str(store.get("id")), store.get("name") or str(store.get("id"))
        for tag in ("dataStoreRef", "itemSubjectRef", "name"):
            store.attrib.pop(tag, None)
        store.tag = f"{B}textAnnotation"
        for child in list(store):
            store.remove(child)
        etree.SubElement(store, f"{B}text").text = f"数据：{name}"
        part = store.getparent()
        part.append(store)  # artifacts come last
        for end in ("sourceRef", "targetRef"):
            for reference in list(work.root.iter(f"{B}{end}")):
                link = reference.getparent()
                if (reference.text or "").strip() != key or "Association" not in local(link):
                    continue
                step = link.getparent()
                made = etree.SubElement(
                    part, f"{B}association", id=str(link.get("id") or work.fresh("Association"))
                )
                made.set("sourceRef", str(step.get("id")))
                made.set("targetRef", key)
                step.remove(link)
        work.note("data-store", store, f"引擎没有数据存储：“{name}”已改成文字注释")


def _foreign(work: _Work) -> None:
    """What other tools say of a step in our words; their own settings stay in the file untouched."""
    for node in work.root.iter():
        if not isinstance(node.tag, str) or local(node) not in NODES:
            continue
        told = {
            etree.QName(name).localname: str(value)
            for name, value in node.attrib.items()
            if any(tool in (etree.QName(name).namespace or "") for tool in OTHER_TOOLS)
        }
        if local(node) in ("userTask", "manualTask") and told.get("formKey"):
            form = re.sub(r"[^A-Za-z0-9_.-]", "_", told["formKey"].rsplit(":", 1)[-1].rsplit("/", 1)[-1])
            form = form.removesuffix(".json").removesuffix(".html")
            if _property(node, "formJsonSchemaFilename", f"{form}.json"):
                work.note(
                    "foreign-extension", node, f"“{_title(node)}”的表单 {told['formKey']} 已改为 {form}"
                )
        who = told.get("assignee") or told.get("candidateGroups") or told.get("candidateUsers")
        if who:
            work.note("foreign-extension", node, f"“{_title(node)}”原由“{who}”办理，请放进相应的泳道")
        if told.get("decisionRef") and not list(node.iter(f"{S}calledDecisionId")):
            etree.SubElement(_extensions(node), f"{S}calledDecisionId").text = told["decisionRef"]
            work.note(
                "foreign-extension", node, f"“{_title(node)}”的决策表 {told['decisionRef']} 已转为本系统写法"
            )
        for name in ("class", "delegateExpression", "expression", "topic"):
            if told.get(name):
                work.note(
                    "foreign-extension",
                    node,
                    f"“{_title(node)}”原来执行 {told[name]}，请从目录里选择自动步骤",
                )


def _property(node: etree._Element, name: str, value: str) -> bool:
    """Give a step a property it does not have yet."""
    extensions = _extensions(node)
    holder = next(iter(extensions.findall(f"{S}properties")), None)
    if holder is None:
        holder = etree.SubElement(extensions, f"{S}properties")
    if any(one.get("name") == name for one in holder):
        return False
    etree.SubElement(holder, f"{S}property", name=name, value=value)
    return True


def _extensions(node: etree._Element) -> etree._Element:
    found = node.find(f"{B}extensionElements")
    if found is None:
        found = etree.Element(f"{B}extensionElements")
        place = 1 if len(node) and local(node[0]) == "documentation" else 0
        node.insert(place, found)
    return found


def _picture(work: _Work) -> None:
    made = work.drawing.draw(work.fresh)
    if made:
        work.note("add-picture", work.root, f"文件里没有图形，已按先后顺序排出 {made} 个元素，请调整位置")


def _title(node: etree._Element) -> str:
    return str(node.get("name") or node.get("id") or "")


MENDS: Final[Mapping[str, Callable[[_Work], None]]] = {
    "add-id": _ids,
    "executable": _executable,
    "drop-flow": _drop_flows,
    "split-gateway": _split,
    "signal-end": _signal_ends,
    "add-start": _start,
    "add-end": _end,
    "quote-timer": _timers,
    "foreign-expression": _expressions,
    "data-store": _data_stores,
    "foreign-extension": _foreign,
    "add-picture": _picture,
}
"""The mends in the order in which they are made; the keys are those that findings offer as `fix`."""
