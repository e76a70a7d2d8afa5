"""Start a project; withdraw or cancel one."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import communities_of
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.identity import Actor, Role
from app.needs import queries as needs
from app.needs.models import Need
from app.projects import copying, services
from app.projects.forms import copy_form, end_form, start_form
from app.projects.queries import find
from app.projects.rules import COMMUNITY_ROLES
from app.runtime import desk_queries, queries
from app.ui.formpage import Page, form_page

bp = Blueprint("projects", __name__)
NEED_SHOWN = 60


@bp.route("/desk/start", methods=["GET", "POST"])
@requires(Permission.START_PROJECT)
def start() -> Page:
    """Start a project in one of its three ways (发起项目)."""
    actor = current_actor()
    communities = communities_of(actor, COMMUNITY_ROLES, (Role.STREET_CLERK,))
    form = start_form(
        _origins(actor), [(one.id, one.short_name) for one in communities], _needs(actor, communities)
    )
    wanted = _wanted(actor)
    if wanted is not None and "need_id" in form.schema["properties"]:
        form = form.with_values(need_id=wanted.id)
        if wanted.unit_id in {one.id for one in communities}:
            form = form.with_values(community_id=wanted.unit_id)
    key = request.form.get("idempotency_key") or secrets.token_urlsafe(18)

    def save(answers: dict[str, Any]) -> Response:
        case = services.start_project(actor, key=key, **answers)
        flash(f"已发起“{case.title}”，编号 {case.no}。", "success")
        first = next(iter(desk_queries.my_open_tasks(actor, case.id)), None)
        if first is None:
            return redirect(url_for("inbox.case", no=case.no))
        return redirect(url_for("inbox.task", task_id=first.id))

    return form_page(form, save, active="start", back=url_for("inbox.desk"), hidden={"idempotency_key": key})


@bp.route("/cases/<no>/again", methods=["GET", "POST"])
@requires(Permission.START_PROJECT)
def again(no: str) -> Page:
    """Start a new project with what an earlier one said (复制为新提案)."""
    actor = current_actor()
    source = queries.case_by_no(actor, no)
    if find(source.id) is None:
        raise NotFound
    key = request.form.get("idempotency_key") or secrets.token_urlsafe(18)

    def save(answers: dict[str, Any]) -> Response:
        case = copying.start_copy(actor, source, answers["title"], key)
        flash(
            f"已发起“{case.title}”，编号 {case.no}。内容已从“{source.title}”带入，请逐项核对修改。", "success"
        )
        first = next(iter(desk_queries.my_open_tasks(actor, case.id)), None)
        if first is None:
            return redirect(url_for("inbox.case", no=case.no))
        return redirect(url_for("inbox.task", task_id=first.id))

    return form_page(
        copy_form(source.title, source.no),
        save,
        active="start",
        back=url_for("inbox.case", no=no),
        hidden={"idempotency_key": key},
    )


def _origins(actor: Actor) -> list[str]:
    """The ways of starting that the actor's roles allow."""
    found = ["street_plan"] if actor.has(Role.STREET_CLERK) else []
    return found + (["community", "library"] if any(actor.has(role) for role in COMMUNITY_ROLES) else [])


def _wanted(actor: Actor) -> Need | None:
    """The need whose page led here (据此提出项目; ZH-09c)."""
    need_id = request.args.get("need", type=int)
    return None if need_id is None else needs.one(actor, need_id)


def _needs(actor: Actor, communities: list[OrgUnit]) -> list[tuple[int, str]]:
    """Needs that a project may rest on (ZH-19-1, ZH-09c): the newest, and the one whose page led here."""
    places = {one.id for one in communities} | {one.parent_id for one in communities if one.parent_id}
    places &= actor.scope
    wanted, found = _wanted(actor), needs.of_units(places)
    if wanted is not None and wanted.state == "taken" and wanted.unit_id in places and wanted not in found:
        found.insert(0, wanted)
    return [(need.id, f"{need.text[:NEED_SHOWN]}（{need.beneficiaries}）") for need in found]


@bp.route("/cases/<no>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(no: str) -> Page:
    """Take a proposal back (撤回申报)."""
    return _end(no, "withdraw")


@bp.route("/cases/<no>/cancel", methods=["GET", "POST"])
@signed_in
def cancel(no: str) -> Page:
    """End a running project (终止项目)."""
    return _end(no, "cancel")


def _end(no: str, act: str) -> Page:
    actor = current_actor()
    case = queries.case_by_no(actor, no)
    if find(case.id) is None:
        raise NotFound
    if case.status != "running":
        raise Conflict("项目已经结束，不能再撤回或终止。")
    allowed = services.may_withdraw(actor, case) if act == "withdraw" else services.may_cancel(actor, case)
    if not allowed:
        raise Forbidden(allowed.reason, rule=allowed.ref)
    home = url_for("inbox.case", no=case.no)

    def save(answers: dict[str, Any]) -> Response:
        if act == "withdraw":
            services.withdraw(actor, case.id, answers["reason"])
        else:
            services.cancel(actor, case.id, answers["reason"], answers["basis"])
        flash("已撤回申报。" if act == "withdraw" else "项目已终止，未支付的资金已退回。", "success")
        return redirect(home)

    return form_page(
        end_form(act, case.title),
        save,
        active="cases",
        back=home,
        crumbs=[("项目台账", url_for("inbox.cases")), (case.no, home)],
    )
