"""Hooks by which lower rooms ask higher ones, set when the application is built."""

from __future__ import annotations

from sqlalchemy import select

from app.audit.services import register_source
from app.core.db import session
from app.core.identity import Actor
from app.files.queries import register_closed, register_visibility
from app.inbox.story.papers import closed
from app.notices.queries import register_public_facts
from app.projects.queries import facts, find
from app.projects.rules import papers_open
from app.runtime.models import Case, History
from app.runtime.rules import sees
from app.runtime.stepping import content_of, digest_of


def _history_hashes(case_chain: str) -> set[str]:
    """The fingerprints of a case's history lines, each computed anew from its content and the line before it."""
    case_id = int(case_chain.removeprefix("case:"))
    rows = session().execute(
        select(History, Case.no)
        .join(Case, Case.id == History.case_id)
        .where(History.case_id == case_id)
        .order_by(History.seq)
    )
    found: set[str] = set()
    prev = ""
    for line, no in rows:
        prev = digest_of(content_of(line, no, prev))
        found.add(prev)
    return found


def _may_read_papers(actor: Actor, case_id: int) -> bool:
    case = session().get(Case, case_id)
    if case is None or not sees(actor, case):
        return False
    project = find(case_id)
    units = (case.street_id, case.community_id, case.provider_id, case.evaluator_id)
    return project is None or papers_open(actor, units, project.sensitive, project.category)


def register_sources() -> None:
    """Tell audit where history lives, files who may see a case's papers, notices what the public may know."""
    register_source("history", _history_hashes)
    register_visibility(_may_read_papers)
    register_closed(closed)
    register_public_facts(facts)
