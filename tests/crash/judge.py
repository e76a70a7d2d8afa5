"""Judges a history after crashes: what was acknowledged is there, nothing is there twice, nothing stands still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from app.audit import services as audit
from app.contracts.models import Payment
from app.core import db
from app.core.db import session
from app.funds.models import Entry
from app.funds.queries import imbalances
from app.runtime import definitions
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import tasks_of
from tests.crash.load import Sent
from workflows import engine

PAUSE = "pause"
"""Elements whose id begins so are timers of the small model."""


def judge(sent: Sequence[Sent], cases: Sequence[int], before: int = 0) -> list[str]:
    """What is wrong with these cases, given all that clients sent; empty when nothing is.

    Args:
        before: history lines up to this one were there when the clients began.
    """
    db.close()
    found = [
        *_steps(sent, cases, before),
        *(problem for case_id in cases for problem in _case(case_id)),
        *_money(cases),
    ]
    db.close()
    verdict = audit.verify()
    return [*found, *([] if verdict.ok else [f"the audit chain is broken: {verdict.problem}"])]


def _steps(sent: Sequence[Sent], cases: Sequence[int], before: int) -> Iterator[str]:
    lines = session().execute(
        select(History.task_id, History.actor_id).where(
            History.kind == "completed",
            History.case_id.in_(cases),
            History.task_id.is_not(None),
            History.id > before,
        )
    )
    done: dict[int, list[int | None]] = {}
    for task_id, actor_id in lines:
        done.setdefault(task_id, []).append(actor_id)
    asked: dict[int, list[Sent]] = {}
    for one in sent:
        asked.setdefault(one.task_id, []).append(one)
    for task_id, people in done.items():
        if len(people) > 1:
            yield f"step {task_id} was done {len(people)} times"
        if not any(one.person_id in people for one in asked.get(task_id, ())):
            yield f"step {task_id} was done by nobody who sent it"
    for one in sent:
        if one.answer == "done" and one.person_id not in done.get(one.task_id, []):
            yield f"step {one.task_id} was acknowledged and is lost"
        if one.answer not in ("done", "conflict"):
            yield f"step {one.task_id} got no clear answer: {one.answer or 'none'} {one.page}"
        if one.answer == "conflict" and one.person_id in done.get(one.task_id, []):
            yield f"step {one.task_id} was done and its own client was told that it was not"


def _case(case_id: int) -> Iterator[str]:
    case = session().get_one(Case, case_id, populate_existing=True)
    waiting = tasks_of(case_id, "open")
    if case.status == "running":
        state = session().scalar(select(Case.state).where(Case.id == case_id)) or b""
        now = engine.look(definitions.bundle(case.definition_id).model, state)
        if {step.id for step in now.open} != {task.engine_id for task in waiting}:
            yield f"{case.no}: the to-do rows are not what the diagram waits for"
        if not waiting and case.next_due is None:
            yield f"{case.no} stands still: nobody and no deadline moves it"
    elif waiting:
        yield f"{case.no} has ended and still waits"
    lines = session().execute(
        select(History.seq, History.kind, History.element).where(History.case_id == case_id).order_by(History.seq)
    ).all()  # fmt: skip
    if [line.seq for line in lines] != list(range(1, case.history_seq + 1)):
        yield f"{case.no}: its history has gaps"
    passed = Counter(
        line.element for line in lines if line.kind == "passed" and (line.element or "").startswith(PAUSE)
    )
    if any(count > 1 for count in passed.values()):
        yield f"{case.no}: a deadline has passed more than once: {dict(passed)}"
    if passed and sum(line.kind == "timer" for line in lines) < sum(passed.values()):
        yield f"{case.no}: a deadline has passed without having fired"
    for message in session().scalars(select(Incident.message).where(Incident.case_id == case_id)):
        yield f"{case.no}: incident: {message}"


def _money(cases: Sequence[int]) -> Iterator[str]:
    yield from imbalances()
    for case_id in cases:
        steps = select(func.count()).select_from(Task).where(
            Task.case_id == case_id, Task.form_key == "payment.pay", Task.state == "done"
        )  # fmt: skip
        paid = session().execute(
            select(func.count(), func.coalesce(func.sum(Payment.amount), 0)).where(
                Payment.case_id == case_id, Payment.state == "paid"
            )
        ).one()  # fmt: skip
        entered = select(func.coalesce(func.sum(Entry.amount), 0)).where(
            Entry.case_id == case_id, Entry.to_account == "paid"
        )
        if session().scalar(steps) != paid[0]:
            yield f"case {case_id}: {paid[0]} payments for {session().scalar(steps)} payment steps"
        if session().scalar(entered) != paid[1]:
            yield f"case {case_id}: paid {paid[1]}, in the ledger {session().scalar(entered)}"
