"""Moving the final payment before the evaluation by clicking: refused, with the way there shown on the drawing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.studio.conftest import Studio
from tests.browser.studio.hands import choose

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_final_payment_cannot_come_before_the_evaluation(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/zhuhai_project")
    panel = page.locator("[data-panel]")
    for step, called in (("evaluation", "settlement"), ("settlement", "evaluation")):
        choose(page, step)
        panel.get_by_label("哪一张").select_option(called)
    studio.saved(page)
    page.click("[data-act=check]")
    broken = page.locator('[data-verdict="ZH-14"]')
    expect(broken).to_contain_text("评价结果公布期满以前不得结算和支付尾款", timeout=60_000)
    expect(broken).to_contain_text("系统照这条路走过一遍，确实会发生")
    broken.get_by_role("button", name="看违反的路径").click()
    path = page.locator(".zj-f-path")
    seen: list[str] = []
    while path.locator('[data-step="next"]').is_enabled():
        path.locator('[data-step="next"]').click()
        seen.append(path.locator("p").nth(1).inner_text())
    assert len(seen) > 10
    assert "确认结算" in seen[-1]
    expect(page.locator('.djs-element.zj-walk-now[data-element-id="evaluation"]')).to_have_count(1)
    expect(page.locator(".djs-element.zj-walk")).not_to_have_count(0)
    page.goto(f"{studio.base}/studio/drafts/{studio.draft_id}")
    expect(page.locator("#findings")).to_contain_text("被违反", timeout=60_000)
    page.fill("#s-notes", "先付尾款")
    page.get_by_role("button", name="提交审批").click(timeout=60_000)
    expect(page.locator("main")).to_contain_text("检查没有通过，不能提交和发布", timeout=60_000)
    expect(page.locator("#submit")).to_be_visible()
    studio.clean(page)
