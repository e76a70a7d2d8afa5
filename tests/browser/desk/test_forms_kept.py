"""Forms that belong to no step of a diagram lose nothing: a closed tab, an ended session, a refusal; residents neither."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from app.accounts.demo import PASSWORD
from app.accounts.models import LoginSession
from app.core import db
from app.core.db import unit_of_work
from tests.browser.town import Town, leads

WORDS = "写了很久的内容"
LONG = {
    "liangwei": ["/desk/start"],
    "qu-minzheng": ["/organisations/new", "/desk/lists/new"],
    "qu-caizheng": ["/desk/funds/new"],
    "xitong": ["/admin/people/new", "/admin/units/new", "/admin/gateways/new"],
}
"""Forms in which one may have written for a while."""


def fill(page: Page, form: str = "task-form") -> dict[str, str]:
    """Write into what takes words; answers what stands where now."""
    boxes = page.locator(f"#{form} input[type=text]:not([inputmode]):visible, #{form} textarea:visible")
    written = {}
    for box in boxes.all()[:6]:
        box.fill(WORDS)
        written[box.get_attribute("name") or ""] = WORDS
    assert written
    expect(page.locator("[data-saved]")).to_contain_text("已保存在本机")
    return written


def standing(page: Page, written: dict[str, str], form: str = "task-form") -> dict[str, str]:
    return {name: page.locator(f"#{form} [name='{name}']").input_value() for name in written}


def closed_and_opened(page: Page, address: str) -> Page:
    """Close the tab; another one of the same browser."""
    page.close()
    again = page.context.new_page()
    again.goto(address)
    return again


def bring_back(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="恢复这些内容").press("Enter")


@pytest.mark.long
def test_a_closed_tab_loses_nothing(town: Town) -> None:
    for login, paths in LONG.items():
        page = town.enter(login, paths[0])
        for path in paths:
            page.goto(town.base + path)
            written = fill(page)
            page = closed_and_opened(page, town.base + path)
            bring_back(page)
            assert standing(page, written) == written, path
        town.pages[-1] = page


def test_an_ended_session_and_a_refusal_lose_nothing(town: Town) -> None:
    page = town.enter("qu-minzheng", "/organisations/new")
    written = fill(page)
    with unit_of_work() as work:
        work.execute(delete(LoginSession))
    db.close()
    leads(page, "登记")
    page.locator("#login").fill("qu-minzheng")
    page.locator("#password").fill(PASSWORD)
    leads(page, "登录")
    expect(page).to_have_url(f"{town.base}/organisations/new")
    bring_back(page)
    assert standing(page, written) == written
    leads(page, "登记")  # not a code of an organisation
    expect(page.locator("#form-errors")).to_be_focused()
    assert standing(page, written) == written
    page = town.pages[-1] = closed_and_opened(page, page.url)  # without another word typed
    bring_back(page)
    assert standing(page, written) == written


def test_a_resident_without_an_account_loses_nothing_and_leaves_nothing(town: Town) -> None:
    page = town.visit("/notices?state=open")
    with page.expect_navigation():
        page.locator("main a[href^='/notices/']").first.press("Enter")
    address = page.url
    kinds = page.locator("#say [name=kind][type=radio]")
    if kinds.count():
        kinds.first.check()
    page.locator("#say [name=contact]").fill("13800000000")
    written = fill(page, "say")
    written.pop("contact", None)
    expect(page.locator("[data-saved]")).to_contain_text("两小时内有效")
    page = town.pages[-1] = closed_and_opened(page, address)
    bring_back(page)
    assert standing(page, written, "say") == written
    assert page.locator("#say [name=contact]").input_value() == ""  # how to reach him is not left behind
    town.clean(page)
    leads(page, "提交意见")
    expect(page.locator(".zj-flash")).to_contain_text("已收到")
    expect(page.get_by_role("button", name="恢复这些内容")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="恢复这些内容")).to_have_count(0)

    # what one does not want to leave on a computer for everybody is taken away at once, and by itself after two hours
    fill(page, "say")
    with page.expect_navigation():
        page.get_by_role("button", name="清除").press("Enter")
    assert page.locator("#say [name=text]").input_value() == ""
    fill(page, "say")
    page.clock.install()
    page.clock.fast_forward("02:01:00")
    page.reload()
    expect(page.locator("#say")).to_have_attribute("data-ready", re.compile("."))
    expect(page.get_by_role("button", name="恢复这些内容")).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('zj-typed')).length") == 0
