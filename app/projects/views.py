"""Start a project; withdraw or cancel one."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import unit, units_below
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import Actor, Role
from app.needs.models import Need
from app.needs.queries import of_units
from app.projects import services
from app.projects.queries import find
from app.projects.rules import COMMUNITY_ROLES
from app.runtime import queries

bp = Blueprint("projects", __name__, template_folder="templates")


@bp.route("/desk/start", methods=["GET", "POST"])
@requires(Permission.START_PROJECT)
def start() -> str | Response | tuple[str, int]:
    """Start a project in one of its three ways (发起项目)."""
    actor = current_actor()
    communities = _communities(actor)
    street = any(actor.has(Role.STREET_CLERK, g.unit_id) for g in actor.grants)
    needs = _needs(communities) if street else []
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            case = services.start_project(
                actor,
                origin=request.form.get("origin", ""),
                title=request.form.get("title", ""),
                community_id=_chosen(
                    "community_id", {one.id for one in communities}, "请选择项目所在的社区。"
                ),
                need_id=_chosen("need_id", {one.id for one in needs}, "请选择列出的居民需求。")
                if request.form.get("need_id")
                else None,
                key=request.form.get("idempotency_key"),
            )
        except Refusal as refusal:
            if refusal.status in (403, 404, 409):
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
        needs=needs,
        errors=errors,
        values=request.form,
        key=secrets.token_urlsafe(18),
    )
    return (page, 422) if errors else page


def _chosen(field: str, offered: set[int], message: str) -> int:
    """The number chosen in a list; only what was offered counts."""
    given = request.form.get(field, "")
    found = next((one for one in offered if str(one) == given), None)
    if found is None:
        raise Refusal(message, field=field)
    return found


def _needs(communities: list[OrgUnit]) -> list[Need]:
    """Needs that a street's own project may rest on (ZH-19-1)."""
    places = {one.id for one in communities} | {one.parent_id for one in communities if one.parent_id}
    return of_units(places)


def _communities(actor: Actor) -> list[OrgUnit]:
    """The communities a person may start a project for."""
    found: dict[int, OrgUnit] = {}
    for grant in sorted(actor.grants, key=lambda g: g.unit_id):
        if grant.role in COMMUNITY_ROLES:
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
    if find(case.id) is None:
        raise NotFound
    allowed = services.may_withdraw(actor, case) if act == "withdraw" else services.may_cancel(actor, case)
    if not allowed:
        raise Forbidden(allowed.reason, rule=allowed.ref)
    if case.status != "running":
        raise Conflict("项目已经结束，不能再撤回或终止。")
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            if act == "withdraw":
                services.withdraw(actor, case.id, request.form.get("reason", ""))
            else:
                services.cancel(actor, case.id, request.form.get("reason", ""), request.form.get("basis", ""))
        except Refusal as refusal:
            if refusal.status in (403, 404, 409):
                raise
            errors = {e.field or "reason": e.message for e in refusal.errors}
        else:
            flash("已撤回申报。" if act == "withdraw" else "项目已终止，未支付的资金已退回。", "success")
            return redirect(url_for("inbox.case", no=case.no))
    page = render_template(
        "projects/end.html", active="cases", case=case, act=act, errors=errors, values=request.form
    )
    return (page, 422) if errors else page
