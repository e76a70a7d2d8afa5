"""How far the elements of a drawing are, for the colours people see on it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import session
from app.runtime.models import History, Task


def diagram_states(case_id: int, process: str, path: str) -> dict[str, Any]:
    """Colours of one diagram of a case: element id → done, active or late; and where calls lead.

    Args:
        process: id of the drawn process.
        path: ids of the call activities above it, joined by "/"; "" for the main diagram.
    """
    now = clock.now()
    states: dict[str, str] = {}
    lines = session().execute(
        select(History.element, History.path, History.process).where(
            History.case_id == case_id,
            History.kind.in_(("completed", "passed", "timer")),
            History.element.is_not(None),
        )
    )
    for element, where, _ in lines:
        if element is not None and (where or "") == path:
            states[element] = "done"
    open_tasks = session().scalars(select(Task).where(Task.case_id == case_id, Task.state == "open"))
    for task in open_tasks:
        late = "late" if task.due_at is not None and task.due_at < now else "active"
        if task.path == path:
            states[task.element] = late
        elif task.path == path or task.path.startswith(f"{path}/" if path else ""):
            call = task.path[len(path) + 1 if path else 0 :].split("/")[0]
            if states.get(call) != "late":
                states[call] = late
    return states
