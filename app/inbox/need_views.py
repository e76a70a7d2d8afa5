"""Residents' needs: the list, one need with what has come of it, and the form to write one down."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, allowed, current_actor, signed_in
from app.accounts.queries import communities_of, names_of_people, names_of_units, units_of
from app.core.errors import Forbidden
from app.core.identity import Actor, Role
from app.documents.sheets import Column, Value
from app.inbox import lists
from app.inbox.list_views import answer_sheet
from app.needs import queries, rules, services
from app.needs.forms import need_form
from app.needs.models import CHANNELS, Need
from app.projects.queries import answering, is_answered
from app.ui.formpage import Page, form_page

bp = Blueprint("needs", __name__, url_prefix="/needs", template_folder="templates")
SHOWN = {"open": "还没有项目回应", "answered": "已有项目回应", "unlisted": "清单以外的新增需求"}
NAMES = ("unit", "channel", "group", "show", "q")
"""What may be chosen in the list."""
COLUMNS = (
    Column("登记日期", 18), Column("社区", 16), Column("为谁", 14), Column("需要什么服务", 60), Column("怎样反映的", 16),
    Column("提出人数", 10), Column("清单以外", 10), Column("回应的项目", 48),
)  # fmt: skip


@bp.get("")
@signed_in
def home() -> str:
    """The needs of the places one answers for, newest first (居民需求; ZH-09a)."""
    actor, picked = _reader(), _picked(request.args)
    found = _search(actor, picked, request.args.get("before", type=int), queries.PAGE + 1)
    page = found[: queries.PAGE]
    query = urlencode({name: value for name, value in picked.items() if value})
    more = page[-1].id if len(found) > queries.PAGE else None
    return render_template(
        "inbox/needs.html",
        active="needs",
        page=page,
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
    )


@bp.get("/list.xlsx")
@signed_in
def sheet() -> Response:
    """The needs as chosen, as a spreadsheet (导出需求)."""
    actor = _reader()
    found = _search(actor, _picked(request.args), None, lists.MOST_ROWS + 1)
    rows = _rows(actor, found[: lists.MOST_ROWS])
    return answer_sheet("居民需求", COLUMNS, rows, len(found) > lists.MOST_ROWS)


@bp.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> Page:
    """Write down a need (登记需求; ZH-09a)."""
    actor = current_actor()
    communities = _communities(actor)
    if not communities:
        raise Forbidden("居民需求由社区两委成员、党组织书记或街道经办登记。", rule="ZH-09a")
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
        status_names=lists.CASE_STATUS,
        reads=bool(rules.may_read(actor)),
        may_start=allowed(actor, Permission.START_PROJECT) and _starts_from(actor, found),
    )


def _starts_from(actor: Actor, need: Need) -> bool:
    """Whether the need was heard where the actor may start projects: in a community of his or in its street."""
    communities = _communities(actor)
    return need.unit_id in actor.scope and need.unit_id in {
        place for one in communities for place in (one.id, one.parent_id)
    }


def _reader() -> Actor:
    """The actor, if the list is his to read."""
    actor = current_actor()
    decision = rules.may_read(actor)
    if not decision:
        raise Forbidden(decision.reason, rule=decision.ref)
    return actor


def _picked(args: Mapping[str, str]) -> dict[str, str]:
    return {name: args.get(name, "").strip()[: lists.LONGEST_WORD] for name in NAMES}


def _search(actor: Actor, picked: Mapping[str, str], before: int | None, limit: int) -> list[Need]:
    conditions = {"open": ~is_answered(), "answered": is_answered(), "unlisted": Need.unlisted.is_(True)}
    unit_id = int(picked["unit"]) if picked["unit"].isdecimal() else None
    return queries.search(
        actor,
        unit_id=unit_id if unit_id in actor.scope else None,
        channel=picked["channel"],
        group=picked["group"],
        text=picked["q"],
        more=[words for name, words in conditions.items() if name == picked["show"]],
        before=before,
        limit=limit,
    )


def _places(actor: Actor) -> list[tuple[str, str]]:
    """Streets and communities one may choose among, each street before its communities."""
    found = units_of(actor.scope, ("street", "community"))
    streets = {one.id for one in found if one.kind == "street"}
    return [
        (str(one.id), f"{one.short_name}（全部）" if one.id in streets else one.short_name) for one in found
    ]


def _communities(actor: Actor) -> list[Any]:
    return communities_of(actor, rules.COMMUNITY, (Role.STREET_CLERK,))


def _rows(actor: Actor, found: list[Need]) -> Iterator[list[Value]]:
    units = names_of_units({one.unit_id for one in found})
    answers = answering(actor, [one.id for one in found])
    for one in found:
        cases = [
            f"{case.title}（{case.no}，{lists.CASE_STATUS[case.status]}）" for case in answers.get(one.id, [])
        ]
        yield [
            one.created_at, units.get(one.unit_id, ""), one.beneficiaries, one.text,
            CHANNELS.get(one.channel, one.channel), one.voices, "是" if one.unlisted else "", "；".join(cases),
        ]  # fmt: skip
