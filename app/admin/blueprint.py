"""The pages under /admin; each module adds its own."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")
HOME = "管理首页"
