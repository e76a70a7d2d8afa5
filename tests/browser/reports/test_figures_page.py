"""The figures for the leader in a real browser: charts beside their tables, each number with its list, spreadsheets."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.queries import actor, unit_by_code
from app.cli.world import STREET
from app.core import db
from app.funds import services as funds
from tests.browser.town import Town

HOSTILE = '=HYPERLINK("http://x.example";"专项")'


def hostile_pot() -> None:
    """A source of money whose name a spreadsheet would calculate."""
    treasurer = db.session().scalars(select(Person.id).where(Person.login == "qu-caizheng")).one()
    with db.unit_of_work():
        street = unit_by_code(STREET).id
        pot = funds.create_pot(actor(treasurer), street_id=street, year=2026, name=HOSTILE, source="fiscal")
        funds.allot(actor(treasurer), pot.id, 123_456, "测试拨入")
    db.close()


def lists_behind(town: Town, page: Page) -> int:
    """Follow every number of the tables; a number of steps equals the length of its list."""
    found = page.locator(".zj-card td a").evaluate_all(
        "(all) => all.map((one) => [one.getAttribute('href'), one.textContent.trim()])"
    )
    for href, number in found:
        answer = page.request.get(town.base + href)
        assert answer.status == 200, href
        if href.startswith("/reports/tasks"):
            assert answer.text().count('data-label="事项"') == int(number), href
    return len(found)


def test_the_leader_reads_charts_tables_lists_and_spreadsheets(town: Town) -> None:
    hostile_pot()
    page = town.enter("lingdao", "/reports")
    assert page.locator("[data-chart]").count() >= 4
    for chart in page.locator("[data-chart]").all():
        chart.scroll_into_view_if_needed()
        expect(chart.locator("svg path").first).to_be_attached()
        assert chart.get_attribute("aria-hidden") == "true"  # its table is read out
    waits = page.locator("#waiting")
    drawn = waits.locator("script[type='application/json']").text_content() or ""
    row = waits.locator("tbody tr").first
    assert row.locator("td").first.inner_text() in drawn
    town.clean(page)
    assert lists_behind(town, page) >= 8

    # by keyboard: a part of the page, a number, its list, a case
    page.get_by_role("navigation", name="本页内容").get_by_role("link").nth(1).press("Enter")
    expect(page.locator("#stages")).to_be_in_viewport()
    number = waits.locator("tbody tr td a").first
    count = int(number.inner_text())
    with page.expect_navigation():
        number.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(count)
    town.clean(page)
    with page.expect_navigation():
        page.locator("tbody a").first.press("Enter")
    expect(page).to_have_url(re.compile(r"/cases/XM"))

    page.goto(f"{town.base}/reports")
    with page.expect_download() as got:
        page.locator("#pots").get_by_role("link", name="表格").press("Enter")
    assert got.value.suggested_filename == "pots-2026.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(Path(got.value.path()).read_bytes())).active
    assert sheet is not None
    heads = [cell.value for cell in sheet[1]]
    assert heads[1] == "安排（元）"
    line = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == HOSTILE)
    assert (line[0].data_type, line[0].quotePrefix) == ("s", True)  # words, not something to calculate
    assert (line[1].value, line[1].data_type) == (1234.56, "n")

    page.get_by_label("年度").select_option("2025")
    with page.expect_navigation():
        page.get_by_role("button", name="查看").press("Enter")
    expect(page.locator("#pots")).not_to_contain_text("专项")


def test_who_has_nothing_to_lead_is_sent_away(town: Town) -> None:
    page = town.enter("liangwei", "/desk")
    expect(page.get_by_role("link", name="统计分析")).to_have_count(0)
    assert page.goto(f"{town.base}/reports").status == 403  # type: ignore[union-attr]
    expect(page.locator("h1")).to_have_text("您没有权限进行这项操作")
