"""One case taken through the real flow by chance: what people may do at each moment, and what must always hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, select

from app.accounts.queries import actor as actor_of
from app.accounts.queries import people_with
from app.cli.demo import unlawful
from app.cli.player import Player
from app.core import clock, db
from app.core.db import session
from app.core.errors import Refusal
from app.core.identity import Actor, Role
from app.funds.models import Entry
from app.policy import queries as policy
from app.projects import services as projects
from app.runtime import acts, definitions, jobs, returning, services, signers
from app.runtime.models import Case, Incident, Task
from app.runtime.queries import history_of, tasks_of
from app.ui import forms
from workflows import engine

WORDS = "按规定办理，情况属实。"


class Killed(BaseException):
    """The process is gone in the middle of an act."""


@dataclass
class Walker(Player):
    """Does what chance says; what a rule refuses is no step, whatever else goes wrong is a finding."""

    chance: random.Random = field(default_factory=random.Random)
    case_id: int = 0
    kept: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def step(self, act: str, seed: int) -> None:
        """One act, then all that must hold."""
        self.chance.seed(seed)
        db.close()
        case = session().get_one(Case, self.case_id)
        if case.status != "running":
            return
        try:
            what = getattr(self, act)(case)
        except Refusal as refusal:
            what = f"refused: {refusal}"
        self.done.append(f"{act}: {what}")
        db.close()
        problems = list(self.problems())
        assert not problems, "\n".join([*problems, "after", *self.done[-12:]])

    # --- acts

    def nothing(self, _case: Case) -> str:
        """Examples shrink to this."""
        return ""

    def complete(self, case: Case) -> str:
        """Somebody does an open step, mostly in the ordinary way."""
        waiting = tasks_of(case.id, "open")
        if not waiting:
            return self.time(case)
        task = self.chance.choice(waiting)
        self._complete(case, task)
        return task.title

    def _complete(self, case: Case, task: Task) -> None:
        if not task.has_signers:
            super()._complete(case, task)
            return
        row = next(one for one in signers.of(task) if one.state == "open")
        actor = actor_of(row.person_id)
        if row.place == "own":
            answers = self._answers(actor, services.prepared_form(actor, task.id), task)
            services.complete_task(actor, task.id, answers)
        else:
            services.sign_added(actor, task.id, agrees=self.chance.random() < 0.7, opinion=WORDS)

    def _answers(self, actor: Actor, form: forms.Form, task: Task) -> dict[str, Any]:
        answers = super()._answers(actor, form, task)
        found = next((one for one in form.fields if one.key == "decision" and one.kind == "choice"), None)
        if found is not None and self.chance.random() < 0.15:
            answers["decision"] = self.chance.choice(found.options)[0]
            answers.setdefault("opinion", WORDS)
        return answers

    def time(self, case: Case) -> str:
        """Time passes: a little, or to the next deadline."""
        if case.next_due is not None and self.chance.random() < 0.7:
            self.clock.set(max(case.next_due, clock.now()) + timedelta(minutes=1))
        else:
            self.clock.advance(timedelta(hours=self.chance.randint(1, 60)))
        return f"{jobs.run_due()} moved"

    def send_back(self, case: Case) -> str:
        """A step is sent back to any that has been passed."""
        task, actor = self._one(case)
        targets = [one for one in returning.targets(actor, task.id) if one.why_not is None]
        if not targets:
            return "nowhere to go"
        target = self.chance.choice(targets).task
        returning.send_back(actor, task.id, target.id, WORDS, straight=self.chance.random() < 0.4)
        return f"{task.title} → {target.title}"

    def withdraw(self, case: Case) -> str:
        """Somebody takes back what he did."""
        own = [task for task in tasks_of(case.id, "done") if task.done_by is not None]
        if not own:
            return "nothing done"
        task = max(own, key=lambda one: one.id)
        returning.withdraw(actor_of(task.done_by or 0), task.id)
        return task.title

    def claim(self, case: Case) -> str:
        """A step is claimed or given back."""
        task, actor = self._one(case)
        (services.release if task.claimed_by else services.claim)(actor, task.id)
        return task.title

    def transfer(self, case: Case) -> str:
        """A step is handed on."""
        task, actor = self._one(case)
        people = acts.successors(actor, task)
        if not people:
            return "nobody"
        acts.transfer(actor, task.id, self.chance.choice(people).id, WORDS)
        return task.title

    def add_signer(self, case: Case) -> str:
        """Somebody else is asked to sign too."""
        task, actor = self._one(case)
        clerk = self.chance.choice(people_with(Role.STREET_REVIEWER, case.street_id))
        acts.add_signer(actor, task.id, clerk.id, self.chance.choice(list(acts.PLACES)), WORDS)
        return task.title

    def say(self, case: Case) -> str:
        """Remarks, copies and reminders change nothing else."""
        task, actor = self._one(case)
        acts.comment(actor, case.id, WORDS)
        acts.urge(actor, task.id, WORDS)
        return task.title

    def cancel(self, case: Case) -> str:
        """The leader ends it, once in a long while."""
        if self.chance.random() < 0.8:
            return "not now"
        leader = actor_of(people_with(Role.STREET_LEADER, case.street_id)[0].id)
        projects.cancel(leader, case.id, WORDS, "合同第九条")
        return "ended"

    def reload(self, _case: Case) -> str:
        """The process starts anew: what memory held is gone."""
        policy.forget()
        definitions.forget()
        return ""

    def crash(self, case: Case) -> str:
        """The process dies at some statement of an act; nothing of the act may be left."""
        before = self.traces()
        act = self.chance.choice([self._last_call, self.send_back, self.withdraw, self.time])
        try:
            with killed_at(self.chance.randint(1, 25)):
                return f"survived {act(session().get_one(Case, case.id))}"
        except Killed:
            db.close()
            assert self.traces() == before, "an act that was not finished has left something"
            return "killed"

    def _last_call(self, case: Case) -> str:
        """Only the one service call of a completion: what a demo's people do around it are acts of their own."""
        task, actor = self._one(case)
        services.complete_task(actor, task.id, {"decision": "agree"} if task.has_signers else {})
        return task.title

    def _one(self, case: Case) -> tuple[Task, Actor]:
        waiting = tasks_of(case.id, "open")
        if not waiting:
            raise Refusal("现在没有待办。")
        task = self.chance.choice(waiting)
        if task.has_signers:
            row = next(one for one in signers.of(task) if one.state == "open")
            return task, actor_of(row.person_id)
        if task.claimed_by is not None:
            return task, actor_of(task.claimed_by)
        return task, self.actor_for(case, task)

    # --- what must hold

    def traces(self) -> list[object]:
        """What an act would change."""
        db.close()
        case = session().get_one(Case, self.case_id)
        return [
            case.rev,
            case.history_head,
            session().scalar(select(func.count()).select_from(Entry)),
            [(task.id, task.state, task.claimed_by) for task in tasks_of(self.case_id)],
        ]

    def problems(self) -> Iterator[str]:
        """What does not hold now."""
        case = session().get_one(Case, self.case_id)
        yield from unlawful(case)
        waiting = tasks_of(case.id, "open")
        if case.status == "running":
            bundle = definitions.bundle(case.definition_id)
            steps = {step.id for step in engine.look(bundle.model, case.state).open}
            if steps != {task.engine_id for task in waiting}:
                yield "the to-do rows are not what the diagram waits for"
            if not waiting and case.next_due is None:
                yield "the case stands still: nobody and no deadline moves it"
        elif waiting or case.next_due is not None:
            yield "an ended case still waits"
        lines = [f"{line.seq} {line.hash}" for line in history_of(case.id)]
        if lines[: len(self.kept)] != self.kept:
            yield "history has changed"
        if [line.split()[0] for line in lines] != [str(n) for n in range(1, case.history_seq + 1)]:
            yield "history has gaps"
        self.kept = lines
        for incident in session().scalars(select(Incident).where(Incident.case_id == case.id)):
            yield f"incident at {incident.element}: {incident.message}"


@contextmanager
def killed_at(count: int) -> Iterator[None]:
    """The process dies before the statement with this number."""
    left = [count]

    def strike(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(db.engine(), "before_cursor_execute", strike)
    try:
        yield
    finally:
        event.remove(db.engine(), "before_cursor_execute", strike)


ACTS = (
    ["nothing"] + ["complete"] * 24 + ["time"] * 3 + ["send_back"] * 5 + ["withdraw"] * 3 + ["claim"] * 2
    + ["transfer"] * 2 + ["add_signer"] * 2 + ["say", "cancel", "reload", "reload", "crash", "crash"]
)  # fmt: skip
"""How often each happens; the first is what examples shrink to."""
