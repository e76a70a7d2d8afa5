"""Messages beside the box itself: live count, what comes by mail, offices' gateways, what was sent."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.queries import names_of_units, units_of
from app.core import outbox
from app.core.errors import Refusal
from app.messages import queries, sending, settings
from app.messages.kinds import KINDS, PRESSING
from app.ui.formpage import Page, form_page
from app.ui.forms import Form

bp = Blueprint("messages", __name__, template_folder="templates")
DIGEST_NAMES = {"hourly": "每小时汇总一次", "daily": "每天早上 8:30 汇总一次"}


@bp.get("/messages/unread")
@signed_in
def unread() -> Response:
    """How many are unread and the newest of them, for pages that stay open (未读数)."""
    actor = current_actor()
    newest = queries.newest(actor)
    return jsonify(
        unread=queries.unread_count(actor.person_id or 0),
        newest=None if newest is None else {"id": newest.id, "title": newest.title},
    )


@bp.route("/messages/settings", methods=["GET", "POST"])
@signed_in
def mail() -> Page:
    """What comes by mail, and when (消息设置)."""
    actor = current_actor()

    def save(answers: dict[str, Any]) -> BaseResponse:
        settings.set_mail(actor, answers.get("address") or "", answers.get("kinds") or (), answers["digest"])
        flash("消息设置已保存。", "success")
        return redirect(url_for("messages.mail"))

    home = url_for("acts.message_box")
    return form_page(_mail_form(), save, active="messages", back=home, crumbs=[("消息", home)])


def _mail_form() -> Form:
    found = settings.mail_setting(current_actor().person_id or 0)
    properties = {
        "address": {"type": "string", "title": "接收邮箱", "maxLength": 254},
        "kinds": {
            "type": "array",
            "title": "哪些消息发邮件",
            "items": {"type": "string", "oneOf": _choices()},
            "uniqueItems": True,
        },
        "digest": {
            "type": "string",
            "title": "多久一次",
            "oneOf": [{"const": key, "title": name} for key, name in DIGEST_NAMES.items()],
        },
    }
    ways = sending.ways()
    intro = "所有消息都会出现在系统里。还可以把未读消息汇总成一封邮件发给您；已经读过的不再发。"
    if ways.shown_only:
        intro += "演示环境不会真的发出邮件，生成的邮件可以在“我的邮件”里看。"
    elif not ways.mail_url:
        intro += "本系统还没有配置发信服务器，设置后要等管理员配置好才会发出。"
    ui = {
        "ui:order": ["address", "kinds", "digest"],
        "ui:intro": intro,
        "ui:submit": "保存",
        "address": {"ui:widget": "text", "ui:help": "不需要邮件时清空即可。"},
        "kinds": {"ui:widget": "checkboxes"},
        "digest": {"ui:widget": "radio"},
    }
    form = Form(
        "messages.mail",
        {"type": "object", "title": "消息设置", "properties": properties, "required": ["digest"]},
        ui,
    )
    if found is None:
        return form.with_values(kinds=[kind for kind in KINDS if kind in PRESSING], digest="daily")
    return form.with_values(address=found.address, kinds=list(found.kinds), digest=found.digest)


def _choices() -> list[dict[str, str]]:
    return [{"const": key, "title": name} for key, name in KINDS.items()]


@bp.get("/messages/mails")
@signed_in
def mails() -> str:
    """Mails made for me (我的邮件)."""
    return render_template("inbox/mails.html", active="messages", rows=queries.mails_of(current_actor()))


@bp.get("/admin/outbox")
@requires(Permission.MANAGE_GATEWAYS)
def sent() -> str:
    """What left the house, waits to, or could not (发件箱)."""
    state = request.args.get("state", "")
    rows = outbox.listed(state, request.args.get("before", type=int), queries.PAGE + 1)
    page = rows[: queries.PAGE]
    return render_template(
        "inbox/outbox.html",
        active="gateways",
        rows=page,
        state=state,
        counts=outbox.counts(),
        more=page[-1].id if len(rows) > queries.PAGE else None,
    )


@bp.post("/admin/outbox/<int:number>/again")
@requires(Permission.MANAGE_GATEWAYS)
def again(number: int) -> BaseResponse:
    """Try one that was laid aside once more (重新投递)."""
    outbox.again(number)
    flash("已安排重新投递。", "success")
    return redirect(url_for("messages.sent"))


@bp.get("/admin/gateways")
@requires(Permission.MANAGE_GATEWAYS)
def gateways() -> str:
    """Offices' own chat and SMS gateways (消息网关)."""
    rows = settings.webhooks(current_actor())
    return render_template(
        "inbox/gateways.html",
        active="gateways",
        rows=rows,
        units=names_of_units({row.unit_id for row in rows}),
        kinds=KINDS,
        secret_of=settings.secret_of,
    )


@bp.route("/admin/gateways/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_GATEWAYS)
def add_gateway() -> Page:
    """Add one (新增消息网关)."""
    actor = current_actor()

    def save(answers: dict[str, Any]) -> BaseResponse:
        settings.add_webhook(
            actor, answers["unit"], answers["name"], answers["url"], answers.get("kinds") or ()
        )
        flash("已新增。请把签名密钥交给对接方。", "success")
        return redirect(url_for("messages.gateways"))

    home = url_for("messages.gateways")
    return form_page(_gateway_form(), save, active="gateways", back=home, crumbs=[("消息网关", home)])


def _gateway_form() -> Form:
    units = units_of(None, ("city", "district", "street", "community", "department"))
    if not units:
        raise Refusal("请先建立单位。")
    properties = {
        "unit": {
            "type": "integer",
            "title": "单位",
            "oneOf": [{"const": one.id, "title": one.name} for one in units],
        },
        "name": {"type": "string", "title": "名称", "maxLength": 60},
        "url": {"type": "string", "title": "网址", "maxLength": 400},
        "kinds": {"type": "array", "title": "哪些消息", "items": {"type": "string", "oneOf": _choices()}},
    }
    ui = {
        "ui:order": list(properties),
        "ui:intro": "本单位人员收到消息时，系统向这个网址发送一条带签名的 JSON，由本单位的企业微信、钉钉或短信网关转发。",
        "ui:submit": "新增",
        "url": {"ui:widget": "text"},
        "name": {"ui:help": "例如：街道企业微信机器人"},
        "kinds": {"ui:widget": "checkboxes"},
    }
    schema = {
        "type": "object",
        "title": "新增消息网关",
        "properties": properties,
        "required": list(properties),
    }
    return Form("messages.gateway", schema, ui)


@bp.post("/admin/gateways/<int:number>/<any(stop,start):act>")
@requires(Permission.MANAGE_GATEWAYS)
def switch_gateway(number: int, act: str) -> BaseResponse:
    """Stop one, or let it go on (停用、启用)."""
    settings.stop_webhook(current_actor(), number, active=act == "start")
    flash("已启用。" if act == "start" else "已停用。", "success")
    return redirect(url_for("messages.gateways"))
