"""What the case page tells, gathered from the rooms."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.queries import names_of_people, names_of_units
from app.contracts.models import Contract
from app.contracts.queries import MoneyLine, contract_of, money_lines
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.files.models import StoredFile
from app.files.queries import readable_of
from app.funds.models import CaseFund, Pot
from app.funds.queries import case_funds, pots_by_id
from app.inbox.story import spans
from app.inbox.story.eyes import outside, told
from app.policy import queries as policy
from app.policy.packs import Pack
from app.projects.models import Project
from app.projects.queries import facts
from app.runtime import acts, definitions, desk_queries, queries, returning, signers
from app.runtime.diagrams import diagram_states
from app.runtime.models import Case, History, Incident, Task
from app.runtime.rules import STAGES, role_name
from app.ui import forms

SHOWN = frozenset(
    {"started", "completed", "timer", "ended", "finished", "claimed", "released", "closed"}
    | {"signed", "transferred", "signer_added", "sent_back", "withdrawn", "urged", "copied", "commented"}
    | {"reminded", "escalated", "deadline", "repaired"}
)
"""Kinds of history that people read; automatic steps are seen on the diagram."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One station of the stage bar."""

    key: str
    name: str
    state: str  # done, active, late, todo
    note: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """Something one can do besides filling in the form of a step."""

    label: str
    icon: str
    href: str


@dataclass(frozen=True, slots=True)
class Signed:
    """One of several who sign a step.

    Attributes:
        place: when they sign; "" for those the diagram asks to sign in any order.
        state: what is still awaited, "" when signed.
    """

    name: str
    place: str
    state: str
    agrees: bool | None
    opinion: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the case page shows."""

    stages: list[Stage]
    open_tasks: list[Task]
    to_withdraw: Task | None
    my_tasks: list[Task]
    history: list[History]
    facts: list[forms.Fact]
    contract: Contract | None
    money: list[MoneyLine]
    funds: list[tuple[CaseFund, Pot]]
    incidents: list[Incident]
    people: dict[int | None, str]
    units: dict[int | None, str]
    diagram: dict[str, Any] | None
    diagram_text: str
    version: str
    pack: Pack
    papers: dict[int, StoredFile]

    def papers_of(self, line: History) -> list[StoredFile]:
        """The papers that came with a comment, as far as the reader may open them."""
        return [self.papers[one] for one in _attached([line]) if one in self.papers]


def story(actor: Actor, case: Case) -> Story:
    """Gather the story of a case."""
    tasks = queries.tasks_of(case.id)
    open_tasks = [task for task in tasks if task.state == "open"]
    contract = contract_of(case.id)
    bundle = definitions.bundle(case.definition_id)
    inside = not outside(actor, case)
    held = case_funds(case.id) if inside else []
    pots = pots_by_id(fund.pot_id for fund in held)
    pack = policy.pack(case.pack_version_id)
    lines = told(actor, case, queries.history_of(case.id))
    history = [line for line in lines if line.kind in SHOWN][::-1]
    return Story(
        stages=stage_bar(case, tasks),
        open_tasks=open_tasks,
        to_withdraw=withdrawable(actor, tasks) if case.status == "running" else None,
        my_tasks=desk_queries.my_open_tasks(actor, case.id),
        history=history,
        facts=[forms.Fact(label, value) for label, value in facts(case.id, pack)],
        contract=contract,
        money=money_lines(contract) if contract else [],
        funds=[(fund, pots[fund.pot_id]) for fund in held],
        incidents=queries.incidents_of(case.id) if inside else [],
        people=names_of_people({t.claimed_by for t in open_tasks} | {case.owner_id, case.started_by}),
        units=names_of_units(
            {t.unit_id for t in open_tasks}
            | {case.street_id, case.community_id, case.provider_id, case.evaluator_id}
        ),
        diagram=diagram(actor, case, ""),
        diagram_text="；".join(f"{task.title}（{role_name(task.role)}）" for task in open_tasks)
        or "没有办理中的步骤",
        version=f"{bundle.title} 第 {bundle.no} 版",
        pack=pack,
        papers={file.id: file for file in readable_of(actor, _attached(history))},
    )


def _attached(history: Sequence[History]) -> list[int]:
    """Papers that came with comments."""
    return [
        i for line in history if line.kind == "commented" for i in (line.answers or {}).get("files") or ()
    ]


def ways(actor: Actor, task: Task, *, mine: bool) -> list[Way]:
    """What the diagram lets the actor do with an open step besides doing it; the services decide."""
    if task.state != "open":
        return []
    url = f"/desk/tasks/{task.id}"
    found = []
    if mine:
        if acts.allows(task, "transfer") and not task.has_signers and acts.successors(actor, task):
            found.append(Way("转办", "send", f"{url}/transfer"))
        if acts.allows(task, "add_signer"):
            found.append(Way("加签", "users-plus", f"{url}/add-signer"))
        if acts.allows(task, "send_back"):
            found.append(Way("退回", "arrow-back-up", f"{url}/send-back"))
        if acts.allows(task, "reject"):
            found.append(Way("否决", "ban", f"{url}/reject"))
    elif acts.allows(task, "urge"):
        found.append(Way("催办", "bell-ringing", f"{url}/urge"))
    return found


def returned(task: Task, lines: Sequence[History]) -> History | None:
    """The line by which an open step came back to be done again, newest lines first; None when it did not."""
    if task.state != "open":
        return None
    for line in lines:
        if line.kind == "completed" and (line.path, line.element) == (task.path, task.element):
            return None
        if line.kind == "sent_back":
            target = session().get(Task, (line.answers or {}).get("target") or 0)
            if target is not None and (target.path, target.element) == (task.path, task.element):
                return line
    return None


def signed(task: Task) -> list[Signed]:
    """Those who sign a step together, in their order."""
    rows = signers.of(task) if task.has_signers else []
    names = names_of_people({row.person_id for row in rows} | {row.signed_by for row in rows})
    made, ordered = [], task.signing == "ordered"
    for number, row in enumerate(rows, start=1):
        name = names.get(row.person_id, "")
        if row.signed_by not in (None, row.person_id):
            name = f"{names.get(row.signed_by, '')}（代{name}）"
        word = {"open": "待签署", "waiting": "未轮到", "closed": "不再需要"}.get(row.state, "")
        made.append(
            Signed(
                name,
                acts.PLACES.get(row.place, f"第 {number} 位" if ordered else ""),
                word,
                row.agrees,
                row.opinion or "",
            )
        )
    return made


def withdrawable(actor: Actor, tasks: Sequence[Task]) -> Task | None:
    """The actor's own last step, when he may still take it back."""
    own = [task for task in tasks if task.done_by == actor.person_id and task.state == "done"]
    last = max(own, key=lambda task: task.id, default=None)
    return last if last is not None and returning.may_withdraw(actor, last) else None


def stage_bar(case: Case, tasks: Sequence[Task]) -> list[Stage]:
    """Where the case stands, station by station."""
    now = clock.now()
    bar = []
    order = [key for key, _ in STAGES]
    current = order.index(case.stage) if case.stage in order else -1
    for index, (key, name) in enumerate(STAGES):
        own = [task for task in tasks if task.stage == key]
        open_here = [task for task in own if task.state == "open"]
        done = [task.done_at for task in own if task.state == "done" and task.done_at]
        if open_here:
            late = any(task.due_at and task.due_at < now for task in open_here)
            bar.append(Stage(key, name, "late" if late else "active", "已超时" if late else "办理中"))
        elif case.status == "running" and index == current:
            bar.append(Stage(key, name, "active", "等待期限"))
        elif done and (index < current or case.status == "completed"):
            href = f"/cases/{case.no}#stage-{key}"
            bar.append(Stage(key, name, "done", f"{clock.local(max(done)):%m月%d日}", href))
        elif done and case.status != "running":
            bar.append(Stage(key, name, "done" if index < current else "ended", "到此结束"))
        else:
            bar.append(Stage(key, name, "todo", ""))
    return bar


def bars(cases: Mapping[int, Case]) -> dict[int, list[Stage]]:
    """Thin stage bars for a list, from the case rows alone."""
    order = [key for key, _ in STAGES]
    made = {}
    for case_id, case in cases.items():
        at = order.index(case.stage) if case.stage in order else 0
        made[case_id] = [
            Stage(key, name, "done" if i < at else "active" if i == at else "todo", "")
            for i, (key, name) in enumerate(STAGES)
        ]
    return made


def diagram(actor: Actor, case: Case, path: str) -> dict[str, Any] | None:
    """What the viewer needs to draw one diagram of a case; None when there is no such diagram."""
    bundle = definitions.bundle(case.definition_id)
    process = bundle.process_key
    trail = [{"path": "", "name": bundle.title}]
    walked: list[str] = []
    for element in filter(None, path.split("/")):
        target = bundle.model.calls(process).get(element)
        if target is None:
            return None
        walked.append(element)
        process = target
        trail.append({"path": "/".join(walked), "name": bundle.model.title(process)})
    states = diagram_states(case.id, process, path)
    badges = {}
    tasks = queries.tasks_of(case.id)
    for task in tasks:
        if task.state != "open" or task.path != path or task.due_at is None:
            continue
        if task.due_at < clock.now():
            days = max(1, (clock.now() - task.due_at).days)
            badges[task.element] = {"tone": "late", "text": f"超时 {days} 天"}
        elif task.reminded_at is not None:
            badges[task.element] = {"tone": "soon", "text": "即将到期"}
    calls = {
        element: f"/cases/{case.no}/diagram?path={'/'.join([*walked, element])}"
        for element in bundle.model.calls(process)
    }
    return {
        "xmlUrl": f"/cases/{case.no}/diagram.bpmn?process={process}",
        "states": states,
        "badges": badges,
        "spans": {} if outside(actor, case) else spans.marks(tasks, queries.history_of(case.id), path),
        "calls": calls,
        "trail": [
            {"name": step["name"], "url": f"/cases/{case.no}/diagram?path={step['path']}"} for step in trail
        ],
    }


def files_of(
    actor: Actor, form: forms.Form | None, answers: Mapping[str, Any] | None
) -> dict[int, StoredFile]:
    """The files a task page names and the reader may open: papers to read, and uploads already chosen."""
    if form is None:
        return {}
    wanted = [i for _, ids in form.papers for i in ids]
    for source in (form.values, answers or {}):
        for one in form.fields:
            if one.kind == "files":
                wanted += [i for i in source.get(one.key) or [] if isinstance(i, int)]
    return {file.id: file for file in readable_of(actor, wanted)}


def money_of(case_ids: Sequence[int]) -> dict[int, int]:
    """Budget in fen by case, for lists."""
    if not case_ids:
        return {}
    rows = session().execute(select(Project.case_id, Project.budget_fen).where(Project.case_id.in_(case_ids)))
    return {case_id: budget for case_id, budget in rows if budget}


def cursor(task: Task) -> str:
    """The place of a task in the to-do list, for the link to the next page."""
    return place(task.due_at, task.id)


def place(at: datetime | None, number: int) -> str:
    """A place in a list that is ordered by moments, for the link to its next page."""
    return f"{at.timestamp() if at else ''}_{number}"


def read_cursor(text: str | None) -> tuple[datetime | None, int] | None:
    """The place a link names; None for the first page and for rubbish."""
    stamp, _, number = (text or "").partition("_")
    if not number.isdigit():
        return None
    try:
        return (datetime.fromtimestamp(float(stamp), clock.SHANGHAI) if stamp else None), int(number)
    except (ValueError, OverflowError):
        return None


def fresh_key() -> str:
    """A new idempotency key for a form: sending it twice is one effect."""
    return secrets.token_urlsafe(18)
