"""A bundle of models as plain graphs: what checks and proofs read, with the line each thing stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from lxml import etree

from workflows.model.decision import DecisionTable
from workflows.types import Finding

PEOPLE: Final = frozenset({"userTask", "manualTask", "task"})
AUTOMATIC: Final = frozenset(
    {"scriptTask", "serviceTask", "businessRuleTask", "sendTask", "intermediateThrowEvent"}
)
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway", "complexGateway"}
)
WAITING: Final = frozenset({"intermediateCatchEvent", "receiveTask"})
EMBEDDED: Final = frozenset({"subProcess", "transaction", "adHocSubProcess"})
CONTAINERS: Final = EMBEDDED | {"callActivity"}
TASKS: Final = (
    PEOPLE | CONTAINERS | {"scriptTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
)
EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
NODES: Final = TASKS | GATEWAYS | EVENTS
DEFINITION: Final = "EventDefinition"
REFERRED: Final = ("message", "signal", "error", "escalation")
MOST_ELEMENTS: Final = 20_000
"""Calls inside calls multiply; beyond this nobody follows them."""


@dataclass(slots=True)
class Flow:
    """An arrow."""

    id: str
    source: str
    target: str
    condition: str
    file: str
    xml: etree._Element


@dataclass(slots=True)
class Node:
    """An element of a diagram.

    Attributes:
        event: kind of its event ("timer", "message", "terminate" …), "" for a plain one.
        ref: name of the message or signal, code of the error or escalation.
        timer: which kind of time (`timeDate` …) and its expression.
        multi: "parallel", "sequential" or "loop" when it is done several times.
        body: what lies inside an embedded sub-process.
    """

    id: str
    kind: str
    name: str
    file: str
    xml: etree._Element
    lane: str = ""
    incoming: list[str] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    form: str = ""
    operator: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    result: str = ""
    decision: str = ""
    called: str = ""
    default: str = ""
    attached: str = ""
    interrupting: bool = True
    event: str = ""
    ref: str = ""
    timer: tuple[str, str] = ("", "")
    multi: str = ""
    times: str = ""
    scripts: list[str] = field(default_factory=list)
    body: Process | None = None

    @property
    def line(self) -> int:
        """Where it stands in its file."""
        return self.xml.sourceline or 0

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id


@dataclass(slots=True)
class Process:
    """A diagram, or what lies inside an embedded sub-process."""

    id: str
    name: str
    file: str
    xml: etree._Element
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)

    def all_nodes(self) -> Iterator[Node]:
        """Its elements, with those inside embedded sub-processes."""
        for node in self.nodes.values():
            yield node
            if node.body is not None:
                yield from node.body.all_nodes()

    def all_parts(self) -> Iterator[Process]:
        """Itself and its embedded sub-processes."""
        yield self
        for node in self.nodes.values():
            if node.body is not None:
                yield from node.body.all_parts()

    def after(self, key: str) -> list[str]:
        """Ids of the elements that follow directly, those of its boundary events included."""
        node = self.nodes[key]
        found = [self.flows[flow].target for flow in node.outgoing]
        return found + [one.id for one in self.nodes.values() if one.attached == key]


def finding(
    owner: Node | Flow | Process, rule: str, message: str, severity: str = "error", fix: str = ""
) -> Finding:
    """A finding at an element, an arrow or a whole diagram."""
    return Finding(owner.file, owner.xml.sourceline or 0, owner.id, severity, rule, message, fix)


@dataclass(slots=True)
class Bundle:
    """All diagrams, decision tables and form schemas of a model.

    Attributes:
        referred: messages, signals, errors and escalations: name or code by id.
        thrown: names of messages and signals that some element sends.
        forms: schema by key; None for a file that could not be read.
    """

    processes: dict[str, Process] = field(default_factory=dict)
    roots: dict[str, etree._Element] = field(default_factory=dict)
    tables: dict[str, DecisionTable] = field(default_factory=dict)
    table_files: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    form_files: dict[str, str] = field(default_factory=dict)
    referred: dict[str, str] = field(default_factory=dict)
    thrown: set[str] = field(default_factory=set)

    def nodes(self) -> Iterator[Node]:
        """Every element of every diagram."""
        for process in self.processes.values():
            yield from process.all_nodes()

    def starts(self) -> list[str]:
        """Processes that no other diagram calls, in the order of their files; all when each calls another."""
        called = {node.called for node in self.nodes() if node.called}
        return [key for key in self.processes if key not in called] or list(self.processes)

    def reached(self, start: str) -> Bundle:
        """The same with only those diagrams that a process leads into: what others hold says nothing about it."""
        found: set[str] = set()
        todo = [start]
        while todo:
            key = todo.pop()
            if key in found or key not in self.processes:
                continue
            found.add(key)
            todo += [node.called for node in self.processes[key].all_nodes() if node.called]
        return replace(self, processes={key: one for key, one in self.processes.items() if key in found})


def elements_of(bundle: Bundle, start: str) -> dict[str, Node]:
    """Every element of a process and of what it calls, by its way ("call/inner")."""
    return dict(islice(_elements(bundle.processes[start], bundle, "", (start,)), MOST_ELEMENTS))


def _elements(
    part: Process, bundle: Bundle, above: str, calls: tuple[str, ...]
) -> Iterator[tuple[str, Node]]:
    for node in part.nodes.values():
        yield above + node.id, node
        inner = node.body or bundle.processes.get(node.called)
        if inner is not None and node.called not in calls:
            yield from _elements(inner, bundle, f"{above}{node.id}/", (*calls, node.called))
