"""Pages of the desk: to-do, done, task, case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, signed_in
from app.accounts.queries import names_of_people, names_of_units
from app.core import clock
from app.core.errors import Conflict, Fault, Refusal
from app.documents import pdf
from app.funds.rules import may_read
from app.inbox import stories
from app.runtime import definitions, queries, services, signers
from app.runtime.locking import turn_of
from app.runtime.models import Case, Task
from app.runtime.rules import may_act, role_name
from app.ui import forms

bp = Blueprint("inbox", __name__, template_folder="templates")


@bp.get("/desk")
@signed_in
def desk() -> str:
    """What waits for me (待办)."""
    actor = current_actor()
    filters = {name: request.args.get(name, "").strip() for name in ("due", "stage", "q")}
    items = queries.desk(
        actor,
        due=filters["due"],
        stage=filters["stage"],
        text=filters["q"],
        after=stories.read_cursor(request.args.get("after")),
        limit=queries.PAGE + 1,
    )
    return render_template(
        "inbox/desk.html",
        active="desk",
        items=items[: queries.PAGE],
        more=stories.cursor(items[queries.PAGE - 1].task) if len(items) > queries.PAGE else None,
        counts=queries.desk_counts(actor),
        filters=filters,
        units=names_of_units({i.task.unit_id for i in items} | {i.case.community_id for i in items}),
        bars=stories.bars({item.case.id: item.case for item in items}),
        role_name=role_name,
        today=clock.today(),
    )


@bp.get("/desk/done")
@signed_in
def done() -> str:
    """What I completed (已办)."""
    before = request.args.get("before", type=int)
    items = queries.done_by(current_actor(), before=before, limit=queries.PAGE + 1)
    more = items[queries.PAGE - 1].task.id if len(items) > queries.PAGE else None
    return render_template("inbox/done.html", active="done", items=items[: queries.PAGE], more=more)


@bp.get("/desk/mine")
@signed_in
def mine() -> str:
    """What I started (我发起的)."""
    return _case_list("mine", "我发起的", mine=True)


@bp.get("/cases")
@signed_in
def cases() -> str:
    """All cases I may see (项目台账)."""
    return _case_list("cases", "项目台账", mine=False)


def _case_list(active: str, title: str, *, mine: bool) -> str:
    filters = {name: request.args.get(name, "").strip() for name in ("status", "stage", "q")}
    found = queries.cases(
        current_actor(),
        mine=mine,
        status=filters["status"],
        stage=filters["stage"],
        text=filters["q"],
        before=request.args.get("before", type=int),
        limit=queries.PAGE + 1,
    )
    page = found[: queries.PAGE]
    return render_template(
        "inbox/cases.html",
        active=active,
        title=title,
        cases=page,
        more=page[-1].id if len(found) > queries.PAGE else None,
        filters=filters,
        waiting=queries.open_task_count([case.id for case in page]),
        units=names_of_units({c.community_id for c in page} | {c.street_id for c in page}),
        money=stories.money_of([case.id for case in page]),
        role_name=role_name,
    )


@bp.route("/desk/tasks/<int:task_id>", methods=["GET", "POST"])
@signed_in
def task(task_id: int) -> str | BaseResponse | tuple[str, int]:
    """One step: what it is about, its form, the case so far."""
    actor = current_actor()
    found, case = queries.task_of(actor, task_id)
    if request.method == "GET":
        if found.has_signers and signers.place_of(found, actor) not in (None, "own"):
            return redirect(url_for("acts.opinion", task_id=task_id))
        return _task_page(found, case)
    form = services.prepared_form(actor, task_id)
    answers = forms.cast(form, request.form)
    try:
        result = services.complete_task(actor, task_id, answers, request.form.get("idempotency_key"))
    except (Conflict, Fault, Refusal) as error:
        if isinstance(error, Refusal) and error.status in (403, 404):
            raise
        return _task_page(found, case, answers=answers, error=error), getattr(error, "status", 500)
    flash(f"已办理：{result.title}", "success")
    for next_id in result.next_task_ids:
        following, _ = queries.task_of(actor, next_id)
        if following.state == "open" and any(t.id == next_id for t in queries.my_open_tasks(actor, case.id)):
            flash(f"下一步“{following.title}”也由您办理。", "info")
            return redirect(url_for("inbox.task", task_id=next_id))
    return redirect(url_for("inbox.case", no=case.no))


def _task_page(
    found: Task, case: Case, answers: dict[str, Any] | None = None, error: Exception | None = None
) -> str:
    actor = current_actor()
    is_open = found.state == "open"
    form = services.prepared_form(actor, found.id) if is_open else None
    draft = queries.draft_of(actor, found.id) if is_open and answers is None else None
    if form is not None and (answers is not None or draft is not None):
        typed = answers if answers is not None else draft.answers  # type: ignore[union-attr]
    else:
        typed = None
    shown = form.answered(typed).values if form is not None and typed is not None else None
    names = names_of_units({found.unit_id})
    mine = {t.id for t in queries.my_open_tasks(actor, case.id)}
    allowed = may_act(actor, found, names.get(found.unit_id, ""), (), turn_of(found))
    return render_template(
        "inbox/task.html",
        active="desk",
        task=found,
        case=case,
        form=form,
        answers=shown,
        files=stories.files_of(actor, form, shown),
        errors=forms.errors_by_field(error) if isinstance(error, Refusal) else {},
        problem=error,
        draft=draft,
        may=allowed if found.id not in mine else None,
        mine=found.id in mine,
        ways=stories.ways(actor, found, mine=found.id in mine),
        signed=stories.signed(found),
        story=stories.story(actor, case),
        people=names_of_people({found.claimed_by, found.done_by}),
        units=names,
        role_name=role_name,
        key=stories.fresh_key(),
    )


@bp.post("/desk/tasks/<int:task_id>/draft")
@signed_in
def draft(task_id: int) -> Response:
    """Keep what has been typed (存草稿)."""
    actor = current_actor()
    form = services.prepared_form(actor, task_id)
    services.save_draft(actor, task_id, forms.cast(form, request.form))
    return jsonify(saved_at=clock.local(clock.now()).strftime("%H:%M"))


@bp.post("/desk/tasks/<int:task_id>/claim")
@signed_in
def claim(task_id: int) -> BaseResponse:
    """Take the task (认领)."""
    services.claim(current_actor(), task_id)
    flash("已认领，其他同事不会再办理这一步。", "success")
    return redirect(url_for("inbox.task", task_id=task_id))


@bp.post("/desk/tasks/<int:task_id>/release")
@signed_in
def release(task_id: int) -> BaseResponse:
    """Give the task back (退回认领)."""
    services.release(current_actor(), task_id)
    flash("已退回，有这一岗位的同事都可以办理。", "success")
    return redirect(url_for("inbox.desk"))


@bp.get("/cases/<no>")
@signed_in
def case(no: str) -> str:
    """The whole story of a case."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    return render_template(
        "inbox/case.html",
        active="cases",
        case=found,
        story=stories.story(actor, found),
        role_name=role_name,
        reads_funds=bool(may_read(actor)),
        ways=stories.ways,
    )


@bp.get("/cases/<no>/record.pdf")
@signed_in
def record(no: str) -> Response:
    """The record of a case as a paper for the files (办理单)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    page = render_template("inbox/record.html", case=found, story=stories.story(actor, found), actor=actor)
    answer = Response(pdf.render(page), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{found.no}.pdf"'
    return answer


@bp.get("/cases/<no>/diagram")
@signed_in
def diagram(no: str) -> Response:
    """States of one diagram of a case as the viewer wants them; `path` leads into called stages."""
    found = queries.case_by_no(current_actor(), no)
    view = stories.diagram(found, request.args.get("path", ""))
    if view is None:
        abort(404)
    return jsonify(view)


@bp.get("/cases/<no>/diagram.bpmn")
@signed_in
def diagram_xml(no: str) -> Response:
    """The drawing itself, as it stood in the version the case runs on."""
    found = queries.case_by_no(current_actor(), no)
    data = definitions.bundle(found.definition_id).files.get(
        f"process/{request.args.get('process', '')}.bpmn"
    )
    if data is None:
        abort(404)
    return Response(data, mimetype="application/xml")
