"""The studio served to a real browser, a designer signed in, a draft begun."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

import config
from app.accounts.models import Person
from app.core import clock as time
from app.core import db
from app.core.identity import Actor
from app.studio import drafts
from app.web import create_app
from tests.factories.site import PASSWORD
from tests.factories.studio import begin, make_studio

WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));"""


@dataclass
class Studio:
    """The served application with its people and one draft."""

    base: str
    people: SimpleNamespace
    draft_id: int
    browser: Browser
    errors: list[str]
    password: str = PASSWORD

    def enter(self, actor: Actor, width: int = 1440) -> Page:
        """A signed-in browser of a person."""
        context = self.browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": width, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.base}/login")
        page.fill("input[name=login]", db.session().get_one(Person, actor.person_id).login)
        page.fill("input[name=password]", self.password)
        page.click("form button[type=submit] >> nth=0")
        page.wait_for_url("**/desk")
        db.close()
        return page

    def open(self, page: Page, place: str) -> None:
        """An editor of the draft, loaded and checked once."""
        page.goto(f"{self.base}/studio/drafts/{self.draft_id}/{place}")
        page.wait_for_selector("[data-island][data-ready]")

    def saved(self, page: Page) -> None:
        """Wait until what was changed has been saved."""
        expect(page.locator("[data-state]")).to_contain_text("已保存")

    def file(self, name: str) -> str:
        """A file of the draft as it is stored."""
        db.close()
        return drafts.file_of(self.draft_id, name).decode()

    def stored(self, page: Page, name: str, part: str, times: int = 1) -> str:
        """A file of the draft once it holds a text."""
        for _ in range(80):
            text = self.file(name)
            if text.count(part) >= times:
                return text
            page.wait_for_timeout(250)
        raise AssertionError(f"{part} was not saved")

    def clean(self, page: Page) -> None:
        """No script failed, the security policy was not hurt, nothing was left in English."""
        assert self.errors == []
        assert page.evaluate("window.violations") == []
        assert page.evaluate("document.documentElement.dataset.untranslated ?? ''") == ""


@contextmanager
def served(
    database: Engine,
    settings: config.Settings,
    browser: Browser,
    make: Callable[[], SimpleNamespace],
    password: str = PASSWORD,
) -> Iterator[Studio]:
    """The application on a port of its own, with what `make` puts into its database."""
    expect.set_options(timeout=15_000)  # a drawing is checked while other tests run beside it
    url = database.url.render_as_string(hide_password=False)
    flask = create_app(replace(settings, database_url=url, public_url=""))
    own = db.engine()
    people = make()
    db.close()
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    yield Studio(base, people, people.draft_id, browser, [], password)
    server.shutdown()
    thread.join()
    db.bind(None)
    own.dispose()


def drafted(*, whole: bool) -> SimpleNamespace:
    """People, a way of working in force, and a draft of it."""
    people = make_studio(whole=whole)
    people.draft_id = begin(people).id
    return people


@pytest.fixture
def studio(
    database: Engine, clock: time.MovableClock, settings: config.Settings, browser: Browser
) -> Iterator[Studio]:
    """The whole Zhuhai flow in force, and a draft of it."""
    del clock
    with served(database, settings, browser, lambda: drafted(whole=True)) as made:
        yield made


@pytest.fixture
def small_studio(
    database: Engine, clock: time.MovableClock, settings: config.Settings, browser: Browser
) -> Iterator[Studio]:
    """A flow of two steps in force, and a draft of it; `people.clock` moves the time."""
    with served(database, settings, browser, lambda: drafted(whole=False)) as made:
        made.people.clock = clock
        yield made
