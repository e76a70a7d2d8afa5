"""Pages on which running cases are moved to another version: plan, order, progress, undo."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import names_of_people
from app.core.errors import NotFound
from app.studio import moving, queries

bp = Blueprint("moving", __name__, template_folder="templates", url_prefix="/studio")
STATES = {
    "running": ("迁移中", "brand"),
    "done": ("已完成", "good"),
    "undoing": ("撤销中", "warn"),
    "undone": ("已撤销", ""),
}
CASE_STATES = {
    "waiting": ("等待", ""),
    "moved": ("已迁移", "good"),
    "refused": ("没有迁移", "warn"),
    "undone": ("已退回", ""),
    "kept": ("保留在新版本", "warn"),
}


@bp.get("/versions/<int:definition_id>/move")
@requires(Permission.PUBLISH_MODEL)
def plan(definition_id: int) -> str:
    """What moving the running cases of a version would do; nothing happens yet (迁移方案)."""
    source = queries.version(definition_id)
    process = queries.process(source.pack_key, source.process_key)
    targets = [
        one for one in process.versions if one.id != source.id and one.state in ("published", "retired")
    ]
    if not targets:
        raise NotFound
    given = request.args.get("to", "")
    target = next((one for one in targets if str(one.id) == given), targets[0])
    found = moving.plan(source.id, target.id)
    return render_template(
        "studio/move.html",
        active="studio",
        process=process,
        source=source,
        target=target,
        targets=targets,
        plans=found,
        can=[one for one in found if not one.reasons],
    )


@bp.post("/versions/<int:definition_id>/move")
@requires(Permission.PUBLISH_MODEL)
def begin(definition_id: int) -> Response:
    """Order the move (开始迁移)."""
    to = request.form.get("to", "")
    target = int(to) if to.isdecimal() and len(to) < 19 else 0
    made = moving.begin(current_actor(), definition_id, target, request.form.get("reason", ""))
    return redirect(url_for("moving.show", move_id=made.id))


@bp.get("/moves/<int:move_id>")
@requires(Permission.SEE_STUDIO)
def show(move_id: int) -> str:
    """How far a move is, and what happened to each case."""
    move = moving.find(move_id)
    source, target = queries.version(move.source_id), queries.version(move.target_id)
    cases = moving.cases_of(move_id)
    counts = Counter(row.state for row, _, _ in cases)
    return render_template(
        "studio/moved.html",
        active="studio",
        move=move,
        source=source,
        target=target,
        process=queries.process(source.pack_key, source.process_key),
        cases=cases,
        counts="，".join(f"{CASE_STATES[key][0]} {counts[key]} 个" for key in CASE_STATES if counts[key]),
        people=names_of_people({move.ordered_by, move.undone_by}),
        states=STATES,
        case_states=CASE_STATES,
        may_undo=move.state == "done" and allowed(current_actor(), Permission.PUBLISH_MODEL),
    )


@bp.post("/moves/<int:move_id>/undo")
@requires(Permission.PUBLISH_MODEL)
def undo(move_id: int) -> Response:
    """Take the move back as one (撤销迁移)."""
    moving.undo(current_actor(), move_id)
    flash("正在撤销：迁移以后没有办理过的项目都退回原来的版本。", "success")
    return redirect(url_for("moving.show", move_id=move_id))
