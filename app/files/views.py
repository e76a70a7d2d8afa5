"""Upload and download."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, current_app, jsonify, request

from app.accounts.access import current_actor, signed_in
from app.core.errors import Refusal
from app.files import queries, services
from app.files.rules import INLINE

bp = Blueprint("files", __name__, url_prefix="/files")


@bp.post("")
@signed_in
def upload() -> tuple[Response, int]:
    """Keep one upload; answers its id (上传附件)."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return jsonify(message="请选择要上传的文件。"), 422
    try:
        made = services.store(
            current_actor(), file.filename, file.stream, current_app.config["SETTINGS"].upload_limit
        )
    except Refusal as refusal:
        return jsonify(message=refusal.message), refusal.status
    return jsonify(id=made.id, name=made.name, size=made.size), 201


@bp.get("/<int:file_id>")
@signed_in
def download(file_id: int) -> Response:
    """Read a file; what a browser shows safely opens in place."""
    file = queries.readable(current_actor(), file_id)
    inline = file.media_type in INLINE and "download" not in request.args
    answer = Response(queries.content(file), mimetype=file.media_type)
    way = "inline" if inline else "attachment"
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(file.name)}"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
