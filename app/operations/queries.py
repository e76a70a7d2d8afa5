"""Reads of the cockpit: incidents by filter, one incident with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import undefer

from app.accounts.queries import cities_of
from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor, Role
from app.runtime import definitions, leases
from app.runtime.diagrams import diagram_states
from app.runtime.models import Case, Incident, Task
from app.runtime.work_models import IncidentAct

PAGE = 30
KINDS = {"fault": "系统故障", "refused": "规则不允许", "no_people": "无人可办"}
READERS = (Role.SYSTEM_ADMIN, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Line:
    """One incident of the list."""

    incident: Incident
    case: Case
    task: Task | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the cockpit shows first."""

    open: int
    today: int
    by_kind: dict[str, int]
    alive: int
    late: int


def incidents(
    actor: Actor, *, state: str = "open", kind: str = "", text: str = "", before: int | None = None
) -> list[Line]:
    """Incidents of the actor's cities, newest first, one more than a page.

    Args:
        text: part of a case's title or number, or of the message.
        before: id of the last one of the page before.
    """
    query = (
        select(Incident, Case, Task)
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(Task, Task.id == Incident.task_id)
        .where(_own(actor), Incident.state == ("resolved" if state == "resolved" else "open"))
    )
    if kind in KINDS:
        query = query.where(Incident.kind == kind)
    if text:
        words = (Case.title, Case.no, Incident.message)
        query = query.where(or_(*(column.contains(text, autoescape=True) for column in words)))
    if before is not None:
        query = query.where(Incident.id < before)
    rows = session().execute(query.order_by(Incident.id.desc()).limit(PAGE + 1))
    return [Line(incident, case, task) for incident, case, task in rows]


def figures(actor: Actor) -> Figures:
    """Counts of open incidents, and how the workers do."""
    now = clock.now()
    rows = session().execute(
        select(Incident.kind, func.count())
        .where(_own(actor), Incident.state == "open")
        .group_by(Incident.kind)
    )
    by_kind = {kind: count for kind, count in rows}
    morning = clock.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = select(func.count()).select_from(Incident).where(_own(actor), Incident.created_at >= morning)
    alive = sum(
        1
        for row, _ in leases.workers(now)
        if row.stopped_at is None and now - row.seen_at < leases.SILENT + timedelta(seconds=1)
    )
    return Figures(
        sum(by_kind.values()), session().scalar(today) or 0, by_kind, alive, leases.backlog(now)[0]
    )


def incident(actor: Actor, incident_id: int) -> Line:
    """One incident with its case and step.

    Raises:
        NotFound: none for these eyes.
    """
    row = session().execute(
        select(Incident, Case, Task)
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(Task, Task.id == Incident.task_id)
        .options(undefer(Case.state))
        .where(_own(actor), Incident.id == incident_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound
    return Line(*row)


def acts(incident_id: int) -> list[IncidentAct]:
    """What happened with an incident, oldest first."""
    query = select(IncidentAct).where(IncidentAct.incident_id == incident_id)
    return list(session().scalars(query.order_by(IncidentAct.id)))


def path_of(line: Line) -> str:
    """The call activities above the element that failed: of its step, or the first place that calls its diagram."""
    if line.task is not None and line.incident.process in (None, line.task.process):
        return line.task.path
    bundle = definitions.bundle(line.case.definition_id)
    ways: list[tuple[tuple[str, ...], str]] = [((), bundle.process_key)]
    while ways:
        path, process = ways.pop(0)
        if process == line.incident.process:
            return "/".join(path)
        if len(path) < 6:
            ways += [((*path, call), called) for call, called in bundle.model.calls(process).items()]
    return ""


def element_title(line: Line) -> str:
    """The failed element as people read it."""
    model = definitions.bundle(line.case.definition_id).model
    process = line.incident.process or (line.task.process if line.task else "")
    found = model.elements.get(process, {}).get(line.incident.element or "")
    return (
        (found.name if found else "")
        or (line.task.title if line.task else "")
        or (line.incident.element or "")
    )


def drawing(line: Line, path: str) -> dict[str, Any]:
    """One diagram of the incident's case as the viewer wants it, the failed element marked.

    Raises:
        NotFound: no such diagram.
    """
    bundle = definitions.bundle(line.case.definition_id)
    base = f"/admin/operations/incidents/{line.incident.id}/diagram"
    process, walked = bundle.process_key, []
    trail = [{"name": bundle.title, "url": f"{base}?path="}]
    for call in filter(None, path.split("/")):
        target = bundle.model.calls(process).get(call)
        if target is None:
            raise NotFound
        walked.append(call)
        process = target
        trail.append({"name": bundle.model.title(process), "url": f"{base}?path={'/'.join(walked)}"})
    states = diagram_states(line.case.id, process, path)
    badges = {}
    at = [*filter(None, path_of(line).split("/")), line.incident.element or ""]
    if line.incident.state == "open" and at[: len(walked)] == walked and len(at) > len(walked):
        states[at[len(walked)]] = "late"
        badges[at[len(walked)]] = {"tone": "late", "text": f"故障 {line.incident.id}"}
    return {
        "xmlUrl": f"{base}.bpmn?process={process}",
        "states": states,
        "badges": badges,
        "calls": {call: f"{base}?path={'/'.join([*walked, call])}" for call in bundle.model.calls(process)},
        "trail": trail,
    }


def _own(actor: Actor) -> ColumnElement[bool]:
    cities = {city for role in READERS for city in cities_of(actor, role)}
    return Incident.city.in_(sorted(cities))
