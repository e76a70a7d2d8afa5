"""The draft store as the editors in the browser use it: JSON, one file at a time, under a lock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.accounts.access import Permission, current_actor, requires
from app.core import clock
from app.core.errors import Refusal
from app.studio import checks, drafts, rules
from app.studio.drafts import Saved
from workflows.errors import UnsafeXml
from workflows.model import mend as mending

bp = Blueprint("store", __name__, url_prefix="/studio/drafts/<int:draft_id>")
TYPES = {
    "bpmn": "application/xml",
    "dmn": "application/xml",
    "json": "application/json",
    "yaml": "text/plain",
}


@bp.get("/files/<path:name>")
@requires(Permission.SEE_STUDIO)
def read(draft_id: int, name: str) -> Response:
    """One file as it stands; the ETag is the draft's revision."""
    draft = drafts.find(draft_id)
    answer = Response(
        drafts.file_of(draft_id, name), mimetype=TYPES.get(name.rsplit(".", 1)[-1], "text/plain")
    )
    answer.set_etag(str(draft.rev))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.put("/files/<path:name>")
@requires(Permission.DESIGN_MODEL)
def write(draft_id: int, name: str) -> Response:
    """Save one file (保存)."""
    return _saved(drafts.save_file(current_actor(), draft_id, name, _body(), _revision()))


@bp.delete("/files/<path:name>")
@requires(Permission.DESIGN_MODEL)
def delete(draft_id: int, name: str) -> Response:
    """Take one file out (删除)."""
    return _saved(drafts.delete_file(current_actor(), draft_id, name))


@bp.get("/state")
@requires(Permission.SEE_STUDIO)
def state(draft_id: int) -> Response:
    """Revision, lock and names of the files."""
    draft = drafts.find(draft_id)
    lock = drafts.lock_of(current_actor(), draft)
    return jsonify(
        rev=draft.rev,
        state=draft.state,
        lock=_lock(lock) if lock else None,
        files=drafts.names_of(draft_id),
        saved_at=_time(draft.saved_at),
    )


@bp.post("/lock")
@requires(Permission.DESIGN_MODEL)
def lock(draft_id: int) -> Response:
    """Begin or go on editing; answers who holds the lock (占用)."""
    return jsonify(_lock(drafts.lock(current_actor(), draft_id)))


@bp.delete("/lock")
@requires(Permission.DESIGN_MODEL)
def unlock(draft_id: int) -> tuple[str, int]:
    """Stop editing (释放)."""
    drafts.unlock(current_actor(), draft_id)
    return "", 204


@bp.post("/check")
@requires(Permission.SEE_STUDIO)
def check(draft_id: int) -> tuple[Response, int]:
    """Judge the draft as it stands (检查): the report at once, or how far it is (202): then ask again."""
    draft = drafts.find(draft_id)
    running = checks.of_draft(draft, drafts.files_of(draft_id))
    report = running.report()
    if report is None:
        return jsonify(rev=draft.rev, **running.progress()), 202
    return jsonify(rev=draft.rev, **report.document()), 200


@bp.post("/mend")
@requires(Permission.DESIGN_MODEL)
def mend(draft_id: int) -> Response:
    """Rewrite a file where that is safe, with a note for each change (自动修正)."""
    asked = request.get_json(silent=True)
    name = asked.get("file") if isinstance(asked, dict) else None
    keys = asked.get("keys") if isinstance(asked, dict) else None
    if (
        not isinstance(name, str)
        or not isinstance(keys, list)
        or not all(isinstance(one, str) for one in keys)
    ):
        raise Refusal("修正请求不完整，请刷新页面后再试。")
    try:
        mended, notes = mending.mend(drafts.file_of(draft_id, name), keys)
    except UnsafeXml as error:
        raise Refusal(f"“{name}”不能自动修正：{error}", field="file") from error
    told = "；".join(one.message for one in notes)
    saved = drafts.save_files(current_actor(), draft_id, {name: mended}, "mended", told or None)
    return jsonify(
        rev=saved.rev,
        saved_at=_time(saved.saved_at),
        notes=[{"fix": one.fix, "element": one.element, "message": one.message} for one in notes],
    )


def _body() -> bytes:
    if (request.content_length or 0) > rules.MAX_FILE:
        raise Refusal("文件超过 2 MB，请拆分后再保存。", field="file")
    return request.get_data(cache=False)


def _revision() -> int | None:
    given = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not given:
        return None
    if not given.isdecimal() or len(given) > 9:
        raise Refusal("保存请求不完整，请刷新页面后再试。")
    return int(given)


def _saved(saved: Saved) -> Response:
    return jsonify(rev=saved.rev, saved_at=_time(saved.saved_at))


def _lock(one: drafts.Lock) -> dict[str, Any]:
    return {"holder": one.holder, "mine": one.mine, "until": one.until.isoformat()}


def _time(moment: Any) -> str:
    return clock.local(moment).strftime("%H:%M")
