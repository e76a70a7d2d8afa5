"""Decision tables with their tests, and forms dragged together, in a real browser."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from app.ui import forms
from tests.browser.studio.conftest import Studio
from workflows.model import coverage, decision

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GRADE = "decision/evaluation_grade.dmn"
TESTS = "decision/evaluation_grade.tests.json"


def test_a_row_is_changed_its_gap_told_and_a_test_kept(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "decision/evaluation_grade")
    box = page.locator(".bjs-powered-by, .powered-by").first.bounding_box()
    assert box is not None
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.bjs-powered-by, .powered-by') !== null"
    assert page.evaluate(on_top, middle), "the watermark must stay visible"
    canvas = page.locator("[data-canvas]").bounding_box()
    assert canvas is not None
    assert box["y"] > canvas["y"] + canvas["height"] / 2
    assert page.get_by_label("几条规则同时符合时").locator("option").count() in (0, 2)

    cell = page.locator("td.input-cell").nth(1)
    expect(cell).to_contain_text("? >= 8000 and ? < 9000")
    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("? >= 8500 and ? < 9500")
    page.click("#tab-cover")
    gap = page.locator("[data-gap]")
    expect(gap).to_contain_text("得分（百分之一分）：8000 至 8499")
    expect(page.locator("[data-overlap]")).to_contain_text("第 1、2 条")
    page.locator("[data-overlap]").get_by_role("button", name="看第 2 条").click()
    expect(page.locator("td.zj-x-here").first).to_have_text("2")
    gap.get_by_role("button", name="加一条测试").click()
    pane = page.locator("[data-tests]")
    pane.get_by_label("名称").fill("刚到八十分")
    pane.get_by_label("等级").fill("良")
    expect(pane.locator(".zj-x-result")).to_contain_text("没有一条规则适用")
    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("? >= 8000 and ? < 9000")
    expect(pane.locator(".zj-x-result")).to_have_text("✓ 符合")
    page.click("#tab-cover")
    expect(page.locator("[data-cover]")).to_contain_text("所有输入都有规则，没有重叠")

    cell.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("? >= 8500 and ? < 9000")
    page.locator("[data-gap]").get_by_role("button", name="加一行规则").click()
    expect(page.locator("td.input-cell").nth(4)).to_contain_text("? >= 8000 and ? <= 8499")
    page.locator("td.output-cell").nth(4).click()
    page.keyboard.type('"良"')
    expect(page.locator("[data-cover]")).to_contain_text("所有输入都有规则，没有重叠")
    studio.saved(page)
    page.reload()
    page.wait_for_selector("[data-island][data-ready]")
    expect(page.locator("[data-tests]").get_by_label("名称")).to_have_value("刚到八十分")
    table = decision.read(studio.file(GRADE).encode())
    assert coverage.analyse(table).gaps == ()
    assert (table.rules[4].inputs, table.rules[4].outputs) == (("? >= 8000 and ? <= 8499",), ('"良"',))
    (kept,) = json.loads(studio.file(TESTS))["tests"]
    assert kept == {"name": "刚到八十分", "inputs": {"total": 8000}, "expected": {"grade": "良"}}
    studio.clean(page)


def test_questions_are_dragged_previewed_and_tried(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    studio.open(page, "form/review.decide")
    palette = page.locator("[data-palette] [data-kind=fen]")
    first = page.locator(".zj-d-item").first
    palette.drag_to(first, target_position={"x": 40, "y": 8})
    props = page.locator("[data-props]")
    props.get_by_label("标题").fill("核定金额")
    props.get_by_label("必填").check()
    props.get_by_label("不超过").fill("300000")
    props.get_by_label("只在这个字段").select_option("decision")
    expect(props.get_by_label("同意立项", exact=True)).to_be_checked()
    expect(props.locator(".zj-d-held")).to_contain_text("不超过 300,000.00 元")
    props.get_by_label("先填好").fill("1000")
    expect(page.locator(".zj-d-item").first).to_contain_text("核定金额")
    page.locator("[data-palette] [data-kind=rows] button").click()
    props.get_by_label("标题", exact=True).first.fill("分项")
    props.get_by_text("“金额”列的宽度和核对").click()
    money = props.locator("details[open]").filter(has_text="“金额”列")
    money.get_by_label("列宽").select_option("4")
    money.get_by_label("不超过").fill("500")
    page.locator("[data-palette] [data-kind=choices] button").click()
    props.get_by_label("按这个问题的答案给选项").select_option("decision")
    expect(props).to_contain_text("这些选项不属于上一级的任何答案")
    props.get_by_role("button", name="删除").first.click()
    page.click("#tab-preview")
    preview = page.frame_locator("[data-frame]")
    expect(preview.get_by_role("heading", name="审议决定")).to_be_visible()
    expect(preview.get_by_text("核定金额")).to_be_hidden()
    preview.get_by_text("同意立项", exact=True).click()
    expect(preview.get_by_text("核定金额")).to_be_visible()
    page.click("button[data-width=phone]")
    assert page.locator("[data-frame]").bounding_box()["width"] <= 392  # type: ignore[index]
    expect(preview.locator("[name=field_1]")).to_have_value("1,000.00")
    preview.locator("[name=field_1]").fill("")
    page.get_by_role("button", name="试填后核对").click()
    expect(page.locator("[data-tried]")).to_contain_text("会被退回")
    expect(preview.get_by_text("请填写“核定金额”").first).to_be_visible()
    page.click("#tab-rules")
    expect(page.locator("[data-rules]")).to_contain_text(
        "必填；不少于 0.01 元；不超过 300,000.00 元；只在“决定”为“同意立项”时填写"
    )
    expect(page.locator("[data-rules]")).to_contain_text("review_decision")
    studio.saved(page)
    made = forms.load(
        studio.file("form/review.decide.json"), studio.file("form/review.decide.ui.json"), "review.decide"
    )
    assert [one.kind for one in made.fields] == ["fen", "choice", "text", "rows", "choices"]
    amount, rows = made.fields[0], made.fields[3]
    assert forms.defaults(made)[amount.key] == 100_000
    assert rows.ui["ui:columns"] == {"amount": {"ui:width": 4}}
    assert rows.columns[1].prop["maximum"] == 50_000
    assert made.fields[4].ui["ui:optionsOf"] == "decision"
    assert (amount.title, amount.required, amount.prop["maximum"]) == ("核定金额", True, 30_000_000)

    page.click("#tab-source")
    source = page.get_by_label("内容规则（JSON Schema）")
    broken = source.input_value().replace('"type": "object",', '"type": "object"', 1)
    source.fill(broken)
    page.get_by_role("button", name="使用这份源文件").click()
    expect(page.locator("[data-source-error]")).to_contain_text("不是完整的 JSON")
    source.fill(
        broken.replace('"type": "object"', '"type": "object",', 1).replace("审议决定", "街道审议决定")
    )
    page.get_by_role("button", name="使用这份源文件").click()
    expect(page.locator(".zj-d-whole")).to_contain_text("街道审议决定")
    page.click("[data-act=undo]")
    expect(page.locator(".zj-d-whole b")).to_have_text("审议决定")
    studio.clean(page)


def test_a_second_person_only_looks(studio: Studio) -> None:
    first = studio.enter(studio.people.designer)
    studio.open(first, "form/review.decide")
    second = studio.enter(studio.people.colleague)
    studio.open(second, "form/review.decide")
    expect(second.locator("[data-state]")).to_contain_text("设计员 正在编辑，您现在只能查看")
    expect(second.locator("[data-palette] button").first).to_be_disabled()
    studio.open(second, "diagram/review")
    expect(second.locator(".djs-palette")).to_be_hidden()
    expect(second.locator("[data-panel] input").first).to_be_disabled()
    first.goto(f"{studio.base}/desk")
    studio.open(second, "diagram/review")
    expect(second.locator(".djs-palette")).to_be_visible()
    studio.clean(second)
