"""The audit log for auditors: search it, verify it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import render_template, request

from app.accounts.access import Permission, requires
from app.admin import audit_words
from app.admin.blueprint import bp
from app.audit import queries
from app.audit.services import Verdict, verify
from app.core.clock import SHANGHAI


@bp.get("/audit")
@requires(Permission.SEE_AUDIT)
def audit_log() -> str:
    """Search by person, object, act and time (审计)."""
    return _page(None)


@bp.post("/audit/verify")
@requires(Permission.SEE_AUDIT)
def audit_verify() -> str:
    """Check every chain, history line and seal, and show the verdict (审计验证)."""
    return _page(verify())


def _page(verdict: Verdict | None) -> str:
    picked = {
        name: request.args.get(name, "").strip()[:80]
        for name in ("person", "subject", "room", "act", "start", "end")
    }
    start, end = _day(picked["start"]), _day(picked["end"])
    found = queries.search(
        person=picked["person"],
        subject=picked["subject"],
        room=picked["room"],
        actions=[picked["act"]] if picked["act"] else [],
        start=_midnight(start) if start else None,
        end=_midnight(end + timedelta(days=1)) if end else None,
        before=request.args.get("before", type=int),
        limit=queries.PAGE + 1,
    )
    page = found[: queries.PAGE]
    return render_template(
        "admin/audit.html",
        active="admin-audit",
        page=page,
        picked=picked,
        more=page[-1].id if len(found) > queries.PAGE else None,
        rooms=audit_words.ROOMS,
        acts=audit_words.ACTS,
        words=audit_words,
        verdict=verdict,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
