"""Pages of the ledger: a street's money, one source with its movements, the money of one project."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.models import OrgUnit
from app.accounts.queries import names_of_people, unit
from app.core import clock
from app.core.errors import Forbidden, NotFound, Refusal
from app.core.identity import Actor, Role
from app.funds import queries, rules, services
from app.funds.forms import allot_form, conflict_form, pot_form
from app.policy import queries as policy
from app.runtime.queries import case_by_no
from app.ui.filters import yuan
from app.ui.formpage import Page, form_page

bp = Blueprint("funds", __name__, template_folder="templates")
PACK = "zhuhai"
PAGE = 50


@bp.get("/desk/funds")
@signed_in
def street() -> str:
    """The money of a street in a year, by kind and by source (资金台账; ZH-15)."""
    actor = _reader()
    streets = queries.streets_of(actor)
    chosen = _street(streets, request.args.get("street", ""))
    year = _year(request.args.get("year", ""))
    pots = queries.pots_of(chosen.id, year)
    return render_template(
        "funds/street.html",
        active="funds",
        streets=streets,
        chosen=chosen,
        year=year,
        pots=pots,
        shares=queries.street_composition(chosen.id, year),
        sums={
            name: sum(getattr(pot, name) for pot in pots)
            for name in ("allotted", "reserved", "encumbered", "paid", "free")
        },
        sources=rules.SOURCE_NAMES,
        purposes=_purposes(),
        may_register=bool(_sources(actor, chosen.id)),
    )


@bp.route("/desk/funds/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_FUNDS)
def new() -> Page:
    """Register a source of money (登记资金来源; ZH-12, ZH-14-1…3)."""
    actor = _reader()
    streets = queries.streets_of(actor)
    sources = sorted(
        {s for one in streets for s in _sources(actor, one.id)}, key=list(rules.SOURCE_NAMES).index
    )
    form = pot_form(
        [(one.id, one.short_name) for one in streets], sources, list(_purposes().items()), clock.today().year
    )
    if len(streets) == 1:
        form = form.with_values(street_id=streets[0].id)

    def save(answers: dict[str, Any]) -> Response:
        pot = services.create_pot(actor, **answers)
        flash(f"已登记“{pot.name}”，请接着拨入金额。", "success")
        return redirect(url_for("funds.pot", pot_id=pot.id))

    home = url_for("funds.street")
    return form_page(form, save, active="funds", back=home, crumbs=[("资金台账", home)])


@bp.get("/desk/funds/<int:pot_id>")
@signed_in
def pot(pot_id: int) -> str:
    """One source: its papers, its figures, every movement (ZH-13b)."""
    actor = _reader()
    found = queries.pot_for(actor, pot_id)
    after = request.args.get("before", "")
    lines = queries.ledger(found.id, int(after) if after.isdecimal() and len(after) < 19 else None, PAGE + 1)
    shown = lines[:PAGE]
    more = len(lines) > PAGE
    return render_template(
        "funds/pot.html",
        active="funds",
        pot=found,
        street=unit(found.street_id),
        entries=shown,
        next_url=url_for("funds.pot", pot_id=found.id, before=shown[-1][0].id) if more else "",
        people=names_of_people({entry.actor_id for entry, _ in shown}),
        movements=rules.MOVEMENTS,
        sources=rules.SOURCE_NAMES,
        purposes=_purposes(),
        may_allot=bool(rules.may_fund(actor, found.street_id, found.source)),
    )


@bp.route("/desk/funds/<int:pot_id>/allot", methods=["GET", "POST"])
@requires(Permission.MANAGE_FUNDS)
def allot(pot_id: int) -> Page:
    """Put money into a source (拨入资金; ZH-06-a)."""
    actor = _reader()
    found = queries.pot_for(actor, pot_id)
    allowed = rules.may_fund(actor, found.street_id, found.source)
    if not allowed:
        raise Forbidden(allowed.reason, rule=allowed.ref)
    home = url_for("funds.pot", pot_id=found.id)

    def save(answers: dict[str, Any]) -> Response:
        services.allot(actor, found.id, answers["amount"], answers["ref"])
        flash(f"已拨入 {yuan(answers['amount'])} 元。", "success")
        return redirect(home)

    return form_page(
        allot_form(found.name, yuan(found.free)),
        save,
        active="funds",
        back=home,
        crumbs=[("资金台账", url_for("funds.street")), (found.name, home)],
    )


@bp.get("/cases/<no>/funds")
@signed_in
def project(no: str) -> str:
    """What a project is paid from, every movement, and conflicts of keepers (ZH-14-2, ZH-15)."""
    actor = _reader()
    case = case_by_no(actor, no)
    entries = queries.entries_of(case.id)
    funds = queries.case_funds(case.id)
    return render_template(
        "funds/project.html",
        active="cases",
        case=case,
        shares=queries.composition(case.id),
        entries=entries,
        people=names_of_people({entry.actor_id for entry, _ in entries}),
        movements=rules.MOVEMENTS,
        sources=rules.SOURCE_NAMES,
        conflicts=[
            (fund, pot, fund.conflict_provider_id == case.provider_id)
            for fund in queries.conflicts_of(case)
            for pot in queries.pots_by_id([fund.pot_id]).values()
        ],
        decided={fund.pot_id: fund.conflict_reason for fund in funds},
        may_decide=actor.has(Role.STREET_DISCIPLINE, case.street_id),
    )


@bp.route("/cases/<no>/funds/<int:pot_id>/conflict", methods=["GET", "POST"])
@signed_in
def conflict(no: str, pot_id: int) -> Page:
    """Decide on a fund whose keeper is the provider (处理利益冲突; ZH-14-2)."""
    actor = _reader()
    case = case_by_no(actor, no)
    found = next((fund for fund in queries.conflicts_of(case) if fund.pot_id == pot_id), None)
    if found is None or case.provider_id is None:
        raise NotFound
    if not actor.has(Role.STREET_DISCIPLINE, case.street_id):
        raise Forbidden("资金管理人与承接方相同的，由本街道纪检监督处理。", rule="ZH-14-2")
    source = queries.pot_for(actor, pot_id)
    home = url_for("funds.project", no=case.no)

    def save(answers: dict[str, Any]) -> Response:
        services.clear_conflict(actor, case, pot_id, answers["reason"])
        flash("已登记处理意见，合同可以签订。", "success")
        return redirect(home)

    return form_page(
        conflict_form(source.name, source.keeper or "", unit(case.provider_id).name),
        save,
        active="cases",
        back=home,
        crumbs=[(case.no, url_for("inbox.case", no=case.no)), ("项目资金", home)],
    )


def _reader() -> Actor:
    actor = current_actor()
    allowed = rules.may_read(actor)
    if not allowed:
        raise Forbidden(allowed.reason)
    return actor


def _street(streets: list[OrgUnit], given: str) -> OrgUnit:
    """The street asked for, by default the first."""
    if not streets:
        raise NotFound
    if not given:
        return streets[0]
    found = next((one for one in streets if str(one.id) == given), None)
    if found is None:
        raise NotFound
    return found


def _year(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) == 4 else clock.today().year


def _sources(actor: Actor, street_id: int) -> list[str]:
    """Kinds of money the actor may register for a street."""
    return [source for source in rules.SOURCE_NAMES if rules.may_fund(actor, street_id, source)]


def _purposes() -> dict[str, str]:
    """Names of the categories money can be earmarked for; none where no policy is in force."""
    try:
        return {code: name for code, name, _ in policy.active(PACK, clock.today()).codes("category")}
    except Refusal:
        return {}
