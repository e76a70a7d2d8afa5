"""What changes between two versions of a model, said in plain Chinese, for whom, and where on the drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from lxml import etree

from workflows.approval import ACTS
from workflows.errors import UnsafeXml
from workflows.model.tables_compared import compare_form, compare_table
from workflows.model.xml import BPMN, SPIFF, local, parse

Kind = Literal["added", "removed", "changed"]
KINDS: Final[Mapping[str, str]] = {
    "userTask": "步骤", "manualTask": "步骤", "task": "步骤", "serviceTask": "自动步骤",
    "businessRuleTask": "决策步骤", "scriptTask": "计算步骤", "callActivity": "子流程",
    "subProcess": "内嵌子流程", "sendTask": "发送步骤", "receiveTask": "接收步骤",
    "exclusiveGateway": "判断", "inclusiveGateway": "判断", "parallelGateway": "并行分合", "eventBasedGateway": "等待分支",
    "startEvent": "开始", "endEvent": "结束", "intermediateCatchEvent": "等待事件",
    "intermediateThrowEvent": "发出事件", "boundaryEvent": "附加事件",
}  # fmt: skip
PROPERTIES: Final[Mapping[str, tuple[str, str]]] = {
    "dueWorkingDays": ("办理时限", " 个工作日"),
    "formJsonSchemaFilename": ("表单", ""),
    "signing": ("签署方式", ""),
    "acts": ("允许的审批操作", ""),
    "stage": ("所属阶段", ""),
}
SIGNING: Final = {"one": "一人办理", "all": "全部会签", "ordered": "依次会签"}
NOT_SAID: Final = frozenset({"formUiSchemaFilename"})
TIMERS: Final = ("timeDate", "timeDuration", "timeCycle")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different.

    Attributes:
        element: id of the element on the drawing, field or rule; "" for the file as a whole.
        who: the lane whose work it changes, "" when nobody's in particular.
        text: what changes, a whole sentence without its end.
    """

    file: str
    element: str
    kind: Kind
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Node:
    """What matters of an element: not where it is drawn."""

    kind: str
    name: str
    lane: str
    facts: Mapping[str, str]

    @property
    def title(self) -> str:
        """As people call it."""
        return f"“{self.name}”" if self.name else KINDS.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Flow:
    """A way from one element to another."""

    source: str
    target: str
    when: str


def compare(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """All differences of two sets of model files, file by file."""
    found: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            found += _compare_file(name, old.get(name), new.get(name))
    return found


def marks(changes: list[Change]) -> dict[str, dict[str, Kind]]:
    """Changed elements by file, for the drawing."""
    made: dict[str, dict[str, Kind]] = {}
    for one in changes:
        if one.element:
            made.setdefault(one.file, {}).setdefault(one.element, one.kind)
    return made


def _compare_file(name: str, old: bytes | None, new: bytes | None) -> Iterator[Change]:
    try:
        if name.endswith(".bpmn"):
            yield from _compare_diagrams(name, old, new)
        elif name.endswith(".dmn"):
            yield from (Change(name, e, k, "", t) for e, k, t in compare_table(old, new))
        elif name.startswith("form/") and not name.endswith(".ui.json"):
            yield from (Change(name, e, k, "", t) for e, k, t in compare_form(old, new))
        else:
            yield _whole(name, old, new)
    except (UnsafeXml, ValueError):  # a faulty drawing is compared as text
        yield _whole(name, old, new)


def _whole(name: str, old: bytes | None, new: bytes | None) -> Change:
    kind: Kind = "added" if old is None else "removed" if new is None else "changed"
    word = {"added": "新增", "removed": "删去", "changed": "修改"}[kind]
    what = "表单外观" if name.endswith(".ui.json") else "文件"
    return Change(name, "", kind, "", f"{word}{what}“{name.rsplit('/', 1)[-1]}”")


def _compare_diagrams(name: str, old: bytes | None, new: bytes | None) -> Iterator[Change]:
    before, after = _read(old), _read(new)
    said = 0
    for one in (*_compare_nodes(name, before[0], after[0]), *_compare_flows(name, before, after)):
        said += 1
        yield one
    if before[2] != after[2] and old and new:
        said += 1
        yield Change(name, "", "changed", "", f"流程名称由“{before[2]}”改为“{after[2]}”")
    if not said:
        yield Change(name, "", "changed", "", f"“{after[2] or name}”只调整了图形位置或说明，办理方式不变")


def _compare_nodes(name: str, old: Mapping[str, Node], new: Mapping[str, Node]) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before is None and after is not None:
            more = "，".join(
                f"{label}{_value(value)}" for label, value in after.facts.items() if label in SPOKEN
            )
            yield Change(
                name, key, "added", after.lane,
                f"新增{KINDS.get(after.kind, '')}{after.title}" + (f"（{more}）" if more else ""),
            )  # fmt: skip
        elif after is None and before is not None:
            yield Change(name, key, "removed", before.lane, f"取消{KINDS.get(before.kind, '')}{before.title}")
        elif before is not None and after is not None and before != after:
            yield from _compare_node(name, key, before, after)


SPOKEN: Final = ("办理时限", "签署方式", "时间", "调用流程", "决策表")


def _compare_node(name: str, key: str, old: Node, new: Node) -> Iterator[Change]:
    def changed(text: str, who: str = new.lane) -> Change:
        return Change(name, key, "changed", who, text)

    if old.kind != new.kind:
        yield changed(f"{old.title}由{KINDS.get(old.kind, old.kind)}改为{KINDS.get(new.kind, new.kind)}")
    if old.name != new.name:
        yield changed(f"{old.title}改名为{new.title}")
    if old.lane != new.lane:
        yield changed(f"{new.title}由“{old.lane or '未指定'}”改由“{new.lane or '未指定'}”办理")
    for label in sorted(old.facts.keys() | new.facts.keys()):
        before, after = old.facts.get(label), new.facts.get(label)
        if before == after:
            continue
        if before is None:
            yield changed(f"{new.title}新增{label}{_value(after)}")
        elif after is None:
            yield changed(f"{new.title}取消{label}（原为{_value(before)}）")
        else:
            yield changed(f"{new.title}{label}由{_value(before)}改为{_value(after)}")


def _value(text: str | None) -> str:
    """A value inside a sentence: in quotation marks unless it begins with a figure."""
    if not text or not text[0].isdecimal():
        return f"“{text or ''}”"
    return f" {text}" + (" " if text[-1].isascii() else "")


def _compare_flows(
    name: str,
    old: tuple[Mapping[str, Node], Mapping[str, Flow], str],
    new: tuple[Mapping[str, Node], Mapping[str, Flow], str],
) -> Iterator[Change]:
    def ends(flow: Flow, nodes: Mapping[str, Node]) -> tuple[str, str, str]:
        source, target = nodes.get(flow.source), nodes.get(flow.target)
        first = source.title if source else flow.source
        return first, target.title if target else flow.target, source.lane if source else ""

    for key in sorted(old[1].keys() | new[1].keys()):
        before, after = old[1].get(key), new[1].get(key)
        if before == after:
            continue
        if after is None and before is not None:
            source, target, lane = ends(before, old[0])
            yield Change(name, key, "removed", lane, f"{source}之后不再走到{target}")
        elif after is not None:
            source, target, lane = ends(after, new[0])
            when = f"，条件：{after.when}" if after.when else ""
            if before is None:
                yield Change(name, key, "added", lane, f"{source}之后新增去{target}的路线{when}")
            elif (before.source, before.target) != (after.source, after.target):
                was = ends(before, old[0])
                yield Change(
                    name, key, "changed", lane, f"{was[0]}到{was[1]}的路线改为{source}到{target}{when}"
                )
            else:
                yield Change(
                    name, key, "changed", lane,
                    f"{source}走到{target}的条件由“{before.when or '无'}”改为“{after.when or '无'}”",
                )  # fmt: skip


def _read(data: bytes | None) -> tuple[dict[str, Node], dict[str, Flow], str]:
    """Elements, ways and name of a diagram."""
    if data is None:
        return {}, {}, ""
    nodes: dict[str, Node] = {}
    flows: dict[str, Flow] = {}
    title = ""
    for process in parse(data).iter(f"{{{BPMN}}}process"):
        title = title or str(process.get("name") or process.get("id"))
        lanes = {
            (ref.text or "").strip(): str(lane.get("name") or "")
            for lane in process.iter(f"{{{BPMN}}}lane")
            for ref in lane.iterchildren(f"{{{BPMN}}}flowNodeRef")
        }
        defaults = {str(node.get("default")) for node in process.iter() if node.get("default")}
        for node in process.iter():
            key = str(node.get("id"))
            if local(node) == "sequenceFlow":
                when = "其他情况" if key in defaults else _text(node, "conditionExpression")
                flows[key] = Flow(str(node.get("sourceRef")), str(node.get("targetRef")), when)
            elif local(node) in KINDS:
                nodes[key] = Node(local(node), str(node.get("name") or ""), lanes.get(key, ""), _facts(node))
    return nodes, flows, title


def _facts(node: etree._Element) -> dict[str, str]:
    """What an element says besides its name and lane, by Chinese label."""
    made: dict[str, str] = {}
    for child in node.iter():
        tag = local(child)
        if child.tag == f"{{{SPIFF}}}property":
            key, value = str(child.get("name")), str(child.get("value") or "")
            label, unit = PROPERTIES.get(key, (f"设置“{key}”", ""))
            if key not in NOT_SAID:
                made[label] = _spoken(key, value) + unit
        elif tag == "serviceTaskOperator":
            made["自动操作"] = str(child.get("id"))
        elif tag == "parameter":
            made[f"参数“{child.get('id')}”"] = str(child.get("value") or "")
        elif tag == "calledDecisionId":
            made["决策表"] = (child.text or "").strip()
        elif tag in TIMERS:
            made["时间"] = (child.text or "").strip()
        elif tag in ("script", "preScript", "postScript"):
            made["计算"] = (child.text or "").strip()
        elif tag == "instructionsForEndUser":
            made["办理说明"] = (child.text or "").strip()
        elif tag == "loopCardinality":
            made["同时办理人数"] = (child.text or "").strip()
    if node.get("calledElement"):
        made["调用流程"] = str(node.get("calledElement"))
    if node.get("cancelActivity") == "false":
        made["触发后"] = "原步骤继续办理"
    return made


def _spoken(key: str, value: str) -> str:
    if key == "acts":
        return "、".join(ACTS.get(one.strip(), one.strip()) for one in value.split(",")) or "通常的操作"
    if key != "signing":
        return value.removesuffix(".json")
    kind, _, number = value.partition(":")
    if kind in ("count", "percent"):
        return f"同意达到 {number}{' 人' if kind == 'count' else '%'}"
    return SIGNING.get(value, value)


def _text(node: etree._Element, tag: str) -> str:
    return next(((child.text or "").strip() for child in node if local(child) == tag), "")
