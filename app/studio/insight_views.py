"""Pages of what happened: heat on the diagrams, where cases wait and for whom, the event log for other tools."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from app.accounts.access import Permission, allowed, current_actor, requires
from app.core.errors import Refusal
from app.studio import insight, queries
from app.studio.insight import Spot

bp = Blueprint("insight", __name__, template_folder="templates", url_prefix="/studio")


@bp.get("/versions/<int:definition_id>/insight")
@requires(Permission.SEE_STUDIO)
def show(definition_id: int) -> str:
    """Where the cases of a version spend their time, beside another version when one is chosen (运行分析)."""
    version = queries.version(definition_id)
    process = queries.process(version.pack_key, version.process_key)
    since, until = _day("since"), _day("until")
    given = request.args.get("with", "")
    other = next((one for one in process.versions if str(one.id) == given and one.id != version.id), None)
    spots = insight.spots(version.id, since, until)
    beside = insight.spots(other.id, since, until) if other is not None else []
    return render_template(
        "studio/insight.html",
        active="studio",
        version=version,
        other=other,
        process=process,
        since=since,
        until=until,
        spots=spots,
        beside={(one.process, one.element): one for one in beside},
        diagrams=_diagrams(version, spots, other, beside),
        waiting=[one for one in spots if one.waiting],
        span=insight.span,
        may_export=allowed(current_actor(), Permission.SEE_AUDIT),
    )


@bp.get("/versions/<int:definition_id>/log.<any(csv,xes):kind>")
@requires(Permission.SEE_AUDIT)
def log(definition_id: int, kind: str) -> Response:
    """The event log of a version, streamed (事件日志)."""
    version = queries.version(definition_id)
    make, media = (insight.as_csv, "text/csv") if kind == "csv" else (insight.as_xes, "application/xml")
    answer = Response(stream_with_context(make(version.id)), mimetype=media)
    name = f"{version.process_key}-v{version.no}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _day(name: str) -> date | None:
    given = request.args.get(name, "")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise Refusal("日期写法不对，例如 2026-03-01。", field=name) from error


def _diagrams(version: Any, spots: list[Spot], other: Any, beside: list[Spot]) -> list[dict[str, Any]]:
    """The drawings on which something happened, warmest first, with the marks of one or two versions."""
    made: list[dict[str, Any]] = []
    places = {p: name for name, p in queries.places_of(version.id)}
    for process in dict.fromkeys(one.process for one in spots):
        name = places.get(process)
        if name is None:
            continue
        sides = [_side(version, name, [one for one in spots if one.process == process])]
        if other is not None:
            sides.append(_side(other, name, [one for one in beside if one.process == process]))
        made.append({"name": name, "title": queries.title_in(version.id, name), "config": {"sides": sides}})
    return made


def _side(version: Any, name: str, spots: list[Spot]) -> dict[str, Any]:
    return {
        "xmlUrl": url_for("publishing.version_file", definition_id=version.id, name=name),
        "marks": {one.element: f"heat{one.heat}" for one in spots if one.heat},
        "badges": {
            one.element: f"{insight.span(one.typical)} × {one.count}"
            + (f"，等 {len(one.waiting)}" if one.waiting else "")
            for one in spots
            if one.count or one.waiting
        },
    }
