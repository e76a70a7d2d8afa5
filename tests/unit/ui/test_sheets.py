"""Spreadsheets in and out: nothing is run, nothing too large is opened."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from app.core.errors import Refusal
from app.ui import sheets


def test_what_is_written_is_read_again() -> None:
    data = sheets.write("人员", [["姓名", "天数"], ["张三", 5]], more=[("清单", ["甲", "乙"])])
    assert sheets.read("x.xlsx", data) == [["姓名", "天数"], ["张三", "5"]]
    assert load_workbook(io.BytesIO(data)).sheetnames == ["人员", "清单"]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_becomes_a_formula(evil: str) -> None:
    book = load_workbook(io.BytesIO(sheets.write("x", [["标题"], [evil]])))
    cell = book.worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


def test_days_and_whole_numbers_read_as_people_write_them() -> None:
    book = Workbook()
    book.worksheets[0].append([date(2026, 10, 1), 3.0, None, "  休  "])
    out = io.BytesIO()
    book.save(out)
    assert sheets.read("x.xlsx", out.getvalue()) == [["2026-10-01", "3", "", "休"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_of_either_encoding(encoding: str) -> None:
    assert sheets.read("x.csv", "姓名,单位\r\n张三,街道\r\n,\r\n".encode(encoding)) == [
        ["姓名", "单位"],
        ["张三", "街道"],
    ]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.UNPACKED + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.xls", b"\xd0\xcf\x11\xe0", "XLSX 或 CSV"),
        ("x.xlsx", b"PK\x03\x04 damaged", "打不开"),
        ("x.csv", b"\xff\xff\xff\x81", "编码"),
        ("x.csv", b"a\n" * (sheets.MOST_ROWS + 1), "行"),
        ("x.csv", b"a" * (sheets.LARGEST + 1), "2 MB"),
        ("x.xlsx", bomb(), "展开后太大"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(name: str, data: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        sheets.read(name, data)
