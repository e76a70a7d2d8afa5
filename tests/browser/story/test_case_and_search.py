"""The page of a case and the search box in a real browser: wide, on a phone, by keyboard, without findings of axe."""

from __future__ import annotations

import base64
import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.demo import PASSWORD
from app.accounts.models import Person
from app.accounts.queries import actor
from app.core import db
from app.core.db import session
from app.files import services as files
from app.runtime import acts
from app.runtime.models import Case
from tests.browser.town import Town

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.effectiveDirective));"""


@pytest.fixture
def base(town: Town) -> str:
    """A case in delivery, served on a port of its own."""
    _pictures(session().scalars(select(Case.id).order_by(Case.id)).first() or 0)
    db.close()
    return town.base


def _pictures(case_id: int) -> None:
    """Two photographs that a clerk has put to the case."""
    clerk = actor(session().scalars(select(Person.id).where(Person.login == "jingban")).one())
    names = ("活动现场一.png", "活动现场二.png")
    ids = [files.store(clerk, name, io.BytesIO(DOT + name.encode())).id for name in names]
    acts.comment(clerk, case_id, "补充照片", ids)


def enter(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit] >> nth=0")
    page.wait_for_url("**/desk")
    page.goto(f"{base}/search")  # the box is the same on each page


def clean(page: Page) -> None:
    """Nothing for axe to find, no sideways scrolling."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_clerk_searches_and_reads_the_whole_story(page: Page, base: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script(WATCH)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    enter(page, base, "jingban")

    # the first results while typing, by keyboard alone
    box = page.get_by_role("combobox", name="搜索")
    box.press_sequentially("jjyl")
    options = page.locator("#zj-suggest a[role=option]")
    expect(options.first).to_contain_text("居家养老")
    expect(box).to_have_attribute("aria-expanded", "true")
    clean(page)
    box.press("Escape")
    expect(page.locator("#zj-suggest")).to_be_hidden()
    box.fill("养老")
    expect(options.first.locator("mark")).to_have_text("养老")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("ArrowUp")
    box.press("Enter")  # nothing chosen: all results
    page.wait_for_url("**/search?q=*")
    expect(page.locator(".zj-hits li").first).to_contain_text("居家养老")
    clean(page)
    page.get_by_role("combobox", name="搜索").fill("养老")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/XM*")

    # the whole story
    page.wait_for_selector("[data-island=viewer][data-ready]")
    expect(page.locator(".zj-flow-span").first).to_be_visible()
    expect(page.locator("#now")).to_contain_text("社区确认")
    clean(page)
    page.locator(".zj-onpage a", has_text="资金").click()
    expect(page.locator("#money")).to_be_in_viewport()
    expect(page.locator(".zj-onpage a[aria-current]")).to_have_text("资金")

    # papers open beside it, one after another, and the place is kept
    page.locator("#papers").get_by_role("link", name="活动现场一.png").first.click()
    reader = page.locator("[data-reader]")
    expect(reader.get_by_role("heading")).to_have_text("活动现场一.png")
    expect(reader.locator("img")).to_have_js_property("naturalWidth", 1)
    expect(page.locator("#papers")).to_be_in_viewport()
    clean(page)
    page.get_by_role("button", name="下一份").click()
    expect(reader.get_by_role("heading")).to_have_text("活动现场二.png")
    expect(reader.locator("[data-reader-place]")).to_have_text("2 / 2")
    page.keyboard.press("Escape")
    expect(reader).to_be_hidden()
    expect(page.locator("#papers a[data-paper]").nth(1)).to_be_focused()

    page.get_by_role("link", name="为什么我不能办？").click()
    dialog = page.locator("#zj-why")
    expect(dialog).to_contain_text("您没有这个岗位")
    clean(page)
    page.get_by_role("button", name="知道了").click()
    expect(dialog).to_be_hidden()
    page.goto(f"{page.url.partition('#')[0]}/approval")
    expect(page.locator(".zj-sheet")).to_contain_text("签名：")
    clean(page)
    assert page.evaluate("window.violations") == []
    assert errors == []


def test_on_a_phone_parts_fold_and_links_open_them(page: Page, base: str) -> None:
    page.add_init_script(WATCH)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    enter(page, base, "jingban")
    box = page.get_by_role("combobox", name="搜索")
    box.press_sequentially("养老")
    first = page.locator("#zj-suggest a[role=option]").first
    expect(first).to_contain_text("养老")
    clean(page)
    assert first.bounding_box()["height"] >= 44  # type: ignore[index]
    first.click()
    page.wait_for_url("**/cases/XM*")
    page.wait_for_selector("[data-island=viewer][data-ready]")
    expect(page.locator("#now")).to_have_attribute("open", "")
    expect(page.locator("#decisions")).not_to_have_attribute("open", "")
    clean(page)
    page.locator("#decisions > summary").click()
    expect(page.locator("#decisions")).to_contain_text("预算测算依据不足")
    page.locator(".zj-stages a").nth(4).click()  # the contract's stage leads to its decisions
    expect(page.locator("#stage-contract")).to_be_in_viewport()
    page.goto(f"{page.url.partition('#')[0]}#money")
    page.reload()
    expect(page.locator("#money")).to_have_attribute("open", "")
    for part in ("papers", "deadlines", "facts", "ties", "history"):
        page.locator(f"#{part} > summary").click()
    clean(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll('main a, main button, main summary')]
        .filter((e) => e.offsetParent && !e.closest('.zj-canvas') && e.getBoundingClientRect().height < 43.5)
        .map((e) => `${e.textContent.trim().slice(0, 20)} ${e.getBoundingClientRect().height}`)"""
    )
    assert small == [], "\n".join(small)
    assert page.evaluate("window.violations") == []
