"""Pages of the desk: to-do, done, a step, the list of cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, allowed, current_actor, signed_in
from app.accounts.queries import names_of_people, names_of_units
from app.core import clock
from app.core.errors import Conflict, Fault, Forbidden, Refusal
from app.documents import pdf
from app.inbox import lists, stories
from app.inbox import queries as choices
from app.policy import queries as policy
from app.runtime import definitions, desk_queries, queries, services, signers
from app.runtime.ahead import next_steps, words
from app.runtime.batch import may_be_batched
from app.runtime.holders import holdings
from app.runtime.locking import may, parts_of
from app.runtime.models import Case, Task
from app.runtime.rules import Parts, role_name
from app.ui import forms

bp = Blueprint("inbox", __name__, template_folder="templates")


@bp.get("/desk")
@signed_in
def desk() -> str:
    """What waits for me (待办)."""
    actor = current_actor()
    chosen = lists.Chosen.of("desk", request.args)
    view = choices.view_of(actor)
    size = lists.PAGE_SIZE[view]
    found = chosen.desk(actor, after=request.args.get("after"), limit=size + 1)
    items = found[:size]
    return render_template(
        "inbox/desk.html",
        active="desk",
        view=view,
        items=items,
        more=stories.cursor(items[-1].task) if len(found) > size else None,
        counts=desk_queries.desk_counts(actor),
        chosen=chosen,
        saved_filters=choices.filters_of(actor, "desk"),
        held=holdings([item.task for item in items]),
        money=stories.money_of([item.case.id for item in items]),
        units=names_of_units({i.task.unit_id for i in items} | {i.case.community_id for i in items}),
        bars=stories.bars({item.case.id: item.case for item in items}) if view == "cards" else {},
        batchable={item.task.id for item in items if may_be_batched(item.task)},
        role_name=role_name,
        today=clock.today(),
    )


@bp.get("/desk/done")
@signed_in
def done() -> str:
    """What I completed (已办)."""
    before = stories.read_cursor(request.args.get("before"))
    items = desk_queries.done_by(current_actor(), before=before, limit=queries.PAGE + 1)
    page = items[: queries.PAGE]
    last = page[-1].task if len(items) > queries.PAGE else None
    more = stories.place(last.done_at, last.id) if last else None
    waiting = queries.open_task_count([item.case.id for item in page])
    return render_template(
        "inbox/done.html",
        active="done",
        items=page,
        more=more,
        waiting=waiting,
        held=holdings([task for tasks in waiting.values() for task in tasks]),
        status_names=lists.CASE_STATUS,
    )


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
    actor = current_actor()
    chosen = lists.Chosen.of("cases", request.args)
    found = chosen.cases(
        actor, mine=mine, before=request.args.get("before", type=int), limit=queries.PAGE + 1
    )
    page = found[: queries.PAGE]
    waiting = queries.open_task_count([case.id for case in page])
    return render_template(
        "inbox/cases.html",
        active=active,
        title=title,
        cases=page,
        more=page[-1].id if len(found) > queries.PAGE else None,
        chosen=chosen,
        saved_filters=[] if mine else choices.filters_of(actor, "cases"),
        waiting=waiting,
        held=holdings([task for tasks in waiting.values() for task in tasks]),
        units=names_of_units({c.community_id for c in page} | {c.street_id for c in page}),
        money=stories.money_of([case.id for case in page]),
        status_names=lists.CASE_STATUS,
        may_start=allowed(actor, Permission.START_PROJECT),
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
    # Of a step that is done only a replay is answered, and its form may no longer be what it was.
    was_open = found.state == "open"
    answers = forms.cast(services.prepared_form(actor, task_id), request.form) if was_open else {}
    key, posted = request.form.get("idempotency_key"), dict(request.form.lists())
    posted = {
        name: values for name, values in posted.items() if name not in ("csrf_token", "idempotency_key")
    }
    try:
        result = services.complete_task(actor, task_id, answers, key, posted)
    except (Conflict, Fault, Refusal) as error:
        if isinstance(error, Refusal) and error.status in (403, 404):
            raise
        typed = answers if was_open else forms.cast(_form_of(found, case), request.form)
        return _task_page(found, case, answers=typed, error=error), getattr(error, "status", 500)
    mine = {one.id: one for one in desk_queries.my_open_tasks(actor, case.id)}
    following = next((mine[one] for one in result.next_task_ids if one in mine), None)
    if following is None:
        return lists.onward(actor, found, case, "已办理", request.args)
    flash(f"已办理“{result.title}”。下一步“{following.title}”也由您办理。", "success")
    return redirect(lists.with_carried(url_for("inbox.task", task_id=following.id), request.args))


def _task_page(
    found: Task, case: Case, answers: dict[str, Any] | None = None, error: Exception | None = None
) -> str:
    actor = current_actor()
    is_open = found.state == "open"
    waiting = desk_queries.my_open_tasks(actor, case.id)
    mine = is_open and found.id in {t.id for t in waiting}
    own_part = next((t for t in waiting if t.group_id and t.group_id == found.group_id), None)
    parts, story = parts_of(found), stories.story(actor, case)
    form = _form_of(found, case)
    draft = queries.draft_of(actor, found.id) if answers is None else None
    typed = answers if answers is not None else (draft.answers if draft else None)
    shown = form.answered(typed).values if typed is not None else None
    names = names_of_units({found.unit_id})
    return render_template(
        "inbox/task.html",
        active="desk",
        task=found,
        case=case,
        form=_with_words(form, case, found) if is_open else None,
        answers=shown,
        unsent=(form, shown) if shown and not mine else None,
        files=stories.files_of(actor, form, shown),
        errors=forms.errors_by_field(error) if isinstance(error, Refusal) else {},
        problem=error,
        draft=draft,
        may=may(actor, found) if is_open and not mine else None,
        mine=mine,
        parts=parts,
        rule=signers.rule_of(found),
        own_part=None if mine else own_part,
        ways=[
            replace(way, href=lists.with_carried(way.href, request.args))
            for way in stories.ways(actor, found, mine=mine)
        ],
        signed=stories.signed(found),
        story=story,
        returned=stories.returned(found, story.history),
        people=names_of_people({found.claimed_by, found.done_by}),
        units=names,
        role_name=role_name,
        key=stories.fresh_key(),
        carry=lists.carried(request.args),
        held=holdings([found]).get(found.id) if is_open else None,
        ahead=_ahead(case, found, parts) if mine else (),
    )


def _ahead(case: Case, task: Task, parts: Parts) -> list[str]:
    """What comes after one's own act: what others have still to do, then the next steps."""
    lines = next_steps(case, task, policy.pack(case.pack_version_id))
    others = parts.count - parts.done - 1
    signing = sum(1 for one in signers.of(task) if one.agrees is None) - 1 if task.has_signers else 0
    if others > 0:
        return [f"还有 {others} 份由同事办理，都办完后进入下一步", *lines]
    return [f"还有 {signing} 人待签署，签够后进入下一步", *lines] if signing > 0 else lines


def _form_of(task: Task, case: Case) -> forms.Form:
    """The form as it is filled in; of a step that is over as it is drawn, for what it asked about has moved on."""
    if task.state == "open":
        return services.prepared_form(current_actor(), task.id)
    return definitions.bundle(case.definition_id).form(task.form_key)


def _with_words(form: forms.Form, case: Case, task: Task) -> forms.Form:
    """A form that does not say what is asked shows what the designer wrote in the diagram."""
    if form.ui.get("ui:intro"):
        return form
    said = words(case, task)
    return form.replace(ui={**form.ui, "ui:intro": said}) if said else form


@bp.get("/desk/tasks/<int:task_id>/print.pdf")
@signed_in
def print_task(task_id: int) -> Response:
    """A step as a paper: what is known, what is asked, what was answered (打印事项)."""
    actor = current_actor()
    found, case = queries.task_of(actor, task_id)
    own = {found.done_by, found.claimed_by} & actor.persons or signers.place_of(found, actor)
    if not own and not (found.role and actor.has(found.role, found.unit_id)):
        raise Forbidden("只有办理这一步的岗位可以打印它。项目的经过请打印项目办理单。")
    form = _form_of(found, case)
    draft = queries.draft_of(actor, task_id)
    line = queries.completion_of(found)
    typed = (line.answers if line else None) or (draft.answers if draft else None)
    shown = form.answered(typed).values if typed else form.values
    page = render_template(
        "inbox/task_print.html",
        task=found, case=case, form=form, answers=shown, line=line, actor=actor,
        files=stories.files_of(actor, form, shown),
        units=names_of_units({case.street_id, case.community_id, case.provider_id}),
        role_name=role_name,
    )  # fmt: skip
    return _paper(page, f"{case.no}-{found.id}")


def _paper(page: str, name: str) -> Response:
    answer = Response(pdf.render(page), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer


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
