"""What the drawing says of a step to the person who does it: its words, and what can come after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from workflows.model.xml import BPMN, local, parse

PEOPLE = ("userTask", "manualTask")
MOST = 8
"""More ways than this explain nothing."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """One way on.

    Attributes:
        when: what the drawing writes where the way parts first, "" where there is no choice.
        title: the next step of people, the wait or the end it leads to.
        lane: who does that step, "" for waits and ends.
        kind: step, wait or end.
    """

    when: str
    title: str
    lane: str
    kind: str


@dataclass(slots=True)
class _Drawing:
    nodes: dict[str, etree._Element] = field(default_factory=dict)
    out: dict[str, list[etree._Element]] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    ends: int = 0


class Drawings:
    """The diagrams of one version, read as far as somebody asks."""

    def __init__(self, files: Mapping[str, bytes], process: str) -> None:
        self._files, self._process = files, process
        self._read: dict[str, _Drawing] = {}

    def words(self, process: str, element: str) -> str:
        """What the designer wrote about a step, "" when nothing."""
        node = self._of(process).nodes.get(element)
        found = node.find(f"{{{BPMN}}}documentation") if node is not None else None
        return " ".join((found.text or "").split()) if found is not None else ""

    def ahead(self, process: str, path: Sequence[str], element: str) -> list[Ahead]:
        """Where a step can lead, in the order drawn.

        Args:
            path: ids of the call activities above the step, outermost first.
        """
        above: list[tuple[str, str]] = []
        current = self._process
        for call in path:
            above.append((current, call))
            node = self._of(current).nodes.get(call)
            current = (node.get("calledElement") or "") if node is not None else ""
        found: dict[tuple[str, str], Ahead] = {}
        for one in self._after(process, tuple(above), element, "", set()):
            found.setdefault((one.title, one.kind), one)
        return list(found.values())[:MOST]

    def _after(
        self, process: str, above: tuple[tuple[str, str], ...], element: str, when: str, seen: set[str]
    ) -> Iterator[Ahead]:
        drawing = self._of(process)
        for flow in drawing.out.get(element, []):
            yield from self._at(
                process, above, str(flow.get("targetRef")), when or flow.get("name") or "", seen
            )

    def _at(
        self, process: str, above: tuple[tuple[str, str], ...], element: str, when: str, seen: set[str]
    ) -> Iterator[Ahead]:
        drawing = self._of(process)
        node = drawing.nodes.get(element)
        if node is None or f"{process}/{element}" in seen:
            return
        seen.add(f"{process}/{element}")
        kind, title = local(node), node.get("name") or element
        if kind in PEOPLE:
            yield Ahead(when, title, drawing.lanes.get(element, ""), "step")
        elif kind == "intermediateCatchEvent":
            yield Ahead(when, title, "", "wait")
        elif kind == "callActivity":
            called = node.get("calledElement") or ""
            for start in self._of(called).starts:
                yield from self._after(called, (*above, (process, element)), start, when, seen)
        elif kind == "endEvent":
            if not above or drawing.ends > 1:
                # Which way the diagram above goes on depends on what happened here: the drawing cannot tell.
                yield Ahead(when, title, "", "end")
            else:
                outer, call = above[-1]
                yield from self._after(outer, above[:-1], call, when, seen)
        else:
            yield from self._after(process, above, element, when, seen)

    def _of(self, process: str) -> _Drawing:
        if process not in self._read:
            self._read[process] = _read(self._files.get(f"process/{process}.bpmn"), process)
        return self._read[process]


def _read(data: bytes | None, process: str) -> _Drawing:
    made = _Drawing()
    if data is None:
        return made
    for root in parse(data).iter(f"{{{BPMN}}}process"):
        if root.get("id") != process:
            continue
        for node in root.iter():
            if not isinstance(node.tag, str):
                continue
            kind = local(node)
            if kind == "sequenceFlow":
                made.out.setdefault(str(node.get("sourceRef")), []).append(node)
            elif kind == "lane":
                for place in node.findall(f"{{{BPMN}}}flowNodeRef"):
                    made.lanes[(place.text or "").strip()] = node.get("name") or ""
            elif node.get("id"):
                made.nodes[str(node.get("id"))] = node
                if kind == "startEvent":
                    made.starts.append(str(node.get("id")))
                made.ends += kind == "endEvent"
    return made
