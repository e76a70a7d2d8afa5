"""Spreadsheets that open as what they are: text stays text, money is a number in yuan."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell import MergedCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from app.reports.tables import Report

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be calculated by a spreadsheet; it is marked as text instead."""


def workbook(report: Report) -> bytes:
    """The table of a report as an XLSX file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = report.title[:31]
    sheet.append(
        [f"{column.label}（元）" if column.kind == "fen" else column.label for column in report.columns]
    )
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, row in enumerate(report.rows, start=2):
        for place, (column, one) in enumerate(zip(report.columns, row, strict=True), start=1):
            _write(sheet.cell(number, place), column.kind, one.value)
    for place, column in enumerate(report.columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = 34 if column.kind == "text" else 16
    sheet.freeze_panes = "A2"
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _write(cell: SheetCell | MergedCell, kind: str, value: Any) -> None:
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
        if value.startswith(DANGEROUS):
            cell.quotePrefix = True
    elif kind == "fen" and value is not None:
        cell.value, cell.number_format = value / 100, "#,##0.00"
    else:
        cell.value = value
