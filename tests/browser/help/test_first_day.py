"""A new clerk's first day in a real browser: help of each page, the tour, the office's own word, playing all roles."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import tab_to
from tests.browser.town import Town, follow, leads


@pytest.mark.long
def test_help_tour_and_the_offices_own_word_by_keyboard(town: Town) -> None:
    page = town.enter("jingban", "/desk")
    tab_to(page, "[data-help]")
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="本页帮助")
    expect(box).to_contain_text("最急的排在最前面")
    town.clean(page)
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.locator("[data-help]")).to_be_focused()

    tab_to(page, "[data-tour]")
    page.keyboard.press("Enter")
    tour = page.get_by_role("dialog", name="新手引导")
    expect(tour).to_contain_text("先看这里")
    town.clean(page)
    for _ in range(4):
        expect(tour.locator("[data-tour-next]")).to_be_focused()
        page.keyboard.press("Enter")
    expect(tour.locator("[data-tour-next]")).to_have_text("完成")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("[data-tour-offer]")).to_have_count(0)
    page.goto(f"{town.base}/help")
    town.clean(page)
    page.locator("details.zj-more summary").first.press("Enter")
    expect(page.locator("details.zj-more").first).to_have_attribute("open", "")
    leads(page, "再看一遍新手引导")
    expect(page.locator("[data-tour-offer]")).to_be_visible()

    # what the street says of a step is read by those who do it
    page.goto(f"{town.base}/help/steps")
    town.clean(page)
    with page.expect_navigation():
        page.get_by_role("row", name="社区确认").get_by_role("link").press("Enter")
    tab_to(page, "[name=text]")
    page.keyboard.type("服务记录放在一楼档案柜，先请居民代表看过。")
    leads(page, "保存")
    expect(page.get_by_role("row", name="社区确认")).to_contain_text("已写")
    member = town.enter("liangwei", "/desk")
    with member.expect_navigation():
        member.get_by_role("link", name=re.compile("社区确认")).first.press("Enter")
    expect(member.locator("main")).to_contain_text("服务记录放在一楼档案柜")


def as_named(page: Page, case: str, step: str) -> None:
    """Change places: go on with the open step of a case as the one whose post it is."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/demo/play")
    play = page.locator(".zj-play", has_text=case)
    expect(play.locator(".zj-play-step")).to_contain_text(step)
    with page.expect_navigation():
        play.locator(".zj-play-step button").first.press("Enter")
    expect(page.locator(".zj-flash")).to_contain_text("现在您是：")
    expect(page.locator("h1")).to_contain_text(step)


def test_one_person_plays_every_role_and_moves_the_clock(town: Town) -> None:
    page = town.visit("/demo/play")  # nobody has signed in
    town.clean(page)
    leads(page, "从第 1 步开始")
    expect(page.locator(".zj-flash")).to_contain_text("现在您是：")
    page.locator("[name=origin][value=community]").check()
    page.get_by_label("项目名称").fill("新手演练助餐")
    leads(page, "发起并填写")
    as_named(page, "新手演练助餐", "两委牵头")
    for box in page.locator("#task-form textarea:visible, #task-form input[type=text]:visible").all():
        if not box.input_value():
            box.fill("按规定办理，情况属实。")
    for one in page.locator("#task-form input[type=date]:visible").all():
        if not one.input_value():
            one.fill("2026-03-02")
    for group in page.locator("#task-form .zj-pair, #task-form .zj-cards").all():
        if group.is_visible() and not group.locator("input:checked").count():
            group.locator("label").first.click()
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").press("Enter")
    assert not page.locator("#form-errors").count(), page.locator("#form-errors").inner_text()
    # the case that is in delivery, as the one who has it there
    as_named(page, "居家养老", "社区确认")
    page.goto(f"{town.base}/demo/play")
    follow(page, "拨动时间")
    town.clean(page)
    before = page.locator("#now dd").first.inner_text()
    leads(page, "往前一天")
    expect(page.locator(".zj-flash")).to_contain_text("现在是")
    assert page.locator("#now dd").first.inner_text() != before
    expect(page.locator(".zj-demo-time")).to_contain_text("系统时间")
