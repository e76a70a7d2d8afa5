"""Endpoints that belong to no room."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from app.accounts.access import public
from app.core.db import session

bp = Blueprint("api", __name__, url_prefix="/api/v1")


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 once pages and worker are ready, else 503; asks for no token."""
    session().execute(text("SELECT 1"))
    worker = current_app.extensions.get("worker")
    ready = worker is None or worker.has_run
    return jsonify(status="ok" if ready else "starting"), 200 if ready else 503
