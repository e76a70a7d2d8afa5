"""Timers: one indexed query finds the cases that are due, each fires in a transaction of its own."""

from __future__ import annotations

import logging

from sqlalchemy import select

from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal
from app.core.identity import SYSTEM
from app.policy import queries as policy
from app.runtime import definitions, faults
from app.runtime.models import Case
from app.runtime.queries import tasks_of
from app.runtime.stepping import BoundOperators, append_history, audit_step, settle
from workflows import engine

log = logging.getLogger(__name__)
BATCH = 200


def run_due(limit: int = BATCH) -> int:
    """Fire what is due now (到期处理); answers how many cases moved.

    Promises: a case whose timer fails is left as it was, has an incident, and rests before the next try;
    the others go on. Several workers may run this at once: a case is handled by whoever locks it first.
    """
    due = session().scalars(
        select(Case.id)
        .where(Case.status == "running", Case.next_due <= clock.now())
        .order_by(Case.next_due)
        .limit(limit)
    )
    return sum(_fire(case_id) for case_id in due.all())


def _fire(case_id: int) -> bool:
    try:
        with unit_of_work() as db:
            case = db.scalar(
                select(Case)
                .where(Case.id == case_id, Case.status == "running", Case.next_due <= clock.now())
                .with_for_update(skip_locked=True)
                .execution_options(populate_existing=True)
            )
            if case is None:
                return False
            at = clock.now()
            pack, bundle = policy.pack(case.pack_version_id), definitions.bundle(case.definition_id)
            append_history(case, SYSTEM, at, "timer", "期限已到，流程自动推进")
            result = engine.fire_timers(
                bundle.model, case.state, operators=BoundOperators(case, SYSTEM, pack, at), now=clock.now
            )
            settle(case, result, SYSTEM, pack, at, tasks_of(case.id, "open"))
            audit_step(case, SYSTEM, "runtime.timer")
            return True
    except Refusal as refusal:
        faults.open_for_timer(case_id, refusal, "refused")
    except Exception as error:
        log.exception("timer of case %s failed", case_id)
        faults.open_for_timer(case_id, error, "fault")
    return False
