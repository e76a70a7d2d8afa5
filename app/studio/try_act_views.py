"""Acts beside doing a step in a try: the office's own forms and services, as the person chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires
from app.accounts.queries import actor as actor_of
from app.accounts.queries import names_of_people
from app.core.db import session
from app.core.errors import Conflict, Fault, Forbidden, NotFound
from app.core.identity import Actor
from app.runtime import act_forms, acts, returning
from app.runtime.models import Case, Task
from app.runtime.rules import role_name
from app.studio import drafts, sandbox
from app.studio.trying import near
from app.studio.trying_views import acting_as
from app.ui.formpage import Page, form_page
from app.ui.forms import Form

bp = Blueprint("try_acts", __name__, template_folder="templates", url_prefix="/studio")
Act = Callable[[Actor, Task, Case, dict[str, Any]], object]


@bp.route("/tries/<token>/tasks/<int:task_id>/acts/<act>", methods=["GET", "POST"])
@requires(Permission.SEE_STUDIO)
def act(token: str, task_id: int, act: str) -> Page:
    """One act as the person chosen: pass on, sign together, send back, refuse, remind, copy, comment (办理动作)."""
    if act not in ACTS:
        raise NotFound
    make, carry_out = ACTS[act]
    actor, chosen = current_actor(), request.values.get("whom", "")
    row = sandbox.find(actor, token)
    here = url_for("trying.show", token=token)
    try:
        with sandbox.looking(actor, token):
            whom, task, case = _who(task_id, chosen, act)
            form = make(whom, task, case)
    except Conflict as conflict:
        flash(conflict.message, "error")
        return redirect(here)

    def save(answers: dict[str, Any]) -> Response:
        try:
            with sandbox.acting(actor, token) as opened:
                who, step, of_case = _who(task_id, chosen, act)
                opened.record(lambda: carry_out(who, step, of_case, answers))
            flash(f"{who.name}已办理“{form.title}”。", "success")
        except (Forbidden, Conflict, Fault) as error:
            flash(str(error), "error")
        return redirect(here)

    draft = drafts.find(row.draft_id)
    crumbs = [
        ("流程工坊", url_for("studio.home")),
        (draft.title, url_for("studio.draft", draft_id=draft.id)),
        ("试办", here),
    ]
    upload = url_for("trying.begin_files", token=token, whom=whom.person_id)
    return form_page(
        form, save, active="studio", back=here, crumbs=crumbs, hidden={"whom": chosen}, upload_url=upload
    )


def _who(task_id: int, chosen: str, act: str) -> tuple[Actor, Task, Case]:
    whom, task = acting_as(task_id, chosen)
    case = session().get_one(Case, task.case_id)
    return (actor_of(case.owner_id) if act == "urge" else whom), task, case


def _transfer(whom: Actor, task: Task, _case: Case) -> Form:
    people = [(one, role_name(task.role)) for one in acts.successors(whom, task)]
    return act_forms.transfer_form(task, people)


def _send_back(whom: Actor, task: Task, _case: Case) -> Form:
    targets = returning.targets(whom, task.id)
    if all(one.why_not for one in targets):
        first = "这是第一步，前面没有可以退回的步骤。"
        raise Conflict((targets[0].why_not if targets else None) or first)
    return act_forms.back_form(task, targets, names_of_people({one.task.done_by for one in targets}))


def _urge(_whom: Actor, task: Task, _case: Case) -> Form:
    names = "、".join(sorted(names_of_people(acts.holders(task)).values()))
    return act_forms.urge_form(task, names or "办理人")


ACTS: dict[str, tuple[Callable[[Actor, Task, Case], Form], Act]] = {
    "transfer": (
        _transfer,
        lambda whom, task, _, told: acts.transfer(whom, task.id, told["person"], told.get("reason") or ""),
    ),
    "add-signer": (
        lambda whom, task, case: act_forms.signer_form(task, near(whom, case)),
        lambda whom, task, _, told: acts.add_signer(
            whom, task.id, told["person"], told["place"], told.get("reason") or ""
        ),
    ),
    "send-back": (
        _send_back,
        lambda whom, task, _, told: returning.send_back(
            whom, task.id, told["target"], told["reason"], straight=told["straight"]
        ),
    ),
    "reject": (
        lambda _, task, case: act_forms.reject_form(task, case),
        lambda whom, task, _, told: returning.reject(whom, task.id, told["reason"]),
    ),
    "urge": (_urge, lambda whom, task, _, told: acts.urge(whom, task.id, told.get("words") or "")),
    "copy": (
        lambda whom, _, case: act_forms.copy_form(case, near(whom, case)),
        lambda whom, _, case, told: acts.copy_to(whom, case.id, told["people"], told.get("words") or ""),
    ),
    "comment": (
        lambda _, __, case: act_forms.comment_form(case),
        lambda whom, _, case, told: acts.comment(whom, case.id, told["words"], told.get("files") or ()),
    ),
}
"""By the name in the address: the form, and what it does."""
