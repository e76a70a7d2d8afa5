"""Packs in and out: zip, single drawings."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Permission, current_actor, requires
from app.core.errors import Refusal
from app.studio import compare, drafts, exchange, queries

bp = Blueprint("exchange", __name__, url_prefix="/studio")


@bp.get("/drafts/<int:draft_id>/export.zip")
@requires(Permission.SEE_STUDIO)
def draft(draft_id: int) -> Response:
    """A draft's whole pack as a zip (导出)."""
    found = drafts.find(draft_id)
    return _zip(exchange.export(drafts.files_of(found.id)), f"{found.pack_key}-draft-{found.id}-r{found.rev}")


@bp.get("/versions/<int:definition_id>/export.zip")
@requires(Permission.SEE_STUDIO)
def version(definition_id: int) -> Response:
    """A version's whole pack as a zip (导出)."""
    found = queries.version(definition_id)
    side = compare.version_side(found.id, found.pack_key)
    return _zip(exchange.export(side.files), f"{found.pack_key}-{found.process_key}-v{found.no}")


@bp.post("/drafts/<int:draft_id>/import")
@requires(Permission.DESIGN_MODEL)
def bring_in(draft_id: int) -> BaseResponse:
    """Take a zip or a drawing into a draft (导入)."""
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Refusal("请选择要导入的文件。", field="file")
        data = upload.stream.read(exchange.MOST_ZIP + 1)
        made = exchange.bring_in(current_actor(), draft_id, upload.filename, data)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        flash(refusal.message, "error")
    else:
        flash(
            f"已导入 {len(made.names)} 个文件，请看下面的检查结果；能自动修正的，可以在编辑器里点“修复”。",
            "success",
        )
        if made.skipped:
            flash(
                f"没有导入：{'；'.join(made.skipped[:5])}{' 等' if len(made.skipped) > 5 else ''}", "warning"
            )
    return redirect(url_for("studio.draft", draft_id=draft_id))


def _zip(data: bytes, name: str) -> Response:
    answer = Response(data, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer
