"""A designer changes a process by clicking; the engine reads what was drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from app.core import db
from app.studio import drafts
from tests.browser.studio.conftest import Studio
from workflows.engine import Model

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
REVIEW = "process/review.bpmn"


def element(page: Page, key: str) -> Locator:
    """What one clicks of an element."""
    return page.locator(f'.djs-element[data-element-id="{key}"] .djs-hit').first


def choose(page: Page, key: str) -> None:
    """Find an element by its number, as with Ctrl+F, and select it."""
    page.click("[data-act=find]")
    page.locator(".djs-search-input input").press_sequentially(key)
    page.keyboard.press("Enter")
    expect(page.locator(f'.djs-element.selected[data-element-id="{key}"]')).to_have_count(1)


def parsed(studio: Studio) -> Model:
    """The draft as the engine reads it."""
    db.close()
    files = drafts.files_of(studio.draft_id)
    return Model.parse({n: d for n, d in files.items() if n.endswith((".bpmn", ".dmn"))}, "zhuhai_project")


def test_a_step_is_put_into_a_lane_and_bound(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/review")
    box = page.locator(".bjs-powered-by").bounding_box()
    assert box is not None
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.bjs-powered-by') !== null"
    assert page.evaluate(on_top, middle), "the watermark must stay visible"

    # Dropped on a line, a step is put between its two ends, in the lane where it is dropped.
    choose(page, "f_decide_g_dec")
    line = page.locator('.djs-element[data-element-id="f_decide_g_dec"]').bounding_box()
    assert line is not None
    page.click('.djs-palette [data-action="create.user-task"]')
    page.mouse.move(line["x"] + line["width"] / 2 - 2, line["y"] + line["height"] / 2)
    page.mouse.move(line["x"] + line["width"] / 2, line["y"] + line["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(450)  # the library ignores what comes right after dropping
    page.keyboard.type("纪检会签")
    page.keyboard.press("Enter")
    panel = page.locator("[data-panel]")
    expect(panel.locator("h2")).to_have_text("纪检会签")
    expect(panel).to_contain_text("街道领导")
    panel.get_by_label("填哪张表单").select_option("review.exclusion_cosign")
    panel.get_by_label("办理时限").fill("7")
    panel.get_by_label("属于哪个阶段").select_option("review")
    panel.get_by_label("怎样算办完").select_option("count")
    panel.get_by_label("同意人数").fill("3")
    panel.get_by_label("转办").uncheck()
    studio.saved(page)
    page.reload()
    page.wait_for_selector("[data-island][data-ready]")
    (step,) = [one for one in parsed(studio).steps() if one.title == "纪检会签"]
    assert (step.lane, step.form, step.process) == ("街道领导", "review.exclusion_cosign", "review")
    choose(page, step.element)
    expect(panel.get_by_label("同意人数")).to_have_value("3")
    expect(panel.get_by_label("办理时限")).to_have_value("7")
    expect(panel.get_by_label("转办")).not_to_be_checked()
    expect(panel.get_by_label("退回")).to_be_checked()
    text = studio.file(REVIEW)
    assert 'name="signing" value="count:3"' in text
    assert 'name="dueWorkingDays" value="7"' in text
    studio.clean(page)


def test_a_condition_is_said_in_words_or_written_with_completion(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "diagram/review")
    choose(page, "f_g_dec_end")
    panel = page.locator("[data-panel]")
    expect(panel.get_by_label("看哪一项")).to_have_value("review_decision")
    expect(panel.get_by_label("值", exact=True)).to_have_value("approve")
    panel.get_by_label("值", exact=True).select_option("return")
    studio.saved(page)
    field = panel.get_by_label("条件算式", exact=True)
    expect(field).to_have_value("review_decision == 'return'")
    field.fill("")
    field.press_sequentially("review_dec")
    expect(panel.locator(".zj-p-list [role=option]").first).to_contain_text("review_decision")
    page.keyboard.press("Enter")
    field.press_sequentially(" == ")
    expect(panel.locator(".zj-p-list [role=option]")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    field.press_sequentially(" and len(")
    expect(panel.locator(".zj-p-error")).to_contain_text("表达式写法有误")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press_sequentially("review_decision) > unheard_of")
    expect(panel.locator(".zj-p-error")).to_contain_text("没有哪一步会给出：unheard_of")
    field.fill("review_decision != 'reject'")
    field.blur()
    expect(panel.locator(".is-invalid")).to_have_count(0)
    studio.stored(page, REVIEW, ">review_decision != 'reject'<")
    page.click("[data-act=undo]")
    studio.saved(page)
    studio.clean(page)
