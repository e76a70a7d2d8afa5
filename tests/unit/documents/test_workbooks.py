"""Spreadsheets: what people typed stays text, money and moments are what they are."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from openpyxl import load_workbook

from app.core import clock
from app.documents.sheets import Column, plain, sheet

COLUMNS = (Column("项目"), Column("预算（元）", money=True), Column("时间"))


@pytest.mark.parametrize(
    "text", ["=1+1", "+86 139", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
)
def test_a_text_that_looks_like_a_formula_is_no_formula(text: str) -> None:
    page = load_workbook(io.BytesIO(sheet("表", COLUMNS, [[text, None, None]])))["表"]
    cell = page["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")
    assert plain(text).startswith("'")


def test_ordinary_texts_are_left_alone() -> None:
    assert plain("长者助餐=送餐+探访") == "长者助餐=送餐+探访"
    assert plain("一\x07二") == "一二"


def test_values_keep_their_kind() -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=clock.SHANGHAI)
    page = load_workbook(io.BytesIO(sheet("表", COLUMNS, [["助餐", 14_800_050, at]], "完")))["表"]
    assert [cell.value for cell in page[1]] == ["项目", "预算（元）", "时间"]
    assert page["B2"].value == pytest.approx(148000.5)
    assert page["B2"].number_format == "#,##0.00"
    assert page["C2"].value == datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - a sheet knows no zone
    assert page["A4"].value == "完"
    assert page.freeze_panes == "A2"
