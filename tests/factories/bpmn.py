"""A builder of diagrams: BPMN with its picture, laid out on a grid of lanes and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

COLUMN, ROW, LEFT, TOP, HEAD = 172, 116, 160, 80, 30
SIZES = {"Event": (36, 36), "Gateway": (50, 50)}
NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
)


@dataclass
class Node:
    """An element with its place."""

    id: str
    kind: str
    name: str
    lane: str
    col: int
    row: int
    body: str = ""
    attributes: str = ""
    attached: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the picture."""
        return next((size for tail, size in SIZES.items() if self.kind.endswith(tail)), (116, 76))


@dataclass
class Flow:
    """A sequence flow; `via` sends it around the row."""

    source: str
    target: str
    name: str
    when: str | None
    default: bool
    via: str | None

    @property
    def id(self) -> str:
        """A readable id."""
        return f"f_{self.source}_{self.target}"


@dataclass
class Diagram:
    """One process with lanes."""

    id: str
    name: str
    lanes: Sequence[str] = ()
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    channels: dict[tuple[int, str], int] = field(default_factory=dict)
    ways: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def _add(
        self,
        key: str,
        kind: str,
        name: str,
        lane: str,
        col: int,
        row: int,
        body: str = "",
        attributes: str = "",
    ) -> None:
        self.nodes[key] = Node(key, kind, name, lane, col, row, body, attributes)

    def start(self, key: str, name: str = "", lane: str = "", col: int = 0, row: int = 0) -> None:
        """A plain start."""
        self._add(key, "startEvent", name, lane, col, row)

    def end(
        self, key: str, name: str = "", lane: str = "", col: int = 0, row: int = 0, terminate: bool = False
    ) -> None:
        """An end, plain or terminating."""
        body = f'<bpmn:terminateEventDefinition id="{key}_t" />' if terminate else ""
        self._add(key, "endEvent", name, lane, col, row, body)

    def user(
        self,
        key: str,
        name: str,
        lane: str = "",
        col: int = 0,
        row: int = 0,
        form: str | None = None,
        props: Mapping[str, str] | None = None,
        instructions: str | None = None,
        mi: Mapping[str, str] | None = None,
    ) -> None:
        """A step of people."""
        properties = dict(props or {})
        if form:
            properties = {
                "formJsonSchemaFilename": f"{form}.json",
                "formUiSchemaFilename": f"{form}.ui.json",
                **properties,
            }
        inner = "".join(
            f"<spiffworkflow:property name={quoteattr(k)} value={quoteattr(v)} />"
            for k, v in properties.items()
        )
        ext = f"<spiffworkflow:properties>{inner}</spiffworkflow:properties>" if inner else ""
        if instructions:
            ext += f"<spiffworkflow:instructionsForEndUser>{escape(instructions)}</spiffworkflow:instructionsForEndUser>"
        body = f"<bpmn:extensionElements>{ext}</bpmn:extensionElements>" if ext else ""
        self._add(key, "userTask", name, lane, col, row, body)
        if mi:
            sequential = str(mi.get("kind") == "sequential").lower()
            self.nodes[key].attributes = ""
            self.nodes[key].body += (
                "@FLOWS@"
                f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
                f"<bpmn:loopCardinality>{escape(mi['cardinality'])}</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>"
            )

    def service(
        self,
        key: str,
        name: str,
        lane: str = "",
        col: int = 0,
        row: int = 0,
        operator: str = "",
        params: Mapping[str, str] | None = None,
        result: str | None = None,
    ) -> None:
        """An automatic step."""
        inner = "".join(
            f'<spiffworkflow:parameter id={quoteattr(k)} type="any" value={quoteattr(v)} />'
            for k, v in (params or {}).items()
        )
        variable = f" resultVariable={quoteattr(result)}" if result else ""
        self._add(
            key,
            "serviceTask",
            name,
            lane,
            col,
            row,
            "<bpmn:extensionElements>"
            f"<spiffworkflow:serviceTaskOperator id={quoteattr(operator)}{variable}>"
            f"<spiffworkflow:parameters>{inner}</spiffworkflow:parameters>"
            "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements>",
        )

    def rule(
        self, key: str, name: str, lane: str = "", col: int = 0, row: int = 0, decision: str = ""
    ) -> None:
        """A decision table."""
        body = (
            f"<bpmn:extensionElements><spiffworkflow:calledDecisionId>{escape(decision)}"
            "</spiffworkflow:calledDecisionId></bpmn:extensionElements>"
        )
        self._add(key, "businessRuleTask", name, lane, col, row, body)

    def script(
        self, key: str, name: str, lane: str = "", col: int = 0, row: int = 0, source: str = ""
    ) -> None:
        """Assignments in the closed language."""
        self._add(
            key, "scriptTask", name, lane, col, row, f"@FLOWS@<bpmn:script>{escape(source)}</bpmn:script>"
        )

    def call(
        self, key: str, name: str, lane: str = "", col: int = 0, row: int = 0, process: str = ""
    ) -> None:
        """A called diagram."""
        self._add(key, "callActivity", name, lane, col, row, "", f" calledElement={quoteattr(process)}")

    def xor(self, key: str, name: str = "", lane: str = "", col: int = 0, row: int = 0) -> None:
        """One way or another."""
        self._add(key, "exclusiveGateway", name, lane, col, row)

    def parallel(self, key: str, name: str = "", lane: str = "", col: int = 0, row: int = 0) -> None:
        """All ways at once."""
        self._add(key, "parallelGateway", name, lane, col, row)

    def inclusive(self, key: str, name: str = "", lane: str = "", col: int = 0, row: int = 0) -> None:
        """Some of the ways."""
        self._add(key, "inclusiveGateway", name, lane, col, row)

    def timer(
        self, key: str, name: str, lane: str = "", col: int = 0, row: int = 0, until: str = "", wait: str = ""
    ) -> None:
        """Waits until a moment (an expression answering ISO text) or for an ISO duration."""
        kind, text = ("timeDate", until) if until else ("timeDuration", f'"{wait}"')
        body = (
            f'@FLOWS@<bpmn:timerEventDefinition id="{key}_d"><bpmn:{kind} '
            f'xsi:type="bpmn:tFormalExpression">{escape(text)}</bpmn:{kind}></bpmn:timerEventDefinition>'
        )
        self._add(key, "intermediateCatchEvent", name, lane, col, row, body)

    def flow(
        self,
        source: str,
        target: str,
        name: str = "",
        when: str | None = None,
        default: bool = False,
        via: str | None = None,
    ) -> None:
        """An arrow."""
        self.flows.append(Flow(source, target, name, when, default, via))

    # --- places ---------------------------------------------------------------------------------

    def _rows(self, lane: str) -> int:
        return 1 + max((n.row for n in self.nodes.values() if n.lane == lane), default=0)

    def _level(self, node: Node) -> int:
        """The row of a node counted over all lanes."""
        above = 0
        for lane in self.lanes:
            if lane == node.lane:
                break
            above += self._rows(lane)
        return above + node.row

    def _box(self, node: Node) -> tuple[int, int, int, int]:
        width, height = node.size
        x = LEFT + 2 * HEAD + 40 + node.col * COLUMN + 58
        y = TOP + self._level(node) * ROW + ROW // 2
        return x - width // 2, y - height // 2, width, height

    def _free(self, level: int, first: int, last: int) -> bool:
        """Whether no node stands strictly between two columns of a level."""
        low, high = min(first, last), max(first, last)
        return not any(self._level(n) == level and low < n.col < high for n in self.nodes.values())

    def _clear_column(self, col: int, first: int, last: int) -> bool:
        low, high = min(first, last), max(first, last)
        return not any(n.col == col and low < self._level(n) < high for n in self.nodes.values())

    def _channel(self, level: int, side: str) -> int:
        used = self.channels.get((level, side), 0)
        self.channels[(level, side)] = used + 1
        offset = 7 + (used % 3) * 6
        return TOP + level * ROW + (offset if side == "above" else ROW - offset)

    def _points(self, flow: Flow) -> list[tuple[int, int]]:
        a, b = self.nodes[flow.source], self.nodes[flow.target]
        ax, ay, aw, ah = self._box(a)
        bx, by, bw, bh = self._box(b)
        acx, acy, bcx, bcy = ax + aw // 2, ay + ah // 2, bx + bw // 2, by + bh // 2
        la, lb = self._level(a), self._level(b)
        if flow.via:
            level = (min if flow.via == "above" else max)(la, lb)
            y = self._channel(level, flow.via)
            above = flow.via == "above"
            start = (acx, ay if above else ay + ah)
            shift = -14 if bcx < acx else 14
            end_x = bcx + (shift if b.size[0] > 60 else 0)
            return [start, (acx, y), (end_x, y), (end_x, by if above else by + bh)]
        if la == lb and b.col > a.col and self._free(la, a.col, b.col):
            return [(ax + aw, acy), (bx, bcy)]
        if a.col == b.col and self._clear_column(a.col, la, lb):
            return [(acx, ay + ah if lb > la else ay), (bcx, by if lb > la else by + bh)]
        if b.col > a.col:
            if (
                a.kind.endswith("Gateway")
                and self._clear_column(a.col, la, lb)
                and self._free(lb, a.col, b.col)
                and not self._taken(lb, a.col)
            ):
                return [(acx, ay + ah if lb > la else ay), (acx, bcy), (bx, bcy)]
            if (
                self._free(la, a.col, b.col + 1)
                and self._clear_column(b.col, la, lb)
                and not self._taken(la, b.col)
            ):
                return [(ax + aw, acy), (bcx, acy), (bcx, by if lb > la else by + bh)]
            if self._free(lb, a.col, b.col):
                middle = ax + aw + 22
                return [(ax + aw, acy), (middle, acy), (middle, bcy), (bx, bcy)]
            middle = bx - 22
            return [(ax + aw, acy), (middle, acy), (middle, bcy), (bx, bcy)]
        if (
            la != lb
            and self._free(la, b.col, a.col)
            and not self._taken(la, b.col)
            and self._clear_column(b.col, la, lb)
        ):
            return [(ax, acy), (bcx, acy), (bcx, by + bh if lb < la else by)]
        if (
            la != lb
            and a.kind.endswith("Gateway")
            and self._free(lb, b.col, a.col)
            and not self._taken(lb, a.col)
        ):
            return [(acx, ay if lb < la else ay + ah), (acx, bcy), (bx + bw, bcy)]
        side = "below" if lb >= la else "above"
        y = self._channel(la, side)
        return [
            (acx, ay + ah if side == "below" else ay),
            (acx, y),
            (bcx, y),
            (bcx, by if lb > la else by + bh),
        ]

    def _label_place(self, node: Node, width: int) -> tuple[int, int]:
        """Where the name of an event or gateway stands: clear of the arrows that leave or reach it."""
        x, y, w, h = self._box(node)
        middle = x + w // 2
        if not node.kind.endswith("Gateway"):
            return middle - width // 2, y + h + 4
        ends = {self.ways[f.id][0] for f in self.flows if f.source == node.id}
        ends |= {self.ways[f.id][-1] for f in self.flows if f.target == node.id}
        if (middle, y) not in ends:
            return middle - width // 2, y - 18
        if (middle, y + h) not in ends:
            return middle - width // 2, y + h + 4
        return middle - width - 6, y - 16

    def _taken(self, level: int, col: int) -> bool:
        return any(self._level(n) == level and n.col == col for n in self.nodes.values())

    # --- text -----------------------------------------------------------------------------------

    def xml(self) -> str:
        """The whole file."""
        self.channels.clear()
        self.ways = {flow.id: self._points(flow) for flow in self.flows}
        out = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<bpmn:definitions {NAMESPACES} id="d_{self.id}" targetNamespace="https://zhenjie.example/bpmn">',
        ]
        if self.lanes:
            out.append(
                f'<bpmn:collaboration id="c_{self.id}"><bpmn:participant id="pool_{self.id}" '
                f"name={quoteattr(self.name)} processRef={quoteattr(self.id)} /></bpmn:collaboration>"
            )
        out.append(f'<bpmn:process id="{self.id}" name={quoteattr(self.name)} isExecutable="true">')
        if self.lanes:
            out.append(f'<bpmn:laneSet id="lanes_{self.id}">')
            for number, lane in enumerate(self.lanes, start=1):
                refs = "".join(
                    f"<bpmn:flowNodeRef>{n.id}</bpmn:flowNodeRef>"
                    for n in self.nodes.values()
                    if n.lane == lane
                )
                out.append(
                    f'<bpmn:lane id="lane_{self.id}_{number}" name={quoteattr(lane)}>{refs}</bpmn:lane>'
                )
            out.append("</bpmn:laneSet>")
        out += [self._node_xml(node) for node in self.nodes.values()]
        out += [self._flow_xml(flow) for flow in self.flows]
        out.append("</bpmn:process>")
        out += self._picture()
        out.append("</bpmn:definitions>")
        return "\n".join(out) + "\n"

    def _node_xml(self, node: Node) -> str:
        flows = "".join(f"<bpmn:incoming>{f.id}</bpmn:incoming>" for f in self.flows if f.target == node.id)
        flows += "".join(f"<bpmn:outgoing>{f.id}</bpmn:outgoing>" for f in self.flows if f.source == node.id)
        default = next((f.id for f in self.flows if f.source == node.id and f.default), None)
        attributes = node.attributes + (f' default="{default}"' if default else "")
        if "@FLOWS@" in node.body:
            body = node.body.replace("@FLOWS@", flows)
        elif node.body.startswith("<bpmn:extensionElements>"):
            body = node.body + flows
        else:
            body = flows + node.body
        name = f" name={quoteattr(node.name)}" if node.name else ""
        return f'<bpmn:{node.kind} id="{node.id}"{name}{attributes}>{body}</bpmn:{node.kind}>'

    @staticmethod
    def _flow_xml(flow: Flow) -> str:
        name = f" name={quoteattr(flow.name)}" if flow.name else ""
        head = f'<bpmn:sequenceFlow id="{flow.id}" sourceRef="{flow.source}" targetRef="{flow.target}"{name}'
        if flow.when is None:
            return head + " />"
        condition = (
            f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(flow.when)}'
            "</bpmn:conditionExpression>"
        )
        return f"{head}>{condition}</bpmn:sequenceFlow>"

    def _picture(self) -> list[str]:
        plane = f"c_{self.id}" if self.lanes else self.id
        out = [
            f'<bpmndi:BPMNDiagram id="dia_{self.id}"><bpmndi:BPMNPlane id="pl_{self.id}" bpmnElement="{plane}">'
        ]
        width = 2 * HEAD + 60 + (1 + max(n.col for n in self.nodes.values())) * COLUMN
        if self.lanes:
            total = sum(self._rows(lane) for lane in self.lanes)
            out.append(_shape(f"pool_{self.id}", LEFT, TOP, width, total * ROW, ' isHorizontal="true"'))
            y = TOP
            for number, lane in enumerate(self.lanes, start=1):
                height = self._rows(lane) * ROW
                out.append(
                    _shape(
                        f"lane_{self.id}_{number}",
                        LEFT + HEAD,
                        y,
                        width - HEAD,
                        height,
                        ' isHorizontal="true"',
                    )
                )
                y += height
        for node in self.nodes.values():
            x, y, w, h = self._box(node)
            label = ""
            if node.name and node.kind.endswith(("Event", "Gateway")):
                label_width = max(40, min(110, 14 * len(node.name)))
                label = _label(*self._label_place(node, label_width), label_width)
            marker = ' isMarkerVisible="true"' if node.kind == "exclusiveGateway" else ""
            out.append(_shape(node.id, x, y, w, h, marker, label))
        told: dict[tuple[tuple[int, int], bool], int] = {}
        for flow in self.flows:
            points = self.ways[flow.id]
            way = "".join(f'<di:waypoint x="{x}" y="{y}" />' for x, y in points)
            label = ""
            if flow.name:
                (x1, y1), (x2, y2) = points[0], points[1]
                label_width = 13 * len(flow.name) + 4
                before = told.get((points[0], y1 == y2), 0)  # two arrows that leave one side need two lines
                told[points[0], y1 == y2] = before + 1
                y1, y2 = y1 + 16 * before, y2 + 16 * before
                if y1 == y2:
                    label = _label(min(x1, x2) + 4 if x2 > x1 else x2 + 4, y1 - 18, label_width)
                else:
                    label = _label(x1 + 5, (y1 + (14 if y2 > y1 else -26)), label_width)
            out.append(
                f'<bpmndi:BPMNEdge id="{flow.id}_di" bpmnElement="{flow.id}">{way}{label}</bpmndi:BPMNEdge>'
            )
        out.append("</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>")
        return out


def _shape(key: str, x: int, y: int, width: int, height: int, attributes: str = "", label: str = "") -> str:
    return (
        f'<bpmndi:BPMNShape id="{key}_di" bpmnElement="{key}"{attributes}>'
        f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}" />{label}</bpmndi:BPMNShape>'
    )


def _label(x: int, y: int, width: int) -> str:
    return f'<bpmndi:BPMNLabel><dc:Bounds x="{x}" y="{y}" width="{width}" height="14" /></bpmndi:BPMNLabel>'
