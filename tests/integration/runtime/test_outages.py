"""A database that goes away is no fault of the case: no incident, no rest, and the same again is safe."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Fault, Unavailable
from app.runtime import deadlines, handlers, jobs, services
from app.runtime.models import Case, Incident
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import elements, opened

Begin = Callable[..., Case]
CLERK = "街道经办"


def waiting() -> Diagram:
    made = Diagram("wait", "等待", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("one", "一", CLERK, 1, form="act.one")
    made.timer("pause", "公示", lane=CLERK, col=2, wait="P2D")
    made.user("two", "二", CLERK, 3, form="act.one")
    made.end("end", lane=CLERK, col=4)
    for pair in (("start", "one"), ("one", "pause"), ("pause", "two"), ("two", "end")):
        made.flow(*pair)
    return made


def broken(words: str) -> OperationalError:
    return OperationalError("SELECT 1", None, sqlite3.OperationalError(words))


def incidents() -> int:
    db.close()
    return session().scalar(select(func.count()).select_from(Incident)) or 0


def test_a_step_that_meets_an_outage_is_sent_again(
    office: SimpleNamespace, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(waiting())
    task, clerk = opened(case, "one").id, office.clerks[0]

    def submit(*_: object) -> dict[str, object]:
        raise broken("server closed the connection unexpectedly")

    with monkeypatch.context() as away:
        away.setitem(handlers._forms, "act.one", handlers.FormHandler("act.one", submit))
        with pytest.raises(Unavailable, match="再提交一次"):
            services.complete_task(clerk, task, {"decision": "agree"}, "key")
    assert incidents() == 0
    done = services.complete_task(clerk, task, {"decision": "agree"}, "key")
    assert services.complete_task(clerk, task, {"decision": "agree"}, "key") == done


def test_a_statement_that_is_wrong_is_a_fault(
    office: SimpleNamespace, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(waiting())

    def submit(*_: object) -> dict[str, object]:
        raise broken("no such column: x")

    monkeypatch.setitem(handlers._forms, "act.one", handlers.FormHandler("act.one", submit))
    with pytest.raises(Fault):
        services.complete_task(office.clerks[0], opened(case, "one").id, {"decision": "agree"})
    assert incidents() == 1


def test_a_timer_that_meets_an_outage_does_not_rest(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(waiting())
    services.complete_task(office.clerks[0], opened(case, "one").id, {"decision": "agree"})
    clock.advance(timedelta(days=2, seconds=2))

    def fire(*_: object) -> None:
        raise broken("database is locked")

    with monkeypatch.context() as away:
        away.setattr(deadlines, "fire", fire)
        with pytest.raises(OperationalError):
            jobs.run_due()
    assert incidents() == 0
    assert jobs.run_due() == 1  # at once, not after ten minutes
    assert elements(case) == ["two"]


def test_a_session_whose_connection_has_died_is_thrown_away(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = session()

    def closing() -> None:
        raise broken("server closed the connection unexpectedly")

    monkeypatch.setattr(old, "close", closing)
    db.close()
    assert session() is not old
    assert incidents() == 0
