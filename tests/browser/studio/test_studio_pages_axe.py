"""Every studio page for eyes and keyboards: axe finds nothing, nothing runs out of a phone, the tab key reaches all."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app.core import db
from app.runtime import definitions
from app.studio import drafts, moving, publishing
from tests.browser.studio.conftest import Studio
from tests.browser.studio.test_seeing import act, send_back, start
from tests.factories.studio import SMALL, begin, small

pytestmark = [pytest.mark.long, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
DRAWN = [[".zj-canvas"]]
"""Drawn by bpmn-js; what it shows stands in a table as well."""
UNREACHED = """() => {
  const all = [...document.querySelectorAll('main a[href], main button, main input:not([type=hidden]), main select, main textarea, main summary')];
  return all.filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex < 0 && !one.closest('.zj-canvas'))
    .map((one) => one.outerHTML.slice(0, 120));
}"""


def judged(page: Page, place: str) -> None:
    """Nothing found by axe at a desk's width, nothing wider than a phone, nothing out of the keyboard's reach."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(place)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page, context={"exclude": DRAWN}).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found] == [], place
    assert page.evaluate(UNREACHED) == [], place
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, place


def test_axe_finds_nothing_and_the_keyboard_reaches_all(small_studio: Studio) -> None:
    studio = small_studio
    people = studio.people
    case = start(studio, "助餐")
    act(studio, case, 2)
    send_back(studio, case, 1)
    drafts.save_file(people.designer, studio.draft_id, SMALL, small("9"), 1)
    save = drafts.saves_of(studio.draft_id)[0].id
    waiting = begin(people, "等审批").id
    drafts.save_file(people.designer, waiting, SMALL, small("8"), 1)
    publishing.submit(people.designer, waiting, "改为八天")
    second = begin(people, "改为七天").id
    drafts.save_file(people.designer, second, SMALL, small("7"), 1)
    publishing.submit(people.designer, second, "改为七天")
    publishing.approve(people.publisher, second, "同意")
    version = publishing.publish(people.publisher, second).id
    first = people.definition.id
    move = moving.begin(people.publisher, first, version, "统一时限").id
    moving.run()
    assert definitions.in_force("zhuhai", "small") == version
    db.close()
    designer, publisher = studio.enter(people.designer), studio.enter(people.publisher)
    draft = f"/drafts/{studio.draft_id}"
    for page, place in (
        (designer, ""),
        (designer, "/processes/zhuhai/small"),
        (designer, draft),
        (designer, f"{draft}/compare"),
        (designer, f"{draft}/history"),
        (designer, f"{draft}/history/{save}"),
        (publisher, "/processes/zhuhai/small"),
        (publisher, f"/drafts/{waiting}"),
        (publisher, f"/versions/{version}"),
        (publisher, f"/versions/{version}/compare"),
        (publisher, f"/versions/{version}/insight?with={first}"),
        (publisher, f"/versions/{version}/move"),
        (publisher, f"/moves/{move}"),
    ):
        judged(page, f"{studio.base}/studio{place}")
        studio.clean(page)
