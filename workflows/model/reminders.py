"""Branches that only tell people something: they change nothing that can be proved, so proofs leave them out.

A non-interrupting timer at the edge of a step that reminds and ends runs beside the flow for a moment, sets no
variable and gives no letter. In a proof it would only multiply the states.
"""

from __future__ import annotations

from workflows.model.graph import Node, Process

TELLING = frozenset({"task.remind", "task.escalate"})
"""Operators that message people and answer no variables."""


def telling(process: Process) -> frozenset[str]:
    """Ids of the elements of such branches: the events at the edges, the automatic steps, their ends."""
    found: set[str] = set()
    for node in process.nodes.values():
        if node.kind == "boundaryEvent" and not node.interrupting and node.event == "timer":
            found |= _branch(process, node)
    return frozenset(found)


def _branch(process: Process, bound: Node) -> set[str]:
    """The elements of the branch, none when it does anything else or others lead into it."""
    seen, todo = {bound.id}, [process.flows[flow].target for flow in bound.outgoing]
    if not todo:
        return set()
    while todo:
        node = process.nodes.get(todo.pop())
        if node is None or not _tells(node):
            return set()
        seen.add(node.id)
        todo += [process.flows[flow].target for flow in node.outgoing]
    led = {process.flows[flow].source for key in seen for flow in process.nodes[key].incoming}
    return seen if led <= seen else set()


def _tells(node: Node) -> bool:
    if node.kind == "endEvent":
        return not node.event
    straight = len(node.outgoing) == 1 and len(node.incoming) == 1 and not node.multi and not node.result
    return node.kind == "serviceTask" and node.operator in TELLING and straight and not node.scripts
