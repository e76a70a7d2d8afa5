"""The judge finds what went wrong: each fault is planted into a whole history, and each is told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlalchemy import text, update

from app.core import db
from app.core.db import session, unit_of_work
from app.funds.models import Pot
from app.runtime import faults, services
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from tests.crash.judge import judge
from tests.crash.load import Sent
from tests.crash.test_crash import ticking
from tests.integration.runtime.conftest import begin, office  # noqa: F401 - fixtures

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the judge asks in plain SQL
Begin = Callable[..., Case]


@pytest.fixture
def history(office: SimpleNamespace, begin: Begin) -> tuple[int, list[Sent]]:  # noqa: F811
    """A case two people have worked on, and what they sent."""
    case = begin(ticking())
    task = tasks_of(case.id, "open")[0]
    clerk = office.clerks[0]
    services.complete_task(clerk, task.id, {"decision": "agree"}, "key")
    db.close()
    return case.id, [Sent(task.id, clerk.person_id or 0, "key", "done", 1)]


def run(*statements: str) -> None:
    """What no service would do; the guards of append-only tables are gone first, as attackers would."""
    with unit_of_work() as current:
        triggers = current.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for name in triggers:
            current.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            current.execute(text(statement))
    db.close()


def test_nothing_is_said_of_a_whole_history(history: tuple[int, list[Sent]]) -> None:
    assert judge(history[1], [history[0]]) == []


COPY = (
    "INSERT INTO history ({0}, seq, hash) SELECT {0}, 99, hash || 'x' FROM history WHERE kind = 'completed'"
).format("city, case_id, at, kind, element, process, path, title, task_id, actor_id, actor_name")
DELETE = "DELETE FROM history WHERE kind = 'completed'"


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ((DELETE,), "acknowledged and is lost"),
        ((COPY,), "was done 2 times"),
        (("UPDATE history SET actor_id = 2 WHERE kind = 'completed'",), "by nobody who sent it"),
        ((DELETE,), "history has gaps"),
        (("UPDATE cases SET next_due = NULL",), "stands still"),
        (("UPDATE task SET state = 'open', done_by = NULL",), "not what the diagram waits for"),
        (
            ("UPDATE cases SET status = 'completed'", "UPDATE task SET state = 'open'"),
            "ended and still waits",
        ),
        (("UPDATE history SET kind = 'passed', element = 'pause1' WHERE seq IN (1, 2)",), "more than once"),
        (("UPDATE history SET kind = 'passed', element = 'pause1' WHERE seq = 1",), "without having fired"),
        (("UPDATE history SET title = '别的' WHERE seq = 1",), "audit chain is broken"),
        (
            ("UPDATE audit_entry SET subject = 'x' WHERE id = (SELECT max(id) FROM audit_entry)",),
            "audit chain",
        ),
    ],
)
def test_a_planted_fault_is_told(
    history: tuple[int, list[Sent]], statements: tuple[str, ...], words: str
) -> None:
    case_id, sent = history
    run(*statements)
    assert any(words in problem for problem in judge(sent, [case_id])), judge(sent, [case_id])


@pytest.mark.parametrize(
    ("answer", "words"),
    [("", "no clear answer"), ("refused", "no clear answer"), ("conflict", "was told that it was not")],
)
def test_a_wrong_answer_is_told(history: tuple[int, list[Sent]], answer: str, words: str) -> None:
    case_id, sent = history
    sent[0].answer = answer
    assert any(words in problem for problem in judge(sent, [case_id]))


def test_a_wrong_ledger_is_told(history: tuple[int, list[Sent]], office: SimpleNamespace) -> None:  # noqa: F811
    case_id, sent = history
    with unit_of_work() as current:
        pot = Pot(
            street_id=office.street_id, year=2026, name="专项资金", source="fiscal", level="区级", purposes=[]
        )
        current.add(pot)
        current.flush()
        current.execute(update(Pot).values(allotted=100))
    assert any("pot" in problem for problem in judge(sent, [case_id]))


def test_a_payment_without_its_entry_is_told(history: tuple[int, list[Sent]]) -> None:
    case_id, sent = history
    with unit_of_work() as current:
        current.execute(
            update(Task).where(Task.case_id == case_id, Task.state == "done").values(form_key="payment.pay")
        )
    assert any("0 payments for 1" in problem for problem in judge(sent, [case_id]))


def test_an_incident_is_told(history: tuple[int, list[Sent]]) -> None:
    case_id, sent = history
    faults.open_for_timer(case_id, RuntimeError("期限处理失败"), "fault")
    assert any("期限处理失败" in problem for problem in judge(sent, [case_id]))
    assert session().get_one(Case, case_id).status == "running"
