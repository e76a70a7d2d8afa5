"""A fault leaves the case as it was and opens an incident; a refusal goes back to the person."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Refusal
from app.core.identity import Actor
from app.runtime.models import Case, Incident, Task
from workflows.errors import EngineFault

log = logging.getLogger(__name__)
RETRY_AFTER = timedelta(minutes=10)
"""How long a timer that met a fault rests before the worker tries it again."""


@contextmanager
def reported(actor: Actor, task_id: int) -> Iterator[None]:
    """Turn whatever breaks inside into an incident and a plain message; refusals pass unchanged.

    Raises:
        Fault: with a message for the person who acted, after everything was rolled back.
    """
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        log.exception("task %s failed", task_id)
        incident_id = _open_for_task(actor, task_id, error)
        raise Fault(
            f"系统办理这一步时出错，您的操作没有生效，填写的内容已保留。已自动报告管理人员（故障编号 {incident_id}）。"
        ) from error


def open_for_timer(case_id: int, error: Exception, kind: str) -> None:
    """A timer met a fault or a refusal nobody is there to read: an incident, and a rest before the next try."""
    with unit_of_work() as db:
        case = db.get_one(Case, case_id, with_for_update=True)
        case.next_due = clock.now() + RETRY_AFTER
        _open(case, None, kind, error)


def _open_for_task(actor: Actor, task_id: int, error: Exception) -> int | None:
    with unit_of_work() as db:
        task = db.get(Task, task_id)
        if task is None:
            return None
        incident = _open(db.get_one(Case, task.case_id), task, "fault", error)
        record(
            f"case:{task.case_id}",
            "runtime.incident",
            actor=actor,
            subject=f"incident:{incident.id}",
            after={"element": incident.element},
        )
        return incident.id


def _open(case: Case, task: Task | None, kind: str, error: Exception) -> Incident:
    element = error.element if isinstance(error, EngineFault) else (task.element if task else None)
    incident = Incident(
        city=case.city,
        case_id=case.id,
        task_id=task.id if task else None,
        element=element,
        kind=kind,
        message=str(error) or type(error).__name__,
        detail={"type": type(error).__name__},
        created_at=clock.now(),
    )
    session().add(incident)
    session().flush()
    return incident
