"""Pages of the register: find an organisation, see its four blocks, mend one's own, keep its credit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, signed_in
from app.accounts.queries import names_of_units, unit, units_below
from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.core.identity import Actor
from app.files.queries import describe
from app.files.views import send
from app.organisations import queries, rules, services
from app.organisations.forms import capacity_form, credit_form, profile_form, registration_form
from app.organisations.models import Organisation
from app.ui import forms
from app.ui.formpage import Page, form_page

bp = Blueprint("organisations", __name__, url_prefix="/organisations", template_folder="templates")
DAYS = ("filing_date", "registration_valid_until", "since", "until")


@bp.get("")
@signed_in
def register() -> str:
    """The register, in the order of names (社会组织库; ZH-24c)."""
    picked = {name: request.args.get(name, "").strip()[:50] for name in ("q", "kind")}
    key, _, number = request.args.get("after", "").rpartition("~")
    after = (key, int(number)) if number.isdecimal() else None
    found = queries.search(picked["q"], queries.PAGE + 1, kind=picked["kind"], after=after)
    page = found[: queries.PAGE]
    more = f"{page[-1].sort_key}~{page[-1].id}" if len(found) > queries.PAGE else None
    return render_template(
        "organisations/register.html",
        active="organisations",
        page=page,
        picked=picked,
        next_url=url_for("organisations.register", q=picked["q"], kind=picked["kind"], after=more)
        if more
        else "",
        kinds=rules.NAMES,
        keeper=rules.keeps(current_actor()),
    )


@bp.get("/<int:organisation_id>")
@signed_in
def show(organisation_id: int) -> str:
    """One organisation: who it is, what it can do, what it serves, how it has done (ZH-24c)."""
    actor, found = current_actor(), queries.by_id(organisation_id)
    claims = queries.capacity_of(found.id)
    names = dict(queries.categories())
    areas = names_of_units([*found.areas, found.filing_street_id])
    return render_template(
        "organisations/show.html",
        active="organisations",
        found=found,
        kinds=rules.NAMES,
        capacities=rules.CAPACITY_NAMES,
        credits=rules.CREDIT_NAMES,
        scope=[names.get(code, code) for code in found.scope],
        areas=[areas[i] for i in found.areas if i in areas],
        filing_street=areas.get(found.filing_street_id, ""),
        claims=claims,
        credit=queries.credit_of(found.id),
        snapshot=queries.credit_snapshot(found.id, clock.today()),
        files={f.id: f for f in describe([i for claim in claims for i in claim.file_ids])},
        may_update=bool(rules.may_update(actor, found.unit_id)),
        may_credit=bool(rules.may_write_credit(actor, found.unit_id)),
    )


@bp.get("/<int:organisation_id>/files/<int:file_id>")
@signed_in
def proof(organisation_id: int, file_id: int) -> Response:
    """A paper behind a claim, for the organisation and those who keep the register (证明材料)."""
    found = queries.by_id(organisation_id)
    known = {i for claim in queries.capacity_of(found.id) for i in claim.file_ids}
    if file_id not in known or not rules.may_update(current_actor(), found.unit_id):
        raise NotFound
    return send(describe([file_id])[0])


@bp.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> Page:
    """Take an organisation into the register (登记社会组织; ZH-03)."""
    actor = current_actor()
    allowed = rules.may_register(actor)
    if not allowed:
        raise Forbidden(allowed.reason, rule=allowed.ref)
    city = _city(actor)
    streets = [(street.id, street.name) for street in units_below(city.id, "street")]

    def save(answers: dict[str, Any]) -> BaseResponse:
        made = services.register_organisation(actor, city=city.city, **_days(answers))
        flash(f"已登记“{made.name}”。", "success")
        return redirect(url_for("organisations.show", organisation_id=made.id))

    return _form_page(registration_form(streets), save, url_for("organisations.register"))


@bp.route("/<int:organisation_id>/edit", methods=["GET", "POST"])
@signed_in
def edit(organisation_id: int) -> Page:
    """Mend contact, scope and areas (更正基本资料; ZH-24c)."""
    actor, found = _found(organisation_id, rules.may_update)
    areas = [(u.id, u.short_name) for u in queries.districts(found)]

    def save(answers: dict[str, Any]) -> BaseResponse:
        empty: dict[str, Any] = {"contact": None, "phone": None, "address": None, "scope": [], "areas": []}
        services.update_profile(actor, found.id, {**empty, **answers})
        flash("已保存。", "success")
        return redirect(url_for("organisations.show", organisation_id=found.id))

    form = profile_form(found, queries.categories(), areas)
    return _form_page(form, save, url_for("organisations.show", organisation_id=found.id))


@bp.route("/<int:organisation_id>/capacity", methods=["GET", "POST"])
@signed_in
def capacity(organisation_id: int) -> Page:
    """Say what an organisation can do, with a paper for it (登记承接能力; ZH-24c)."""
    actor, found = _found(organisation_id, rules.may_update)

    def save(answers: dict[str, Any]) -> BaseResponse:
        services.claim_capacity(
            actor, found.id, kind=answers["kind"], text=answers["text"], file_ids=answers["files"]
        )
        flash("已登记承接能力。", "success")
        return redirect(url_for("organisations.show", organisation_id=found.id))

    return _form_page(capacity_form(), save, url_for("organisations.show", organisation_id=found.id))


@bp.route("/<int:organisation_id>/credit", methods=["GET", "POST"])
@signed_in
def credit(organisation_id: int) -> Page:
    """Add a line to the credit record (登记信用记录; ZH-24c)."""
    actor, found = _found(organisation_id, rules.may_write_credit)

    def save(answers: dict[str, Any]) -> BaseResponse:
        given = _days(answers)
        services.record_credit(actor, organisation_id=found.id, case_id=None, grade=None, **given)
        flash("已登记信用记录。", "success")
        return redirect(url_for("organisations.show", organisation_id=found.id))

    return _form_page(credit_form(), save, url_for("organisations.show", organisation_id=found.id))


def _found(organisation_id: int, rule: Callable[[Actor, int], Any]) -> tuple[Actor, Organisation]:
    """The organisation, for an actor whom the rule lets write."""
    actor, found = current_actor(), queries.by_id(organisation_id)
    allowed = rule(actor, found.unit_id)
    if not allowed:
        raise Forbidden(allowed.reason, rule=allowed.ref)
    return actor, found


def _form_page(form: forms.Form, save: Callable[[dict[str, Any]], BaseResponse], back: str) -> Page:
    return form_page(
        form,
        save,
        active="organisations",
        back=back,
        crumbs=[("社会组织库", url_for("organisations.register"))],
        files=lambda ids: {f.id: f for f in describe(ids)},
    )


def _days(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers with days as days."""
    return {
        key: date.fromisoformat(value) if key in DAYS and value else value for key, value in answers.items()
    }


def _city(actor: Actor) -> Any:
    """The city whose register the actor keeps."""
    for grant in sorted(actor.grants, key=lambda g: g.unit_id):
        if grant.role in rules.KEEPERS:
            above = [int(part) for part in unit(grant.unit_id).path.split("/") if part]
            return unit(above[0])
    raise NotFound
