"""Pages of tries: play every role of a draft on one page, move the clock, keep the run as a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import actor as actor_of
from app.core import clock
from app.core.db import session
from app.core.errors import Conflict, Fault, NotFound, Refusal
from app.core.identity import Actor
from app.files import services as files
from app.files.models import StoredFile
from app.files.views import send
from app.policy.calendar import add_working_days
from app.runtime import definitions, returning, services
from app.runtime.models import Case, Task
from app.studio import drafts, sandbox
from app.studio.sandbox import Opened
from app.studio.trying import diagram, form_for, people_for, seen
from app.ui import forms

bp = Blueprint("trying", __name__, template_folder="templates", url_prefix="/studio")
SPANS = {"1": "一天", "5": "五个工作日", "10": "十个工作日", "30": "三十天"}
STATUS = {
    "running": ("办理中", "brand"), "completed": ("已办结", "good"), "rejected": ("不予立项", "warn"),
    "withdrawn": ("已撤回", "warn"), "cancelled": ("已终止", "warn"),
}  # fmt: skip
UPLOAD = 2 * 1024 * 1024
"""A try lies in one row: its papers are small ones."""
AT_ONCE = 6
"""So often an upload tries to be next: a browser sends several at a time."""


@bp.post("/drafts/<int:draft_id>/tries")
@requires(Permission.SEE_STUDIO)
def begin(draft_id: int) -> BaseResponse:
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
    """Where the try stands; the step and the person chosen, with the form."""
    return _page(token, _number("task"), _number("whom"))


@bp.post("/tries/<token>/tasks/<int:task_id>")
@requires(Permission.SEE_STUDIO)
def complete(token: str, task_id: int) -> BaseResponse | tuple[str, int]:
    """Do a step with what was filled in, as the person chosen (办理)."""
    typed: dict[str, Any] = {}
    try:
        with sandbox.acting(current_actor(), token) as opened:
            whom, task = acting_as(task_id, request.form.get("whom", ""))
            form, asked_by = form_for(whom, task)
            typed = forms.cast(form, request.form)
            if asked_by:
                forms.check(form, typed)
                opened.record(
                    lambda: services.sign_added(
                        whom, task_id, agrees=typed["agrees"], opinion=typed["opinion"]
                    )
                )
            else:
                opened.record(lambda: services.complete_task(whom, task_id, typed))
            opened.stage.afterwards(opened.case_id, task_id)
    except NotFound:
        raise
    except (Refusal, Fault) as error:
        return _page(token, task_id, _number("whom"), typed, error), 422
    return redirect(url_for("trying.show", token=token))


@bp.post("/tries/<token>/tasks/<int:task_id>/fill")
@requires(Permission.SEE_STUDIO)
def fill(token: str, task_id: int) -> BaseResponse:
    """Do a step with ordinary answers (代填办理)."""

    def do(opened: Opened) -> None:
        whom, task = acting_as(task_id, request.form.get("whom", ""))
        if form_for(whom, task)[1]:
            opened.record(lambda: services.sign_added(whom, task_id, agrees=True, opinion="同意。"))
        else:
            answers = opened.stage.answers(whom, opened.case_id, task_id)
            opened.record(lambda: services.complete_task(whom, task_id, answers))
        opened.stage.afterwards(opened.case_id, task_id)

    return inside(token, do)


@bp.post("/tries/<token>/tasks/<int:task_id>/prepare")
@requires(Permission.SEE_STUDIO)
def prepare(token: str, task_id: int) -> BaseResponse:
    """Fill the form with ordinary answers, to be changed before it is sent (填入演示答案)."""

    def do(opened: Opened) -> None:
        whom, _ = acting_as(task_id, request.form.get("whom", ""))
        services.save_draft(whom, task_id, opened.stage.answers(whom, opened.case_id, task_id))

    return inside(token, do, task=task_id, whom=_number("whom"))


@bp.post("/tries/<token>/tasks/<int:task_id>/withdraw")
@requires(Permission.SEE_STUDIO)
def withdraw(token: str, task_id: int) -> BaseResponse:
    """Take back the step done last, as who did it (撤回)."""

    def do(opened: Opened) -> None:
        task = session().get(Task, task_id)
        if task is None or task.done_by is None:
            raise NotFound
        whom = actor_of(task.done_by)
        opened.record(lambda: returning.withdraw(whom, task_id))

    return inside(token, do)


@bp.post("/tries/<token>/clock")
@requires(Permission.SEE_STUDIO)
def move_clock(token: str) -> BaseResponse:
    """Let time pass (拨快时间)."""
    actor = current_actor()
    return _told(token, lambda: sandbox.move_clock(actor, token, _until(token)))


@bp.post("/tries/<token>/keep")
@requires(Permission.DESIGN_MODEL)
def keep(token: str) -> BaseResponse:
    """Keep the run as a test of the draft (录制为测试)."""

    def do() -> None:
        sandbox.keep_as_test(current_actor(), token, request.form.get("title", ""))
        flash("已录制。以后每次检查都会按这些答案重走一遍，走到别处会报告。", "success")

    return _told(token, do)


@bp.post("/tries/<token>/end")
@requires(Permission.SEE_STUDIO)
def end(token: str) -> BaseResponse:
    """Throw the try away (结束试办)."""
    draft_id = sandbox.end(current_actor(), token)
    return redirect(url_for("studio.draft", draft_id=draft_id))


@bp.post("/tries/<token>/files")
@requires(Permission.SEE_STUDIO)
def begin_files(token: str) -> tuple[Response, int]:
    """Keep an upload in the try and nowhere else (试办附件); answers its id."""
    given = request.files.get("file")
    if given is None or not given.filename:
        raise Refusal("请选择要上传的文件。", field="file")
    for _ in range(AT_ONCE):
        try:
            with sandbox.acting(current_actor(), token) as opened:
                whom = actor_of(_number("whom") or session().get_one(Case, opened.case_id).owner_id)
                made = files.store(whom, given.filename, given.stream, UPLOAD)
            return jsonify(id=made.id, name=made.name, size=made.size), 201
        except Conflict:
            given.stream.seek(0)  # another file of the same form was faster
    raise Conflict("附件没有存好，请再传一次。")


@bp.get("/tries/<token>/files/<int:file_id>")
@bp.get("/tries/<token>/files/<int:file_id>/page")
@requires(Permission.SEE_STUDIO)
def read_file(token: str, file_id: int) -> Response:
    """A file of the try."""
    with sandbox.looking(current_actor(), token):
        found = session().get(StoredFile, file_id)
        if found is None:
            raise NotFound
        return send(found)


@bp.get("/tries/<token>/way")
@requires(Permission.SEE_STUDIO)
def way(token: str) -> Response:
    """Where the token is, on one diagram; `path` leads into called stages."""
    with sandbox.looking(current_actor(), token) as opened:
        found = diagram(token, session().get_one(Case, opened.case_id), request.args.get("path", ""))
    if found is None:
        abort(404)
    return jsonify(found)


@bp.get("/tries/<token>/drawing.bpmn")
@requires(Permission.SEE_STUDIO)
def drawing(token: str) -> Response:
    """A drawing as it is tried."""
    with sandbox.looking(current_actor(), token) as opened:
        bundle = definitions.bundle(session().get_one(Case, opened.case_id).definition_id)
        data = bundle.files.get(f"process/{request.args.get('process', '')}.bpmn")
    if data is None:
        abort(404)
    return Response(data, mimetype="application/xml")


def inside(token: str, do: Callable[[Opened], None], **back: int | None) -> BaseResponse:
    """Act in a try; what is refused is told on its page."""

    def acts() -> None:
        with sandbox.acting(current_actor(), token) as opened:
            do(opened)

    return _told(token, acts, **back)


def acting_as(task_id: int, chosen: str) -> tuple[Actor, Task]:
    """The demo's person who acts, and the step; only one who may do it."""
    task = session().get(Task, task_id)
    if task is None:
        raise NotFound
    known = [number for number, _ in people_for(task, session().get_one(Case, task.case_id))]
    if not known:
        raise Refusal("演示单位里没有能办这一步的人员，请检查泳道。")
    return actor_of(next((number for number in known if str(number) == chosen), known[0])), task


def _told(token: str, do: Callable[[], None], **back: int | None) -> BaseResponse:
    try:
        do()
    except NotFound:
        raise
    except (Refusal, Fault) as error:
        flash(str(error), "error")
    chosen = {name: str(number) for name, number in back.items() if number is not None}
    return redirect(url_for("trying.show", token=token, _external=False, **chosen))


def _until(token: str) -> datetime | None:
    """The moment to which the clock is moved; None: to the flow's next deadline."""
    span, day = request.form.get("span", ""), request.form.get("day", "")
    with sandbox.looking(current_actor(), token) as opened:
        now = clock.local(opened.clock.now())
        if span == "day":
            try:
                wanted = date.fromisoformat(day)
            except ValueError as error:
                raise Refusal("请选择要拨到哪一天。", field="day") from error
            if wanted <= now.date():
                raise Refusal("时间只能往后拨，请选择以后的日期。", field="day")
            return clock.morning_of(wanted)
        if span in ("5", "10"):
            later = add_working_days(now.date(), int(span)).day
            return now.replace(year=later.year, month=later.month, day=later.day)
        return now + timedelta(days=int(span)) if span in SPANS else None


def _page(
    token: str,
    task_id: int | None = None,
    person_id: int | None = None,
    answers: dict[str, Any] | None = None,
    error: Exception | None = None,
) -> str:
    """Everything is read inside the try, the page is drawn outside."""
    actor = current_actor()
    row = sandbox.find(actor, token)
    draft = drafts.find(row.draft_id)
    with sandbox.looking(actor, token) as opened:
        found = seen(token, opened.case_id, task_id, person_id, answers)
    return render_template(
        "studio/try.html",
        active="studio",
        draft=draft,
        row=row,
        spans=SPANS,
        status=STATUS[found.case.status],
        seen=found,
        error=error,
        errors=forms.errors_by_field(error) if isinstance(error, Refusal) else {},
        may_design=allowed(actor, Permission.DESIGN_MODEL) and draft.state == "editing",
    )


def _number(name: str) -> int | None:
    given = request.values.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None
