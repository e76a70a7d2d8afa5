"""Pages of the district's yearly list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires
from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.catalogue import queries, services
from app.catalogue.forms import list_form
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Forbidden, Refusal
from app.core.identity import Actor, Role
from app.policy import queries as policy
from app.policy.packs import Pack
from app.ui.formpage import Page, form_page

bp = Blueprint("catalogue", __name__, template_folder="templates")


@bp.get("/desk/lists")
@requires(Permission.MANAGE_LIST)
def lists() -> str:
    """The list of the district's year (项目清单; ZH-07a)."""
    district, year = _district(current_actor()), clock.today().year
    return render_template(
        "catalogue/lists.html",
        active="lists",
        district=district,
        year=year,
        items=queries.active_items(district.id, year),
        names={code: name for code, name, _ in _pack().codes("category")},
    )


@bp.route("/desk/lists/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_LIST)
def new() -> Page:
    """Draw up and publish the year's list (编制、公布项目清单; ZH-07a, ZH-07b)."""
    actor = current_actor()
    district, year = _district(actor), clock.today().year
    codes = [(code, name) for code, name, parent in _pack().codes("category") if parent]
    known = queries.active_items(district.id, year)
    rows = [
        {
            "code": one.code,
            "category": one.category,
            "name": one.name,
            "unit": one.unit,
            "reference_price": one.reference_price,
        }
        for one in known
    ] or [
        {"code": f"{number:02d}", "category": code, "name": name, "unit": "项"}
        for number, (code, name) in enumerate(codes, start=1)
    ]

    def save(answers: dict[str, Any]) -> Response:
        items = [{"reference_price": None, **one} for one in answers["items"]]
        twice = {one["code"] for one in items if sum(o["code"] == one["code"] for o in items) > 1}
        if twice:
            raise Refusal(f"编号重复：{'、'.join(sorted(twice))}。", field="items", rule="ZH-07a")
        with unit_of_work():
            made = services.save_list(actor, district.id, year, items)
            services.publish_list(actor, made.id, replace=bool(answers.get("replace")))
        flash(f"已公布 {year} 年项目清单，共 {len(items)} 项。", "success")
        return redirect(url_for("catalogue.lists"))

    home = url_for("catalogue.lists")
    return form_page(
        list_form(year, codes, rows), save, active="lists", back=home, crumbs=[("项目清单", home)]
    )


def _district(actor: Actor) -> OrgUnit:
    found = next(
        (one for one in sorted(actor.grants, key=lambda g: g.unit_id) if one.role == Role.DISTRICT_OFFICER),
        None,
    )
    if found is None:
        raise Forbidden("项目清单由区民政编制和公布。", rule="ZH-07a")
    return unit(found.unit_id)


def _pack() -> Pack:
    """The pack whose categories the list follows."""
    keys = [one.key for one in policy.versions() if one.active]
    if not keys:
        raise Refusal("还没有启用的政策包，请先导入政策包并确认取值。")
    return policy.active(keys[0], clock.today())
