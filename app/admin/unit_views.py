"""Pages of the tree of units."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import config
from app.accounts import areas, directory, services, units
from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.accounts.rules import AREA_NAMES, KIND_NAMES, PARENTS
from app.admin import forms, gaps, ties
from app.admin.blueprint import HOME, bp
from app.core.errors import Refusal
from app.runtime.rules import role_name
from app.ui.formpage import Page, form_page

AREAS = config.ROOT / "bpmn" / "law-cn" / "areas.csv"


@bp.get("/units")
@requires(Permission.SEE_PEOPLE)
def units_tree() -> str:
    """The tree of units (单位)."""
    text = request.args.get("q", "").strip()[:60]
    found = directory.all_units()
    by_parent: dict[int | None, list[OrgUnit]] = {}
    for one in found:
        by_parent.setdefault(one.parent_id, []).append(one)
    hits = [one for one in found if text in one.name or text in (one.code or "")][:100] if text else []
    return render_template(
        "admin/units.html",
        active="admin-units",
        tree=by_parent,
        counts=directory.counts_by_unit(),
        kinds=KIND_NAMES,
        text=text,
        hits=hits,
        cities=_cities_to_import(found),
        may=allowed(current_actor(), Permission.MANAGE_UNITS),
    )


@bp.get("/units/<int:unit_id>")
@requires(Permission.SEE_PEOPLE)
def unit_page(unit_id: int) -> str:
    """One unit: where it hangs, what is below, who works there, what it lacks."""
    found = unit(unit_id)
    return render_template(
        "admin/unit.html",
        active="admin-units",
        unit=found,
        above=directory.above(found),
        below=directory.children(unit_id),
        counts=directory.counts_by_unit(),
        people=directory.holders(unit_id),
        gaps=gaps.of_units([found]),
        ties=ties.of_unit(unit_id) if found.active else [],
        kinds=KIND_NAMES,
        areas=AREA_NAMES,
        role_name=role_name,
        may=allowed(current_actor(), Permission.MANAGE_UNITS),
        may_people=allowed(current_actor(), Permission.MANAGE_PEOPLE),
    )


@bp.route("/units/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_UNITS)
def unit_new() -> Page:
    """Add a unit (新增单位; ZH-29)."""
    actor = current_actor()
    parent_id = request.args.get("parent", type=int)
    parent = unit(parent_id) if parent_id is not None else None
    above = {kind for kinds in PARENTS.values() for kind in kinds}
    parents = [(parent.id, parent.name)] if parent else directory.places(above)
    kinds = [
        kind for kind in forms.MADE_HERE if kind in PARENTS and (not parent or parent.kind in PARENTS[kind])
    ]
    if not kinds:
        raise Refusal("这个单位下面不能再设单位。")
    form = forms.unit_form(parents, kinds)
    if parent:
        form = form.with_values(parent_id=parent.id)
    if len(kinds) == 1:
        form = form.with_values(kind=kinds[0])

    def save(answers: dict[str, Any]) -> Response:
        made = services.create_unit(
            actor,
            name=answers["name"],
            short_name=answers.get("short_name") or None,
            kind=answers["kind"],
            area_kind=answers.get("area_kind") or ("community" if answers["kind"] == "community" else None),
            code=answers.get("code") or None,
            parent_id=answers["parent_id"],
            city=unit(answers["parent_id"]).city,
        )
        flash(f"已新增“{made.name}”。", "success")
        return redirect(url_for("admin.unit_page", unit_id=made.id))

    back = url_for("admin.unit_page", unit_id=parent.id) if parent else url_for("admin.units_tree")
    return form_page(form, save, active="admin-units", back=back, crumbs=_crumbs(parent))


@bp.route("/units/<int:unit_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_UNITS)
def unit_edit(unit_id: int) -> Page:
    """Mend names and code (修改单位)."""
    actor, found = current_actor(), unit(unit_id)
    values = {"name": found.name, "short_name": found.short_name, "code": found.code}

    def save(answers: dict[str, Any]) -> Response:
        units.rename_unit(
            actor,
            unit_id,
            name=answers["name"],
            short_name=answers.get("short_name") or "",
            code=answers.get("code") or None,
        )
        flash("已保存。", "success")
        return redirect(url_for("admin.unit_page", unit_id=unit_id))

    back = url_for("admin.unit_page", unit_id=unit_id)
    return form_page(
        forms.unit_edit_form(values), save, active="admin-units", back=back, crumbs=_crumbs(found)
    )


@bp.route("/units/<int:unit_id>/move", methods=["GET", "POST"])
@requires(Permission.MANAGE_UNITS)
def unit_move(unit_id: int) -> Page:
    """Hang it elsewhere (调整隶属关系)."""
    actor, found = current_actor(), unit(unit_id)
    wanted = PARENTS.get(found.kind)
    if not wanted:
        raise Refusal("这类单位没有上级单位，不用调整。")
    parents = [one for one in directory.places(wanted) if one[0] != unit_id]

    def save(answers: dict[str, Any]) -> Response:
        units.move_unit(actor, unit_id, answers["parent_id"])
        flash("隶属关系已调整。", "success")
        return redirect(url_for("admin.unit_page", unit_id=unit_id))

    back = url_for("admin.unit_page", unit_id=unit_id)
    form = forms.move_form(parents, found.parent_id).add_facts(("单位", found.name))
    return form_page(form, save, active="admin-units", back=back, crumbs=_crumbs(found))


@bp.post("/units/<int:unit_id>/off")
@requires(Permission.MANAGE_UNITS)
def unit_off(unit_id: int) -> Response:
    """Take it out of use (停用单位)."""
    units.switch_off_unit(current_actor(), unit_id, ties.of_unit(unit_id))
    flash("单位已停用。", "success")
    return redirect(url_for("admin.unit_page", unit_id=unit_id))


@bp.post("/units/<int:unit_id>/on")
@requires(Permission.MANAGE_UNITS)
def unit_on(unit_id: int) -> Response:
    """Use it again (恢复使用)."""
    units.switch_on_unit(current_actor(), unit_id)
    flash("单位已恢复使用。", "success")
    return redirect(url_for("admin.unit_page", unit_id=unit_id))


@bp.post("/areas/<code>")
@requires(Permission.MANAGE_UNITS)
def import_city(code: str) -> Response:
    """Make the units of a city from the packaged table (导入行政区划; ZH-29)."""
    known = {row["code"] for row in areas.area_rows(AREAS) if row["kind"] == "city"}
    if code not in known:
        raise Refusal("没有这个城市的区划表。")
    count = areas.import_areas(current_actor(), AREAS, frozenset({code}))
    flash(f"已导入 {count} 个单位。已有的单位没有改动。", "success")
    return redirect(url_for("admin.units_tree"))


def _cities_to_import(found: list[OrgUnit]) -> list[tuple[str, str, int]]:
    """Cities of the packaged table with areas that are not here yet: code, name, how many."""
    known = {one.code for one in found}
    mine = {one.city[:4] for one in found if one.kind == "city"} - {areas.NO_CITY[:4]}
    rows = areas.area_rows(AREAS)
    plots = {row["code"] for row in rows if row["kind"] == "functional_zone"}
    wanted = [row for row in rows if not plots & {row["code"], row["parent_code"]}]
    cities = []
    for row in rows:
        if row["kind"] == "city" and (not mine or row["code"] in mine):
            count = sum(one["code"][:4] == row["code"] and one["code"] not in known for one in wanted)
            if count:
                cities.append((row["code"], row["name"], count))
    return cities


def _crumbs(found: OrgUnit | None) -> list[tuple[str, str]]:
    trail = [(HOME, url_for("admin.home")), ("单位", url_for("admin.units_tree"))]
    if found is not None:
        trail.append((found.short_name, url_for("admin.unit_page", unit_id=found.id)))
    return trail
