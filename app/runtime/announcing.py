"""Who is told of a new step: worked out by the worker, after the act that opened it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.core import outbox
from app.core.db import session
from app.core.identity import Actor
from app.messages.services import notify
from app.runtime.models import Case, Task

KIND = "todo"


def announce(case: Case, fresh: Sequence[Task], actor: Actor) -> None:
    """Note, in the transaction of the step, that its new to-dos have to be told (新的待办)."""
    if fresh:
        numbers = [task.id for task in fresh]
        outbox.put(KIND, f"todo:{case.id}:{case.rev}", {"tasks": numbers, "actor": actor.person_id})


def register() -> None:
    """Tell the outbox how new to-dos are told."""
    outbox.channel(KIND, _tell, outside=False)


def _tell(_key: str, payload: Mapping[str, Any]) -> None:
    from app.runtime.acts import holders, speaks  # the acts themselves step the engine and so announce

    for number in payload["tasks"]:
        task = session().get(Task, number)
        if task is None or task.state != "open" or not speaks(task):
            continue
        case = session().get_one(Case, task.case_id)
        people = [one for one in holders(task) if one != payload["actor"]]
        notify(people, "task", f"请办理：{task.title}", f"/desk/tasks/{task.id}", case.id, body=case.title)
