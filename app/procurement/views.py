"""The organisations' side: open calls, the document, the sealed bid."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, current_actor, requires, signed_in
from app.accounts.queries import names_of_units
from app.core import clock
from app.core.errors import Refusal
from app.files.queries import describe
from app.procurement import queries, services
from app.procurement.forms import bid_form
from app.procurement.rules import METHODS
from app.ui import forms

bp = Blueprint("procurement", __name__, url_prefix="/procurement", template_folder="templates")


@bp.get("")
@signed_in
def calls() -> str:
    """Calls that take bids now (采购信息)."""
    found = queries.open_calls()
    return render_template(
        "procurement/calls.html",
        active="procurement",
        calls=found,
        methods=METHODS,
        units=names_of_units(
            {case.street_id for _, case in found} | {case.community_id for _, case in found}
        ),
    )


@bp.get("/<int:procurement_id>")
@signed_in
def document(procurement_id: int) -> str:
    """The call document, the same for everybody; who took it is noted (采购文件)."""
    actor = current_actor()
    found, case = services.read_document(actor, procurement_id)
    return render_template(
        "procurement/call.html",
        active="procurement",
        call=found,
        case=case,
        methods=METHODS,
        files=describe(found.file_ids),
        bid=queries.own_bid(actor, procurement_id),
        open=found.state == "published" and found.bid_until is not None and clock.now() <= found.bid_until,
        units=names_of_units({case.street_id, case.community_id}),
    )


@bp.route("/<int:procurement_id>/bid", methods=["GET", "POST"])
@requires(Permission.BID)
def bid(procurement_id: int) -> str | Response | tuple[str, int]:
    """Hand in, replace or read one's own bid (响应文件)."""
    actor = current_actor()
    found, case = queries.call(procurement_id)
    own = queries.own_bid(actor, procurement_id)
    form = bid_form().add_facts(
        ("项目", case.title),
        ("最高限价", f"{found.ceiling / 100:,.2f} 元"),
        ("响应截止", f"{clock.local(found.bid_until):%Y-%m-%d %H:%M}" if found.bid_until else ""),
    )
    if own is not None and own.withdrawn_at is None:
        form = form.with_values(amount=own.amount, plan=own.plan, files=own.file_ids)
    answers, errors = None, {}
    if request.method == "POST":
        answers = forms.cast(form, request.form)
        try:
            forms.check(form, answers)
            made = services.submit_bid(actor, procurement_id, answers)
        except Refusal as refusal:
            if refusal.status in (403, 404):
                raise
            errors = forms.errors_by_field(refusal)
        else:
            flash(f"响应文件已封存。回执编号 {made.sha256[:16]}，请记录备查。", "success")
            return redirect(url_for("procurement.document", procurement_id=procurement_id))
    shown = form.answered(answers) if answers is not None else None
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
    )
    return (page, 422) if errors else page


@bp.post("/<int:procurement_id>/bid/withdraw")
@requires(Permission.BID)
def withdraw(procurement_id: int) -> Response:
    """Take one's own bid back before the deadline (撤回响应文件)."""
    services.withdraw_bid(current_actor(), procurement_id)
    flash("已撤回响应文件，截止之前可以重新提交。", "success")
    return redirect(url_for("procurement.document", procurement_id=procurement_id))
