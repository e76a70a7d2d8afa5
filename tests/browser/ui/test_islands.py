"""What the islands add to the pages, in a real browser."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 390, "height": 844}
PDF = {"name": "纪要.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}


def faults(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


def test_rows_add_up_exactly_while_one_types(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/form")
    page.get_by_label("申请金额").fill("100.30")
    rows = page.locator("[data-rows=lines]")
    rows.locator("[name=lines-0-count]").fill("3")
    rows.locator("[name=lines-0-price]").fill("0.10")
    expect(rows.locator("[data-total]")).to_have_text("0.30 元")
    expect(rows.locator("[data-gap]")).to_have_text("应为 100.30 元，还差 100.00 元")
    rows.get_by_role("button", name="添加一项支出").click()
    expect(rows.locator("[name=lines-1-item]")).to_be_focused()
    rows.locator("[name=lines-1-count]").fill("１")
    rows.locator("[name=lines-1-price]").fill("100")
    expect(rows.locator("[data-gap]")).to_have_text("合计正确")
    rows.locator("[name=lines-1-count]").focus()
    expect(rows.locator("[name=lines-1-price]")).to_have_value("100.00")
    rows.get_by_role("button", name="添加一项支出").click()
    expect(rows.locator("[data-add]")).to_be_disabled()  # maxItems
    rows.get_by_role("button", name="删除本行").first.click()
    expect(rows.locator("[data-total]")).to_have_text("100.00 元")
    expect(rows.locator("[data-n]").last).to_have_text("2")


def test_an_amount_is_spelled_out(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/form")
    amount = page.get_by_label("申请金额")
    amount.fill("148000")
    amount.blur()
    expect(amount).to_have_value("148,000.00")
    expect(page.locator("[data-field=amount] .zj-wan")).to_have_text("= 14.8 万元")
    amount.fill("1.234")
    amount.blur()
    expect(amount).to_have_value("1.234")  # left as typed for the server to refuse


def test_a_field_appears_with_the_answer_that_asks_for_it(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/form")
    note = page.get_by_label("类别说明")
    expect(note).to_be_hidden()
    page.get_by_label("其他", exact=True).check()
    expect(note).to_be_visible()
    page.get_by_label("为老服务").check()
    expect(note).to_be_hidden()
    expect(note).to_be_disabled()


def test_a_form_refused_and_then_accepted_keeps_its_files(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/form")
    page.locator("#f-papers").set_input_files(PDF)
    expect(page.locator("[data-field=papers] [data-state]")).to_have_text("已上传，1 KB")
    page.locator("#f-papers").set_input_files({**PDF, "name": "x.exe"})
    expect(page.locator("[data-field=papers] .zj-file-bad")).to_contain_text("不能上传这种类型的文件。")
    page.get_by_role("button", name="删除 x.exe").click()
    page.get_by_label("项目名称").fill("云山社区助餐")
    page.get_by_label("为老服务").check()
    page.get_by_label("老年人", exact=True).check()
    page.get_by_label("申请金额").fill("200.005")
    page.get_by_label("开始日期").fill("2026-04-01")
    for name, text in (("item", "餐费"), ("count", "2"), ("price", "100")):
        page.locator(f"[name=lines-0-{name}]").fill(text)
    page.locator("[data-rows=lines] input[type=file]:not([capture])").set_input_files(
        {**PDF, "name": "发票.pdf"}
    )
    expect(page.locator("[data-upload-field=lines-0-papers] [data-state]")).to_contain_text("已上传")
    for number in (0, 1):
        page.locator(f"#f-checks-{number}-answer-false").check()
    page.locator("#f-tie-false").check()
    page.get_by_label("我已核对").check()
    page.get_by_role("button", name="提交申报").click()
    summary = page.locator("#form-errors")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("有 1 处需要修改")
    assert faults(page) == []
    summary.get_by_role("link").click()
    expect(page.get_by_label("申请金额")).to_be_focused()
    page.get_by_label("申请金额").fill("200")
    expect(page.locator("[data-field=papers]")).to_contain_text("纪要.pdf")
    page.get_by_role("button", name="提交申报").click()
    expect(page.get_by_text("已提交。")).to_be_visible()
    (kept,) = gallery.extensions["gallery"].answers
    assert kept["amount"] == 200_00
    assert kept["papers"] == [1]
    assert kept["lines"] == [{"item": "餐费", "count": 2, "price": 100_00, "papers": [2]}]
    assert "category_note" not in kept
    assert "why" not in kept


def test_what_is_typed_is_kept_as_a_draft(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/form")
    page.get_by_label("项目名称").fill("云山")
    expect(page.get_by_text("已保存 10:32")).to_be_visible()
    assert gallery.extensions["gallery"].drafts[-1]["name"] == "云山"


def test_without_a_connection_the_words_stay_in_this_browser_and_come_back(
    page: Page, gallery: Flask
) -> None:
    page.route("**/draft", lambda route: route.abort())
    page.goto(f"{gallery.base}/form")
    page.get_by_label("项目名称").fill("云山")
    expect(page.get_by_text("没有连上服务器，已保存在本机")).to_be_visible()
    page.goto(f"{gallery.base}/parts")
    page.unroute("**/draft")
    sent = len(gallery.extensions["gallery"].drafts)
    page.goto(f"{gallery.base}/form")
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('zj-typed'))")
    assert gallery.extensions["gallery"].drafts[-1]["name"] == "云山"
    assert len(gallery.extensions["gallery"].drafts) == sent + 1


def test_where_nothing_can_be_kept_leaving_is_asked_first(page: Page, gallery: Flask) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    page.route("**/draft", lambda route: route.abort())
    page.goto(f"{gallery.base}/form")
    page.get_by_label("项目名称").fill("云山")
    expect(page.get_by_text("没有连上服务器，请不要关闭页面")).to_be_visible()
    page.goto(f"{gallery.base}/parts")
    assert asked == ["beforeunload"]


def test_an_act_is_asked_first(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/parts")
    page.get_by_role("button", name="终止").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("确定要终止吗？")
    dialog.get_by_role("button", name="取消").click()
    assert gallery.extensions["gallery"].answers == []
    page.get_by_role("button", name="终止").click()
    dialog.get_by_role("button", name="终止").click()
    page.wait_for_url("**/end")
    assert gallery.extensions["gallery"].answers[0]["reason"] == "1"


def test_the_way_of_a_case_is_coloured_and_opens_its_stages(page: Page, gallery: Flask) -> None:
    page.goto(f"{gallery.base}/parts")
    page.wait_for_selector("[data-island=viewer][data-ready]")
    expect(page.locator(".zj-is-done[data-element-id=apply]")).to_have_count(1)
    expect(page.locator(".zj-is-late[data-element-id=review]")).to_have_count(1)
    expect(page.get_by_text("超时 2 天", exact=True)).to_be_visible()
    walked = "[data-element-id={}] .djs-visual > path"
    green = "rgb(44, 138, 82)"
    for flow in ("f1", "f2", "f3"):
        expect(page.locator(walked.format(flow))).to_have_css("stroke", green)
    expect(page.locator(walked.format("f4"))).not_to_have_css("stroke", green)
    page.get_by_role("button", name="展开“审议”的流程图（已超时）").click()
    expect(page.locator(".zj-is-active[data-element-id=apply]")).to_have_count(1)
    page.get_by_role("navigation", name="所在流程").get_by_role("button", name="全流程").click()
    expect(page.locator(".zj-is-late[data-element-id=review]")).to_have_count(1)


def test_a_page_jumps_and_does_not_glide(page: Page, gallery: Flask) -> None:
    """A button that glides moves from under the pointer between press and release: the click is lost."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{gallery.base}/form")
    assert page.evaluate("(scrollTo(0, 400), scrollY)") == 400
