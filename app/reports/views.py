"""Pages of the figures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from app.accounts.access import Permission, current_actor, requires
from app.accounts.queries import names_of_people, names_of_units
from app.core import clock
from app.reports import queries, services, sheets
from app.reports.tables import drawn
from app.runtime.rules import role_name

bp = Blueprint("reports", __name__, template_folder="templates", url_prefix="/reports")
PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("")
@requires(Permission.SEE_REPORTS)
def home() -> str:
    """All figures of a year (统计分析)."""
    actor, year = current_actor(), _year()
    reports = [make(actor, year) for make in services.REPORTS.values()]
    return render_template(
        "reports/home.html",
        active="reports",
        year=year,
        years=range(clock.today().year, clock.today().year - 4, -1),
        short=queries.year_in_short(actor, year),
        reports=[(report, drawn(report)) for report in reports],
    )


@bp.get("/<any(waiting,stages,time,pots,quarters,arrears,rush,organisations):key>.xlsx")
@requires(Permission.SEE_REPORTS)
def sheet(key: str) -> Response:
    """One report as a spreadsheet."""
    report = services.REPORTS[key](current_actor(), _year())
    answer = Response(sheets.workbook(report), mimetype=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{key}-{_year()}.xlsx"'
    return answer


@bp.get("/tasks")
@requires(Permission.SEE_REPORTS)
def tasks() -> str:
    """The open steps behind a figure."""
    asked: dict[str, Any] = {
        "stage": request.args.get("stage", ""),
        "role": request.args.get("role", ""),
        "unit_id": request.args.get("unit", type=int),
        "holder": request.args.get("holder", type=int),
        "late": request.args.get("late") == "1",
    }
    found = queries.tasks(current_actor(), **asked, after=request.args.get("after", type=int), limit=PAGE + 1)
    page = found[:PAGE]
    kept = {name: value for name, value in request.args.items() if name != "after"}
    return render_template(
        "reports/tasks.html",
        active="reports",
        rows=page,
        kept=kept,
        more=page[-1][0].id if len(found) > PAGE else None,
        units=names_of_units({task.unit_id for task, _ in page}),
        people=names_of_people({task.claimed_by for task, _ in page}),
        role_name=role_name,
    )


def _year() -> int:
    this = clock.today().year
    asked = request.args.get("year", str(this))
    if not asked.isdecimal() or not this - 20 <= int(asked) <= this:
        abort(404)
    return int(asked)
