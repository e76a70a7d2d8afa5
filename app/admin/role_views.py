"""Pages of roles: who holds what in a unit, what was asked for, what nobody could do."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts import directory, people, rules, services
from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import unit
from app.admin import forms, gaps
from app.admin.blueprint import HOME, bp
from app.core.db import unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.runtime.rules import role_name
from app.ui.formpage import NOT_OF_THE_FORM, Page, form_page


@bp.get("/roles")
@requires(Permission.SEE_PEOPLE)
def roles_home() -> str:
    """Roles asked for, steps without people, and the way into each unit (岗位)."""
    return _home()


def _home(refusal: Refusal | None = None) -> str:
    """The page; after a refusal with what was ticked and written."""
    counts = directory.counts_by_unit()
    listed = [one for one in directory.all_units() if one.active and counts.get(one.id)]
    return render_template(
        "admin/roles.html",
        active="admin-roles",
        refusal=refusal,
        ticked=request.form.getlist("request") if refusal else None,
        reason=request.form.get("reason", ""),
        asked=directory.requests(),
        units=listed,
        counts=counts,
        gaps=gaps.of_units(listed),
        role_name=role_name,
        kinds=rules.KIND_NAMES,
        may=allowed(current_actor(), Permission.GRANT_ROLES),
        itself=current_actor().person_id,
    )


@bp.get("/roles/<int:unit_id>")
@requires(Permission.SEE_PEOPLE)
def roles_unit(unit_id: int) -> str:
    """Who holds which role in a unit (岗位分工表)."""
    found = unit(unit_id)
    return render_template(
        "admin/roles_unit.html",
        active="admin-roles",
        unit=found,
        roles=directory.roles_for(found.kind),
        people=directory.holders(unit_id),
        gaps=gaps.of_units([found]),
        role_name=role_name,
        may=allowed(current_actor(), Permission.GRANT_ROLES),
        itself=current_actor().person_id,
    )


@bp.route("/roles/<int:unit_id>/<int:person_id>/<role>", methods=["GET", "POST"])
@requires(Permission.GRANT_ROLES)
def role_change(unit_id: int, person_id: int, role: str) -> Page:
    """Give a role, or take it away, with the reason (授予、收回岗位)."""
    actor, where, person = current_actor(), unit(unit_id), directory.person(person_id)
    if role not in {one.value for one, _ in directory.roles_for(where.kind)}:
        raise NotFound
    held = (role, unit_id) in directory.roles_of([person_id]).get(person_id, [])
    words = f"{where.short_name}“{role_name(role)}”"
    title, intro = ("收回岗位", "收回后立即生效，不能再办理这个岗位的事项。") if held else (
        "授予岗位",
        "授予后，可以看到并办理本单位这个岗位的事项。",
    )  # fmt: skip
    form = forms.reason_form(title, intro, title).add_facts(
        ("人员", f"{person.name}（{person.login}）"), ("岗位", words)
    )

    def save(answers: dict[str, Any]) -> Response:
        act = services.revoke if held else services.grant
        act(actor, person_id, unit_id, role, answers["reason"])
        flash(f"已{'收回' if held else '授予'}{person.name}的{words}岗位。", "success")
        return redirect(url_for("admin.roles_unit", unit_id=unit_id))

    back = url_for("admin.roles_unit", unit_id=unit_id)
    crumbs = [(HOME, url_for("admin.home")), ("岗位", url_for("admin.roles_home")), (where.short_name, back)]
    return form_page(form, save, active="admin-roles", back=back, crumbs=crumbs)


@bp.post("/roles/requests")
@requires(Permission.GRANT_ROLES)
def requests_settle() -> Page:
    """Give or refuse the chosen requests, all or none (办理岗位申请)."""
    actor = current_actor()
    chosen = {int(one) for one in request.form.getlist("request") if one.isdecimal()}
    reason = request.form.get("reason", "")
    found = [one for one, _, _ in directory.requests() if one.id in chosen]
    try:
        if not found:
            raise Refusal("请至少勾选一项申请。")
        with unit_of_work():
            require_all([rules.reason_given(reason)])
            for one in found:
                if request.form.get("decision") == "refuse":
                    people.decline_request(actor, one.id, reason)
                else:
                    services.grant(actor, one.person_id, one.unit_id, one.role, reason)
    except Refusal as refusal:
        if refusal.status in NOT_OF_THE_FORM:
            raise
        return _home(refusal), refusal.status
    words = "已退回" if request.form.get("decision") == "refuse" else "已授予"
    flash(f"{words} {len(found)} 项岗位申请。", "success")
    return redirect(url_for("admin.roles_home"))
