"""Pages of the cockpit: incidents and what to do about them, the workers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import names_of_people, names_of_units
from app.core import clock
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.operations import forms, queries
from app.operations.rules import masked
from app.runtime import definitions, incidents, leases
from app.runtime.rules import role_name
from app.ui.formpage import Page, form_page

bp = Blueprint("operations", __name__, template_folder="templates", url_prefix="/admin/operations")
FLAGS = {"是": True, "否": False}


@bp.get("")
@requires(Permission.SEE_OPERATIONS)
def home() -> str:
    """All incidents, open ones first (故障处理)."""
    actor = current_actor()
    filters = {name: request.args.get(name, "").strip() for name in ("state", "kind", "q")}
    found = queries.incidents(
        actor,
        state=filters["state"],
        kind=filters["kind"],
        text=filters["q"],
        before=request.args.get("before", type=int),
    )
    page = found[: queries.PAGE]
    return render_template(
        "operations/incidents.html",
        active="incidents",
        lines=page,
        more=page[-1].incident.id if len(found) > queries.PAGE else None,
        filters=filters,
        figures=queries.figures(actor),
        kinds=queries.KINDS,
        title_of=queries.element_title,
        units=names_of_units({line.case.street_id for line in page}),
    )


@bp.get("/incidents/<int:incident_id>")
@requires(Permission.SEE_OPERATIONS)
def incident(incident_id: int) -> str:
    """One incident: where, what, the data it met, what was tried."""
    actor = current_actor()
    line = queries.incident(actor, incident_id)
    running = line.case.status == "running"
    known = incidents.variables(line.case) if running else []
    return render_template(
        "operations/incident.html",
        active="incidents",
        line=line,
        incident=line.incident,
        case=line.case,
        kinds=queries.KINDS,
        title=queries.element_title(line),
        acts=queries.acts(incident_id),
        variables=[(one, masked(one.name, one.value)) for one in known],
        diagram=queries.drawing(line, queries.path_of(line)),
        people=names_of_people({line.case.owner_id}),
        units=names_of_units({line.case.street_id, line.case.community_id}),
        version=definitions.bundle(line.case.definition_id),
        operates=allowed(actor, Permission.OPERATE) and line.incident.state == "open" and running,
        role_name=role_name,
    )


@bp.get("/incidents/<int:incident_id>/diagram")
@requires(Permission.SEE_OPERATIONS)
def diagram(incident_id: int) -> Response:
    """States of one diagram of the incident's case; `path` leads into called stages."""
    line = queries.incident(current_actor(), incident_id)
    return jsonify(queries.drawing(line, request.args.get("path", "")))


@bp.get("/incidents/<int:incident_id>/diagram.bpmn")
@requires(Permission.SEE_OPERATIONS)
def diagram_xml(incident_id: int) -> Response:
    """The drawing itself."""
    line = queries.incident(current_actor(), incident_id)
    name = f"process/{request.args.get('process', '')}.bpmn"
    data = definitions.bundle(line.case.definition_id).files.get(name)
    if data is None:
        raise NotFound
    return Response(data, mimetype="application/xml")


@bp.post("/incidents/<int:incident_id>/retry")
@requires(Permission.OPERATE)
def retry(incident_id: int) -> BaseResponse:
    """Run again what failed (重试)."""
    went_on = incidents.retry(current_actor(), incident_id)
    asked = queries.acts(incident_id)[-1].act == "asked"
    if went_on:
        flash("已解决，流程可以继续。", "success")
    elif asked:
        flash("这一步要由办理人重新提交，已通知办理人再试一次。", "info")
    else:
        flash("仍未成功，项目停在原处，没有任何改变。", "warning")
    return redirect(_home(incident_id))


@bp.route("/incidents/<int:incident_id>/variable", methods=["GET", "POST"])
@requires(Permission.OPERATE)
def new_variable(incident_id: int) -> Page:
    """Set a variable that has no value yet (补充流程变量)."""
    line = queries.incident(current_actor(), incident_id)

    def save(answers: dict[str, Any]) -> BaseResponse:
        value = _typed(answers["kind"], answers["value"])
        return _changed(incident_id, answers["name"], value, answers["reason"])

    return _page(line, forms.new_variable_form(line.case), save)


@bp.route("/incidents/<int:incident_id>/variable/<name>", methods=["GET", "POST"])
@requires(Permission.OPERATE)
def variable(incident_id: int, name: str) -> Page:
    """Mend a variable (修改流程变量)."""
    line = queries.incident(current_actor(), incident_id)
    found = next((one for one in incidents.variables(line.case) if one.name == name), None)
    if found is None:
        raise NotFound
    if found.why_not:
        raise Forbidden(found.why_not)

    def save(answers: dict[str, Any]) -> BaseResponse:
        return _changed(incident_id, name, answers["value"], answers["reason"])

    return _page(line, forms.variable_form(line.case, found), save)


@bp.route("/incidents/<int:incident_id>/move", methods=["GET", "POST"])
@requires(Permission.OPERATE)
def move(incident_id: int) -> Page:
    """Take the case to another step (移动到其他步骤)."""
    line = queries.incident(current_actor(), incident_id)
    ways = incidents.ways(line.case)
    if not any(one.why_not is None for one in ways):
        reasons = "；".join(dict.fromkeys(one.why_not or "" for one in ways[:3]))
        raise Conflict(f"现在没有可以移到的步骤。{reasons}")

    def save(answers: dict[str, Any]) -> BaseResponse:
        token, path, element = forms.read_address(answers["goal"])
        incidents.move(current_actor(), incident_id, token, path, element, answers["reason"])
        flash("已移动，故障已关闭。", "success")
        return redirect(_home(incident_id))

    return _page(line, forms.move_form(line.case, ways), save)


@bp.route("/incidents/<int:incident_id>/cancel", methods=["GET", "POST"])
@requires(Permission.OPERATE)
def cancel(incident_id: int) -> Page:
    """End the case (终止项目)."""
    line = queries.incident(current_actor(), incident_id)

    def save(answers: dict[str, Any]) -> BaseResponse:
        incidents.cancel(current_actor(), incident_id, answers["reason"], answers["basis"])
        flash("项目已终止。", "success")
        return redirect(_home(incident_id))

    return _page(line, forms.cancel_form(line.case), save)


@bp.route("/incidents/<int:incident_id>/resolve", methods=["GET", "POST"])
@requires(Permission.OPERATE)
def resolve(incident_id: int) -> Page:
    """Close it with a note (标为已解决)."""
    line = queries.incident(current_actor(), incident_id)

    def save(answers: dict[str, Any]) -> BaseResponse:
        incidents.resolve(current_actor(), incident_id, answers["words"])
        flash("已标为解决。", "success")
        return redirect(_home(incident_id))

    return _page(line, forms.resolve_form(line.case, line.incident), save)


@bp.get("/workers")
@requires(Permission.SEE_OPERATIONS)
def workers() -> str:
    """Who runs timers, and how much waits (后台任务)."""
    now = clock.now()
    waiting, oldest = leases.backlog(now)
    return render_template(
        "operations/workers.html",
        active="workers",
        workers=[
            (
                row,
                held,
                "stopped" if row.stopped_at else "alive" if now - row.seen_at < leases.SILENT else "lost",
            )
            for row, held in leases.workers(now)
        ],
        waiting=waiting,
        oldest=oldest,
        late=int((now - oldest).total_seconds()) if oldest else 0,
        lasts=int(leases.LASTS.total_seconds()),
    )


def _home(incident_id: int) -> str:
    return url_for("operations.incident", incident_id=incident_id)


def _page(line: queries.Line, form: Any, save: Any) -> Page:
    back = _home(line.incident.id)
    crumbs = [("故障处理", url_for("operations.home")), (f"故障 {line.incident.id}", back)]
    if line.incident.state != "open":
        raise Conflict("这个故障已经处理完毕，不需要再处理。")
    return form_page(form, save, active="incidents", back=back, crumbs=crumbs)


def _changed(incident_id: int, name: str, value: str | int | bool, reason: str) -> BaseResponse:
    incidents.change_variable(current_actor(), incident_id, name, value, reason)
    flash("已修改。请重试，让流程继续。", "success")
    return redirect(_home(incident_id))


def _typed(kind: str, text: str) -> str | int | bool:
    if kind == "flag":
        if text.strip() not in FLAGS:
            raise Refusal("请填“是”或“否”。", field="value")
        return FLAGS[text.strip()]
    if kind == "number":
        if not text.strip().lstrip("-").isdecimal() or len(text) > 18:
            raise Refusal("请填整数。", field="value")
        return int(text)
    return text
