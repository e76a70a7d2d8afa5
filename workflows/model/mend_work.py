"""A document being mended: its elements, its drawing, and a note for each change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from workflows.model.drawing import Drawing
from workflows.model.graph import NODES
from workflows.model.xml import BPMN, SPIFF, local

B: Final = f"{{{BPMN}}}"
S: Final = f"{{{SPIFF}}}"
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


class Work:
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
            insert(node, tag, str(made.get("id")))
        self.drawing.arrow(str(made.get("id")), str(source.get("id")), str(target.get("id")))
        return made


def insert(node: etree._Element, tag: str, text: str) -> None:
    """An `incoming` or `outgoing` where the schema wants it."""
    place = 0
    for number, child in enumerate(node):
        if local(child) in LATER[: LATER.index(tag) + 1]:
            place = number + 1
    child = etree.Element(f"{B}{tag}")
    child.text = text
    node.insert(place, child)


def title(node: etree._Element) -> str:
    """What people call an element."""
    return str(node.get("name") or node.get("id") or "")
