"""Pages of help."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.queries import names_of_people, units_of
from app.core.errors import NotFound
from app.help import queries, services
from app.runtime import definitions
from app.runtime.models import Task
from app.ui.formpage import Page, form_page
from app.ui.forms import Form

bp = Blueprint("help", __name__, template_folder="templates")


@bp.get("/help")
@signed_in
def home() -> str:
    """All short helps on one page (帮助)."""
    pages = [one for key, one in queries.texts().items() if not key.endswith(".*") or one.text]
    return render_template("help/home.html", active="help", pages=pages, street=_street())


@bp.get("/help/page/<endpoint>")
@signed_in
def page(endpoint: str) -> str:
    """The help of one page; `fragment` asks for the words alone."""
    found = queries.help_of(endpoint)
    if found is None:
        abort(404)
    name = "help/_page.html" if request.args.get("fragment") else "help/page.html"
    return render_template(name, active="help", found=found)


@bp.get("/help/steps")
@requires(Permission.WRITE_GUIDES)
def steps() -> str:
    """The steps of the office's process, and of which it says something (办理提示)."""
    street = _own_street()
    return render_template(
        "help/steps.html", active="help", steps=_steps(), guided=queries.guided(street.id), street=street
    )


@bp.route("/help/steps/<key>", methods=["GET", "POST"])
@requires(Permission.WRITE_GUIDES)
def step(key: str) -> Page:
    """Write what one's office says of a step."""
    street, titles = _own_street(), dict(_steps())
    if key not in titles:
        raise NotFound
    known = queries.versions(street.id, key)

    def save(answers: dict[str, Any]) -> Response:
        services.write_guide(current_actor(), street.id, key, answers.get("text") or "")
        flash("办理提示已保存，办理这一步的同事会看到。", "success")
        return redirect(url_for("help.steps"))

    properties = {"text": {"type": "string", "title": "办理提示", "maxLength": services.LONGEST}}
    ui = {
        "ui:intro": f"写给{street.short_name}办理“{titles[key]}”的同事看，例如材料放在哪里、找谁盖章、本单位的习惯做法。不能改变规定。清空就不再显示。",
        "ui:submit": "保存",
        "text": {"ui:widget": "textarea", "ui:rows": 6},
    }
    form = Form(
        "help.step", {"type": "object", "title": f"办理提示：{titles[key]}", "properties": properties}, ui
    )
    people = names_of_people({one.written_by for one in known})
    for one in known[:5]:
        form = form.add_facts((f"第 {one.no} 次 {people.get(one.written_by, '')}", one.text or "（已清空）"))
    if known:
        form = form.with_values(text=known[0].text)
    home_ = url_for("help.steps")
    return form_page(form, save, active="help", back=home_, crumbs=[("帮助", "/help"), ("办理提示", home_)])


@bp.post("/help/tour/<any(end,again):what>")
@signed_in
def tour(what: str) -> Response:
    """The tour was seen or put off, or is wanted once more (新手引导)."""
    services.end_tour(current_actor(), again=what == "again")
    return redirect(url_for("inbox.desk"))


def context() -> dict[str, Any]:
    """What every page knows of help: its own, the tour, the office's word on a step."""
    if not current_user.is_authenticated:
        return {"page_help": None, "tour_due": False}
    return {
        "page_help": queries.help_of(request.endpoint),
        "tour_due": request.endpoint == "inbox.desk" and not queries.seen(current_actor().person_id or 0),
        "step_guide": _guide,
    }


def _guide(task: Task, street_id: int) -> str:
    found = queries.guide(street_id, task.form_key)
    return found.text if found else ""


def _steps() -> list[tuple[str, str]]:
    """Forms and titles of the steps of people in the processes in force, in the order of the drawing."""
    found: dict[str, str] = {}
    for number in definitions.all_in_force():
        for one in definitions.bundle(number).model.steps():
            if one.form:
                found.setdefault(one.form, one.title)
    return list(found.items())


def _street() -> Any:
    own = {grant.unit_id for grant in current_actor().grants if grant.role in services.WRITERS}
    return next(iter(units_of(own, ("street",))), None)


def _own_street() -> Any:
    found = _street()
    if found is None:
        raise NotFound
    return found
