"""Several steps of one kind decided with one form: a transaction and a result line each (批量办理)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core import db
from app.core.errors import YES, Decision, Fault, Refusal, no
from app.core.identity import Actor
from app.runtime import queries, services
from app.runtime.acts import allows
from app.runtime.handlers import form_handler
from app.runtime.lawful import STREET_DECIDES
from app.runtime.models import Case, Task
from app.ui import forms

MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one step of several.

    Attributes:
        told: the outcome, or why it was not done.
    """

    task_id: int
    case_no: str
    case_title: str
    done: bool
    told: str


def may_be_batched(task: Task) -> Decision:
    """Whether a step may be decided together with others of its kind.

    The diagram has to allow it, and so has the room whose form it is: whatever a diagram says, a payment,
    an award or a signature is decided one by one.
    """
    if not allows(task, "batch"):
        return no("流程图没有允许这一步批量办理，请逐项办理。")
    handler = form_handler(task.form_key)
    if (
        task.form_key in STREET_DECIDES
        or task.has_signers
        or task.signing != "one"
        or (handler is not None and not handler.together)
    ):
        return no(f"“{task.title}”涉及决定、资金或签署，依规定须逐项办理，不能批量办理。")
    return YES


def chosen(actor: Actor, task_ids: Sequence[int]) -> list[tuple[Task, Case]]:
    """The steps a person wants to decide together, with their cases.

    Raises:
        Refusal: too many, of different kinds, or of a kind that is decided one by one.
    """
    wanted = list(dict.fromkeys(task_ids))
    if not wanted:
        raise Refusal("请先勾选要一并办理的事项。")
    if len(wanted) > MOST:
        raise Refusal(f"一次最多一并办理 {MOST} 项，请分几次办理。")
    found = [queries.task_of(actor, one) for one in wanted]
    if len({(task.process, task.element, task.form_key) for task, _ in found}) > 1:
        raise Refusal("所选事项不是同一个步骤，不能一并办理。请只勾选同一步骤的事项。")
    for task, _ in found:
        may_be_batched(task).require()
    return found


def shared_form(actor: Actor, task_id: int) -> forms.Form:
    """The questions asked once for all: the step's form without what belongs to one case alone."""
    form = services.prepared_form(actor, task_id)
    papers = {one.key for one in form.fields if one.kind == "files"}
    properties = {key: prop for key, prop in form.schema["properties"].items() if key not in papers}
    required = [key for key in form.schema.get("required") or () if key not in papers]
    return form.replace(
        schema={**form.schema, "properties": properties, "required": required},
        ui={key: value for key, value in form.ui.items() if key not in papers},
        values={}, facts=(), notes=(), tables=(), papers=(),
    )  # fmt: skip


def decide_together(
    actor: Actor, task_ids: Sequence[int], answers: Mapping[str, Any], key: str | None = None
) -> list[Line]:
    """Complete several steps with the same answers (批量办理); what one refuses does not hinder the others.

    Raises:
        Refusal: what may not be decided together; then nothing has happened.
    """
    if db.in_unit_of_work():
        raise RuntimeError("every step has a transaction of its own")
    made = []
    for task, case in chosen(actor, task_ids):
        about = (task.id, case.no, case.title)
        try:
            result = services.complete_task(actor, task.id, answers, f"{key}:{task.id}" if key else None)
        except (Refusal, Fault) as error:
            made.append(Line(*about, False, str(error)))
        else:
            made.append(Line(*about, True, "项目已办结" if result.finished else "已办理"))
    return made
