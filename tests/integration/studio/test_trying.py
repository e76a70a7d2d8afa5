"""Tries of drafts: everything acts as in the office, and nothing of it reaches the office."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock as time
from app.core import db
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.errors import NotFound, Refusal
from app.funds.queries import pots_of
from app.runtime.models import Case, Definition, Task
from app.runtime.queries import tasks_of
from app.studio import checking, drafts, sandbox
from tests.factories.studio import SMALL, begin, make_studio, small


@pytest.fixture
def studio(app: Flask) -> SimpleNamespace:
    del app
    return make_studio()


def test_each_context_has_its_own_database_and_clock(
    studio: SimpleNamespace, clock: MovableClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = db.make_engine(f"sqlite:///{tmp_path_factory.mktemp('other') / 'x.sqlite3'}")
    db.Base.metadata.create_all(other)
    later = MovableClock(clock.now() + timedelta(days=90))
    seen: dict[str, object] = {}
    inside, looked = threading.Event(), threading.Event()

    def office() -> None:
        inside.wait(20)
        seen["office"] = (
            db.place(),
            time.now(),
            session().scalar(select(func.count()).select_from(Definition)),
        )
        db.close()
        looked.set()

    thread = threading.Thread(target=office)
    thread.start()
    with unit_of_work() as around:
        around.execute(select(Definition.id))
        with db.elsewhere("other", other), time.shown(later):
            assert not db.in_unit_of_work()
            inside.set()
            assert looked.wait(20)
            count = session().scalar(select(func.count()).select_from(Definition))
            seen["other"] = (db.place(), time.now(), count)
        assert db.in_unit_of_work()
        assert session() is around
    thread.join()
    other.dispose()
    assert seen["office"] == ("", clock.now(), 1)
    assert seen["other"] == ("other", later.now(), 0)
    del studio


def test_a_try_runs_the_draft_and_the_office_sees_nothing(
    studio: SimpleNamespace, clock: MovableClock
) -> None:
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, SMALL, small("9"), 1)
    before = clock.now()
    token = sandbox.begin(studio.designer, draft.id, "试一试")
    with sandbox.looking(studio.designer, token) as opened:
        case = session().get_one(Case, opened.case_id)
        (task,) = tasks_of(case.id, "open")
        assert (case.title, task.element) == ("试一试", "write")
        assert pots_of(case.street_id)
    sandbox.complete_by_itself(studio.designer, token, task.id)
    sandbox.move_clock(studio.designer, token, clock.now() + timedelta(days=3))
    with sandbox.looking(studio.designer, token) as opened:
        (task,) = tasks_of(opened.case_id, "open")
        assert task.element == "decide"
        assert task.due_at is not None
        assert (task.due_at - task.created_at).days >= 9
        assert time.now() == clock.now() + timedelta(days=3)
    assert clock.now() == before
    for table in (Case, Task):
        assert session().scalar(select(func.count()).select_from(table)) == 0
    assert session().scalar(select(func.count()).select_from(Definition)) == 1
    with pytest.raises(NotFound):
        sandbox.find(studio.colleague, token)
    sandbox.end(studio.designer, token)
    with pytest.raises(NotFound):
        sandbox.find(studio.designer, token)


def test_a_recorded_run_becomes_a_test_that_tells_where_it_went(studio: SimpleNamespace) -> None:
    draft = begin(studio)
    token = sandbox.begin(studio.designer, draft.id, "录制")
    for _ in range(2):
        with sandbox.looking(studio.designer, token) as opened:
            (task,) = tasks_of(opened.case_id, "open")
        sandbox.complete_by_itself(studio.designer, token, task.id)
    with pytest.raises(Refusal):
        sandbox.keep_as_test(studio.designer, token, " ")
    name = sandbox.keep_as_test(studio.designer, token, "两步办结")
    sandbox.end(studio.designer, token)
    draft = drafts.find(draft.id)
    files = drafts.files_of(draft.id)
    assert name in files

    def said() -> list[str]:
        report = checking.judge(drafts.files_of(draft.id), draft)
        return [one.message for one in report.findings if one.rule == "recorded-run"]

    assert said() == []
    assert checking.judge(drafts.files_of(draft.id), draft).errors == []
    longer = small().replace(b'id="decide"', b'id="other"').replace(b'"decide"', b'"other"')
    longer = longer.replace(b"<bpmn:flowNodeRef>decide<", b"<bpmn:flowNodeRef>other<")
    drafts.save_file(studio.designer, draft.id, SMALL, longer, 99)
    (told,) = said()
    assert "第 2 步之后应当到" in told


def test_tries_are_bounded_and_those_of_old_are_thrown_away(
    studio: SimpleNamespace, clock: MovableClock
) -> None:
    draft = begin(studio)
    tokens = []
    for number in range(sandbox.MOST + 1):
        clock.advance(timedelta(minutes=1))
        tokens.append(sandbox.begin(studio.designer, draft.id, f"第 {number}"))
    assert [one.token for one in sandbox.tries_of(studio.designer, draft.id)] == tokens[1:]
    clock.advance(sandbox.LASTS + timedelta(minutes=1))
    last = sandbox.begin(studio.designer, draft.id, "最后")
    assert [one.token for one in sandbox.tries_of(studio.designer, draft.id)] == [last]
    sandbox.end(studio.designer, last)
