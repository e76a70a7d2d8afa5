"""The administration by keyboard in a real browser: people, units, handing over, values, calendar, audit."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import tab_to
from tests.browser.town import Town, follow, leads, sure


def opens(page: Page, link: object) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=link).first.press("Enter")  # type: ignore[arg-type]


@pytest.mark.long
def test_people_units_and_all_the_work_of_one_who_leaves(town: Town) -> None:
    page = town.enter("xitong", "/admin")
    town.clean(page)
    follow(page, "单位")
    town.clean(page)
    tab_to(page, "main [name=q]")
    page.keyboard.type("狮山街道")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    opens(page, "狮山街道")
    town.clean(page)

    opens(page, "狮山街道经办")
    expect(page.locator("#duties")).to_contain_text("2 个")
    town.clean(page)
    opens(page, "工作交接")
    expect(page.locator(".zj-phrasebar")).to_have_count(0)  # a reason is no opinion on a case
    expect(page.get_by_role("table", name="要交接的事项")).to_contain_text("项目负责人")
    leads(page, "确认交接")
    expect(page.locator("#form-errors")).to_be_focused()
    expect(page.locator("#f-reason-err")).to_contain_text("请写明理由")
    town.clean(page)
    tab_to(page, "[name=successor_id]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "[name=reason]")
    page.keyboard.type("调离本单位")
    leads(page, "确认交接")
    expect(page.locator(".zj-flash")).to_contain_text("负责的项目 2 个")
    expect(page.locator("#account")).to_contain_text("已停用")
    expect(page.locator("#duties")).to_contain_text("名下没有")
    sure(page, "恢复账号")
    expect(page.locator("#account")).to_contain_text("在用")

    follow(page, "人员")
    town.clean(page)
    opens(page, "新增人员")
    tab_to(page, "[name=login]")
    page.keyboard.type("JINGBAN")
    leads(page, "新增并生成一次性密码")
    expect(page.locator("#form-errors")).to_be_focused()
    expect(page.locator("[name=login]")).to_have_value("JINGBAN")
    town.clean(page)
    for path in ("/admin/people/import", "/admin/roles", "/admin/units/new"):
        page.goto(town.base + path)
        town.clean(page)


@pytest.mark.long
def test_roles_are_asked_for_given_and_taken_back(town: Town) -> None:
    admin = town.enter("xitong", "/admin/people/new")
    places = admin.get_by_label("所在单位")
    places.select_option(places.locator("option", has_text="狮山街道").first.get_attribute("value"))
    tab_to(admin, "[name=login]")
    admin.keyboard.type("xinren")
    tab_to(admin, "[name=name]")
    admin.keyboard.type("新人")
    tab_to(admin, "[value='street.finance']")
    admin.keyboard.press("Space")
    leads(admin, "新增并生成一次性密码")
    town.clean(admin)
    guard = town.enter("anquan", "/admin/roles")
    town.clean(guard)
    tab_to(guard, "[name=request]")
    guard.keyboard.press("Space")  # nothing is ticked now: told on the page, the reason stays
    tab_to(guard, "[name=reason]")
    guard.keyboard.type("按分工文件")
    leads(guard, "授予所选岗位")
    expect(guard.locator("main")).to_contain_text("请至少勾选一项申请")
    expect(guard.locator("[name=reason]")).to_have_value("按分工文件")
    tab_to(guard, "[name=request]")
    guard.keyboard.press("Space")
    leads(guard, "授予所选岗位")
    expect(guard.locator(".zj-flash")).to_contain_text("已授予 1 项")
    opens(guard, "狮山街道")
    town.clean(guard)
    opens(guard, "新人：收回街道财务")
    tab_to(guard, "[name=reason]")
    guard.keyboard.type("分工调整")
    leads(guard, "收回岗位")
    expect(guard.locator(".zj-flash")).to_contain_text("已收回新人")


@pytest.mark.long
def test_a_value_takes_two_people_a_day_changes_deadlines_and_the_audit_has_it_all(town: Town) -> None:
    owner = town.enter("shi-minzheng", "/admin/policy")
    town.clean(owner)
    opens(owner, "查看和确认取值")
    town.clean(owner)
    link = owner.locator("#parameters").get_by_role("link", name=re.compile("提出取值")).first
    label = (link.get_attribute("aria-label") or "").partition("：")[0]
    with owner.expect_navigation():
        link.press("Enter")
    town.clean(owner)
    for name, words in (("ref", "珠民函〔2026〕8 号"), ("decided_by", "市民政局局务会")):
        tab_to(owner, f"[name={name}]")
        owner.keyboard.type(words)
    if not owner.locator("[name=value]").input_value():
        owner.locator("[name=value]").fill("珠府办〔2026〕1 号")
    leads(owner, "提出，等待确认")
    expect(owner.locator("#proposals")).to_contain_text(label)
    second = town.enter("qu-minzheng", owner.url.removeprefix(town.base))
    tab_to(second, "[name=proposal]")
    leads(second, "退回所选取值")  # without a reason: told here, the tick stays
    expect(second.locator("#proposals")).to_contain_text("理由")
    expect(second.locator("[name=proposal]")).to_be_checked()
    town.clean(second)
    leads(second, "确认所选取值")
    expect(second.locator(".zj-flash")).to_contain_text("已确认 1 项取值")

    admin = town.enter("xitong", "/admin/calendar")
    town.clean(admin)
    with admin.expect_navigation():
        admin.locator("a[href$='2026-12-22']").press("Enter")
    town.clean(admin)
    tab_to(admin, "[name=working]")
    admin.keyboard.press("ArrowDown")
    tab_to(admin, "[name=source]")
    admin.keyboard.type("珠府办〔2026〕3 号")
    leads(admin, "保存")
    expect(admin.locator(".zj-day-own a[href$='2026-12-22']")).to_have_count(1)
    admin.goto(f"{town.base}/admin/calendar/import")
    town.clean(admin)

    auditor = town.enter("shenji", "/admin/audit")
    town.clean(auditor)
    tab_to(auditor, "[name=person]")
    auditor.keyboard.type("市民政")
    with auditor.expect_navigation():
        auditor.keyboard.press("Enter")
    expect(auditor.locator("tbody tr").first).to_contain_text("提出政策取值")
    auditor.locator("[name=person]").fill("")
    auditor.locator("[name=act]").select_option("policy.calendar")
    leads(auditor, "查询")
    expect(auditor.locator("tbody tr").first).to_contain_text("珠府办〔2026〕3 号")
    leads(auditor, "验证完整性")
    expect(auditor.locator("main")).to_contain_text("审计记录完整")
    town.clean(auditor)
