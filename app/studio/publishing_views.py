"""Pages on the way into force: compare, submit, approve, publish, roll back."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, current_actor, requires
from app.core.errors import NotFound, Refusal
from app.runtime import publication
from app.studio import compare, drafts, publishing, queries

bp = Blueprint("publishing", __name__, template_folder="templates", url_prefix="/studio")


@bp.get("/drafts/<int:draft_id>/compare")
@requires(Permission.SEE_STUDIO)
def draft(draft_id: int) -> str:
    """What a draft changes, for whom; against any version."""
    found = drafts.find(draft_id)
    wanted = _number("with")
    made = compare.of_draft(found, wanted)
    urls = (
        _version_url(wanted or found.base_id),
        lambda name: url_for("store.read", draft_id=found.id, name=name),
    )
    crumbs = [("流程工坊", url_for("studio.home")), (found.title, url_for("studio.draft", draft_id=found.id))]
    process = queries.process(found.pack_key, found.process_key)
    return _page(made, urls, crumbs, process, wanted or found.base_id)


@bp.get("/versions/<int:definition_id>/compare")
@requires(Permission.SEE_STUDIO)
def version(definition_id: int) -> str:
    """What a version changed, against any other, by default the one before it."""
    new = queries.version(definition_id)
    process = queries.process(new.pack_key, new.process_key)
    older = [one for one in process.versions if one.no < new.no]
    wanted = _number("with")
    old = queries.version(wanted) if wanted else (older[0] if older else None)
    if old is None:
        raise NotFound
    crumbs = [
        ("流程工坊", url_for("studio.home")),
        (process.title, url_for("studio.process", pack_key=process.pack_key, process_key=process.key)),
    ]
    urls = (_version_url(old.id), _version_url(new.id))
    return _page(compare.of_version(new, old), urls, crumbs, process, old.id)


@bp.get("/versions/<int:definition_id>/files/<path:name>")
@requires(Permission.SEE_STUDIO)
def version_file(definition_id: int, name: str) -> Response:
    """A file as a version holds it."""
    data = queries.version_files(definition_id).get(name)
    if data is None:
        raise NotFound
    answer = Response(data, mimetype="application/xml" if name.endswith((".bpmn", ".dmn")) else "text/plain")
    answer.headers["Cache-Control"] = "private, max-age=600"
    return answer


@bp.post("/drafts/<int:draft_id>/submit")
@requires(Permission.DESIGN_MODEL)
def submit(draft_id: int) -> BaseResponse:
    """Ask a second person to approve (提交审批)."""
    return _act(
        draft_id,
        lambda: publishing.submit(current_actor(), draft_id, request.form.get("notes", "")),
        "已提交审批，请有审批权限的同事处理。",
    )


@bp.post("/drafts/<int:draft_id>/withdraw")
@requires(Permission.DESIGN_MODEL)
def withdraw(draft_id: int) -> BaseResponse:
    """Go on editing (撤回提交)."""
    return _act(draft_id, lambda: publishing.withdraw(current_actor(), draft_id), "已撤回，可以继续修改。")


@bp.post("/drafts/<int:draft_id>/update")
@requires(Permission.DESIGN_MODEL)
def update(draft_id: int) -> BaseResponse:
    """Take over what has come into force meanwhile (并入现行版本)."""
    merged = publishing.bring_up_to_date(current_actor(), draft_id)
    if merged.clashing:
        flash(
            f"已并入 {len(merged.taken)} 个文件。下列文件两边都改过，保留了草稿的内容，请逐一核对：{'、'.join(merged.clashing)}",
            "warning",
        )
    else:
        flash(f"已并入现行版本的改动（{len(merged.taken)} 个文件），请重新检查。", "success")
    return redirect(url_for("studio.draft", draft_id=draft_id))


@bp.post("/drafts/<int:draft_id>/send-back")
@requires(Permission.APPROVE_MODEL)
def send_back(draft_id: int) -> BaseResponse:
    """Do not approve (退回修改)."""
    reason = request.form.get("reason", "")
    return _act(
        draft_id, lambda: publishing.send_back(current_actor(), draft_id, reason), "已退回设计人员修改。"
    )


@bp.post("/drafts/<int:draft_id>/approve")
@requires(Permission.APPROVE_MODEL)
def approve(draft_id: int) -> BaseResponse:
    """Approve (审批同意)."""
    reasons = {
        name.removeprefix("accept-"): value
        for name, value in request.form.items()
        if name.startswith("accept-")
    }
    opinion = request.form.get("opinion", "")
    return _act(
        draft_id,
        lambda: publishing.approve(current_actor(), draft_id, opinion, reasons),
        "已同意，可以发布。",
    )


@bp.post("/drafts/<int:draft_id>/publish")
@requires(Permission.PUBLISH_MODEL)
def publish(draft_id: int) -> BaseResponse:
    """Put it in force, now or from a day on (发布)."""
    production = current_app.config["SETTINGS"].is_production
    later = request.form.get("when") == "later"
    return _act(
        draft_id,
        lambda: publishing.publish(
            current_actor(), draft_id, _day() if later else None, production=production
        ),
        f"已安排，{request.form.get('valid_from', '')} 零时起生效。"
        if later
        else "已发布，新发起的项目按新版本办理。",
    )


@bp.post("/versions/<int:definition_id>/roll-back")
@requires(Permission.PUBLISH_MODEL)
def roll_back(definition_id: int) -> BaseResponse:
    """Put an older version in force again (回退)."""
    row = publication.roll_back(current_actor(), definition_id, request.form.get("reason", ""))
    flash(f"已回退到第 {row.no} 版，新发起的项目按这一版办理。", "success")
    return redirect(url_for("studio.process", pack_key=row.pack_key, process_key=row.process_key))


@bp.post("/versions/<int:definition_id>/publish")
@requires(Permission.PUBLISH_MODEL)
def publish_version(definition_id: int) -> BaseResponse:
    """Put a version in force that came from the command line (发布)."""
    row = publishing.publish_version(current_actor(), definition_id)
    flash(f"第 {row.no} 版已发布，新发起的项目按这一版办理。", "success")
    return redirect(url_for("studio.process", pack_key=row.pack_key, process_key=row.process_key))


@bp.post("/versions/<int:definition_id>/cancel")
@requires(Permission.PUBLISH_MODEL)
def cancel(definition_id: int) -> BaseResponse:
    """Take a planned publication back (撤销定时发布)."""
    row = publication.cancel_schedule(current_actor(), definition_id, request.form.get("reason", ""))
    flash("已撤销，这一版不会自动生效。", "success")
    return redirect(url_for("studio.process", pack_key=row.pack_key, process_key=row.process_key))


def _act(draft_id: int, do: Any, done: str) -> BaseResponse:
    """Carry out an act of the draft page; what is refused is told there."""
    try:
        do()
        flash(done, "success")
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        flash(refusal.message, "error")
    return redirect(url_for("studio.draft", draft_id=draft_id))


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("valid_from", ""))
    except ValueError as error:
        raise Refusal("请选择生效日期。", field="valid_from") from error


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def _version_url(definition_id: int | None) -> Any:
    return lambda name: url_for("publishing.version_file", definition_id=definition_id, name=name)


def _page(
    made: compare.Comparison,
    urls: tuple[Any, Any],
    crumbs: list[tuple[str, str]],
    process: queries.Process,
    chosen: int | None,
) -> str:
    drawings = [name for name in made.names if name.endswith(".bpmn")]

    def title(name: str) -> str:
        return queries.title_of(name, made.new.files.get(name) or made.old.files[name])

    config = {}
    for name in drawings:
        marks = made.marks.get(name, {})
        config[name] = {
            "sides": [
                {
                    "xmlUrl": urls[0](name) if name in made.old.files else None,
                    "marks": {key: kind for key, kind in marks.items() if kind != "added"},
                },
                {
                    "xmlUrl": urls[1](name) if name in made.new.files else None,
                    "marks": {key: kind for key, kind in marks.items() if kind != "removed"},
                },
            ]
        }
    return render_template(
        "studio/compare.html",
        active="studio",
        made=made,
        drawings=[(name, title(name)) for name in drawings],
        config=config,
        crumbs=crumbs,
        process=process,
        chosen=chosen,
        texts=[(name, title(name)) for name in made.names if name not in drawings],
    )
