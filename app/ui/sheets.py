"""Spreadsheets: read what offices fill in, write what they take home."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from app.core.errors import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST = 2 * 1024 * 1024
UNPACKED = 40 * 1024 * 1024
MOST_ROWS = 2000
MOST_COLUMNS = 30
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program would run; a text that begins so gets an apostrophe."""


def read(name: str, data: bytes) -> list[list[str]]:
    """The cells of the first sheet of an XLSX file, or of a CSV file, as text.

    Promises: formulas are not run, days read as 2026-01-31, all rows are equally wide, empty ends are cut off.

    Raises:
        Refusal: neither of the two, damaged, or too large.
    """
    if len(data) > LARGEST:
        raise Refusal("文件太大，请控制在 2 MB 以内。", field="file")
    if data.startswith(b"PK"):
        table = _xlsx(data)
    elif name.lower().endswith((".csv", ".txt")):
        table = _csv(data)
    else:
        raise Refusal("请上传 XLSX 或 CSV 文件。老的 XLS 文件请先另存为 XLSX。", field="file")
    while table and not any(table[-1]):
        table.pop()
    width = max((number for row in table for number, cell in enumerate(row, start=1) if cell), default=0)
    return [[*row, *[""] * width][:width] for row in table]


def write(
    title: str, rows: Iterable[Sequence[Any]], *, more: Sequence[tuple[str, Sequence[Any]]] = ()
) -> bytes:
    """An XLSX file whose first row is the heading.

    Args:
        more: further sheets, each a title and the cells of its only column.
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title[:31]
    widths: list[int] = []
    for row in rows:
        cells = [harmless(cell) for cell in row]
        sheet.append(cells)
        widths += [0] * (len(cells) - len(widths))
        widths = [
            max(old, sum(2 if ord(sign) > 255 else 1 for sign in str(cell or "")))
            for old, cell in zip(widths, [*cells, *[""] * len(widths)], strict=False)
        ]
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(60, max(10, width + 2))
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")
    sheet.freeze_panes = "A2"
    for name, column in more:
        other = book.create_sheet(name[:31])
        for value in column:
            other.append([harmless(value)])
        other.column_dimensions["A"].width = 40
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet program runs."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _xlsx(data: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED:
                raise Refusal("文件展开后太大，请只保留需要导入的内容。", field="file")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        found = [
            [_text(cell) for cell in row]
            for row in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
        ]
        book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise Refusal("这个文件打不开，请用表格软件另存为 XLSX 后重试。", field="file") from error
    return _bounded(found)


def _csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            words = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            found = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(words, newline=""))]
        except csv.Error as error:
            raise Refusal("这个 CSV 文件的格式不对，请另存为 XLSX 后重试。", field="file") from error
        return _bounded(found)
    raise Refusal("这个 CSV 文件的编码无法识别，请另存为 XLSX 后重试。", field="file")


def _bounded(table: list[list[str]]) -> list[list[str]]:
    if len(table) > MOST_ROWS:
        raise Refusal(f"文件超过 {MOST_ROWS} 行，请分开导入。", field="file")
    return table


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
