"""People from a spreadsheet: template, trial, import."""

from __future__ import annotations

import json

from flask import Response, render_template, request

from app.accounts import imports
from app.accounts.access import Permission, current_actor, requires
from app.admin.blueprint import bp
from app.core.errors import Refusal
from app.core.identity import ROLE_NAMES
from app.ui import sheets


@bp.get("/people/import/template.xlsx")
@requires(Permission.MANAGE_PEOPLE)
def people_template() -> Response:
    """The spreadsheet to fill in (人员导入模板)."""
    data = sheets.write("人员", [imports.COLUMNS], more=[("岗位清单", list(ROLE_NAMES.values()))])
    answer = Response(data, mimetype=sheets.XLSX)
    answer.headers["Content-Disposition"] = "attachment; filename*=UTF-8''%E4%BA%BA%E5%91%98.xlsx"
    return answer


@bp.route("/people/import", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def people_import() -> str | tuple[str, int]:
    """First a trial that changes nothing, then the import of the same rows (导入人员)."""
    actor = current_actor()
    error, lines, done, rows = "", [], False, []
    if request.method == "POST":
        try:
            if "rows" in request.form:
                rows, done = _kept(request.form["rows"]), True
                lines = imports.carry_out(actor, rows)
            else:
                file = request.files.get("file")
                if file is None or not file.filename:
                    raise Refusal("请选择文件。")
                rows = imports.read(sheets.read(file.filename, file.read(sheets.LARGEST + 1)))
                lines = imports.preview(actor, rows)
        except Refusal as refusal:
            if refusal.status != Refusal.status:
                raise
            error = refusal.message
    page = render_template(
        "admin/people_import.html",
        active="admin-people",
        error=error,
        lines=lines,
        done=done,
        kept=json.dumps([[r.number, r.login, r.name, r.unit, r.role] for r in rows], ensure_ascii=False),
        counts={key: sum(line.result == key for line in lines) for key in imports.RESULTS},
        results=imports.RESULTS,
        most=imports.MOST_ROWS,
    )
    return (page, 422) if error else page


def _kept(text: str) -> list[imports.Row]:
    """The rows of the trial, sent back by its page; each is judged anew.

    Raises:
        Refusal: not what the page sent.
    """
    try:
        found = [imports.Row(int(number), *map(str, cells)) for number, *cells in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise Refusal("试导入的内容已失效，请重新选择文件。") from error
    if len(found) > imports.MOST_ROWS:
        raise Refusal("试导入的内容已失效，请重新选择文件。")
    return found
