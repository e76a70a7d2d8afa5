"""The demo's clock: time passes at a click, a restart keeps it, other environments know no such page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import config
from app.core import clock as time
from app.core import db, marks
from app.core.db import session
from app.core.errors import Refusal
from app.operations import demo_clock
from app.runtime.models import Task
from app.web import create_app
from tests.factories.site import token_in
from tests.integration.runtime.conftest import begin as begin  # noqa: PLC0414 - fixtures
from tests.integration.runtime.conftest import office as office  # noqa: PLC0414
from tests.integration.runtime.test_reminding import two
from tests.integration.runtime.test_workers import waiting
from tests.web.operations.test_cockpit import enter as enter  # noqa: PLC0414
from tests.web.operations.test_cockpit import words

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGE = "/demo/clock"


@pytest.fixture
def own_clock() -> Iterator[None]:
    """What an application installs does not reach the next test."""
    before = time.current()
    yield
    time.use(before)


def jump(browser: Any, **fields: str) -> str:
    answer = browser.post(PAGE, data={"csrf_token": token_in(browser.get(PAGE)), **fields})
    assert answer.status_code == 302
    return words(browser.get(answer.location))


def test_a_click_lets_time_pass_and_what_is_due_happens(
    app: Flask, office: SimpleNamespace, begin: Any, enter: Any, clock: time.MovableClock
) -> None:
    case = begin(waiting(), until=(time.now() + timedelta(days=3)).isoformat())
    browser = enter(office.clerks[0])
    start = time.now()
    assert "没有到期事项" in jump(browser, to="hour")
    assert time.now() - start == timedelta(hours=1)
    jump(browser, to="workday")
    assert time.local(time.now()).strftime("%m-%d %H:%M") == "03-03 09:00"
    assert "到这个期限" in words(browser.get(PAGE))
    assert "处理了 1 件" in jump(browser, to="case", case=case.no)
    assert [task.element for task in session().query(Task).filter_by(case_id=case.id)] == ["after"]
    assert "现在不等任何期限" in jump(browser, to="case", case=case.no)
    assert "请选择" in jump(browser, to="yesterday")


def test_jumps_go_to_reminders_too_and_end_somewhere(
    app: Flask, office: SimpleNamespace, begin: Any, clock: time.MovableClock
) -> None:
    case = begin(two())
    assert demo_clock.jump(office.clerks[0], "case", case.no) == 1
    assert demo_clock.jump(office.clerks[0], "case", case.no) == 1
    db.close()
    task = session().query(Task).filter_by(case_id=case.id).one()
    assert (task.reminded_at is not None, task.escalated_at is not None) == (True, True)
    clock.advance(timedelta(days=9000))
    with pytest.raises(Refusal, match="不能再往后"):
        demo_clock.jump(office.clerks[0], "day")


def test_a_restart_keeps_the_time(app: Flask, settings: config.Settings, own_clock: None) -> None:
    time.use(time.SystemClock())
    with db.unit_of_work():
        marks.put(demo_clock.MARK, str(timedelta(days=2).total_seconds()))
    url = db.engine().url.render_as_string(hide_password=False)
    create_app(replace(settings, database_url=url))
    ahead = time.now() - time.SystemClock().now()
    assert timedelta(days=1, hours=23) < ahead <= timedelta(days=2)
    create_app(replace(settings, database_url=url, env="development"))
    assert isinstance(time.current(), time.SystemClock)


@pytest.mark.parametrize("env", ["development", "production"])
def test_elsewhere_the_page_does_not_exist(
    database: Any, settings: config.Settings, env: str, own_clock: None
) -> None:
    url = database.url.render_as_string(hide_password=False)
    flask = create_app(replace(settings, database_url=url, env=env))
    browser = flask.test_client()
    assert browser.get(PAGE).status_code == 404
    assert browser.post(PAGE).status_code in (400, 404)
    db.engine().dispose()
    db.bind(None)
