"""What may be uploaded, and under which name."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files import rules
from app.files.views import content_type, disposition

LIMIT = 1024 * 1024


def packed(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


GOOD = {
    "合同.pdf": b"%PDF-1.7\n",
    "现场.jpg": b"\xff\xd8\xff\xe0",
    "现场.jpeg": b"\xff\xd8\xff\xe1",
    "截图.png": b"\x89PNG\r\n\x1a\n",
    "照片.webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "方案.docx": packed("[Content_Types].xml", "word/document.xml"),
    "预算.xlsx": packed("[Content_Types].xml", "xl/workbook.xml"),
    "旧稿.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "旧表.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "说明.txt": "社区服务".encode(),
    "名单.csv": "姓名,次数\n".encode("gb18030"),
}


@pytest.mark.parametrize("name", GOOD)
def test_each_kind_is_accepted_with_its_own_content(name: str) -> None:
    assert rules.upload_allowed(name, GOOD[name], LIMIT)


@pytest.mark.parametrize("name", GOOD)
def test_no_kind_is_accepted_with_another_content(name: str) -> None:
    foreign = b"MZ\x90\x00\x03"
    assert not rules.upload_allowed(name, foreign, LIMIT)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("脚本.html", b"<script>", "可上传 PDF"),
        ("图.svg", b"<svg/>", "可上传 PDF"),
        ("包.zip", packed("a"), "可上传 PDF"),
        ("程序.exe", b"MZ", "可上传 PDF"),
        ("无后缀", b"x", "可上传 PDF"),
        ("空.pdf", b"", "空的"),
        ("大.txt", b"a" * (LIMIT + 1), "超过 1 MB"),
        ("假.docx", packed("[Content_Types].xml", "xl/workbook.xml"), "扩展名不符"),
        ("假.xlsx", packed("payload.exe"), "扩展名不符"),
        ("坏.docx", b"PK\x03\x04broken", "扩展名不符"),
        ("声音.webp", b"RIFF\x10\x00\x00\x00WAVEfmt ", "扩展名不符"),
        ("二进制.csv", b"a,b\x00", "不是文字"),
        ("乱码.txt", b"\xff\xff\xff", "不是文字"),
    ],
)
def test_refusals_say_what_to_do(name: str, data: bytes, words: str) -> None:
    decision = rules.upload_allowed(name, data, LIMIT)
    assert not decision
    assert words in decision.reason


def test_a_file_of_exactly_the_limit_is_accepted() -> None:
    assert rules.upload_allowed("满.txt", b"a" * LIMIT, LIMIT)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("合同.PDF", "合同.pdf"),
        ("../../etc/合同.pdf", "合同.pdf"),
        ("C:\\Users\\李\\合同.pdf", "合同.pdf"),
        ("合\r\n同\x00.pdf", "合同.pdf"),
        ("合同\u202efdp.exe", "合同fdp.exe"),
        ("  合同.pdf. ", "合同.pdf"),
        ("", "file"),
    ],
)
def test_names_lose_what_could_mislead(given_name: str, kept: str) -> None:
    assert rules.clean_name(given_name) == kept


@given(st.text(max_size=400))
def test_a_clean_name_is_short_plain_and_stays_so(name: str) -> None:
    clean = rules.clean_name(name)
    assert 0 < len(clean) <= rules.MAX_NAME
    assert clean.isprintable()
    assert not set(clean) & set("/\\")
    assert rules.clean_name(clean) == clean


def test_only_what_a_browser_shows_safely_opens_in_place() -> None:
    shown = {
        kind
        for kind, (media, _) in rules.TYPES.items()
        if disposition("a." + kind, media, save=False)[0] == "i"
    }
    assert shown == {"pdf", "jpg", "jpeg", "png", "webp"}
    assert disposition("a.pdf", "application/pdf", save=True).startswith("attachment")


def test_the_whole_name_is_told_in_utf8() -> None:
    header = disposition('合同 "甲".pdf', "application/pdf", save=False)
    assert header == (
        "inline; filename=\"file.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C%20%22%E7%94%B2%22.pdf"
    )
    assert header.isascii()


def test_text_says_its_coding() -> None:
    assert content_type("text/csv") == "text/csv; charset=utf-8"
    assert content_type("application/pdf") == "application/pdf"
