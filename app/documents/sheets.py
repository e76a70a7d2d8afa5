"""Lists as spreadsheets; a cell is never more than what it says."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.core import clock

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet program would run."""
HEAD = PatternFill("solid", fgColor="E6F0F8")
Value = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, and how numbers look.

    Attributes:
        money: the values are fen; they are written as yuan.
    """

    title: str
    width: int = 16
    money: bool = False


def sheet(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Value]], note: str = "") -> bytes:
    """One table as an XLSX file (导出表格).

    Args:
        note: a line under the table, such as that it was cut.
    """
    book = Workbook()
    page = book.worksheets[0]
    page.title, page.freeze_panes = title[:31], "A2"
    for number, column in enumerate(columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = column.width
        head = page.cell(1, number, column.title)
        head.font, head.fill = Font(bold=True), HEAD
    last = 1
    for last, row in enumerate(rows, start=2):
        for number, (value, column) in enumerate(zip(row, columns, strict=True), start=1):
            _write(page.cell(last, number), value, column)
    if note:
        _write(page.cell(last + 2, 1), note, columns[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plain(text: str) -> str:
    """A text that stays a text in every spreadsheet program, also when it is saved as CSV."""
    clean = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{clean}" if clean.startswith(ACTIVE) else clean


def _write(cell: Any, value: Value, column: Column) -> None:
    if isinstance(value, str):
        cell.value = plain(value)
        cell.data_type = "s"  # whatever it looks like
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    elif isinstance(value, datetime):
        cell.value = clock.local(value).replace(tzinfo=None, second=0, microsecond=0)
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif column.money and isinstance(value, int):
        cell.value, cell.number_format = Decimal(value) / 100, "#,##0.00"
    elif value is not None:
        cell.value = value
