"""Pages around the lists: how they look, saved filters, stock phrases, several at once, spreadsheets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, signed_in
from app.accounts.queries import names_of_units
from app.core import clock
from app.core.errors import Refusal
from app.documents import sheets
from app.inbox import lists, services, stories
from app.inbox import queries as choices
from app.runtime import batch
from app.ui import forms
from app.ui.formpage import Page

bp = Blueprint("lists", __name__, template_folder="templates")
CUT = f"只导出前 {lists.MOST_ROWS} 行，请缩小筛选范围后分次导出。"


@bp.post("/desk/view")
@signed_in
def view() -> BaseResponse:
    """Remember how the to-do list looks (卡片或表格)."""
    services.choose_view(current_actor(), request.form.get("view", ""))
    return redirect(_back("desk"))


@bp.post("/desk/filters")
@signed_in
def keep_filter() -> BaseResponse:
    """Keep what is chosen in a list under a name (保存筛选)."""
    page = "cases" if request.form.get("page") == "cases" else "desk"
    query = lists.Chosen.of(page, request.form).query
    services.save_filter(current_actor(), page, request.form.get("name", ""), query)
    return redirect(_back(page))


@bp.post("/desk/filters/<int:filter_id>/drop")
@signed_in
def drop_filter(filter_id: int) -> BaseResponse:
    """Forget a saved filter (删除筛选)."""
    page = services.drop_filter(current_actor(), filter_id)
    return redirect(url_for(f"inbox.{page}"))


def _back(page: str) -> str:
    query = lists.Chosen.of(page, request.form).query
    home = url_for(f"inbox.{page}")
    return f"{home}?{query}" if query else home


@bp.get("/desk/list.xlsx")
@signed_in
def desk_sheet() -> Response:
    """The to-do list as chosen, as a spreadsheet (导出待办)."""
    items = lists.Chosen.of("desk", request.args).desk(current_actor(), limit=lists.MOST_ROWS + 1)
    rows = lists.desk_rows(items[: lists.MOST_ROWS])
    return answer_sheet("我的待办", lists.DESK_COLUMNS, rows, len(items) > lists.MOST_ROWS)


@bp.get("/cases/list.xlsx")
@signed_in
def cases_sheet() -> Response:
    """The cases as chosen, as a spreadsheet (导出台账)."""
    mine = request.args.get("mine") == "1"
    chosen = lists.Chosen.of("cases", request.args)
    found = chosen.cases(current_actor(), mine=mine, limit=lists.MOST_ROWS + 1)
    rows = lists.case_rows(found[: lists.MOST_ROWS])
    title = "我发起的项目" if mine else "项目台账"
    return answer_sheet(title, lists.CASE_COLUMNS, rows, len(found) > lists.MOST_ROWS)


def answer_sheet(title: str, columns: Any, rows: Any, cut: bool) -> Response:
    """A list as a spreadsheet named after it and the day; `cut` says under it that there would be more."""
    answer = Response(sheets.sheet(title, columns, rows, CUT if cut else ""), content_type=sheets.MEDIA_TYPE)
    name = quote(f"{title}{clock.today():%Y%m%d}.xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"list.xlsx\"; filename*=UTF-8''{name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.route("/desk/batch", methods=["GET", "POST"])
@signed_in
def together() -> Page:
    """Decide several steps of one kind with one form (批量办理)."""
    actor = current_actor()
    ids = request.values.getlist("task", type=int)
    found = batch.chosen(actor, ids)
    form = batch.shared_form(actor, found[0][0].id)
    answers: dict[str, Any] | None = None
    errors: dict[str, str] = {}
    if request.method == "POST":
        answers = forms.cast(form, request.form)
        try:
            forms.check(form, answers)
        except Refusal as refusal:
            errors = forms.errors_by_field(refusal)
        else:
            done = batch.decide_together(actor, ids, answers, request.form.get("idempotency_key"))
            return render_template(
                "inbox/batch_done.html", active="desk", lines=done, title=found[0][0].title
            )
    page = render_template(
        "inbox/batch.html",
        active="desk",
        form=form,
        answers=form.answered(answers).values if answers is not None else None,
        errors=errors,
        found=found,
        units=names_of_units({case.community_id for _, case in found}),
        money=stories.money_of([case.id for _, case in found]),
        key=stories.fresh_key(),
    )
    return (page, 422) if errors else page


@bp.get("/desk/phrases")
@signed_in
def phrases() -> str:
    """My stock phrases (常用意见)."""
    return render_template("inbox/phrases.html", active="phrases", rows=choices.phrases_of(current_actor()))


@bp.get("/desk/phrases.json")
@signed_in
def phrase_list() -> Response:
    """My stock phrases, for the boxes they are put into."""
    return jsonify(phrases=[one.text for one in choices.phrases_of(current_actor())])


@bp.post("/desk/phrases")
@signed_in
def add_phrase() -> BaseResponse | Page:
    """Keep one more (存为常用意见); a script gets the list back."""
    actor = current_actor()
    if request.accept_mimetypes.best == "application/json":
        services.add_phrase(actor, request.form.get("text", ""))
        return phrase_list()
    try:
        services.add_phrase(actor, request.form.get("text", ""))
    except Refusal as refusal:
        rows = choices.phrases_of(actor)
        page = render_template(
            "inbox/phrases.html",
            active="phrases",
            rows=rows,
            error=refusal.message,
            typed=request.form.get("text", ""),
        )
        return page, 422
    return redirect(url_for("lists.phrases"))


@bp.post("/desk/phrases/<int:phrase_id>/<act>")
@signed_in
def change_phrase(phrase_id: int, act: str) -> BaseResponse:
    """Move one up or down, or forget it (调整、删除)."""
    if act == "drop":
        services.drop_phrase(current_actor(), phrase_id)
    else:
        services.move_phrase(current_actor(), phrase_id, up=act == "up")
    return redirect(url_for("lists.phrases"))
