"""The organisations' side: open calls, the document, the sealed bid; the street's side: opening and reading."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.queries import names_of_units
from app.core import clock
from app.core.errors import NotFound, Refusal
from app.core.identity import Role
from app.files.queries import describe
from app.files.views import disposition, send
from app.procurement import bidding, queries, services
from app.procurement.forms import bid_form
from app.procurement.models import Procurement
from app.procurement.rules import METHODS, TIE_RULE
from app.ui import forms
from app.ui.filters import yuan

bp = Blueprint("procurement", __name__, url_prefix="/procurement", template_folder="templates")
STATES = {
    "published": ("接受响应", "good"),
    "opened": ("评审中", "brand"),
    "ranked": ("评审完成", "brand"),
    "awarded": ("已成交", "good"),
    "failed": ("采购终止", "bad"),
    "cancelled": ("项目终止", "bad"),
}


@bp.get("")
@signed_in
def calls() -> str:
    """Calls that take bids now, and the own street's rounds (采购信息)."""
    actor = current_actor()
    found, own = queries.open_calls(), queries.calls_of_streets(actor)
    both = [case for _, case in (*found, *own)]
    return render_template(
        "procurement/calls.html",
        active="procurement",
        calls=found,
        own=own,
        state=_state,
        methods=METHODS,
        units=names_of_units({case.street_id for case in both} | {case.community_id for case in both}),
        bids={call.id: queries.own_bid(actor, call.id) for call, _ in found},
    )


@bp.get("/<int:procurement_id>")
@signed_in
def document(procurement_id: int) -> str:
    """The call document, the same for everybody; who took it is noted (采购文件)."""
    actor = current_actor()
    found, case = services.read_document(actor, procurement_id)
    staff = queries.reads_bids(actor, case)
    return render_template(
        "procurement/call.html",
        active="procurement",
        call=found,
        case=case,
        state=_state(found),
        methods=METHODS,
        tie_rule=TIE_RULE,
        files=describe(found.file_ids),
        bid=queries.own_bid(actor, procurement_id),
        open=_takes_bids(found),
        staff=staff,
        may_open=_may_open(found) and actor.has(Role.STREET_DISCIPLINE, case.street_id),
        log=queries.access_log(procurement_id) if staff else [],
        units=names_of_units({case.street_id, case.community_id}),
    )


@bp.get("/<int:procurement_id>/document.txt")
@signed_in
def text(procurement_id: int) -> Response:
    """The document to the letter: its SHA-256 is the published fingerprint (下载采购文件)."""
    found, case = services.read_document(current_actor(), procurement_id)
    answer = Response((found.document_text or "").encode(), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = disposition(
        f"采购文件-{case.no}-{found.round}.txt", "text/plain", save=True
    )
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.get("/<int:procurement_id>/files/<int:file_id>")
@signed_in
def attachment(procurement_id: int, file_id: int) -> Response:
    """An attachment of the call document, for everybody who may read the document (采购文件附件)."""
    found, _ = services.read_document(current_actor(), procurement_id)
    if file_id not in found.file_ids:
        raise NotFound
    return send(describe([file_id])[0])


@bp.route("/<int:procurement_id>/bid", methods=["GET", "POST"])
@requires(Permission.BID)
def bid(procurement_id: int) -> str | BaseResponse | tuple[str, int]:
    """Hand in, replace or read one's own bid (响应文件)."""
    actor = current_actor()
    found, case = queries.call(procurement_id)
    own = queries.own_bid(actor, procurement_id)
    live = own is not None and own.withdrawn_at is None
    form = bid_form().add_facts(
        ("项目", case.title),
        ("最高限价", f"{yuan(found.ceiling)} 元"),
        ("响应截止", f"{clock.local(found.bid_until):%Y-%m-%d %H:%M}" if found.bid_until else ""),
    )
    if own is not None and live:
        form = form.with_values(amount=own.amount, plan=own.plan, files=own.file_ids)
    errors: dict[str, str] = {}
    answers: dict[str, Any] | None = None
    if request.method == "POST":
        answers = forms.cast(form, request.form)
        try:
            forms.check(form, answers)
            made = bidding.submit_bid(actor, procurement_id, answers)
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            errors = forms.errors_by_field(refusal)
        else:
            flash(f"响应文件已封存。回执编号 {made.sha256[:16]}，请记录备查。", "success")
            return redirect(url_for("procurement.document", procurement_id=procurement_id))
    shown = form.answered(answers).values if answers is not None else None
    wanted = [i for i in (shown or form.values).get("files") or [] if isinstance(i, int)]
    page = render_template(
        "procurement/bid.html",
        active="procurement",
        form=form,
        answers=shown,
        errors=errors,
        files={f.id: f for f in describe(wanted)},
        call=found,
        case=case,
        own=own if live else None,
        open=_takes_bids(found),
    )
    return (page, 422) if errors else page


@bp.post("/<int:procurement_id>/bid/withdraw")
@requires(Permission.BID)
def withdraw(procurement_id: int) -> BaseResponse:
    """Take one's own bid back before the deadline (撤回响应文件)."""
    bidding.withdraw_bid(current_actor(), procurement_id)
    flash("已撤回响应文件，截止之前可以重新提交。", "success")
    return redirect(url_for("procurement.document", procurement_id=procurement_id))


@bp.post("/<int:procurement_id>/open")
@signed_in
def unseal(procurement_id: int) -> BaseResponse:
    """Open the bids after the deadline (开启响应文件)."""
    count = len(bidding.unseal(current_actor(), procurement_id))
    flash(f"已开启 {count} 份响应文件。请逐份查看后，在待办中作资格审查。", "success")
    return redirect(url_for("procurement.bids", procurement_id=procurement_id))


@bp.get("/<int:procurement_id>/bids")
@signed_in
def bids(procurement_id: int) -> str:
    """The opened bids, for those at the street who read them (响应文件)."""
    actor = current_actor()
    found, case = queries.call(procurement_id)
    if not queries.reads_bids(actor, case):
        raise NotFound
    waits = found.opened_at is None and _may_open(found) and actor.has(Role.STREET_DISCIPLINE, case.street_id)
    opened = [] if waits else queries.bids_for(actor, procurement_id)[2]
    return render_template(
        "procurement/bids.html",
        active="procurement",
        call=found,
        case=case,
        waits=waits,
        bids=opened,
        names=queries.names_of_organisations([bid.organisation_id for bid in opened]),
        files={f.id: f for f in describe([i for bid in opened for i in bid.file_ids])},
    )


@bp.get("/bids/<int:bid_id>/files/<int:file_id>")
@signed_in
def bid_file(bid_id: int, file_id: int) -> Response:
    """An attachment of a bid: its own organisation always, the street after the opening (响应文件附件)."""
    return send(describe([queries.bid_file(current_actor(), bid_id, file_id)])[0])


def _takes_bids(found: Procurement) -> bool:
    return found.state == "published" and found.bid_until is not None and clock.now() <= found.bid_until


def _may_open(found: Procurement) -> bool:
    """Whether the deadline has passed and the seals are still on."""
    waiting = found.state == "published" and found.opened_at is None
    return waiting and found.bid_until is not None and clock.now() > found.bid_until


def _state(found: Procurement) -> tuple[str, str]:
    if found.state == "published" and not _takes_bids(found):
        return ("待资格审查", "brand") if found.opened_at else ("待开启", "warn")
    return STATES.get(found.state, ("准备中", ""))
