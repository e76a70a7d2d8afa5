"""Residents' needs: the list, one need with what has come of it, and the form to write one down."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, allowed, current_actor, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import communities_of, names_of_people, names_of_units, unit, units_of
from app.ballots.surveys import qr_svg
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.identity import Actor, Role
from app.documents.sheets import Column, Value
from app.inbox import lists
from app.inbox.list_views import answer_sheet
from app.needs import queries, rules, services
from app.needs.forms import aside_form, need_form
from app.needs.models import CHANNELS, STATES, Need
from app.projects.queries import answering, is_answered
from app.ui.formpage import Page, form_page

bp = Blueprint("needs", __name__, url_prefix="/needs", template_folder="templates")
SHOWN = {
    "open": "还没有项目回应",
    "answered": "已有项目回应",
    "unlisted": "清单以外的新增需求",
    "each": "每一条原话",
    "waiting": "待核的",
    "aside": "不予收下的",
}
NAMES = ("unit", "channel", "group", "show", "month", "q")
"""What may be chosen in the list."""
COLUMNS = (
    Column("登记日期", 18), Column("社区", 16), Column("为谁", 14), Column("需要什么服务", 60), Column("怎样反映的", 16),
    Column("提出人数", 10), Column("清单以外", 10), Column("回应的项目", 48),
)  # fmt: skip


@bp.get("")
@signed_in
def home() -> str:
    """The needs of the places one answers for, newest first (居民需求; ZH-09a)."""
    actor, picked = reader(), _picked(request.args)
    chosen = _chosen(actor, picked)
    found = queries.search(actor, chosen, before=request.args.get("before", type=int), limit=queries.PAGE + 1)
    page = found[: queries.PAGE]
    query = urlencode({name: value for name, value in picked.items() if value})
    more = page[-1].id if len(found) > queries.PAGE else None
    return render_template(
        "inbox/needs.html",
        active="needs",
        page=page,
        totals=queries.totals(actor, chosen),
        supporters=_voices(page, chosen.each),
        picked=picked,
        query=query,
        next_url=f"{url_for('needs.home')}?{urlencode({'before': more})}&{query}" if more else "",
        places=_places(actor),
        units=names_of_units({one.unit_id for one in page}),
        answers=answering(actor, [one.id for one in page]),
        channels=CHANNELS,
        beneficiaries=rules.GROUPS,
        shown=SHOWN,
        status_names=lists.CASE_STATUS,
        may_register=bool(_communities(actor)),
        waiting=queries.waiting(actor),
    )


@bp.get("/list.xlsx")
@signed_in
def sheet() -> Response:
    """The needs as chosen, as a spreadsheet (导出需求)."""
    actor = reader()
    chosen = _chosen(actor, _picked(request.args))
    found = queries.search(actor, chosen, limit=lists.MOST_ROWS + 1)
    rows = _rows(actor, found[: lists.MOST_ROWS], chosen.each)
    return answer_sheet("居民需求", COLUMNS, rows, len(found) > lists.MOST_ROWS)


@bp.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> Page:
    """Write down a need (登记需求; ZH-09a)."""
    actor = current_actor()
    communities = _registering(actor)
    key = request.form.get("idempotency_key") or secrets.token_urlsafe(18)

    def save(answers: dict[str, Any]) -> BaseResponse:
        made = services.collect(actor, key=key, **answers)
        flash("已登记这项需求。", "success")
        return redirect(url_for("needs.show", need_id=made.id))

    return form_page(
        need_form([(one.id, one.short_name) for one in communities]),
        save,
        active="needs",
        back=url_for("needs.home"),
        crumbs=[("居民需求", url_for("needs.home"))],
        hidden={"idempotency_key": key},
    )


@bp.get("/<int:need_id>")
@signed_in
def show(need_id: int) -> str:
    """One need with the projects that answer it (居民需求)."""
    actor = current_actor()
    found = queries.one(actor, need_id)
    return render_template(
        "inbox/need.html",
        active="needs",
        need=found,
        channel=CHANNELS.get(found.channel, found.channel),
        unit=names_of_units({found.unit_id}).get(found.unit_id, ""),
        by=names_of_people({found.created_by}).get(found.created_by, ""),
        answers=answering(actor, [found.id]).get(found.id, []),
        originals=queries.originals(found.id),
        supporters=queries.supporters([found.id]).get(found.id, found.voices),
        channels=CHANNELS,
        may_merge=found.state == "taken" and found.merged_into_id is None and works_for(actor, found),
        may_split=works_for(actor, found),
        status_names=lists.CASE_STATUS,
        reads=bool(rules.may_read(actor)),
        states=STATES,
        may_start=found.state == "taken"
        and found.merged_into_id is None
        and allowed(actor, Permission.START_PROJECT)
        and works_for(actor, found),
        may_decide=found.state == "waiting" and works_for(actor, found),
        decided_by=names_of_people({found.decided_by}).get(found.decided_by, ""),
    )


@bp.post("/<int:need_id>/take")
@signed_in
def take(need_id: int) -> BaseResponse:
    """Take in a need that waited (收下; ZH-09a)."""
    services.decide(current_actor(), need_id, take=True)
    flash("已收下这项需求。", "success")
    return redirect(url_for("needs.show", need_id=need_id))


@bp.route("/<int:need_id>/aside", methods=["GET", "POST"])
@signed_in
def aside(need_id: int) -> Page:
    """Set a need aside that waited, with a reason (不予收下; ZH-09a)."""
    actor = current_actor()
    found = queries.one(actor, need_id)
    if found.state != "waiting":
        raise Conflict("这项需求已经核过，请刷新页面查看结果。", rule="ZH-09a")
    if not works_for(actor, found):
        raise Forbidden("需求由本社区两委成员、党组织书记或所属街道经办核实。", rule="ZH-09a")
    back = url_for("needs.show", need_id=need_id)

    def save(answers: dict[str, Any]) -> BaseResponse:
        services.decide(actor, need_id, take=False, reason=answers["reason"])
        flash("已记为不予收下，原文和原因保留。", "success")
        return redirect(back)

    return form_page(
        aside_form(found.text),
        save,
        active="needs",
        back=back,
        crumbs=[("居民需求", url_for("needs.home")), (f"需求 {need_id}", back)],
    )


@bp.get("/poster")
@signed_in
def poster() -> str:
    """A sheet to hang up: where residents say what is missing, with a code to scan (征集海报; ZH-09a)."""
    communities = _registering(current_actor())
    wanted = request.args.get("unit", type=int)
    place = next((one for one in communities if wanted in (one.id, None)), None)
    if place is None:
        raise NotFound
    # A printed code must lead to the real site, whatever name this request came by.
    base = (current_app.config["SETTINGS"].public_url or request.url_root).rstrip("/")
    url = f"{base}{url_for('portal.say_need', community_id=place.id)}"
    return render_template(
        "inbox/need_poster.html",
        active="needs",
        communities=communities,
        place=place,
        url=url,
        svg=qr_svg(f"{url}?via=qr", 8),
    )


def works_for(actor: Actor, need: Need) -> bool:
    """Whether the need was heard where the actor registers needs."""
    return bool(rules.may_register(actor, need.unit_id, unit(need.unit_id).parent_id))


def _registering(actor: Actor) -> list[OrgUnit]:
    """The communities the actor registers needs for.

    Raises:
        Forbidden: for none.
    """
    found = _communities(actor)
    if not found:
        raise Forbidden("居民需求由社区两委成员、党组织书记或街道经办登记。", rule="ZH-09a")
    return found


def reader() -> Actor:
    """The actor, if the list is his to read."""
    actor = current_actor()
    decision = rules.may_read(actor)
    if not decision:
        raise Forbidden(decision.reason, rule=decision.ref)
    return actor


def _picked(args: Mapping[str, str]) -> dict[str, str]:
    return {name: args.get(name, "").strip()[: lists.LONGEST_WORD] for name in NAMES}


def _chosen(actor: Actor, picked: Mapping[str, str]) -> queries.Chosen:
    show, unit_id = picked["show"], int(picked["unit"]) if picked["unit"].isdecimal() else None
    conditions = {"open": ~is_answered(), "answered": is_answered(), "unlisted": Need.unlisted.is_(True)}
    return queries.Chosen(
        state=show if show in ("waiting", "aside") else "taken",
        each=show == "each",
        unit_id=unit_id if unit_id in actor.scope else None,
        channel=picked["channel"],
        group=picked["group"],
        text=picked["q"],
        month=picked["month"],
        more=[words for name, words in conditions.items() if name == show],
    )


def _voices(found: list[Need], each: bool) -> dict[int, int]:
    """How many residents stand behind each need of a list."""
    return {one.id: one.voices for one in found} if each else queries.supporters([one.id for one in found])


def _places(actor: Actor) -> list[tuple[str, str]]:
    """Streets and communities one may choose among, each street before its communities."""
    found = units_of(actor.scope, ("street", "community"))
    streets = {one.id for one in found if one.kind == "street"}
    return [
        (str(one.id), f"{one.short_name}（全部）" if one.id in streets else one.short_name) for one in found
    ]


def _communities(actor: Actor) -> list[OrgUnit]:
    return communities_of(actor, rules.COMMUNITY, (Role.STREET_CLERK,))


def _rows(actor: Actor, found: list[Need], each: bool) -> Iterator[list[Value]]:
    units = names_of_units({one.unit_id for one in found})
    answers, voices = answering(actor, [one.id for one in found]), _voices(found, each)
    for one in found:
        cases = [
            f"{case.title}（{case.no}，{lists.CASE_STATUS[case.status]}）" for case in answers.get(one.id, [])
        ]
        yield [
            one.created_at, units.get(one.unit_id, ""), one.beneficiaries, one.text,
            CHANNELS.get(one.channel, one.channel), voices.get(one.id, one.voices), "是" if one.unlisted else "", "；".join(cases),
        ]  # fmt: skip
