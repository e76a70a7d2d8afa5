"""The desk's pages for everybody: what axe finds, on a phone, at twice the size."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app.core import db
from app.core.db import unit_of_work
from app.files import services as files
from app.inbox import services as choices
from app.runtime import services
from app.runtime.models import Case
from tests.browser.desk.conftest import PHONE, sign_in, small
from tests.browser.desk.test_nothing_lost import PNG
from tests.integration.runtime.conftest import opened
from tests.web.inbox.conftest import two_steps

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
DESK = {"width": 1440, "height": 900}
TWICE = {"width": 720, "height": 450}


def findings(page: Page) -> list[str]:
    """Everything axe finds, of whatever weight."""
    return [f"{one['id']}: {one['help']}" for one in Axe().run(page).response["violations"]]


@pytest.mark.timeout(240)
def test_every_page_of_the_desk(office: SimpleNamespace, begin: Any, base: str, page: Page) -> None:
    clerk = office.clerks[0]
    made = [begin(two_steps()) for _ in range(3)]
    with unit_of_work() as work:
        for case in made:
            work.get_one(Case, case.id).title = "狮山街道教育社区居家养老助餐与上门探访服务（第二期）"
    picture = files.store(clerk, "现场.png", io.BytesIO(PNG)).id
    tasks = [opened(case, "check").id for case in made]
    choices.add_phrase(clerk, "材料齐全，同意。")
    choices.save_filter(clerk, "desk", "急的", "due=soon")
    services.complete_task(clerk, tasks[2], {"decision": "agree"})
    db.close()
    sign_in(page, base, clerk)
    places = ["/desk", "/desk?due=overdue", f"/desk/tasks/{tasks[0]}?from=desk", "/desk/done", "/cases"]
    places += ["/desk/mine", "/desk/phrases", f"/desk/tasks/{tasks[2]}", f"/files/{picture}/page"]
    places += [f"/desk/batch?task={tasks[0]}&task={tasks[1]}", "/desk?q=zz"]
    found: dict[str, list[str]] = {}
    for view in ("cards", "table"):
        choices.choose_view(clerk, view)
        db.close()
        for place in places if view == "cards" else ["/desk"]:
            page.set_viewport_size(DESK)  # type: ignore[arg-type]
            page.goto(base + place)
            if faults := findings(page):
                found[f"{view} {place}"] = faults
            page.set_viewport_size(TWICE)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth") <= TWICE["width"], place
            page.set_viewport_size(PHONE)  # type: ignore[arg-type]
            small(page)
    assert not found, "\n".join(f"{place}: {faults}" for place, faults in found.items())
