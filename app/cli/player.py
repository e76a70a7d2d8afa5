"""Plays all roles of a case by the services that the pages use: for demo, seed and tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import select

from app.accounts.queries import actor as actor_of
from app.accounts.queries import people_with
from app.ballots import survey_queries, surveys
from app.cli.papers import handed_in
from app.cli.world import World
from app.core import clock, db
from app.core.db import session
from app.core.errors import ZhenjieError
from app.core.identity import RESIDENT, Actor, Role
from app.files import services as files
from app.notices import queries as notices_read
from app.notices import services as notices
from app.procurement import bidding
from app.procurement import queries as procurement_read
from app.projects.rules import QUESTIONS
from app.projects.services import start_project
from app.runtime import jobs, services
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from app.runtime.rules import role_name
from app.ui import forms

Answers: TypeAlias = Mapping[str, Any]
Choose: TypeAlias = Callable[[Case, Task, forms.Form], Answers]
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MOST_STEPS = 200


@dataclass
class Step:
    """What one step of a scenario did."""

    stage: str
    task: str
    role: str
    result: str


@dataclass
class Plan:
    """How a scenario answers: the proposal, and what differs from the ordinary way.

    Attributes:
        proposal: answers of the proposal forms.
        choices: answers by form key over the ordinary ones; a list gives one per pass.
        bidders: how many organisations bid in each round.
        object_to_notice: a resident objects to the first project notice.
        satisfied: score that residents give, 1–5.
        judged: points the evaluator gives each indicator, 0–100.
    """

    proposal: Answers
    choices: Mapping[str, Answers | list[Answers]] = field(default_factory=dict)
    bidders: list[int] = field(default_factory=lambda: [3])
    object_to_notice: bool = False
    satisfied: int = 5
    judged: int = 92


@dataclass
class Player:
    """One case, played step by step.

    Attributes:
        limit: the case is left waiting for what lies behind this moment.
        papers: whether people hand in papers where there are some for the step.
    """

    world: World
    plan: Plan
    clock: clock.MovableClock
    told: Callable[[Step], None] = lambda _step: None
    limit: datetime | None = None
    steps: list[Step] = field(default_factory=list)
    passes: dict[str, int] = field(default_factory=dict)
    rounds: int = 0
    papers: bool = False

    def start(self, origin: str, title: str, community: int = 0) -> int:
        """Start a case; answers its id."""
        unit = self.world.communities[community]
        if origin == "street_plan":
            starter = self._person(Role.STREET_CLERK, self.world.street.id)
        else:
            starter = self._person(Role.COMMITTEE_MEMBER, unit.id)
        return start_project(starter, origin=origin, title=title, community_id=unit.id).id

    def play(self, case_id: int, until: str | None = None) -> Case:
        """Play on until the case ends, or until a step with this form is open."""
        for _ in range(MOST_STEPS):
            db.close()
            case = session().get_one(Case, case_id)
            if case.status != "running":
                return case
            waiting = tasks_of(case_id, "open")
            if until is not None and any(task.form_key == until for task in waiting):
                return case
            if waiting:
                self._complete(case, waiting[0])
            elif self.limit is not None and (case.next_due or clock.now()) > self.limit:
                return case  # the deadline lies in the future: the case stands waiting for it
            else:
                self._wait(case)
        raise ZhenjieError("the scenario does not come to an end")

    def _complete(self, case: Case, task: Task) -> None:
        actor, answers = self.answer(case, task)
        done = services.complete_task(actor, task.id, answers)
        line = session().get_one(Task, task.id, populate_existing=True)
        step = Step(task.stage or "", task.title, role_name(task.role), line.outcome or "已办理")
        self.steps.append(step)
        self.told(step)
        self.afterwards(done.case_id, task)
        self.clock.advance(timedelta(minutes=20))

    def answer(self, case: Case, task: Task) -> tuple[Actor, dict[str, Any]]:
        """Who does a step, and the answers to its form."""
        actor = self.actor_for(case, task)
        return actor, self.answers(actor, task)

    def answers(self, actor: Actor, task: Task) -> dict[str, Any]:
        """The answers of this person to the form of a step."""
        if task.form_key == "procurement.open":
            bidding.unseal(actor, procurement_read.current(task.case_id).id)
        return self._answers(actor, services.prepared_form(actor, task.id), task)

    def _wait(self, case: Case) -> None:
        """Nothing for people to do: let time pass to the next deadline."""
        if case.next_due is None:
            raise ZhenjieError(f"{case.no} waits for nobody and nothing")
        self.clock.set(max(case.next_due, clock.now()) + timedelta(hours=9))
        jobs.run_due()

    def actor_for(self, case: Case, task: Task) -> Actor:
        """Who does a step."""
        if task.role is None or task.unit_id is None:
            return actor_of(case.owner_id)
        acted = set(
            session().scalars(
                select(Task.done_by).where(Task.case_id == case.id, Task.group_id == task.group_id)
            )
            if task.group_id
            else ()
        )
        people = [p for p in people_with(task.role, task.unit_id) if p.id not in acted]
        if task.form_key == "payment.pay":
            people.reverse()  # the cashier pays what the accountant has checked
        return actor_of(people[0].id)

    def _person(self, role: str, unit_id: int) -> Actor:
        return actor_of(people_with(role, unit_id)[0].id)

    def _answers(self, actor: Actor, form: forms.Form, task: Task) -> dict[str, Any]:
        key = task.form_key or ""
        given = {**form.values}
        if key in ("proposal.draft", "proposal.plan", "proposal.revise", "proposal.revise_plan"):
            given.update(self.plan.proposal)
        choice = self.plan.choices.get(key, {})
        if isinstance(choice, list):
            nth = min(self.passes.get(key, 0), len(choice) - 1)
            choice = choice[nth]
        self.passes[key] = self.passes.get(key, 0) + 1
        given.update(ORDINARY.get(key, {}))
        given.update(self._rows(key, given))
        given.update(self._numbers(key, task))
        if self.papers and (papers := handed_in(key)):
            given["files"] = [
                files.store(actor, name, io.BytesIO(file.read_bytes())).id for name, file in papers
            ]
        given.update(choice)
        return fill(actor, form, given)

    @staticmethod
    def _numbers(key: str, task: Task) -> Answers:
        """Numbers of papers, each its own."""
        if key == "contract.sign":
            return {"contract_no": f"演示合同-{task.case_id:04d}"}
        if key == "payment.request":
            return {"invoice_no": f"演示发票-{task.id:06d}"}
        if key == "payment.pay":
            return {"voucher_no": f"演示凭证-{task.id:06d}"}
        return {}

    def _rows(self, key: str, given: Answers) -> Answers:
        """Rows that the form prepares and a person completes."""
        if key == "procurement.score":
            return {"scores": [{**row, "points": row["most"] * 9 // 10} for row in given["scores"]]}
        if key in ("evaluation.score", "evaluation.score_third"):
            rows = given.get("indicators", [])
            return {
                "indicators": [{**row, "result": "达到目标值", "score": self.plan.judged} for row in rows]
            }
        return {}

    def afterwards(self, case_id: int, task: Task) -> None:
        """What others do meanwhile: residents object and answer, organisations bid."""
        if (
            task.form_key == "notice.publish"
            and self.plan.object_to_notice
            and self.passes.get("notice.publish") == 1
        ):
            notice = notices_read.latest(case_id, "project")
            if notice is not None:
                notices.object_to(
                    RESIDENT, notice.id, kind="objection", text="服务时间与社区老人的作息不合适，建议调整。"
                )
        if task.form_key == "procurement.approve":
            self._bid(case_id)
        if task.form_key == "evaluation.plan":
            self._survey(case_id)

    def _bid(self, case_id: int) -> None:
        found = procurement_read.current(case_id)
        if found.state != "published":
            return
        count = self.plan.bidders[min(self.rounds, len(self.plan.bidders) - 1)]
        self.rounds += 1
        for number, organisation in enumerate(self.world.organisations[:count]):
            member = self._person(Role.ORGANISATION_MEMBER, organisation.id)
            amount = found.ceiling * (98 - 2 * number) // 100 // 100 * 100
            bidding.submit_bid(
                member,
                found.id,
                {
                    "amount": amount,
                    "plan": f"{organisation.name}的服务方案：按需求组织专业人员，按月报告进度。",
                },
            )

    def _survey(self, case_id: int) -> None:
        survey = survey_queries.latest(case_id)
        if survey is None:
            return
        clerk = self._person(Role.STREET_CLERK, self.world.street.id)
        keys = [question["key"] for question in survey.questions]
        for number, code in enumerate(surveys.issue_codes(clerk, survey.id, 40)):
            score = max(1, self.plan.satisfied - (1 if number % 5 == 0 else 0))
            surveys.answer(code, dict.fromkeys(keys, score))


def fill(actor: Actor, form: forms.Form, given: Answers) -> dict[str, Any]:
    """Answers to a form: what is given, and something valid for whatever else it requires."""
    answers: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    names = {one.key for one in form.fields}
    answers = {key: value for key, value in answers.items() if key in names}
    for one in form.fields:
        if not form.visible(one.key, answers):
            answers.pop(one.key, None)
        elif one.kind == "rows":
            if one.key in answers or one.required:
                answers[one.key] = [_row(actor, one, row) for row in answers.get(one.key) or [{}]]
        elif one.key not in answers and one.required:
            answers[one.key] = _value(actor, one)
    return {key: value for key, value in answers.items() if value not in ("", [])}


def _row(actor: Actor, rows: Any, row: Answers) -> dict[str, Any]:
    made = dict(row)
    for column in rows.columns:
        if column.key not in made and column.required:
            made[column.key] = _value(actor, column)
    return made


def _value(actor: Actor, one: Any) -> Any:
    if one.kind == "choice":
        return one.options[0][0]
    if one.kind == "choices":
        return [one.options[0][0]]
    if one.kind == "yesno":
        return True
    if one.kind == "files":
        return [files.store(actor, "演示材料.pdf", io.BytesIO(PAPER)).id]
    if one.kind == "day":
        return clock.today().isoformat()
    if one.kind in ("fen", "integer"):
        return max(1, int(one.prop.get("minimum", 1)))
    return "按规定办理，情况属实，材料齐全。"


ORDINARY: dict[str, Answers] = {
    "proposal.plan": {"policy_ref": "演示用政策依据"},
    "proposal.revise_plan": {"policy_ref": "演示用政策依据"},
    "proposal.vote": {
        "body": "residents_meeting",
        "eligible": 60,
        "present": 41,
        "yes": 30,
        "against": 6,
        "abstain": 5,
    },
    "proposal.deliberate": {"attendees": 12, "chair": "党组织书记"},
    "review.precheck": {
        "decision": "pass",
        "basic_met": True,
        "basic_reason": "属于居民基本生活需要",
        "inclusive_met": True,
        "inclusive_reason": "面向辖区全体目标人群",
        "public_met": True,
        "public_reason": "不以营利为目的",
    },
    "review.exclusion": {**dict.fromkeys(QUESTIONS, False), "opinion": "经核对，六项均不属于。"},
    "review.budget": {"decision": "ok"},
    "procurement.method": {"method": "internal_selection"},
    "procurement.score": {"ties": []},
    "delivery.report": {"report": "按计划开展服务，签到表和照片见附件。", "served": 520},
    "settlement.confirm": {},
}
