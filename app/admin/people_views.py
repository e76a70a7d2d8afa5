"""Pages of people's accounts."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts import directory, people, rules, services
from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.models import Person
from app.accounts.queries import names_of_units, unit
from app.admin import forms, handover, ties
from app.admin.blueprint import HOME, bp
from app.core import clock
from app.core.errors import Refusal
from app.core.identity import ROLE_NAMES
from app.runtime.rules import role_name
from app.ui.formpage import Page, form_page

STATES = {"active": "在用", "new": "还没有登录过", "off": "已停用"}


@bp.get("/people")
@requires(Permission.SEE_PEOPLE)
def people_list() -> str:
    """Everybody with an account (人员)."""
    picked = {name: request.args.get(name, "").strip()[:60] for name in ("q", "state")}
    unit_id = request.args.get("unit", type=int)
    found = directory.people(
        text=picked["q"],
        unit_id=unit_id,
        state=picked["state"],
        after=request.args.get("after", 0, type=int),
        limit=directory.PAGE + 1,
    )
    page = found[: directory.PAGE]
    more = page[-1].person.id if len(found) > directory.PAGE else None
    return render_template(
        "admin/people.html",
        active="admin-people",
        page=page,
        picked=picked,
        unit=unit(unit_id) if unit_id is not None else None,
        states=STATES,
        next_url=url_for("admin.people_list", q=picked["q"], state=picked["state"], unit=unit_id, after=more)
        if more
        else "",
        units=names_of_units({unit_id for line in page for _, unit_id in line.roles}),
        role_name=role_name,
        may=allowed(current_actor(), Permission.MANAGE_PEOPLE),
    )


@bp.route("/people/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def person_new() -> Page:
    """Add a person; the one-time password is shown once (新增人员)."""
    actor = current_actor()
    unit_id = request.args.get("unit", type=int)
    roles = directory.roles_for(unit(unit_id).kind) if unit_id is not None else list(ROLE_NAMES.items())
    form = forms.person_form(
        directory.places(), [(role.value, name) for role, name in roles], {"unit_id": unit_id}
    )

    def save(answers: dict[str, Any]) -> Response:
        kind = unit(answers["unit_id"]).kind
        for role in answers.get("roles", []):
            rules.role_fits(role, kind).require()
        person, secret = services.create_person(
            actor, login=answers["login"], name=answers["name"], unit_id=answers["unit_id"]
        )
        for role in answers.get("roles", []):
            people.ask_role(actor, person.id, answers["unit_id"], role)
        return _secret(person, secret, "账号已建立")

    back = url_for("admin.people_list")
    return form_page(form, save, active="admin-people", back=back, crumbs=_crumbs())


@bp.get("/people/<int:person_id>")
@requires(Permission.SEE_PEOPLE)
def person_page(person_id: int) -> str:
    """One person: where, which roles, what waits for him."""
    found = directory.person(person_id)
    held = directory.roles_of([person_id]).get(person_id, [])
    asked = [one for one in directory.requests() if one[1].id == person_id]
    return render_template(
        "admin/person.html",
        active="admin-people",
        person=found,
        unit=unit(found.unit_id) if found.unit_id else None,
        held=held,
        asked=asked,
        units=names_of_units({unit_id for _, unit_id in held}),
        duties=ties.of_person(person_id),
        role_name=role_name,
        locked=rules.locked(found.locked_until, clock.now()),
        itself=current_actor().person_id == person_id,
        may=allowed(current_actor(), Permission.MANAGE_PEOPLE),
        may_grant=allowed(current_actor(), Permission.GRANT_ROLES),
    )


@bp.route("/people/<int:person_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def person_edit(person_id: int) -> Page:
    """Mend the name, move to another unit (修改资料、调动)."""
    actor, found = current_actor(), directory.person(person_id)
    form = forms.person_edit_form(directory.places(), {"name": found.name, "unit_id": found.unit_id})

    def save(answers: dict[str, Any]) -> Response:
        people.edit_person(actor, person_id, name=answers["name"], unit_id=answers["unit_id"])
        flash("已保存。", "success")
        return redirect(url_for("admin.person_page", person_id=person_id))

    back = url_for("admin.person_page", person_id=person_id)
    form = form.add_facts(("用户名", found.login))
    return form_page(form, save, active="admin-people", back=back, crumbs=_crumbs(found))


@bp.route("/people/<int:person_id>/off", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def person_off(person_id: int) -> Page:
    """Switch the account off (停用账号)."""
    actor, found = current_actor(), directory.person(person_id)
    waiting = ties.of_person(person_id).count
    intro = "停用后立即退出登录，不能再办理业务；办过的事项和记录都保留。"
    if waiting:
        intro += f"名下还有 {waiting} 项工作没有交接，建议先办理“工作交接”。"
    form = forms.reason_form("停用账号", intro, "停用").add_facts(("人员", f"{found.name}（{found.login}）"))

    def save(answers: dict[str, Any]) -> Response:
        services.deactivate(actor, person_id, answers["reason"])
        flash("账号已停用。", "success")
        return redirect(url_for("admin.person_page", person_id=person_id))

    back = url_for("admin.person_page", person_id=person_id)
    return form_page(form, save, active="admin-people", back=back, crumbs=_crumbs(found))


@bp.post("/people/<int:person_id>/on")
@requires(Permission.MANAGE_PEOPLE)
def person_on(person_id: int) -> Response:
    """Switch it on again (恢复账号)."""
    people.reactivate(current_actor(), person_id)
    flash("账号已恢复。", "success")
    return redirect(url_for("admin.person_page", person_id=person_id))


@bp.post("/people/<int:person_id>/unlock")
@requires(Permission.MANAGE_PEOPLE)
def person_unlock(person_id: int) -> Response:
    """Lift the lock (解除锁定)."""
    people.unlock(current_actor(), person_id)
    flash("已解除锁定，可以重新登录。", "success")
    return redirect(url_for("admin.person_page", person_id=person_id))


@bp.post("/people/<int:person_id>/sign-out")
@requires(Permission.MANAGE_PEOPLE)
def person_sign_out(person_id: int) -> Response:
    """End all sessions (强制退出登录)."""
    people.sign_out_everywhere(current_actor(), person_id)
    flash("已在所有电脑和手机上退出登录。", "success")
    return redirect(url_for("admin.person_page", person_id=person_id))


@bp.post("/people/<int:person_id>/password")
@requires(Permission.MANAGE_PEOPLE)
def person_password(person_id: int) -> Response:
    """A new one-time password, shown once (重新发放一次性密码)."""
    secret = services.reset_password(current_actor(), person_id)
    return _secret(directory.person(person_id), secret, "一次性密码已生成")


@bp.route("/people/<int:person_id>/handover", methods=["GET", "POST"])
@requires(Permission.MANAGE_PEOPLE)
def person_handover(person_id: int) -> Page:
    """Give all that waits for him to a successor (工作交接)."""
    actor, found = current_actor(), directory.person(person_id)
    duties = ties.of_person(person_id)
    choices = [(one.id, f"{one.name}（{where}）") for one, where in handover.successors(person_id)]
    if not choices:
        raise Refusal("同一单位和上级单位没有其他在职人员，不能交接。请先新增人员并授予岗位。")
    form = forms.handover_form(choices).add_facts(
        ("交接人", f"{found.name}（{found.login}）"),
        ("已认领的待办", f"{len(duties.held)} 项"),
        ("等待签署", f"{len(duties.signing)} 项"),
        ("负责的项目", f"{len(duties.owned)} 个"),
        ("代理关系", f"{len(duties.delegations)} 项"),
    )
    rows = [(case.no, f"{task.title}（已认领）") for task, case in duties.held]
    rows += [(case.no, f"{task.title}（待签署）") for _, task, case in duties.signing]
    rows += [(case.no, "项目负责人") for case in duties.owned]
    if rows:
        form = form.add_table("要交接的事项", ("项目编号", "事项"), rows)

    def save(answers: dict[str, Any]) -> Response:
        done = handover.hand_over(
            actor,
            person_id,
            answers["successor_id"],
            answers["reason"],
            switch_off=bool(answers.get("switch_off")),
        )
        flash(
            f"已交接：待办和签署 {done.taken} 项，退回本岗位 {done.released} 项，负责的项目 {done.owned} 个，"
            f"代理关系 {done.deputies} 项。",
            "success",
        )
        return redirect(url_for("admin.person_page", person_id=person_id))

    back = url_for("admin.person_page", person_id=person_id)
    return form_page(form, save, active="admin-people", back=back, crumbs=_crumbs(found))


def _secret(person: Person, secret: str, title: str) -> FlaskResponse:
    """The page that shows a one-time password: it is kept nowhere and cannot be shown again."""
    page = render_template(
        "admin/secret.html", active="admin-people", person=person, secret=secret, title=title
    )
    return make_response(page)


def _crumbs(found: Person | None = None) -> list[tuple[str, str]]:
    trail = [(HOME, url_for("admin.home")), ("人员", url_for("admin.people_list"))]
    if found is not None:
        trail.append((found.name, url_for("admin.person_page", person_id=found.id)))
    return trail
