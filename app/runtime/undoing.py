"""What a step back has to undo: the effects that stand between a passed step and now, and whether it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import select

from app.core.db import session
from app.core.identity import Actor
from app.runtime import definitions, handlers
from app.runtime.models import Case, History, Task
from workflows import engine

Place: TypeAlias = tuple[str, str | None]
"""Path and element of a history line."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that was done; `undo` is None when nothing can take it back."""

    title: str
    undo: handlers.Undo | None


def standing(lines: Sequence[History]) -> list[History]:
    """The steps and automatic elements whose result holds now, in the order of the flow.

    A step that was sent back to come straight back keeps its place in the order when it is done again.
    """
    return [line for _, line in _order(lines) if line is not None]


def _order(lines: Sequence[History]) -> list[tuple[Place, History | None]]:
    kept: list[tuple[Place, History | None]] = []
    for line in lines:
        if line.kind in ("completed", "passed"):
            place = (line.path or "", line.element)
            slot = next((n for n, (where, held) in enumerate(kept) if held is None and where == place), None)
            if slot is None:
                kept.append((place, line))
            else:
                kept[slot] = (place, line)
        elif line.kind in ("sent_back", "withdrawn"):
            told = line.answers or {}
            undone = set(told.get("undone", ()))
            if told.get("straight"):
                kept = [(place, None if one and one.seq in undone else one) for place, one in kept]
            else:
                first = next(
                    (n for n, (_, one) in enumerate(kept) if one is not None and one.seq in undone), len(kept)
                )
                kept[first:] = [(place, one) for place, one in kept[first:] if one and one.seq not in undone]
    return kept


def between(case: Case, here: Task, target: Task, lines: Sequence[History]) -> list[History]:
    """What going back from an open step to a passed one undoes, first one first.

    All since the target was done, itself among it; of a stage, a parallel block or a shared step that is done
    anew all of it; nothing of the branches that go on beside.

    Raises:
        EngineFault: the diagram knows no such way back.
    """
    model = definitions.bundle(case.definition_id).model
    region = engine.region(model, _path(here.path), here.element, _path(target.path), target.element)
    kept = standing(lines)
    found: list[History] = []
    for line in reversed(kept):
        where = region.element(_path(line.path), line.element or "")
        if where is None or where in region.beside:
            continue
        passed_target = any(one.task_id == target.id for one in found)
        if passed_target and where not in region.anew:
            break
        found.append(line)
    return found[::-1]


def effects(case: Case, lines: Sequence[History]) -> list[Effect]:
    """What the steps behind these lines did, newest first."""
    model = definitions.bundle(case.definition_id).model
    found = []
    for line in lines:
        if line.kind == "completed" and line.task_id is not None:
            handler = handlers.form_handler(session().get_one(Task, line.task_id).form_key)
            found.append(Effect(line.title, handler.undo if handler else handlers.keep))
        elif line.kind == "passed" and line.element:
            name = model.operator(line.process or "", line.element)
            operator = handlers.operator_named(name) if name else None
            if operator is not None:
                found.append(Effect(line.title, operator.undo))
    return found[::-1]


def blocked(done: Sequence[Effect]) -> str | None:
    """Why these effects cannot be undone, None when they can; names the one that stands in the way."""
    fixed = next((one.title for one in done if one.undo is None), None)
    if fixed is None:
        return None
    return f"“{fixed}”的结果已经生效，不能用退回、撤回或否决来撤销；确需改变的，请按规定另行更正或终止。"


def answered_before(task: Task, actor: Actor, *, kept: bool) -> Mapping[str, Any]:
    """A step that is done again starts with what was answered before (退回重办); of a shared step with one's own.

    Args:
        kept: no room handles the step, so that nothing else fills its form when a diagram turns in a loop.
    """
    query = select(History).where(
        History.case_id == task.case_id, History.kind.in_(("completed", "sent_back", "withdrawn"))
    )
    lines = session().scalars(query.order_by(History.seq)).all()
    undone = {
        seq for line in lines for seq in (line.answers or {}).get("undone", ()) if line.kind != "completed"
    }
    for line in reversed(lines):
        same = line.kind == "completed" and (line.path, line.element) == (task.path, task.element)
        if same and (task.group_id is None or line.actor_id == actor.person_id):
            return line.answers or {} if kept or line.seq in undone else {}
    return {}


def _path(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").split("/")))
