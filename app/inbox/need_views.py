"""A need on a page of its own: what residents asked for, and what has come of it."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from app.accounts.access import current_actor, signed_in
from app.accounts.queries import names_of_people, names_of_units
from app.core.db import session
from app.core.identity import Actor
from app.inbox import lists
from app.inbox.views import bp
from app.needs import queries as needs
from app.needs.models import CHANNELS
from app.projects.models import Project
from app.runtime.models import Case
from app.runtime.queries import visible_cases

MOST = 20


@bp.get("/needs/<int:need_id>")
@signed_in
def need(need_id: int) -> str:
    """One need with the projects that answer it (居民需求)."""
    actor = current_actor()
    found = needs.one(actor, need_id)
    return render_template(
        "inbox/need.html",
        active="cases",
        need=found,
        channel=CHANNELS.get(found.channel, found.channel),
        unit=names_of_units({found.unit_id}).get(found.unit_id, ""),
        by=names_of_people({found.created_by}).get(found.created_by, ""),
        answers=_answers(actor, found.id),
        status_names=lists.CASE_STATUS,
    )


def _answers(actor: Actor, need_id: int) -> list[Case]:
    """Cases that rest on the need, newest first, as far as the reader may see them."""
    query = select(Case).join(Project, Project.case_id == Case.id)
    query = query.where(Project.need_id == need_id, visible_cases(actor))
    return list(session().scalars(query.order_by(Case.id.desc()).limit(MOST)))
