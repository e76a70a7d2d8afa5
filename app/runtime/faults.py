"""A fault leaves the case as it was and opens an incident; a refusal goes back to the person."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app.accounts.queries import people_of_city
from app.audit.services import record
from app.core import clock
from app.core.db import add_later, is_outage, session, unit_of_work
from app.core.errors import Fault, Refusal, Unavailable
from app.core.identity import SYSTEM, Actor, Role
from app.messages.services import notify
from app.runtime.models import Case, Incident, Task
from app.runtime.work_models import IncidentAct
from workflows.errors import EngineFault

log = logging.getLogger(__name__)
RETRY_AFTER = timedelta(minutes=10)
"""How long a timer that met a fault rests before the worker tries it again; each further time twice as long."""
MOST_DOUBLED = 6
"""…up to ten hours."""


@contextmanager
def reported(actor: Actor, task_id: int) -> Iterator[None]:
    """Turn whatever breaks inside into an incident and a plain message; refusals pass unchanged.

    Raises:
        Fault: with a message for the person who acted, after everything was rolled back.
        Unavailable: the database is away; that is nobody's to mend in this case.
    """
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        if is_outage(error):
            raise Unavailable from error
        log.exception("task %s failed", task_id)
        incident_id = _open_for_task(actor, task_id, error)
        raise Fault(
            f"系统办理这一步时出错，您的操作没有生效，填写的内容已保留。已自动报告管理人员（故障编号 {incident_id}）。"
        ) from error


def open_for_timer(case_id: int, error: Exception, kind: str, actor: Actor = SYSTEM) -> Incident:
    """A timer met a fault or a refusal nobody is there to read: an incident, and a rest before the next try."""
    with unit_of_work() as db:
        case = db.get_one(Case, case_id, with_for_update=True, populate_existing=True)
        at = clock.now()
        made = report(case, at, kind, str(error) or type(error).__name__, error=error, actor=actor)
        case.next_due = at + RETRY_AFTER * 2 ** min(made.times - 1, MOST_DOUBLED)
        return made


def report(
    case: Case,
    at: datetime,
    kind: str,
    message: str,
    *,
    task: Task | None = None,
    error: Exception | None = None,
    actor: Actor = SYSTEM,
) -> Incident:
    """Open an incident, in the open unit of work; one that is open already is counted, not doubled (报告故障).

    The case's owner and the operators of its city are told of a new one.

    Args:
        kind: `fault`, `refused` (by a rule, with nobody there to read it) or `no_people`.
        actor: who met it.
    """
    element = error.element if isinstance(error, EngineFault) and error.element else None
    process = error.process if isinstance(error, EngineFault) and error.element else None
    if element is None and task is not None:
        element, process = task.element, task.process
    task_id = task.id if task is not None else None
    known = session().scalar(
        select(Incident).where(
            Incident.case_id == case.id,
            Incident.state == "open",
            Incident.kind == kind,
            Incident.element == element if element else Incident.element.is_(None),
            Incident.task_id == task_id if task_id else Incident.task_id.is_(None),
        )
    )
    if known is not None:
        known.times, known.last_at, known.message, known.detail = known.times + 1, at, message, _detail(error)
        note(known, actor, at, "again", message)
        return known
    made = Incident(
        city=case.city,
        case_id=case.id,
        task_id=task_id,
        element=element,
        process=process,
        kind=kind,
        message=message,
        detail=_detail(error),
        created_at=at,
        last_at=at,
    )
    session().add(made)
    session().flush()
    note(made, actor, at, "opened", message)
    record(
        f"case:{case.id}",
        "runtime.incident",
        actor=actor,
        subject=f"incident:{made.id}",
        after={"element": element, "kind": kind},
    )
    _tell(case, made)
    return made


def note(incident: Incident, actor: Actor, at: datetime, act: str, words: str) -> None:
    """Add a line to what happened with an incident."""
    add_later(
        IncidentAct,
        {
            "city": incident.city,
            "case_id": incident.case_id,
            "incident_id": incident.id,
            "at": at,
            "act": act,
            "actor_id": actor.person_id,
            "actor_name": actor.name,
            "note": words,
        },
    )


def close(incident: Incident, actor: Actor, at: datetime, words: str) -> None:
    """Mark an incident as resolved, in the open unit of work."""
    incident.state, incident.resolved_at, incident.resolved_by = "resolved", at, actor.person_id
    incident.resolution = words
    note(incident, actor, at, "resolved", words)
    record(
        f"case:{incident.case_id}",
        "runtime.incident_resolved",
        actor=actor,
        subject=f"incident:{incident.id}",
        after={"state": "resolved"},
    )


def _tell(case: Case, incident: Incident) -> None:
    operators = {person.id for person in people_of_city(Role.SYSTEM_ADMIN, case.city)}
    title = f"“{case.title}”出现故障 {incident.id}"
    if operators:
        url = f"/admin/operations/incidents/{incident.id}"
        notify(operators, "incident", title, url, case.id, body=incident.message)
    notify(
        {case.owner_id} - operators, "incident", title, f"/cases/{case.no}", case.id, body=incident.message
    )


def _open_for_task(actor: Actor, task_id: int, error: Exception) -> int | None:
    with unit_of_work() as db:
        task = db.get(Task, task_id)
        if task is None:
            return None
        case = db.get_one(Case, task.case_id)
        message = str(error) or type(error).__name__
        return report(case, clock.now(), "fault", message, task=task, error=error, actor=actor).id


def _detail(error: Exception | None) -> dict[str, str] | None:
    """What a programmer needs: the kind of error and where it arose; no values."""
    if error is None:
        return None
    cause = error.__cause__ if isinstance(error, EngineFault) and error.__cause__ is not None else error
    frames = traceback.extract_tb(cause.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""
    return {"type": type(cause).__name__, "where": where}
