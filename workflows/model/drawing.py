"""The picture of a model (diagram interchange): places for new elements, and a first layout where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lxml import etree

from workflows.model.graph import NODES
from workflows.model.xml import BPMN, local

DI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
WAY: Final = "http://www.omg.org/spec/DD/20100524/DI"
GAP: Final = 60
COLUMN, ROW, MARGIN = 170, 120, 100
Box = tuple[float, float, float, float]


def size(kind: str) -> tuple[int, int]:
    """Width and height in which an element is drawn."""
    if kind.endswith("Event"):
        return 36, 36
    return (50, 50) if kind.endswith("Gateway") else (110, 80)


class Drawing:
    """The shapes and edges of a document; without a plane nothing is drawn."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.plane = next(root.iter(f"{{{DI}}}BPMNPlane"), None)
        self.kinds = {str(node.get("id")): local(node) for node in root.iter() if local(node) in NODES}

    def box(self, key: str) -> Box | None:
        """Where an element is drawn."""
        for shape in self.root.iter(f"{{{DI}}}BPMNShape"):
            bounds = shape.find(f"{{{DC}}}Bounds")
            if shape.get("bpmnElement") == key and bounds is not None:
                try:
                    x, y, width, height = (
                        float(bounds.get(name) or 0) for name in ("x", "y", "width", "height")
                    )
                except ValueError:
                    return None
                return x, y, width, height
        return None

    def shape(self, key: str, beside: str, *, before: bool) -> None:
        """Draw a new element left or right of another."""
        near = self.box(beside)
        node = next((one for one in self.root.iter() if one.get("id") == key and local(one) in NODES), None)
        if self.plane is None or near is None or node is None:
            return
        kind = self.kinds[key] = local(node)
        width, height = size(kind)
        x = near[0] - GAP - width if before else near[0] + near[2] + GAP
        self._put(key, (x, near[1] + near[3] / 2 - height / 2, width, height))

    def arrow(self, key: str, source: str, target: str) -> None:
        """Draw an arrow straight from one element to another."""
        first, second = self.box(source), self.box(target)
        if self.plane is None or first is None or second is None:
            return
        edge = etree.SubElement(self.plane, f"{{{DI}}}BPMNEdge", id=f"{key}_di", bpmnElement=key)
        ends = (
            (first[0] + first[2], first[1] + first[3] / 2),
            (second[0], second[1] + second[3] / 2),
        )
        for x, y in ends:
            etree.SubElement(edge, f"{{{WAY}}}waypoint", x=f"{x:g}", y=f"{y:g}")

    def lead(self, keys: list[str], source: str) -> None:
        """Let arrows begin at another element."""
        box = self.box(source)
        if box is None:
            return
        for edge in self.root.iter(f"{{{DI}}}BPMNEdge"):
            first = edge.find(f"{{{WAY}}}waypoint")
            if edge.get("bpmnElement") in keys and first is not None:
                first.set("x", f"{box[0] + box[2] / 2:g}")
                first.set("y", f"{box[1] + box[3] / 2:g}")

    def remove(self, key: str) -> None:
        """Take an arrow out of the picture."""
        for edge in list(self.root.iter(f"{{{DI}}}BPMNEdge")):
            if edge.get("bpmnElement") == key:
                edge.getparent().remove(edge)

    def draw(self, fresh: Callable[[str], str]) -> int:
        """A first picture for a document that has none: columns by distance from the start."""
        process = self.root.find(f"{{{BPMN}}}process")
        if self.plane is not None or process is None:
            return 0
        diagram = etree.SubElement(self.root, f"{{{DI}}}BPMNDiagram", id=fresh("BPMNDiagram"))
        self.plane = etree.SubElement(
            diagram, f"{{{DI}}}BPMNPlane", id=fresh("BPMNPlane"), bpmnElement=str(process.get("id"))
        )
        nodes = {str(node.get("id")): node for node in process if local(node) in NODES}
        flows = [node for node in process if local(node) == "sequenceFlow"]
        rows: dict[int, int] = {}
        for key, column in _columns(nodes, flows).items():
            row = rows.get(column, 0)
            rows[column] = row + 1
            width, height = size(local(nodes[key]))
            x, y = MARGIN + column * COLUMN - width / 2, MARGIN + row * ROW - height / 2
            self._put(key, (x, y, width, height))
        for flow in flows:
            self.arrow(str(flow.get("id")), str(flow.get("sourceRef")), str(flow.get("targetRef")))
        return len(nodes)

    def _put(self, key: str, box: Box) -> None:
        shape = etree.SubElement(self.plane, f"{{{DI}}}BPMNShape", id=f"{key}_di", bpmnElement=key)
        names = ("x", "y", "width", "height")
        etree.SubElement(
            shape, f"{{{DC}}}Bounds", {name: f"{value:g}" for name, value in zip(names, box, strict=True)}
        )


def _columns(nodes: dict[str, etree._Element], flows: list[etree._Element]) -> dict[str, int]:
    """How many steps each element lies from the start; a boundary event one beyond its step."""
    after: dict[str, list[str]] = {key: [] for key in nodes}
    for flow in flows:
        source, target = str(flow.get("sourceRef")), str(flow.get("targetRef"))
        if source in nodes and target in nodes:
            after[source].append(target)
    for key, node in nodes.items():
        if node.get("attachedToRef") in nodes:
            after[str(node.get("attachedToRef"))].append(key)
    found: dict[str, int] = {}
    reached = {target for targets in after.values() for target in targets}
    todo = [(key, 0) for key in nodes if key not in reached] or [(key, 0) for key in list(nodes)[:1]]
    for key, column in todo:  # grows while it is read: nearest first
        if key not in found:
            found[key] = column
            todo += [(target, column + 1) for target in after[key]]
    return {**found, **{key: 0 for key in nodes if key not in found}}
