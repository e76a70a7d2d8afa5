"""On a phone: a committee member writes down a need, a neighbour writes one without an account."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.town import PHONE, Town, follow, leads


def test_a_need_is_written_down_and_another_one_sent_in(town: Town) -> None:
    page = town.enter("liangwei", "/needs")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    follow(page, "登记需求")
    page.get_by_label("怎样反映上来的").select_option("visit")
    page.get_by_label("为谁提的").select_option("老年人")
    said_by = page.get_by_label("反映人")
    expect(said_by).to_be_hidden()
    page.get_by_role("radio", name="否").check()
    expect(said_by).to_be_visible()
    town.clean(page)
    leads(page, "登记")
    expect(page.locator("#f-text-err")).to_contain_text("请写明居民需要什么服务")
    expect(page.get_by_label("怎样反映上来的")).to_have_value("visit")
    page.get_by_label("需要什么服务").fill("独居老人没人帮忙理发")
    page.get_by_role("radio", name="是").check()
    leads(page, "登记")
    expect(page.locator("main")).to_contain_text("独居老人没人帮忙理发")
    town.clean(page)
    page.goto(f"{town.base}/needs/poster")
    town.clean(page)
    place = page.locator(".zj-poster .zj-num").inner_text()

    neighbour = town.visit(place.removeprefix(town.base))
    neighbour.set_viewport_size(PHONE)  # type: ignore[arg-type]
    town.clean(neighbour)
    neighbour.get_by_label("缺什么服务").fill("周末没人带孩子")
    neighbour.get_by_role("radio", name="儿童青少年").check()
    leads(neighbour, "告诉社区")
    expect(neighbour.locator("main")).to_contain_text("已经收到")
    town.clean(neighbour)

    page.goto(f"{town.base}/needs")
    expect(page.locator("main")).to_contain_text("周末没人带孩子")
    town.clean(page)
