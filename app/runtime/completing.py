"""What a step that is decided brings about: the room's handler, the engine's step, all rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from app.core import clock
from app.core.db import add_later, session
from app.core.errors import Conflict, Fault
from app.core.identity import Actor
from app.policy import queries as policy
from app.policy.packs import Pack
from app.runtime import deadlines, definitions, detours, handlers, recording
from app.runtime.locking import Locked
from app.runtime.models import Case, Draft, FormRecord, Task
from app.runtime.stepping import BoundOperators, append_history, audit_step, place, settle
from app.ui import forms
from workflows import engine
from workflows.errors import StepNotOpen

VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Completed:
    """What a completed step led to.

    Attributes:
        next_task_ids: steps newly opened, whoever has to act on them.
        finished: the case has ended with this step.
    """

    task_id: int
    case_id: int
    case_no: str
    title: str
    next_task_ids: tuple[int, ...]
    finished: bool


def carry_out(held: Locked, actor: Actor, answers: Mapping[str, Any], at: datetime) -> Completed:
    """Do what a step decided: the room's handler, the engine's step, all rows."""
    task, case = held.task, held.case
    pack, bundle = policy.pack(case.pack_version_id), definitions.bundle(case.definition_id)
    context = context_of(case, task, actor, pack, bundle)
    handler = handlers.form_handler(task.form_key)
    if handler is None:
        variables = _keep_record(task, answers)
    else:
        variables = dict(handler.submit(context, dict(answers)))
        if unknown := set(variables) - set(handler.outputs):
            raise Fault(f"{handler.key} 返回了未登记的变量：{'、'.join(sorted(unknown))}")
    task.state, task.done_by, task.done_at = "done", actor.person_id, at
    task.outcome = _outcome(bundle.form(task.form_key), answers)
    secret = handler is not None and handler.confidential
    append_history(
        case,
        actor,
        at,
        "completed",
        task.title,
        **place(task),
        outcome=None if secret else task.outcome,
        opinion=None if secret else (answers.get("opinion") or None),
        answers=None if secret else dict(answers),
    )
    operators = BoundOperators(case, actor, pack, at)
    were_open = list(held.open)
    detour = detours.of(task)
    recording.act(
        "complete", element=task.element, path=task.path, variables=dict(variables), detour=task.detour,
        jump=detours.jump(detour),
    )  # fmt: skip
    try:
        if detour is not None:
            result, waiting = detours.end(bundle.model, case, task, detour, variables, operators)
            were_open += waiting
        else:
            result = engine.complete(
                bundle.model, case.state, task.engine_id, variables, operators=operators, now=clock.now
            )
    except StepNotOpen as error:
        raise Conflict(deadlines.EXPIRED) from error
    fresh = settle(case, result, actor, pack, at, were_open)
    audit_step(case, actor, "runtime.complete")
    if task.drafted:
        # Only the actor's: what a colleague has typed stays his, to be read and copied.
        own = (Draft.task_id == task.id, Draft.person_id == actor.person_id)
        session().execute(delete(Draft).where(*own))
    return Completed(
        task.id, case.id, case.no, task.title, tuple(t.id for t in fresh), case.status != "running"
    )


def context_of(
    case: Case, task: Task, actor: Actor, pack: Pack, bundle: definitions.Bundle
) -> handlers.TaskContext:
    """What a room's handler is told about a step."""

    def variables() -> Mapping[str, Any]:
        steps = {step.id: step for step in engine.look(bundle.model, case.state).open}
        return steps[task.engine_id].data if task.engine_id in steps else {}

    return handlers.TaskContext(case, task, actor, clock.now(), pack, variables)


def prepared(
    context: handlers.TaskContext, bundle: definitions.Bundle, handler: handlers.FormHandler | None
) -> forms.Form:
    """The form of a step as its room prepares it."""
    form = bundle.form(context.task.form_key)
    return handler.prepare(context, form) if handler and handler.prepare else form


def _keep_record(task: Task, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of a step without a handler: kept whole; its plain answers may decide at gateways."""
    add_later(
        FormRecord,
        {
            "city": task.city,
            "case_id": task.case_id,
            "task_id": task.id,
            "form_key": task.form_key,
            "answers": dict(answers),
        },
    )
    return {
        name: value
        for name, value in answers.items()
        if VARIABLE.fullmatch(name) and isinstance(value, bool | int | str) and len(str(value)) <= 200
    }


def agrees(form: forms.Form, answers: Mapping[str, Any]) -> bool:
    """Whether a signature agrees: the first choice of a form's decision is the one that goes on."""
    options = form.schema["properties"].get("decision", {}).get("oneOf") or []
    return not options or answers.get("decision") == options[0]["const"]


def _outcome(form: forms.Form, answers: Mapping[str, Any]) -> str | None:
    """The title of the chosen decision, as people read it in the history."""
    if (chosen := answers.get("decision")) is None:
        return None
    options = form.schema["properties"].get("decision", {}).get("oneOf", [])
    return next((o["title"] for o in options if o["const"] == chosen), str(chosen))
