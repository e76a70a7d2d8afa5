"""The papers of a case under the stages in which they were handed in (材料)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Membership
from app.accounts.queries import names_of_people
from app.contracts.models import Contract
from app.core.db import session
from app.core.identity import Actor
from app.files.models import StoredFile
from app.files.queries import readable_of
from app.inbox.story.decided import STAGE_NAMES
from app.inbox.story.eyes import outside, told
from app.procurement.models import Procurement
from app.runtime import definitions, queries
from app.runtime.definitions import Bundle
from app.runtime.models import Case, History, Task


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: the step it came with."""

    file: StoredFile
    step: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers by stage; `closed` counts those these eyes may not open."""

    stages: list[tuple[str, str, list[Paper]]]
    closed: int

    @property
    def count(self) -> int:
        """How many can be opened."""
        return sum(len(rows) for _, _, rows in self.stages)

    @property
    def by_stage(self) -> dict[str, int]:
        """How many can be opened of each stage."""
        return {key: len(rows) for key, _, rows in self.stages}


def papers(
    actor: Actor, case: Case, lines: Sequence[History], tasks: Mapping[int, Task], bundle: Bundle
) -> Papers:
    """The papers of a case that the actor may open, in the order of the stages.

    Args:
        lines: what these eyes may read of the history.
    """
    query = select(StoredFile.id).where(StoredFile.case_id == case.id).order_by(StoredFile.id)
    every = list(session().scalars(query))
    origin = origins(lines, tasks, bundle)
    open_ = readable_of(actor, every)
    people = names_of_people({file.uploaded_by for file in open_})
    stages: dict[str, list[Paper]] = {}
    for file in open_:
        line = origin.get(file.id)
        who = people.get(file.uploaded_by, "")
        paper = Paper(file, line.title if line else "", who, file.uploaded_at)
        stages.setdefault((line.stage or "") if line else "", []).append(paper)
    order = {key: number for number, key in enumerate([*STAGE_NAMES, ""])}
    rows = [
        (key, STAGE_NAMES.get(key, "其他"), stages[key])
        for key in sorted(stages, key=lambda one: order.get(one, len(order)))
    ]
    return Papers(rows, len(every) - len(open_))


def closed(actor: Actor, case_id: int, ids: Collection[int]) -> set[int]:
    """Of these papers of a case those that an outside party may not open.

    Its own people's papers, those of the steps it is told of, the contract's and the procurement's are open.
    """
    case = session().get(Case, case_id)
    if case is None or not outside(actor, case):
        return set()
    bundle = definitions.bundle(case.definition_id)
    tasks = {task.id: task for task in queries.tasks_of(case_id)}
    open_ = set(origins(told(actor, case, queries.history_of(case_id)), tasks, bundle))
    for model in (Contract, Procurement):
        for named in session().scalars(select(model.file_ids).where(model.case_id == case_id)):
            open_.update(named)
    own = select(Membership.person_id).where(Membership.unit_id.in_(actor.scope))
    query = select(StoredFile.id).where(StoredFile.id.in_(ids), StoredFile.uploaded_by.in_(own))
    return set(ids) - open_ - set(session().scalars(query))


def origins(lines: Sequence[History], tasks: Mapping[int, Task], bundle: Bundle) -> dict[int, History]:
    """The line of history with which each paper came first, by the file's id."""
    found: dict[int, History] = {}
    for line in lines:
        for number in _named(line, tasks, bundle):
            found.setdefault(number, line)
    return found


def _named(line: History, tasks: Mapping[int, Task], bundle: Bundle) -> list[int]:
    answers: Mapping[str, Any] = line.answers or {}
    if not answers:
        return []
    keys = {"files"}
    task = tasks.get(line.task_id or 0)
    if task is not None and line.kind in ("completed", "signed"):
        keys |= {one.key for one in bundle.form(task.form_key).fields if one.kind == "files"}
    return [one for key in keys for one in answers.get(key) or () if isinstance(one, int)]
