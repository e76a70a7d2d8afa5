"""Pages of what happened: heat on the diagrams, where cases wait and for whom, the event log for other tools."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from app.accounts.access import Permission, allowed, current_actor, requires
from app.core.errors import Refusal
from app.runtime.models import Definition
from app.studio import insight, queries
from app.studio.insight import Picture

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
    found = insight.picture(version, since, until)
    beside = insight.picture(other, since, until) if other is not None else None
    return render_template(
        "studio/insight.html",
        active="studio",
        version=version,
        other=other,
        process=process,
        since=since,
        until=until,
        found=found,
        compared=beside,
        beside={(one.process, one.element): one for one in beside.spots} if beside else {},
        diagrams=_diagrams(version, found, other, beside),
        waiting=[one for one in found.spots if one.waiting],
        most=insight.MOST,
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


def _diagrams(
    version: Definition, found: Picture, other: Definition | None, beside: Picture | None
) -> list[dict[str, Any]]:
    """The drawings on which something happened, warmest first, with the marks of one or two versions."""
    pairs = [(version, found), *([(other, beside)] if other is not None and beside is not None else [])]
    places = {one.id: {process: name for name, process in queries.places_of(one.id)} for one, _ in pairs}
    reached = [spot.process for _, picture in pairs for spot in picture.spots]
    reached += [loop.process for _, picture in pairs for loop in picture.loops]
    made: list[dict[str, Any]] = []
    for process in dict.fromkeys(reached):
        holder = next((one for one, _ in pairs if process in places[one.id]), None)
        if holder is None:
            continue
        sides = [_side(one, picture, places[one.id].get(process), process) for one, picture in pairs]
        title = queries.title_in(holder.id, places[holder.id][process])
        made.append({"title": title, "config": {"sides": sides}})
    return made


def _side(version: Definition, picture: Picture, name: str | None, process: str) -> dict[str, Any]:
    spots = [one for one in picture.spots if one.process == process]
    return {
        "xmlUrl": url_for("publishing.version_file", definition_id=version.id, name=name) if name else None,
        "marks": {one.element: f"heat{one.heat}" for one in spots if one.heat},
        "badges": {
            one.element: "\n".join(
                part
                for part in (
                    f"{insight.span(one.typical)} ×{one.count}" if one.count else "",
                    f"等 {len(one.waiting)}" if one.waiting else "",
                )
                if part
            )
            for one in spots
            if one.count or one.waiting
        },
        "loops": [
            {
                "from": one.start,
                "to": one.stop,
                "text": f"{one.times} 次",
                "words": f"从“{one.from_title}”回到“{one.to_title}”：{one.times} 次",
            }
            for one in picture.loops
            if one.process == process and one.start
        ],
    }
