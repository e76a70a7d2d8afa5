"""Pages of the working-day calendar."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, allowed, current_actor, requires
from app.admin.blueprint import HOME, bp
from app.admin.policy_forms import day_form
from app.core import clock
from app.core.errors import NotFound, Refusal
from app.policy import holidays
from app.policy.calendar import is_working_day
from app.ui import sheets
from app.ui.filters import weekday
from app.ui.formpage import Page, form_page


@bp.get("/calendar")
@requires(Permission.SEE_POLICY)
def calendar_year() -> str:
    """A year of working days (工作日历)."""
    this = clock.today().year
    year = request.args.get("year", this, type=int)
    if not 2015 <= year <= this + 3:
        raise NotFound
    found = holidays.year_of(year)
    days = [one for month in found for one in month]
    return render_template(
        "admin/calendar.html",
        active="admin-calendar",
        year=year,
        years=range(2015, this + 4),
        months=found,
        working=sum(one.working for one in days),
        provisional=any(one.provisional for one in days),
        own=sum(one.own for one in days),
        today=clock.today(),
        may=allowed(current_actor(), Permission.MANAGE_CALENDAR),
    )


@bp.route("/calendar/<day>", methods=["GET", "POST"])
@requires(Permission.MANAGE_CALENDAR)
def calendar_day(day: str) -> Page:
    """Say of one day whether it is worked (修改工作日)."""
    actor, when = current_actor(), _day(day)
    now = is_working_day(when)
    words = ("上班" if now.working else "休息") + f"（{holidays.reason(when)}）"
    form = day_form(f"{when.year}年{weekday(when)}", now.working, words)

    def save(answers: dict[str, Any]) -> Response:
        holidays.set_day(actor, when, answers["working"] == "yes", answers["source"])
        flash(f"已保存 {when.isoformat()}。", "success")
        return redirect(url_for("admin.calendar_year", year=when.year))

    back = url_for("admin.calendar_year", year=when.year)
    return form_page(form, save, active="admin-calendar", back=back, crumbs=_crumbs())


@bp.post("/calendar/<day>/forget")
@requires(Permission.MANAGE_CALENDAR)
def calendar_forget(day: str) -> Response:
    """Count it again as the packaged calendar does (恢复默认)."""
    when = _day(day)
    holidays.forget_day(current_actor(), when)
    flash(f"{when.isoformat()} 已恢复默认。", "success")
    return redirect(url_for("admin.calendar_year", year=when.year))


@bp.route("/calendar/import", methods=["GET", "POST"])
@requires(Permission.MANAGE_CALENDAR)
def calendar_import() -> str | Response | tuple[str, int]:
    """First what would change, then the import of the same days (导入放假安排)."""
    actor = current_actor()
    error, year = "", 0
    listed: dict[date, bool] = {}
    source = request.form.get("source", "").strip()[:200]
    if request.method == "POST":
        try:
            if "days" in request.form:
                year, listed = holidays.read([holidays.COLUMNS, *_kept(request.form["days"])])
                count = holidays.import_year(actor, year, listed, source)
                flash(f"已导入 {year} 年的放假安排，{count} 天有变化；期限随之重新计算。", "success")
                return redirect(url_for("admin.calendar_year", year=year))
            file = request.files.get("file")
            if file is None or not file.filename:
                raise Refusal("请选择文件。")
            if not source:
                raise Refusal("请填写依据的通知名称和文号。")
            year, listed = holidays.read(sheets.read(file.filename, file.read(sheets.LARGEST + 1)))
        except Refusal as refusal:
            if refusal.status != Refusal.status:
                raise
            error, listed = refusal.message, {}
    page = render_template(
        "admin/calendar_import.html",
        active="admin-calendar",
        error=error,
        year=year,
        source=source,
        listed=listed,
        changes=holidays.preview(year, listed) if listed else [],
        kept=json.dumps([[day.isoformat(), "班" if on else "休"] for day, on in sorted(listed.items())]),
    )
    return (page, 422) if error else page


def _kept(text: str) -> list[list[str]]:
    """The days of the preview, sent back by its page; they are read anew.

    Raises:
        Refusal: not what the page sent.
    """
    try:
        return [[str(day), str(kind)] for day, kind in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise Refusal("预览的内容已失效，请重新选择文件。") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error


def _crumbs() -> list[tuple[str, str]]:
    return [(HOME, url_for("admin.home")), ("工作日历", url_for("admin.calendar_year"))]
