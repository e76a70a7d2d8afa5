"""Put a token on another element: an operator's way out of a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.inclusive_gateway import InclusiveGateway
from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.util.task import TaskState

from workflows.engine import codec
from workflows.engine.model import Element, Model
from workflows.engine.moving import take_away
from workflows.engine.running import clean, finished_step, guarded, run_automatic, states_of
from workflows.errors import EngineFault
from workflows.ports import Now, Operators
from workflows.repair.places import Place, find, is_shared, levels, path_of_part, seen_from
from workflows.types import Result

GOALS = frozenset(
    {
        "userTask",
        "manualTask",
        "task",
        "serviceTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "intermediateCatchEvent",
    }
)
"""Kinds of elements a token can be put on; gateways and events at the edges decide nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a token can be put.

    Attributes:
        skipped: what lies between on the drawing and would not be done, the token's own element first;
            empty when the drawing does not lead there from the token.
        why_not: what the drawing itself has against it, None when nothing.
    """

    place: Place
    skipped: tuple[Place, ...]
    why_not: str | None


def goals(model: Model, state: bytes, token_id: str, *, now: Now) -> list[Goal]:
    """Where a token can be put: in its own diagram and in those that called it.

    Raises:
        StepNotOpen: the token stands there no more.
    """
    with guarded(None, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        task = find(workflow, token_id)
        made = []
        for part in levels(task):
            here = seen_from(part, task)
            for name, element in model.elements.get(part.spec.name, {}).items():
                if element.kind in GOALS and name != here.task_spec.bpmn_id:
                    made.append(_goal(model, part, here, name, element))
        return made


def move(
    model: Model,
    state: bytes,
    token_id: str,
    path: Sequence[str],
    element: str,
    *,
    operators: Operators,
    now: Now,
    values: Mapping[str, Any] | None = None,
) -> Result:
    """Take a token away and put one on another element of its diagram, or of one that called it; run on.

    What lies between is not done: whether that may be is the caller's rule.

    Args:
        path: call activities above the goal, outermost first: a beginning of the token's own.
        values: what has become known at the token meanwhile.

    Raises:
        StepNotOpen: the token stands there no more.
        EngineFault: the goal is not there, or the drawing does not allow it (`Goal.why_not`).
    """
    with guarded(operators, now) as engine:
        workflow = codec.load(state, model.spec, dict(model.subs), engine)
        before = states_of(workflow)
        task = find(workflow, token_id)
        part = next((one for one in levels(task) if path_of_part(one) == tuple(path)), None)
        known = model.elements.get(part.spec.name, {}).get(element) if part is not None else None
        if part is None or known is None or known.kind not in GOALS:
            raise EngineFault(f"运行中的流程图里没有可以移到的步骤“{element}”", element)
        here = seen_from(part, task)
        if why := _goal(model, part, here, element, known).why_not:
            raise EngineFault(why, element, part.spec.name)
        here.data.update(clean(values or {}))
        _put(workflow, part, here, element)
        run_automatic(workflow)
        return finished_step(model, workflow, before)


def _goal(model: Model, part: Any, here: Any, name: str, element: Element) -> Goal:
    path, process = path_of_part(part), part.spec.name
    place = Place(path, process, name, element.kind, element.name or name)
    target, standing = _spec(part, name), _spec(part, here.task_spec.bpmn_id)
    if target is None or standing is None:
        return Goal(place, (), "流程图中没有这个步骤。")
    if is_shared(here):
        return Goal(
            place, (), "这里由多人或多份同时办理，正在进行中，不能移动；请等各人办完，或由办理人退回。"
        )
    if any(_branch(split, target) != _branch(split, standing) for split in part.spec.task_specs.values()):
        return Goal(place, (), "这一步在并行的另一分支里，移过去会使汇合处永远等待。")
    return Goal(place, _between(model, part, standing, target), None)


def _spec(part: Any, element: str) -> Any:
    """The specification of an element; of a shared step the whole, not a part of it."""
    return next(
        (
            spec
            for spec in part.spec.task_specs.values()
            if spec.bpmn_id == element and not spec.name.endswith("[child]")
        ),
        None,
    )


def _branch(split: Any, spec: Any) -> frozenset[int]:
    """In which ways side by side from a split an element lies; none when it lies before, behind or elsewhere."""
    if isinstance(split, BoundaryEventSplit):
        beside = [one for one in split.outputs if isinstance(one, BoundaryEvent)]
        main = _reach([one for one in split.outputs if one not in beside], split)
        return frozenset(
            number for number, one in enumerate(beside) if spec in _reach([one], split) and spec not in main
        )
    if not isinstance(split, ParallelGateway | InclusiveGateway) or len(split.outputs) < 2:
        return frozenset()
    ways = [_reach([way], split) for way in split.outputs]
    inside = frozenset(number for number, way in enumerate(ways) if spec in way)
    return inside if len(inside) < len(ways) else frozenset()


def _reach(starts: Sequence[Any], without: Any) -> set[Any]:
    found: set[Any] = set()
    stack = list(starts)
    while stack:
        one = stack.pop()
        if one not in found and one is not without:
            found.add(one)
            stack.extend(one.outputs)
    return found


def _between(model: Model, part: Any, standing: Any, target: Any) -> tuple[Place, ...]:
    """What the drawing wants done from the token to the goal, called diagrams in whole."""
    ahead = _reach([standing], target)
    if not any(target in one.outputs for one in ahead):
        return ()
    behind, stack = set(), [one for one in ahead if target in one.outputs]
    while stack:
        one = stack.pop()
        if one not in behind:
            behind.add(one)
            stack.extend(before for before in one.inputs if before in ahead)
    drawn = [standing, *(spec for spec in part.spec.task_specs.values() if spec in behind - {standing})]
    names = dict.fromkeys(spec.bpmn_id for spec in drawn if spec.bpmn_id)
    return tuple(_whole(model, path_of_part(part), part.spec.name, list(names)))


def _whole(model: Model, path: tuple[str, ...], process: str, names: Sequence[str]) -> Iterator[Place]:
    for name in names:
        element = model.elements.get(process, {}).get(name)
        if element is None:
            continue
        yield Place(path, process, name, element.kind, element.name or name)
        if element.called and len(path) < 20:
            inner = list(model.elements.get(element.called, {}))
            yield from _whole(model, (*path, name), element.called, inner)


def _put(workflow: Any, part: Any, here: Any, element: str) -> None:
    """Take the token away and put a fresh one on the goal, with the data it had."""
    spec = _spec(part, element)
    goal = part.spec.task_specs.get(f"{spec.name}.BoundaryEventSplit") or spec
    gone = here
    while gone.parent is not None and isinstance(gone.parent.task_spec, BoundaryEventSplit):
        gone = gone.parent  # what watches the step goes with it
    data, anchor = dict(here.data), gone.parent or part.task_tree
    take_away(workflow, part, gone)
    kept, anchor.data = anchor.data, data
    fresh = anchor._add_child(goal, TaskState.FUTURE)
    goal._predict(fresh, mask=TaskState.PREDICTED_MASK | TaskState.FUTURE)
    goal._update(fresh)
    anchor.data = kept
    part.completed = False
    if part.last_task is not None and part.last_task.id not in part.tasks:
        part.last_task = anchor
