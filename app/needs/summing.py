"""Sum a month up and sign it."""

from __future__ import annotations

from app.accounts.queries import unit
from app.audit.services import record
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Conflict, Fault, Forbidden, require_all
from app.core.identity import Actor
from app.needs import queries, rules
from app.needs.models import NeedSummary


def figures(actor: Actor, unit_id: int, month: str) -> tuple[int, int, dict[str, int]]:
    """How many needs a month brought a unit and those below it, how many residents, and these by group."""
    needs, voices = queries.totals(actor, queries.Chosen(each=True, unit_id=unit_id, month=month))
    groups = {
        group: queries.totals(actor, queries.Chosen(each=True, unit_id=unit_id, month=month, group=group))[1]
        for group in rules.GROUPS
    }
    return needs, voices, {group: count for group, count in groups.items() if count}


def sign_summary(actor: Actor, unit_id: int, month: str, text: str) -> NeedSummary:
    """Say what a month's needs come to, and put one's name to it, once (月度小结签字; ZH-09b).

    Raises:
        Forbidden: neither the community's secretary nor the street's leader.
        Refusals: the month is not over, or no text.
        Conflict: it has been signed already.
    """
    if actor.person_id is None:
        raise Fault("小结须由人签字")
    with unit_of_work() as db:
        allowed = rules.may_sign(actor, unit_id)
        if not allowed:
            raise Forbidden(allowed.reason, rule=allowed.ref)
        db.refresh(unit(unit_id), with_for_update=True)
        require_all(rules.summary_allowed(month, clock.now(), text))
        if unit_id in queries.summaries(actor, month):
            raise Conflict("这个月的小结已经签过，不能重复签。", rule="ZH-09b")
        needs, voices, by_group = figures(actor, unit_id, month)
        made = NeedSummary(
            unit_id=unit_id,
            month=month,
            needs=needs,
            voices=voices,
            by_group=by_group,
            text=text.strip(),
            signed_by=actor.person_id,
            signed_at=clock.now(),
        )
        db.add(made)
        db.flush()
        record(
            f"org_unit:{unit_id}",
            "needs.sign_summary",
            actor=actor,
            subject=f"need_summary:{made.id}",
            after={"month": month, "needs": needs, "voices": voices},
        )
        return made
