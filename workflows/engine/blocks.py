"""What a step back means on the drawing: where the token goes, what is done anew, what stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.inclusive_gateway import InclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway

from workflows.engine.model import Model
from workflows.errors import EngineFault


@dataclass(frozen=True, slots=True)
class Region:
    """What a step back takes hold of, in one diagram.

    Attributes:
        path: ids of the call activities above that diagram, outermost first.
        anew: elements of the diagram that are done again though some were done before the target: an ended
            stage, a parallel block, the parts of a shared step.
        beside: elements of other branches, which go on as if nothing had happened.
    """

    path: tuple[str, ...]
    anew: frozenset[str]
    beside: frozenset[str]

    def element(self, path: tuple[str, ...], element: str) -> str | None:
        """The element of this diagram that something lies at or in, None when it lies outside."""
        depth = len(self.path)
        if path[:depth] != self.path:
            return None
        return path[depth] if len(path) > depth else element


def region(model: Model, here_path: Sequence[str], here: str, path: Sequence[str], element: str) -> Region:
    """What going back from an open step to a passed one takes hold of.

    Args:
        here_path: call activities above the open step; here: the open step.
        path: call activities above the target; element: the target.

    Raises:
        EngineFault: the target lies behind the open step, or is not in the diagram.
    """
    depth, target = goal(tuple(here_path), tuple(path), element)
    spec = model.spec
    for call in path[:depth]:
        spec = model.subs[spec_named(spec, call).spec]
    standing = spec_named(spec, here_path[depth] if depth < len(here_path) else here)
    start = start_of_block(spec, target, standing)
    anew: set[Any] = set()
    if start.bpmn_id != target:
        ways = [reach(way, start) for way in _parallel_ways(start)]
        anew = set().union(*ways) - set.intersection(*ways)
    whole = depth < len(path) or f"{target} [child]" in spec.task_specs
    beside: set[Any] = set()
    for split in spec.task_specs.values():
        ways = [reach(way, split) for way in _parallel_ways(split)]
        own = [way for way in ways if start in way]
        if own and len(own) < len(ways):
            beside |= set().union(*(way for way in ways if start not in way)) - set().union(*own)
    return Region(tuple(path[:depth]), _ids(anew) | ({target} if whole else frozenset()), _ids(beside))


def goal(here: tuple[str, ...], path: tuple[str, ...], element: str) -> tuple[int, str]:
    """How deep to go back, and to which element: the stage's call when the stage is not the running one."""
    shared = 0
    while shared < min(len(here), len(path)) and here[shared] == path[shared]:
        shared += 1
    return shared, (path[shared] if shared < len(path) else element)


def spec_named(spec: Any, element: str) -> Any:
    """The specification of an element; of a shared step the whole, not a part of it.

    Raises:
        EngineFault: the diagram has none of this name.
    """
    for one in spec.task_specs.values():
        if one.bpmn_id == element and not one.name.endswith("[child]"):
            return one
    raise EngineFault(f"流程图中没有步骤“{element}”", element, spec.name)


def start_of_block(spec: Any, target: str, here: Any) -> Any:
    """The target, or the split before it when it lies in a branch beside: one branch alone never meets its join.

    Raises:
        EngineFault: the open step cannot be reached from there.
    """
    start = _outermost(spec, spec_named(spec, target), here)
    if here not in reach(start, None):
        raise EngineFault(f"步骤“{target}”在当前步骤之后，不能退回到那里", target, spec.name)
    return start


def _outermost(spec: Any, target: Any, here: Any) -> Any:
    for split in spec.task_specs.values():
        ways = [reach(way, split) for way in _parallel_ways(split)]
        among = {number for number, way in enumerate(ways) if target in way}
        beside = {number for number, way in enumerate(ways) if here in way}
        if among and len(among) < len(ways) and not (beside and beside <= among):
            return _outermost(spec, split, here)
    return target


def _parallel_ways(split: Any) -> list[Any]:
    """Where tokens go side by side from an element; [] where only one goes on."""
    if isinstance(split, ParallelGateway | InclusiveGateway):
        ways = list(split.outputs)
    elif isinstance(split, BoundaryEventSplit):
        ways = [one for one in split.outputs if not isinstance(one, BoundaryEvent) or not one.cancel_activity]
    else:
        return []
    return ways if len(ways) > 1 else []


def reach(way: Any, without: Any) -> set[Any]:
    """All that can be reached from an element without passing another."""
    found, stack = set(), [way]
    while stack:
        one = stack.pop()
        if one not in found and one is not without:
            found.add(one)
            stack.extend(one.outputs)
    return found


def _ids(specs: set[Any]) -> frozenset[str]:
    return frozenset(one.bpmn_id for one in specs if one.bpmn_id)
