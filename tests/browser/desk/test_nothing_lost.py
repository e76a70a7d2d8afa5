"""Nothing typed is ever lost: closed page, lost connection, ended session, a colleague acting first."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete

from app.accounts.models import LoginSession
from app.core import db
from app.core.db import unit_of_work
from app.files import services as files
from app.runtime import services
from app.runtime.handlers import TaskContext, user_task
from app.ui.forms import Form
from tests.browser.desk.conftest import sign_in, type_login
from tests.integration.runtime.conftest import opened
from tests.web.inbox.conftest import two_steps

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORDS = "这是我写了很久的意见"


@pytest.fixture
def step(office: SimpleNamespace, begin: Any) -> SimpleNamespace:
    case = begin(two_steps())
    task = opened(case, "check").id
    db.close()
    return SimpleNamespace(case=case, id=task, address=f"/desk/tasks/{task}")


def end_sessions() -> None:
    with unit_of_work() as work:
        work.execute(delete(LoginSession))
    db.close()


def test_what_was_typed_is_there_again_on_another_day(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    sign_in(page, base, office.clerks[0], step.address)
    page.locator("[name=opinion]").fill(WORDS)
    expect(page.locator("[data-saved]")).to_contain_text("已保存 ")
    page.goto("about:blank")
    page.goto(base + step.address)
    expect(page.locator("[name=opinion]")).to_have_value(WORDS)
    expect(page.locator("[data-saved]")).to_contain_text("草稿保存于")


def test_a_lost_connection_is_told_and_the_words_are_saved_when_it_is_back(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page, context: BrowserContext
) -> None:
    sign_in(page, base, office.clerks[0], step.address)
    context.set_offline(True)
    page.locator("[name=opinion]").fill(WORDS)
    expect(page.locator("[data-saved]")).to_contain_text("没有连上服务器，已保存在本机")
    expect(page.get_by_role("alert")).to_contain_text("网络已断开")
    page.select_option("[name=decision]", "agree")
    page.locator("#task-form [type=submit]").click()
    expect(page.locator("[data-saved]")).to_contain_text("现在不能提交")
    context.set_offline(False)
    expect(page.locator("[data-saved]")).to_contain_text("已保存 ")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("how", ["typing", "sending"])
def test_after_the_session_has_ended_one_signs_in_and_goes_on_where_one_was(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page, how: str
) -> None:
    sign_in(page, base, office.clerks[0], step.address)
    expect(page.locator("#task-form[data-ready]")).to_have_count(1)
    end_sessions()
    page.locator("[name=opinion]").fill(WORDS)
    if how == "typing":
        expect(page.get_by_role("alert")).to_contain_text("登录已到期")
        with page.expect_navigation():
            page.get_by_role("link", name="重新登录").click()
    else:
        with page.expect_navigation():
            page.locator("#task-form [type=submit]").click()
    type_login(page, office.clerks[0])
    page.wait_for_url(f"**{step.address}")
    expect(page.locator("[name=opinion]")).to_have_value(WORDS)


def test_one_is_warned_before_the_session_ends(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    page.clock.install()
    sign_in(page, base, office.clerks[0], step.address)
    page.clock.fast_forward("09:40:00")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.clock.fast_forward("00:15:00")
    expect(page.get_by_role("alert")).to_contain_text("分钟后到期")
    link = page.get_by_role("link", name="重新登录")
    assert (link.get_attribute("href") or "").endswith(f"next=%2Fdesk%2Ftasks%2F{step.id}")


def test_a_colleague_who_was_quicker_leaves_ones_words_to_be_read(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    sign_in(page, base, office.clerks[0], step.address)
    page.locator("[name=opinion]").fill(WORDS)
    services.complete_task(office.clerks[1], step.id, {"decision": "agree"})
    db.close()
    page.select_option("[name=decision]", "agree")
    with page.expect_navigation():
        page.locator("#task-form [type=submit]").click()
    expect(page.locator("main")).to_contain_text("已经由经办2办理")
    expect(page.locator("#unsent")).to_contain_text(WORDS)


def test_a_form_outside_the_diagram_gives_back_what_was_typed(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    comment = f"/cases/{step.case.no}/comment"
    sign_in(page, base, office.clerks[0], comment)
    page.locator("[name=words]").fill(WORDS)
    expect(page.locator("[data-saved]")).to_contain_text("已保存在本机")
    page.goto(f"{base}/desk")
    page.goto(base + comment)
    with page.expect_navigation():
        page.get_by_role("button", name="恢复这些内容").click()
    expect(page.locator("[name=words]")).to_have_value(WORDS)
    with page.expect_navigation():
        page.locator("#task-form [type=submit]").click()
    expect(page.locator(".zj-flash")).to_contain_text("意见已记入")
    page.goto(base + comment)
    expect(page.get_by_role("button", name="恢复这些内容")).to_have_count(0)


def test_what_cannot_be_taken_back_is_told_before_it_is_done(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    def prepare(_ctx: TaskContext, form: Form) -> Form:
        return form.add_effect("支付人民币壹万元整（10,000.00 元）。", "decision=agree")

    user_task("act", lambda _ctx, _answers: {}, prepare)
    sign_in(page, base, office.clerks[0], step.address)
    expect(page.locator("[data-effects]")).to_be_hidden()
    page.select_option("[name=decision]", "agree")
    expect(page.locator("[data-effects]")).to_contain_text("人民币壹万元整")
    page.locator("#task-form [type=submit]").click()
    dialog = page.get_by_role("dialog", name="请确认")
    expect(dialog).to_contain_text("人民币壹万元整")
    dialog.get_by_role("button", name="取消").click()
    db.close()
    assert opened(step.case, "check").id == step.id
    page.locator("#task-form [type=submit]").click()
    with page.expect_navigation():
        dialog.get_by_role("button", name="确定").click()
    assert opened(step.case, "decide")


def test_papers_open_beside_the_form_and_phrases_go_into_it(
    office: SimpleNamespace, step: SimpleNamespace, base: str, page: Page
) -> None:
    picture = files.store(office.clerks[0], "现场.png", io.BytesIO(PNG)).id
    files.attach([picture], step.case.id, office.clerks[0])
    user_task("act", lambda _ctx, _answers: {}, lambda _ctx, form: form.add_files("现场照片", [picture]))
    db.close()
    sign_in(page, base, office.clerks[0], step.address)
    page.get_by_role("link", name="现场.png").click()
    pane = page.get_by_role("region", name="附件阅读")
    expect(pane.get_by_role("img", name="现场.png")).to_be_visible()
    assert pane.locator("img").evaluate("(one) => one.naturalWidth") == 1
    expect(page.locator("#task-form [type=submit]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    page.locator("[name=opinion]").fill("材料齐全，同意。")
    page.locator("#task-form").get_by_text("常用意见", exact=True).click()
    page.get_by_role("button", name="把已写的存为常用意见").click()
    expect(page.locator("#zj-toasts")).to_contain_text("已存为常用意见")
    page.locator("[name=opinion]").fill("")
    page.locator("#task-form").get_by_text("常用意见", exact=True).click()
    page.get_by_role("button", name="材料齐全，同意。").click()
    expect(page.locator("[name=opinion]")).to_have_value("材料齐全，同意。")
    page.set_viewport_size({"width": 390, "height": 844})
    with page.expect_navigation():
        page.get_by_role("link", name="现场.png").click()
    expect(page.get_by_role("img", name="现场.png")).to_be_visible()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
