"""Start a project; withdraw or cancel one."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import unit, units_below
from app.core.errors import Refusal
from app.core.identity import Actor, Role
from app.projects import services
from app.runtime import queries

bp = Blueprint("projects", __name__, template_folder="templates")


@bp.route("/desk/start", methods=["GET", "POST"])
@requires(Permission.START_PROJECT)
def start() -> str | Response | tuple[str, int]:
    """Start a project in one of its three ways (发起项目)."""
    actor = current_actor()
    communities = _communities(actor)
    street = any(actor.has(Role.STREET_CLERK, g.unit_id) for g in actor.grants)
    errors: dict[str, str] = {}
    if request.method == "POST":
        number = request.form.get("community_id", "")
        try:
            if not number.isdigit():
                raise Refusal("请选择项目所在的社区。", field="community_id")
            case = services.start_project(
                actor,
                origin=request.form.get("origin") or ("street_plan" if street else "community"),
                title=request.form.get("title", ""),
                community_id=int(number),
                key=request.form.get("idempotency_key"),
            )
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            errors = {e.field or "title": e.message for e in refusal.errors}
        else:
            flash(f"已发起“{case.title}”，编号 {case.no}。", "success")
            first = next(iter(queries.my_open_tasks(actor, case.id)), None)
            if first is None:
                return redirect(url_for("inbox.case", no=case.no))
            return redirect(url_for("inbox.task", task_id=first.id))
    page = render_template(
        "projects/start.html",
        active="start",
        communities=communities,
        street=street,
        errors=errors,
        values=request.form,
        key=secrets.token_urlsafe(18),
    )
    return (page, 422) if errors else page


def _communities(actor: Actor) -> list[OrgUnit]:
    """The communities a person may start a project for."""
    found: dict[int, OrgUnit] = {}
    for grant in sorted(actor.grants, key=lambda g: g.unit_id):
        if grant.role in services.COMMUNITY_ROLES:
            found[grant.unit_id] = unit(grant.unit_id)
        elif grant.role == Role.STREET_CLERK:
            found.update({u.id: u for u in units_below(grant.unit_id, "community")})
    return list(found.values())


@bp.route("/cases/<no>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(no: str) -> str | Response | tuple[str, int]:
    """Take a proposal back (撤回申报)."""
    return _end(no, "withdraw")


@bp.route("/cases/<no>/cancel", methods=["GET", "POST"])
@signed_in
def cancel(no: str) -> str | Response | tuple[str, int]:
    """End a running project (终止项目)."""
    return _end(no, "cancel")


def _end(no: str, act: str) -> str | Response | tuple[str, int]:
    actor = current_actor()
    case = queries.case_by_no(actor, no)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            if act == "withdraw":
                services.withdraw(actor, case.id, request.form.get("reason", ""))
            else:
                services.cancel(actor, case.id, request.form.get("reason", ""), request.form.get("basis", ""))
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            errors = {e.field or "reason": e.message for e in refusal.errors}
        else:
            flash("已撤回申报。" if act == "withdraw" else "项目已终止，未支付的资金已退回。", "success")
            return redirect(url_for("inbox.case", no=case.no))
    page = render_template(
        "projects/end.html", active="cases", case=case, act=act, errors=errors, values=request.form
    )
    return (page, 422) if errors else page
