"""Findings beside the drawing: gone to, walked step by step, mended; what is not offered; timers and automatic steps."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.core import db
from app.studio import drafts
from tests.browser.studio.conftest import Studio
from tests.browser.studio.test_drawing import choose, parsed

PROCUREMENT = "process/procurement.bpmn"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def put(studio: Studio, name: str, text: str) -> None:
    """Another editor's save of a file."""
    rev = drafts.find(studio.draft_id).rev
    drafts.save_file(studio.people.designer, studio.draft_id, name, text.encode(), rev)
    db.close()


def test_what_is_wrong_is_marked_and_gone_to(studio: Studio) -> None:
    review = studio.file("process/review.bpmn")
    put(studio, "process/review.bpmn", review.replace("review_decision == 'approve'", "review_decision =="))
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/review")
    page.wait_for_selector("[data-checked]")
    page.click("#tab-check")
    item = page.locator('.zj-f-item[data-rule="expression"]')
    expect(item).to_contain_text("表达式写法有误")
    expect(page.locator("[data-count]")).not_to_be_empty()
    item.get_by_role("button", name="定位").click()
    expect(page.locator('.djs-element.selected[data-element-id="f_g_dec_end"]')).to_have_count(1)
    expect(page.locator('.djs-element.zj-flag-bad[data-element-id="f_g_dec_end"]')).to_have_count(1)
    page.click("#tab-panel")
    field = page.locator("[data-panel]").get_by_label("条件算式", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("review_decision == 'approve'")
    studio.saved(page)
    page.click("#tab-check")
    expect(page.locator('.zj-f-item[data-rule="expression"]')).to_have_count(0)
    expect(page.locator(".zj-flag-bad")).to_have_count(0)
    studio.clean(page)


def test_timers_and_automatic_steps_are_picked(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/procurement")
    panel = page.locator("[data-panel]")
    choose(page, "wait")
    expect(panel.get_by_label("怎样计时")).to_have_value("date")
    expect(panel.get_by_label("到哪一天")).to_have_value("bid_until")
    panel.get_by_label("怎样计时").select_option("due_in")
    panel.get_by_label("工作日数").fill("7")
    studio.saved(page)
    assert ">due_in(7)</" in studio.stored(page, PROCUREMENT, "due_in(7)")
    panel.get_by_label("怎样计时").select_option("cycle")
    panel.get_by_label("每隔").fill("2")
    assert ">'R3/P2D'</" in studio.stored(page, PROCUREMENT, "R3/P2D").replace("&#39;", "'")
    choose(page, "close")
    expect(panel.get_by_label("系统做什么")).to_have_value("case.close")
    expect(panel.get_by_label("以什么结果结案")).to_have_value("cancelled")
    panel.get_by_label("以什么结果结案").select_option("withdrawn")
    assert """value="'withdrawn'\"""" in studio.stored(page, PROCUREMENT, "withdrawn").replace("&#39;", "'")
    panel.get_by_label("系统做什么").select_option("funds.release")
    expect(panel.get_by_label("以什么结果结案")).to_have_count(0)
    studio.stored(page, PROCUREMENT, '<spiffworkflow:serviceTaskOperator id="funds.release">', 2)
    assert parsed(studio).operator("procurement", "close") == "funds.release"
    studio.open(page, "diagram/review")
    choose(page, "revision")
    expect(panel.get_by_label("哪一张")).to_have_value("revision")
    panel.get_by_role("link", name="打开这张图").click()
    page.wait_for_url("**/diagram/revision")
    studio.clean(page)


def test_only_what_the_engine_runs_is_offered_and_keys_work(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/review")
    titles = page.locator(".djs-palette .entry").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label')).filter(Boolean)"
    )
    assert len(titles) > 10
    assert all(re.search(r"[\u4e00-\u9fff]", one) for one in titles)
    assert not any("数据存储" in one for one in titles)
    choose(page, "exclusion")
    page.click('.djs-context-pad [data-action="replace"]')
    menu = page.locator(".djs-popup .entry").evaluate_all("all => all.map(one => one.textContent.trim())")
    assert "按决策表判断" in menu
    assert not [one for one in menu if re.search("即席|事务|[A-Za-z]{4}", one)]
    page.keyboard.press("Escape")
    page.locator("[data-canvas] svg").first.focus()
    choose(page, "exclusion")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    page.mouse.move(700, 600)
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("[data-act=undo]")).to_be_enabled()
    page.click("[data-act=undo]")
    expect(page.locator("[data-act=redo]")).to_be_enabled()
    choose(page, "count")
    panel = page.locator("[data-panel]")
    panel.get_by_text("接着做什么").click()
    panel.get_by_role("button", name="加分支").press("Enter")
    expect(panel.locator(".zj-p-head")).to_contain_text("分支：只走一条")
    page.click("[data-act=simulate]")
    expect(page.locator("[data-act=simulate]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-panel] input").first).to_be_disabled()
    page.click("[data-act=simulate]")
    minimap = page.locator(".djs-minimap")
    expect(minimap.locator(".toggle")).to_have_attribute("title", "打开缩略图")
    minimap.locator(".toggle").click()
    expect(minimap.locator(".toggle")).to_have_attribute("title", "关闭缩略图")
    page.get_by_role("button", name="快捷键").click()
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    page.get_by_role("button", name="知道了").click()
    studio.clean(page)


def test_a_broken_order_of_the_law_is_walked_step_by_step(studio: Studio) -> None:
    review = studio.file("process/review.bpmn")
    way = 'id="f_g_dec_release_reject" sourceRef="g_dec" targetRef="{}"'
    assert way.format("release_reject") in review
    put(studio, "process/review.bpmn", review.replace(way.format("release_reject"), way.format("close")))
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/review")
    page.wait_for_selector("[data-checked]", timeout=60000)
    page.click("#tab-check")
    broken = page.locator("[data-verdict]").filter(has_text="释放预留资金")
    expect(broken.first).to_contain_text("被违反")
    broken.first.get_by_role("button", name="看违反的路径").click()
    path = page.locator(".zj-f-path")
    expect(path).to_contain_text("街道审议 → ")
    expect(page.locator(".djs-element.zj-walk-now")).to_have_count(1)
    seen = []
    while path.locator('[data-step="next"]').is_enabled():
        seen.append(path.locator("p").nth(1).inner_text())
        path.locator('[data-step="next"]').click()
    assert any("审议决定" in one for one in seen)
    path.locator('[data-step="back"]').click()
    path.get_by_role("button", name="关闭路径").click()
    expect(page.locator(".djs-element.zj-walk-now, .djs-element.zj-walk")).to_have_count(0)
    studio.clean(page)


def test_a_fault_is_mended_by_a_button(studio: Studio) -> None:
    drawn = studio.file(PROCUREMENT)
    put(studio, PROCUREMENT, drawn.replace(">bid_until<", ">2026-12-01<"))
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/procurement")
    page.wait_for_selector("[data-checked]", timeout=60000)
    page.click("#tab-check")
    item = page.locator('.zj-f-item[data-rule="timer"]')
    item.get_by_role("button", name="修复").click()
    expect(page.locator(".zj-toast")).to_contain_text("2026-12-01", timeout=20000)
    expect(item).to_have_count(0, timeout=40000)
    assert ">2026-12-01<" not in studio.file(PROCUREMENT)
    studio.clean(page)
