"""The search box: a page of results, and the first few while one types."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from app.accounts.access import current_actor, signed_in
from app.search import queries
from app.search.models import KINDS
from app.search.rules import LONGEST_QUERY

bp = Blueprint("search", __name__, url_prefix="/search", template_folder="templates")
ICONS = {
    "case": "folders",
    "need": "message-2",
    "organisation": "heart-handshake",
    "paper": "file-text",
    "notice": "speakerphone",
    "person": "user",
}
STATUS = {
    "running": "进行中",
    "completed": "已办结",
    "rejected": "不予立项",
    "withdrawn": "已撤回",
    "cancelled": "已终止",
}


def _typed() -> str:
    return " ".join(request.args.get("q", "").split())[:LONGEST_QUERY]


@bp.get("")
@signed_in
def results() -> str:
    """What was found, by kind and page (搜索结果)."""
    typed = _typed()
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    page = request.args.get("page", 1, type=int)
    found = queries.search(current_actor(), typed, kind=kind, page=page)

    def at(number: int) -> str:
        return url_for("search.results", q=typed, kind=kind or None, page=number)

    return render_template(
        "search/results.html",
        active="search",
        search_text=typed,
        found=found,
        kind=kind,
        kinds=KINDS,
        icons=ICONS,
        status=STATUS,
        prev_url=at(found.page - 1) if found.page > 1 else "",
        next_url=at(found.page + 1) if found.more else "",
    )


@bp.get("/suggest")
@signed_in
def suggest() -> str:
    """The first few, while one types (边输边搜)."""
    typed = _typed()
    found = queries.suggest(current_actor(), typed)
    return render_template(
        "search/suggest.html", typed=typed, found=found, kinds=KINDS, icons=ICONS, status=STATUS
    )
