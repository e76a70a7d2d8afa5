"""The page of the demo's clock; outside demo and test it does not exist."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import current_actor, signed_in
from app.core import clock
from app.core.errors import Refusal
from app.operations import demo_clock
from app.runtime import queries
from app.ui.filters import moment

bp = Blueprint("demo_clock", __name__, template_folder="templates")


@bp.before_request
def _demo_only() -> None:
    if not current_app.config["SETTINGS"].is_demo:
        abort(404)


@bp.get("/demo/clock")
@signed_in
def page() -> str:
    """The time of the demo, and buttons that let it pass (演示时钟)."""
    waiting = [
        (case, demo_clock.next_deadline(case)) for case in queries.cases(current_actor(), status="running")
    ]
    return render_template(
        "operations/clock.html",
        active="clock",
        present=clock.now(),
        real=clock.SystemClock().now(),
        jumps=demo_clock.JUMPS,
        waiting=sorted(((due, case) for case, due in waiting if due is not None), key=lambda one: one[0]),
    )


@bp.post("/demo/clock")
@signed_in
def jump() -> Response:
    """Let time pass (调整时间)."""
    try:
        touched = demo_clock.jump(current_actor(), request.form.get("to", ""), request.form.get("case", ""))
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        flash(refusal.message, "warning")
    else:
        done = f"，处理了 {touched} 件到期事项" if touched else "，没有到期事项"
        flash(f"现在是 {moment(clock.now())}{done}。", "success")
    return redirect(url_for("demo_clock.page"))
