"""Pages of tries: play every role of a draft on one page, move the clock, keep the run as a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import actor as actor_of
from app.accounts.queries import names_of_units, people_with
from app.core import clock
from app.core.db import session
from app.core.errors import Fault, NotFound, Refusal
from app.core.identity import Actor
from app.funds.queries import pots_of
from app.policy.calendar import add_working_days
from app.runtime import services
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import tasks_of
from app.runtime.rules import role_name
from app.studio import drafts, sandbox
from app.ui import forms

bp = Blueprint("trying", __name__, template_folder="templates", url_prefix="/studio")
SPANS = {"1": "一天", "5": "五个工作日", "10": "十个工作日", "30": "三十天"}


@dataclass(frozen=True, slots=True)
class Step:
    """An open step of a try and those who may do it."""

    task: Task
    role: str
    unit: str
    people: list[tuple[int, str]]


@bp.post("/drafts/<int:draft_id>/tries")
@requires(Permission.SEE_STUDIO)
def begin(draft_id: int) -> Response:
    """Open a try and start a case in it (试办)."""
    try:
        token = sandbox.begin(current_actor(), draft_id, request.form.get("title", ""))
    except Refusal as refusal:
        flash(refusal.message, "error")
        return redirect(url_for("studio.draft", draft_id=draft_id))
    return redirect(url_for("trying.show", token=token))


@bp.get("/tries/<token>")
@requires(Permission.SEE_STUDIO)
def show(token: str) -> str:
    """Where the try stands; the step chosen, with its form."""
    return _page(token)


@bp.post("/tries/<token>/tasks/<int:task_id>")
@requires(Permission.SEE_STUDIO)
def complete(token: str, task_id: int) -> Response | tuple[str, int]:
    """Do a step with what was filled in, as the person chosen (办理)."""
    actor = current_actor()
    with sandbox.looking(actor, token):
        as_whom = _person(task_id, request.form.get("as", ""))
        form = services.prepared_form(as_whom, task_id)
        answers = forms.cast(form, request.form)
    try:
        sandbox.complete(actor, token, task_id, as_whom, answers)
    except (Refusal, Fault) as error:
        return _page(token, task_id, answers, error), 422
    return redirect(url_for("trying.show", token=token))


@bp.post("/tries/<token>/tasks/<int:task_id>/fill")
@requires(Permission.SEE_STUDIO)
def fill(token: str, task_id: int) -> Response:
    """Do a step with ordinary answers (代填办理)."""
    return _act(token, lambda: sandbox.complete_by_itself(current_actor(), token, task_id))


@bp.post("/tries/<token>/clock")
@requires(Permission.SEE_STUDIO)
def move_clock(token: str) -> Response:
    """Let time pass (拨快时间)."""
    span = request.form.get("span", "")
    return _act(token, lambda: sandbox.move_clock(current_actor(), token, _until(token, span)))


@bp.post("/tries/<token>/keep")
@requires(Permission.DESIGN_MODEL)
def keep(token: str) -> Response:
    """Keep the run as a test of the draft (录制为测试)."""

    def do() -> None:
        sandbox.keep_as_test(current_actor(), token, request.form.get("title", ""))
        flash("已录制。以后每次检查都会按这些答案重走一遍，走到别处会报告。", "success")

    return _act(token, do)


@bp.post("/tries/<token>/end")
@requires(Permission.SEE_STUDIO)
def end(token: str) -> Response:
    """Throw the try away (结束试办)."""
    draft_id = sandbox.end(current_actor(), token)
    return redirect(url_for("studio.draft", draft_id=draft_id))


def _act(token: str, do: Any) -> Response:
    try:
        do()
    except NotFound:
        raise
    except (Refusal, Fault) as error:
        flash(str(error), "error")
    return redirect(url_for("trying.show", token=token))


def _until(token: str, span: str) -> datetime | None:
    """The moment to which the clock is moved; None: to the flow's next deadline."""
    if span not in SPANS:
        return None
    with sandbox.looking(current_actor(), token) as opened:
        now = opened.clock.now()
        if span in ("5", "10"):
            day = add_working_days(clock.local(now).date(), int(span)).day
            local = clock.local(now)
            return local.replace(year=day.year, month=day.month, day=day.day)
        return now + timedelta(days=int(span))


def _person(task_id: int, chosen: str) -> Actor:
    """The demo's person who acts; only one who may do the step."""
    task = session().get(Task, task_id)
    if task is None:
        raise NotFound
    known = _people(task)
    wanted = next((number for number, _ in known if str(number) == chosen), None)
    if wanted is None:
        if not known:
            raise Refusal("演示单位里没有能办这一步的人员，请检查泳道。")
        wanted = known[0][0]
    return actor_of(wanted)


def _people(task: Task) -> list[tuple[int, str]]:
    if task.role is None or task.unit_id is None:
        owner = session().get_one(Case, task.case_id).owner_id
        return [(owner, actor_of(owner).name)]
    return [(one.id, one.name) for one in people_with(task.role, task.unit_id)]


def _page(
    token: str,
    task_id: int | None = None,
    answers: dict[str, Any] | None = None,
    error: Exception | None = None,
) -> str:
    """Everything is read inside the try, the page is drawn outside."""
    actor = current_actor()
    row = sandbox.find(actor, token)
    draft = drafts.find(row.draft_id)
    with sandbox.looking(actor, token) as opened:
        db = session()
        case = db.get_one(Case, opened.case_id)
        waiting = tasks_of(case.id, "open")
        units = names_of_units({one.unit_id for one in waiting})
        steps = [Step(one, role_name(one.role), units.get(one.unit_id, ""), _people(one)) for one in waiting]
        wanted = task_id or _number(request.args.get("task", ""))
        chosen = next((one for one in steps if one.task.id == wanted), steps[0] if steps else None)
        form = None
        if chosen is not None and chosen.people:
            form = services.prepared_form(actor_of(chosen.people[0][0]), chosen.task.id)
        found = {
            "case": case,
            "steps": steps,
            "chosen": chosen,
            "form": form,
            "shown": form.answered(answers).values if form is not None and answers is not None else None,
            "pots": pots_of(case.street_id),
            "history": list(
                db.scalars(
                    select(History).where(History.case_id == case.id).order_by(History.seq.desc()).limit(40)
                )
            ),
            "incidents": list(
                db.scalars(select(Incident).where(Incident.case_id == case.id, Incident.state == "open"))
            ),
            "time": opened.clock.now(),
        }
    return render_template(
        "studio/try.html",
        active="studio",
        draft=draft,
        row=row,
        spans=SPANS,
        error=error,
        errors=forms.errors_by_field(error) if isinstance(error, Refusal) else {},
        may_design=allowed(actor, Permission.DESIGN_MODEL) and draft.state == "editing",
        **found,
    )


def _number(given: str) -> int | None:
    return int(given) if given.isdecimal() and len(given) < 19 else None
