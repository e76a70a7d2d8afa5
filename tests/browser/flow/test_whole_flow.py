"""One community proposal through the whole flow, by clicking as the roles in a real browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

import config
from app.accounts.demo import PASSWORD
from app.accounts.models import Person
from app.cli import demo
from app.cli import world as worlds
from app.cli.player import PAPER, Player, Step
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import Actor
from app.procurement import bidding
from app.procurement import queries as procurement_read
from app.runtime import services
from app.runtime.models import Case, Task
from app.ui import forms
from app.web import create_app

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.effectiveDirective));"""
CLERK_DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SHOTS = Path(os.environ.get("ZHENJIE_SCREENSHOTS", "build/screenshots"))


@pytest.fixture
def office(
    database: Engine, clock: time.MovableClock, settings: config.Settings
) -> Iterator[SimpleNamespace]:
    """The application with the demo's world, served on a port of its own."""
    url = database.url.render_as_string(hide_password=False)
    flask: Flask = create_app(replace(settings, database_url=url, public_url=""))
    own = db.engine()
    world = worlds.build(everything=False)
    db.close()
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(base=f"http://127.0.0.1:{server.server_port}", world=world, clock=clock)
    server.shutdown()
    thread.join()
    db.bind(None)
    own.dispose()


@dataclass
class Clicking(Player):
    """A player whose people use the pages: each signs in once and types what the scenario answers."""

    base: str = ""
    browser: Browser | None = None
    people: dict[int, Page] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    small: tuple[str, ...] = ()

    def page_of(self, actor: Actor, form: str) -> Page:
        """The signed-in browser of a person; the steps named `small` are done on a phone."""
        assert self.browser is not None
        assert actor.person_id is not None
        if actor.person_id not in self.people:
            context: BrowserContext = self.browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
            page = context.new_page()
            page.set_default_timeout(30000)
            page.add_init_script(WATCH)
            page.on("pageerror", lambda error: self.errors.append(str(error)))
            login = session().get_one(Person, actor.person_id).login
            page.goto(f"{self.base}/login")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", PASSWORD)
            page.click("form button[type=submit] >> nth=0")
            page.wait_for_url("**/desk")
            self.people[actor.person_id] = page
        page = self.people[actor.person_id]
        page.set_viewport_size(PHONE if form in self.small else CLERK_DESK)  # type: ignore[arg-type]
        return page

    def _complete(self, case: Case, task: Task) -> None:
        actor, key, task_id = self.actor_for(case, task), task.form_key or "", task.id
        if key == "procurement.open":
            bidding.unseal(actor, procurement_read.current(case.id).id)
        form = services.prepared_form(actor, task_id)
        answers = self._answers(actor, form, task)
        page = self.page_of(actor, key)
        page.goto(f"{self.base}/desk/tasks/{task_id}")
        if key == "proposal.vote":
            self._refused_first(page, form, answers)
        write(page, form, answers)
        if key == "contract.draft":
            shot(page, "task")
        if key in self.small:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], key
        with page.expect_navigation():  # a click alone returns before a busy server has answered
            page.click("#task-form .zj-formbar button[type=submit]")
            if form.effects and page.locator("#zj-confirm[open]").count():
                page.click("#zj-confirm [data-yes]")
        faults = page.locator("#form-errors")
        assert not faults.count(), f"{key}: {faults.inner_text()}"
        assert page.evaluate("window.violations") == []
        db.close()
        done = session().get_one(Task, task_id)
        assert done.state == "done", f"{key}: {page.locator('main').inner_text()[:400]}"
        self.steps.append(Step(done.stage or "", done.title, done.role or "", done.outcome or ""))
        self.afterwards(done.case_id, done)

    def _refused_first(self, page: Page, form: forms.Form, answers: dict[str, Any]) -> None:
        """A vote that does not add up comes back with the reason beside the field and all that was typed."""
        write(page, form, {**answers, "against": answers["against"] + 1})
        with page.expect_navigation():
            page.click("#task-form .zj-formbar button[type=submit]")
        expect(page.locator("[name='yes']")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[name='against']")).to_have_value(str(answers["against"] + 1))
        expect(page.locator("[name='present']")).to_have_value(str(answers["present"]))
        expect(page.locator("#form-errors")).to_be_focused()
        expect(page.locator("[data-field] .zj-fault").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def write(page: Page, form: forms.Form, answers: dict[str, Any]) -> None:
    """Type the answers into the form as a person would, field by field."""
    for one in form.fields:
        if one.hidden or one.key not in answers:
            continue
        if one.kind == "rows":
            rows = page.locator(f"[data-rows='{one.key}'] tbody tr")
            for number, row in enumerate(answers[one.key]):
                if number >= rows.count():
                    page.locator(f"[data-rows='{one.key}'] [data-add]").click()
                for column in one.columns:
                    if not column.read_only and column.key in row:
                        put(page, column, f"{one.key}-{number}-{column.key}", row[column.key])
        elif not one.read_only and form.visible(one.key, answers):
            put(page, one, one.key, answers[one.key])


def put(page: Page, one: Any, name: str, value: Any) -> None:
    """One field."""
    if one.kind == "files":
        field = page.locator(f"[data-upload-field='{name}']")
        field.locator("input[type=file]").first.set_input_files(
            {"name": "材料.pdf", "mimeType": "application/pdf", "buffer": PAPER}
        )
        field.locator("input[type=hidden]").first.wait_for(state="attached")
        return
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if one.kind == "fen":
        word = f"{value // 100}.{value % 100:02d}"
    boxes = page.locator(f"input[name='{name}'][type=radio], input[name='{name}'][type=checkbox]")
    if boxes.count():
        for choice in value if isinstance(value, list) else [word]:
            box = page.locator(f"input[name='{name}'][value='{choice}']")
            if not box.is_checked():
                box.locator("xpath=ancestor::label[1]").click()  # the label is what a finger meets
            expect(box).to_be_checked()
    elif page.locator(f"select[name='{name}']").count():
        page.select_option(f"select[name='{name}']", word)
    else:
        page.fill(f"[name='{name}']", word)


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


def shot(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


@pytest.mark.timeout(600)
def test_from_proposal_to_final_payment(office: SimpleNamespace, browser: Browser) -> None:
    title, proposal = PROPOSALS[0]
    player = Clicking(
        office.world,
        demo.plan_for("straight", proposal),
        office.clock,
        base=office.base,
        browser=browser,
        small=("proposal.lead", "proposal.draft", "proposal.deliberate", "proposal.vote"),
    )
    case_id = player.start("community", f"{office.world.communities[0].name}{title}")
    case = player.play(case_id)
    assert case.status == "completed"
    assert len(player.steps) >= 25
    assert player.errors == []
    assert demo.broken(case, "straight") == []
    no = case.no
    page = player.page_of(player._person("street.leader", office.world.street.id), "")
    for where, name in ((f"/cases/{no}", "case"), ("/desk", "desk"), ("/cases", "cases"), ("/", "portal")):
        page.goto(office.base + where)
        page.wait_for_timeout(600)
        shot(page, name)
        assert serious(page) == [], where
    page.goto(f"{office.base}/cases/{no}")
    assert "已办结" in page.locator("main").inner_text()
    mark = page.locator(".bjs-powered-by").bounding_box()
    assert mark is not None
    assert mark["width"] > 0
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for where in (f"/cases/{no}", "/desk"):
        page.goto(office.base + where)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for one in player.people.values():
        one.context.close()
