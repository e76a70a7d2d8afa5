"""Messages in a real browser: the count of an open page, what comes by mail, an office's own gateway."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core import clock as time
from app.core import db
from app.messages import spreading
from app.runtime.models import Case
from tests.browser.desk.conftest import tab_to
from tests.browser.town import Town, follow, leads, sure


def bell(page: Page) -> str:
    return page.locator("[data-unread]").get_attribute("data-unread") or ""


def tick(page: Page, value: str) -> None:
    """Tick one of several, by keyboard."""
    tab_to(page, f"[value='{value}']")
    if not page.locator(f"[value='{value}']").is_checked():
        page.keyboard.press("Space")


def test_an_open_page_learns_of_what_a_colleague_does_and_a_digest_brings_the_rest(
    town: Town, clock: time.MovableClock
) -> None:
    case = db.session().scalars(select(Case).order_by(Case.id)).first()
    assert case is not None
    no = case.no
    db.close()
    leader = town.enter("lingdao", "/messages")
    if leader.get_by_role("button", name="全部标为已读").count():
        leads(leader, "全部标为已读")
    expect(leader.locator("h1 + p")).to_have_text("没有未读消息")
    leader.clock.install(time="2026-03-28T12:00:00")
    leader.goto(f"{town.base}/desk")
    assert bell(leader) == "0"

    # somebody else, in a browser of his own
    clerk = town.enter("jingban", f"/cases/{no}/copy")
    clerk.get_by_label("领导").first.check()
    clerk.locator("[name=words]").fill("请您了解进度。")
    leads(clerk, "抄送")
    expect(clerk.locator(".zj-flash")).to_contain_text("已抄送 1 人")

    loads: list[str] = []
    leader.on("framenavigated", lambda frame: loads.append(frame.url))
    leader.clock.pause_at("2026-03-28T12:09:00")  # an open page asks again after twenty seconds
    expect(leader.locator("#zj-toasts")).to_contain_text("新消息：")
    expect(leader.locator("[data-unread]")).to_have_attribute("aria-label", "消息，1 条未读")
    expect(leader.locator(".zj-unread-n")).to_have_text("1")
    assert loads == []
    leader.clock.resume()
    town.clean(leader)

    # what comes by mail: a wrong address is told beside its field, the ticks stay
    with leader.expect_navigation():
        leader.locator("[data-unread]").press("Enter")
    follow(leader, "消息设置")
    tab_to(leader, "[name=address]")
    leader.keyboard.type("无效")
    tick(leader, "copy")
    leads(leader, "保存")
    expect(leader.locator("#f-address-err")).to_contain_text("邮箱地址不正确")
    expect(leader.locator("[value='copy']")).to_be_checked()
    town.clean(leader)
    leader.locator("[name=address]").fill("lingdao@example.cn")
    tab_to(leader, "[name=digest]")
    leader.keyboard.press("ArrowUp")
    expect(leader.locator("[value='hourly']")).to_be_checked()
    leads(leader, "保存")
    expect(leader.locator(".zj-flash")).to_contain_text("消息设置已保存")
    spreading.run()
    clock.advance(timedelta(hours=2))
    spreading.run()
    leader.goto(f"{town.base}/messages/mails")
    mail = leader.locator(".zj-card").first
    expect(mail).to_contain_text("收件人 lingdao@example.cn")
    expect(mail).to_contain_text("请您了解进度。")
    town.clean(leader)

    # reading one brings the count down and leads to what it is about
    leader.goto(f"{town.base}/messages")
    town.clean(leader)
    before = int(bell(leader))
    with leader.expect_navigation():
        leader.locator(".zj-unread button").first.press("Enter")
    expect(leader).to_have_url(f"{town.base}/cases/{no}")
    assert int(bell(leader)) == before - 1


def test_the_administrator_connects_an_office_of_its_own(town: Town) -> None:
    page = town.enter("xitong", "/admin")
    follow(page, "消息网关")
    town.clean(page)
    follow(page, "新增消息网关")
    page.get_by_label("单位").select_option(label="狮山街道")
    tab_to(page, "[name=name]")
    page.keyboard.type("街道企业微信机器人")
    tab_to(page, "[name=url]")
    page.keyboard.type("http://10.0.0.1/hook")
    tick(page, "task")
    leads(page, "新增")
    expect(page.locator("#f-url-err")).to_contain_text("https://")
    expect(page.locator("[name=name]")).to_have_value("街道企业微信机器人")
    town.clean(page)
    page.locator("[name=url]").fill("https://qyapi.example.cn/hook")
    leads(page, "新增")
    card = page.locator(".zj-card", has_text="街道企业微信机器人")
    card.locator("summary").press("Enter")
    expect(card.locator("code")).to_be_visible()
    town.clean(page)
    sure(page, "停用")
    expect(page.locator(".zj-card", has_text="街道企业微信机器人")).to_contain_text("已停用")
    follow(page, "发件箱")
    town.clean(page)
    stranger = town.enter("jingban", "/desk")
    expect(stranger.get_by_role("link", name="消息网关")).to_have_count(0)
    assert stranger.goto(f"{town.base}/admin/gateways").status == 403  # type: ignore[union-attr]
