"""Upload and download."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, current_app, jsonify, render_template, request

from app.accounts.access import current_actor, signed_in
from app.core.errors import Refusal
from app.files import queries, services
from app.files.models import StoredFile
from app.files.rules import INLINE, extension

bp = Blueprint("files", __name__, url_prefix="/files", template_folder="templates")
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'"
PDF = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
"""Browsers show no PDF in a sandbox; a PDF runs in the browser's own viewer and never as a page of this site."""


@bp.post("")
@signed_in
def upload() -> tuple[Response, int]:
    """Keep one upload; answers its id (上传附件). A refusal goes back as a problem for the script."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refusal("请选择要上传的文件。", field="file")
    limit = current_app.config["SETTINGS"].upload_limit
    made = services.store(current_actor(), file.filename, file.stream, limit)
    return jsonify(id=made.id, name=made.name, size=made.size), 201


@bp.get("/<int:file_id>")
@signed_in
def download(file_id: int) -> Response:
    """Read a file; what a browser shows safely opens in place."""
    return send(queries.readable(current_actor(), file_id))


@bp.get("/<int:file_id>/page")
@signed_in
def page(file_id: int) -> str:
    """A picture or a PDF on a page of its own, with the way back (看附件)."""
    return render_template("files/page.html", file=queries.readable(current_actor(), file_id))


def send(file: StoredFile) -> Response:
    """The answer that carries a file, for a page that has made sure the reader may have it."""
    answer = Response(content_type=content_type(file.media_type))
    answer.set_etag(file.sha256)
    headers = answer.headers
    headers["Content-Disposition"] = disposition(file.name, file.media_type, "download" in request.args)
    # An upload is somebody else's content: it may neither run nor load nor reach this site.
    headers["Content-Security-Policy"] = PDF if file.media_type == "application/pdf" else SANDBOX
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # Kept only to be asked for again: offices share computers.
    headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    if answer.status_code != 304:
        answer.set_data(queries.content(file))
    return answer


def content_type(media_type: str) -> str:
    """The type header; text is said to be UTF-8, and is only ever saved, never shown."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def disposition(name: str, media_type: str, save: bool) -> str:
    """Show or save, with the name in full and in plain letters for old programs."""
    way = "inline" if media_type in INLINE and not save else "attachment"
    return f"{way}; filename=\"file.{extension(name)}\"; filename*=UTF-8''{quote(name, safe='')}"
