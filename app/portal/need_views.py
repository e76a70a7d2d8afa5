"""Residents say what is missing: choose the community, write, done. No account, no name (ZH-09a)."""

from __future__ import annotations

import secrets
from itertools import groupby

from flask import current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import public
from app.accounts.queries import names_of_units, units_of
from app.core.errors import Refusal
from app.needs import queries, rules, services
from app.needs.forms import voice_form
from app.portal.views import bp
from app.ui import forms

DEVICE = "zj_device"
"""The cookie by which a device is known for an hour after its last need."""


@bp.get("/n")
@public
def need_places() -> str:
    """Choose the community one speaks of: by its street or by its name (反映需求)."""
    text, street = request.args.get("q", "").strip()[:30], request.args.get("street", type=int)
    chosen = bool(text or street)
    found = units_of(None, ("community" if chosen else "street",))
    if text:
        found = [one for one in found if text in one.name]
    elif street:
        found = [one for one in found if one.parent_id == street]
    above = names_of_units({one.parent_id for one in found})
    groups = [(above.get(key, ""), list(places)) for key, places in groupby(found, lambda one: one.parent_id)]
    return render_template("portal/need_places.html", active="say", places=groups, text=text, chosen=chosen)


@bp.route("/n/<int:community_id>", methods=["GET", "POST"])
@public
def say_need(community_id: int) -> str | BaseResponse | tuple[str, int]:
    """Write what a community lacks, without account or name (反映需求; ZH-09a)."""
    place = queries.open_community(community_id)
    form, errors = voice_form(), {}
    if request.method == "POST":
        answers = forms.cast(form, request.form)
        form = form.answered(answers)
        try:
            if "restore" not in request.form:  # else: what this browser had kept is only shown again
                forms.check(form, answers)
                return _heard(place.id, answers["beneficiaries"], answers["text"])
        except Refusal as error:
            if error.status == 404:
                raise
            errors = forms.errors_by_field(error)
    page = render_template("portal/need.html", active="say", place=place, form=form, errors=errors)
    return (page, 422) if errors else page


@bp.get("/n/<int:community_id>/thanks")
@public
def need_thanks(community_id: int) -> str:
    """Thank you."""
    place = queries.open_community(community_id)
    return render_template(
        "portal/need_thanks.html", place=place, waits=session.pop("heard", "") == "waiting"
    )


def _heard(community_id: int, group: str, text: str) -> BaseResponse:
    """Take it down, and know this device again for an hour."""
    secret = current_app.config["SETTINGS"].secret_key
    device = request.cookies.get(DEVICE, "")[:64] or secrets.token_urlsafe(18)
    made = services.hear(
        community_id=community_id,
        channel="poster" if request.args.get("via") == "qr" else "online",
        beneficiaries=group,
        text=text,
        device=rules.digest_of(secret, "device", device),
        address=rules.digest_of(secret, "address", request.remote_addr or ""),
    )
    session["heard"] = made.state
    answer = redirect(url_for("portal.need_thanks", community_id=community_id))
    answer.set_cookie(
        DEVICE,
        device,
        max_age=int(rules.HOUR.total_seconds()),
        path=url_for("portal.need_places"),
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )
    return answer
