"""Needs put together and counted: merge what says the same, see where and for whom most is missing (ZH-09b)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import names_of_people, names_of_units, units_of
from app.core import clock
from app.core.errors import Forbidden
from app.core.identity import Actor
from app.inbox.need_views import bp, reader, works_for
from app.needs import queries, rules, services, summing
from app.needs.forms import merge_form, summary_form
from app.ui.formpage import Page, form_page

STEPS = (1, 3, 10, 30)
"""From how many voices on a cell of the table is a shade darker."""


@bp.route("/<int:need_id>/merge", methods=["GET", "POST"])
@signed_in
def merge(need_id: int) -> Page:
    """Put needs that say the same behind this one (合并相似需求; ZH-09b)."""
    actor = current_actor()
    found = queries.one(actor, need_id)
    if not works_for(actor, found):
        raise Forbidden("需求由本社区两委成员、党组织书记或所属街道经办合并。", rule="ZH-09b")
    back = url_for("needs.show", need_id=need_id)

    def save(answers: dict[str, Any]) -> BaseResponse:
        services.merge(actor, need_id, answers["ids"])
        flash(f"已并入 {len(answers['ids'])} 项需求，原话都保留在下面。", "success")
        return redirect(back)

    return form_page(
        merge_form(found, queries.similar(found)),
        save,
        active="needs",
        back=back,
        crumbs=[("居民需求", url_for("needs.home")), (f"需求 {need_id}", back)],
    )


@bp.post("/<int:need_id>/split")
@signed_in
def split(need_id: int) -> BaseResponse:
    """Let a merged need stand for itself again (拆出; ZH-09b)."""
    services.split(current_actor(), need_id)
    flash("已拆出，这项需求重新单独列出。", "success")
    return redirect(url_for("needs.show", need_id=need_id))


@bp.get("/heat")
@signed_in
def heat() -> str:
    """How many residents asked, by place and group; each figure opens its list (需求热度; ZH-09b)."""
    actor = reader()
    month = request.args.get("month", "").strip()[:7]
    month = month if rules.month_span(month) else ""
    signed = queries.summaries(actor, month)
    return render_template(
        "inbox/need_heat.html",
        active="needs",
        month=month,
        beneficiaries=rules.GROUPS,
        signed=signed,
        units=names_of_units(signed),
        people=names_of_people({one.signed_by for one in signed.values()}),
        to_sign=_to_sign(actor, month),
        rows=_rows(actor, month),
    )


@bp.route("/summary", methods=["GET", "POST"])
@signed_in
def summary() -> Page:
    """Say what a month's needs come to, and sign (月度小结; ZH-09b)."""
    actor, month = reader(), request.args.get("month", "")
    place = next(
        (one for one in _to_sign(actor, month) if one.id == request.args.get("unit", type=int)), None
    )
    if place is None:
        raise Forbidden("月度小结在月份结束以后，由社区党组织书记（镇街由领导）签一次字。", rule="ZH-09b")
    back = url_for("needs.heat", month=month)

    def save(answers: dict[str, Any]) -> BaseResponse:
        summing.sign_summary(actor, place.id, month, answers["text"])
        flash("已签字。", "success")
        return redirect(back)

    return form_page(
        summary_form(month, place.short_name, *summing.figures(actor, place.id, month)),
        save,
        active="needs",
        back=back,
        crumbs=[("居民需求", url_for("needs.home")), ("需求热度", back)],
    )


def _to_sign(actor: Actor, month: str) -> list[OrgUnit]:
    """The units whose summary of a month waits for the actor's name."""
    span = rules.month_span(month)
    if span is None or clock.now() < span[1]:
        return []
    own = {grant.unit_id for grant in actor.grants if rules.may_sign(actor, grant.unit_id)}
    return units_of(own - queries.summaries(actor, month).keys(), ("street", "community"))


def _rows(actor: Actor, month: str) -> list[tuple[str, bool, list[tuple[int, str, int]]]]:
    """Name, whether it is a sum, and for each group and in all: voices, the list behind them, the shade."""
    figures = queries.heat(actor, month)
    places = units_of({unit_id for unit_id, _ in figures} | _streets(actor, figures), ("street", "community"))
    return [
        (
            f"{place.short_name}（合计）" if place.kind == "street" else place.short_name,
            place.kind == "street",
            [_cell(place, group, figures, places, month) for group in (*rules.GROUPS, "")],
        )
        for place in places
    ]


def _streets(actor: Actor, figures: dict[tuple[int, str], int]) -> set[int]:
    """The streets above what was counted, as far as the actor looks into them."""
    communities = units_of({unit_id for unit_id, _ in figures}, ("community",))
    return {one.parent_id for one in communities if one.parent_id in actor.scope}


def _cell(
    place: OrgUnit, group: str, figures: dict[tuple[int, str], int], places: list[OrgUnit], month: str
) -> tuple[int, str, int]:
    inside = {one.id for one in places if one.path.startswith(place.path)}
    voices = sum(
        count for (unit_id, said), count in figures.items() if unit_id in inside and group in ("", said)
    )
    chosen = {"show": "each", "unit": place.id, "group": group, "month": month}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return voices, f"{url_for('needs.home')}?{query}", sum(voices >= step for step in STEPS)
