"""Pages of the figures."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from app.accounts.access import Permission, current_actor, requires
from app.accounts.queries import names_of_people, names_of_units
from app.core import clock
from app.reports import behind, queries, services, sheets
from app.reports.tables import Report, drawn
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
    return _sheet(services.REPORTS[key](current_actor(), _year()))


def _sheet(report: Report) -> Response:
    answer = Response(sheets.workbook(report), mimetype=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{report.key}-{_year()}.xlsx"'
    return answer


@bp.get("/list/<any(payments,steps,contracts,served):key>")
@requires(Permission.SEE_REPORTS)
def lines(key: str) -> str:
    """What a figure adds up, line by line (明细)."""
    query = request.query_string.decode()
    return render_template(
        "reports/list.html", active="reports", report=_lines(key), year=_year(), query=query
    )


@bp.get("/list/<any(payments,steps,contracts,served):key>.xlsx")
@requires(Permission.SEE_REPORTS)
def lines_sheet(key: str) -> Response:
    """The same as a spreadsheet."""
    return _sheet(_lines(key))


def _lines(key: str) -> Report:
    actor, year, args = current_actor(), _year(), request.args
    late = args.get("late") == "1"
    if key == "payments":
        try:
            since = date.fromisoformat(args["since"]) if args.get("since") else None
        except ValueError:
            abort(404)
        quarter = args.get("quarter", type=int)
        if quarter is not None and quarter not in (1, 2, 3, 4):
            abort(404)
        return behind.payments(
            actor, year, quarter=quarter, kind=args.get("kind", ""), since=since, late=late
        )
    if key == "steps":
        return behind.steps(actor, year, stage=args.get("stage", ""), late=late)
    if key == "contracts":
        number = args.get("organisation", type=int)
        return behind.contracts(actor, year, organisation=number, running=args.get("running") == "1")
    return behind.served(actor, year)


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
