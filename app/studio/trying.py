"""What the page of a try shows and offers, read inside the try: steps, those who may do them, acts, money, the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import select

from app.accounts.queries import actor as actor_of
from app.accounts.queries import names_of_people, names_of_units, people_of_units
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.files.queries import describe
from app.funds.models import CaseFund, Pot
from app.funds.queries import case_funds, pots_of
from app.runtime import act_forms, acts, definitions, returning, services, signers
from app.runtime.diagrams import diagram_states
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import asked_with, draft_of, tasks_of
from app.runtime.rules import role_name
from app.ui.forms import Form

LINES = 40
"""Lines of history on the page."""
SIGNS = "opinion"
"""The act of those who were asked to sign besides."""


@dataclass(frozen=True, slots=True)
class Step:
    """An open step and those who can do it now."""

    task: Task
    role: str
    unit: str
    people: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Way:
    """Something the chosen person can do besides filling in the form."""

    label: str
    icon: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """One source of money: what the project holds in it, and what it may still give."""

    name: str
    reserved: int
    encumbered: int
    paid: int
    free: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A file of the try, read from the try."""

    id: int
    name: str
    size: int
    media_type: str
    home: str


@dataclass(slots=True)
class Seen:
    """Everything the page shows.

    Attributes:
        who: the person chosen to do the chosen step.
        asked_by: who asked the chosen person to sign besides, "" when the step's own form is filled in.
        answers: what stands in the form: typed before, or filled in to be changed.
        taken_back: a step that can be taken back, and who did it.
    """

    case: Case
    time: datetime
    steps: list[Step]
    chosen: Step | None = None
    who: tuple[int, str] | None = None
    form: Form | None = None
    asked_by: str = ""
    answers: dict[str, Any] | None = None
    ways: list[Way] = field(default_factory=list)
    taken_back: tuple[Task, str] | None = None
    files: Mapping[int, Paper] = field(default_factory=dict)
    money: list[Line] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    way: dict[str, Any] | None = None


def seen(
    token: str, case_id: int, task_id: int | None, person_id: int | None, answers: dict[str, Any] | None
) -> Seen:
    """Everything the page of a try shows, read in the database of the context."""
    db = session()
    case = db.get_one(Case, case_id)
    waiting = tasks_of(case.id, "open")
    units = names_of_units({one.unit_id for one in waiting})
    steps = [
        Step(one, role_name(one.role), units.get(one.unit_id, ""), people_for(one, case)) for one in waiting
    ]
    lines = select(History).where(History.case_id == case.id).order_by(History.seq.desc()).limit(LINES)
    broken = select(Incident).where(Incident.case_id == case.id, Incident.state == "open")
    found = Seen(case, clock.now(), steps)
    found.history, found.incidents = list(db.scalars(lines)), list(db.scalars(broken))
    found.money, found.taken_back = _money(case), _taken_back(case)
    found.chosen = next((one for one in steps if one.task.id == task_id), steps[0] if steps else None)
    chosen = found.chosen
    if chosen is not None and chosen.people:
        found.who = next((one for one in chosen.people if one[0] == person_id), chosen.people[0])
        person = actor_of(found.who[0])
        found.form, found.asked_by = form_for(person, chosen.task)
        found.ways = _ways(token, person, chosen.task, alone=bool(found.asked_by))
        draft = None if found.asked_by or answers is not None else draft_of(person, chosen.task.id)
        typed = draft.answers if draft else answers
        found.answers = dict(found.form.answered(typed).values) if typed is not None else None
        found.files = papers(token, found.form, found.answers or found.form.values)
    found.way = diagram(token, case, chosen.task.path if chosen else "")
    return found


def people_for(task: Task, case: Case) -> list[tuple[int, str]]:
    """Those who can do a step now: who signs, who holds it, or all of its post."""
    ids = [case.owner_id] if task.role is None else acts.holders(task)
    names = names_of_people(set(ids))
    return [(one, names.get(one, "")) for one in ids]


def form_for(person: Actor, task: Task) -> tuple[Form, str]:
    """What a person fills in at a step, and who asked for it when it is only an opinion."""
    form = services.prepared_form(person, task.id)
    if not task.has_signers or signers.place_of(task, person) in (None, "own"):
        return form, ""
    row = next(one for one in signers.of(task) if one.person_id in person.persons)
    asked_by = names_of_people({row.added_by}).get(row.added_by, "") if row.added_by else ""
    opinion = act_forms.opinion_form(task, asked_by or "办理人", asked_with(task, row.added_by))
    return opinion.replace(facts=form.facts, tables=form.tables, papers=form.papers), asked_by or "办理人"


def near(person: Actor, case: Case) -> act_forms.People:
    """Colleagues one may turn to about a case."""
    units = {case.street_id, case.community_id, case.provider_id, case.evaluator_id} - {None}
    return [
        one
        for one in people_of_units({one for one in units if one in person.scope})
        if one[0].id not in person.persons
    ]


def papers(token: str, form: Form, answers: Mapping[str, Any]) -> dict[int, Paper]:
    """The files that a form shows or holds, of the try and of nothing else."""
    wanted = [number for _, ids in form.papers for number in ids]
    for one in form.fields:
        if one.kind == "files":
            wanted += [number for number in answers.get(one.key) or [] if isinstance(number, int)]
    home = url_for("trying.begin_files", token=token)
    return {file.id: Paper(file.id, file.name, file.size, file.media_type, home) for file in describe(wanted)}


def diagram(token: str, case: Case, path: str) -> dict[str, Any] | None:
    """What the viewer needs to show where the token is; None when there is no such diagram."""
    bundle = definitions.bundle(case.definition_id)
    process, walked = bundle.process_key, list[str]()
    trail = [{"name": bundle.title, "url": _way(token, "")}]
    for element in filter(None, path.split("/")):
        target = bundle.model.calls(process).get(element)
        if target is None:
            return None
        walked.append(element)
        process = target
        trail.append({"name": bundle.model.title(process), "url": _way(token, "/".join(walked))})
    return {
        "xmlUrl": url_for("trying.drawing", token=token, process=process),
        "states": diagram_states(case.id, process, path),
        "calls": {
            element: _way(token, "/".join([*walked, element])) for element in bundle.model.calls(process)
        },
        "trail": trail,
    }


def _way(token: str, path: str) -> str:
    return url_for("trying.way", token=token, path=path)


def _ways(token: str, person: Actor, task: Task, *, alone: bool) -> list[Way]:
    """What the drawing lets a person do with a step; the services decide."""

    def way(act: str, label: str, icon: str) -> Way:
        url = url_for("try_acts.act", token=token, task_id=task.id, act=act, whom=person.person_id)
        return Way(label, icon, url)

    found = []
    if not alone:
        if acts.allows(task, "transfer") and not task.has_signers and acts.successors(person, task):
            found.append(way("transfer", "转办", "send"))
        if acts.allows(task, "add_signer"):
            found.append(way("add-signer", "加签", "users-plus"))
        if acts.allows(task, "send_back"):
            found.append(way("send-back", "退回", "arrow-back-up"))
        if acts.allows(task, "reject"):
            found.append(way("reject", "否决", "ban"))
    found += [way("copy", "抄送", "copy"), way("comment", "补充意见", "message-plus")]
    if acts.allows(task, "urge"):
        found.append(way("urge", "由发起人催办", "bell-ringing"))
    return found


def _taken_back(case: Case) -> tuple[Task, str] | None:
    """The step done last, when who did it may still take it back (撤回)."""
    done = [one for one in tasks_of(case.id, "done") if one.done_by is not None]
    last = max(done, key=lambda one: one.done_at or one.created_at, default=None)
    if last is None or last.done_by is None or case.status != "running" or not acts.allows(last, "withdraw"):
        return None
    person = actor_of(last.done_by)
    return (last, person.name) if returning.may_withdraw(person, last) else None


def _money(case: Case) -> list[Line]:
    """The money of the year that the clock shows, and what the project holds of any year."""
    held = {one.pot_id: one for one in case_funds(case.id)}
    year = clock.today().year
    return [
        _line(pot, held.get(pot.id)) for pot in pots_of(case.street_id) if pot.year == year or pot.id in held
    ]


def _line(pot: Pot, held: CaseFund | None) -> Line:
    if held is None:
        return Line(pot.name, 0, 0, 0, pot.free)
    return Line(pot.name, held.reserved, held.encumbered, held.paid, pot.free)
