"""Who reads the page of a case: those inside the offices, or a provider or evaluator who knows its own part."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.identity import Actor
from app.runtime.models import Case, History

PROVIDER_STAGES = frozenset({"contract", "delivery", "settlement"})
EVALUATOR_STAGES = frozenset({"delivery", "evaluation"})
"""What each outside party is told in full; of the rest it learns what is published."""
ALWAYS = frozenset({"ended", "finished", "commented"})


def outside(actor: Actor, case: Case) -> bool:
    """Whether the actor knows the case only as its provider or its evaluator."""
    inside = {case.street_id, case.community_id} & actor.scope
    return not actor.is_system and not inside and case.started_by != actor.person_id


def told(actor: Actor, case: Case, lines: Sequence[History]) -> list[History]:
    """Of what happened, what these eyes may read: outside parties see their own part."""
    if not outside(actor, case):
        return list(lines)
    stages: frozenset[str] = frozenset()
    if case.provider_id in actor.scope:
        stages |= PROVIDER_STAGES
    if case.evaluator_id in actor.scope:
        stages |= EVALUATOR_STAGES
    own = {grant.role for grant in actor.grants}
    return [
        line
        for line in lines
        if line.kind in ALWAYS or line.role in own or line.actor_id == actor.person_id
        or line.stage in stages
    ]  # fmt: skip
