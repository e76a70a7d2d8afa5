"""Start a project again from an earlier one: next year's service, another round (复制为新提案)."""

from __future__ import annotations

import copy

from app.core.db import unit_of_work
from app.core.errors import Decision
from app.core.identity import Actor
from app.projects import rules, services
from app.projects.models import Project
from app.projects.queries import project_of
from app.runtime.models import Case

COPIED = (
    "category", "subcategories", "beneficiaries", "beneficiary_count", "fee_mode", "summary", "minors",
    "guardian_text", "budget_fen", "budget_lines", "targets", "wanted_sources", "policy_ref",
)  # fmt: skip
"""What a proposal says. Meeting, vote, papers, checks and decisions belong to the earlier case alone."""


def may_copy(actor: Actor, source: Case, project: Project) -> Decision:
    """Whether the actor may start a project like this one, in the same place and the same way."""
    return rules.starter_allowed(actor, project.origin, source.street_id, source.community_id or 0)


def start_copy(actor: Actor, source: Case, title: str, key: str | None = None) -> Case:
    """Start a new project with the content of an earlier one, to be changed and decided anew (复制为新提案).

    The case of `source` is one the actor may see; whether he may start a project there is asked as always.

    Raises:
        Forbidden: the actor's role does not start projects this way here.
        Refusal: no title, or the street has nobody to own the case.
    """
    with unit_of_work() as db:
        old = project_of(source.id)
        made = services.start_project(
            actor, origin=old.origin, title=title, community_id=source.community_id or 0, key=key
        )
        new = project_of(made.id)
        for name in COPIED:
            setattr(new, name, copy.deepcopy(getattr(old, name)))
        db.flush()
        return made
