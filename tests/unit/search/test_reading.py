"""The words of papers; hostile ones are found by their names only."""

from __future__ import annotations

import io
import time
import zipfile
import zlib

import pytest

from app.documents import pdf
from app.search import reading
from app.search.reading import DAMAGED, ENCRYPTED, NO_WORDS, TOO_LARGE, TOO_SLOW, words_of
from app.search.rules import LONGEST_BODY


def packed(part: str, xml: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, xml)
    return made.getvalue()


def drawn(content: bytes, more: bytes = b"") -> bytes:
    """A PDF of one page, written by hand: no table of places, which a reader has to look up for itself."""
    packed_ = zlib.compress(content)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        b"4 0 obj<</Filter/FlateDecode/Length " + str(len(packed_)).encode() + b">>stream\n" + packed_
        + b"\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        b"trailer<</Root 1 0 R" + more + b">>\nstartxref\n0\n%%EOF\n"
    )  # fmt: skip


def test_text_in_both_codings() -> None:
    assert words_of("a.txt", "服务协议".encode()).text == "服务协议"
    assert words_of("a.csv", "姓名,服务协议".encode("gb18030")).text == "姓名,服务协议"
    assert len(words_of("a.txt", ("长" * 100_000).encode()).text) == LONGEST_BODY


def test_word_and_excel() -> None:
    word = '<w:p><w:r><w:t xml:space="preserve">服务 &amp; </w:t></w:r><w:r><w:t>协</w:t></w:r><w:r><w:t>议</w:t></w:r></w:p>'
    assert words_of("a.docx", packed("word/document.xml", word)).text == "服务 &  协议"
    table = "<sst><si><t>签到表</t></si><si><t>姓名</t></si></sst>"
    assert words_of("a.xlsx", packed("xl/sharedStrings.xml", table)).text == "签到表 姓名"
    inline = '<c t="inlineStr"><is><t>活动照片</t></is></c>'
    assert words_of("a.xlsx", packed("xl/worksheets/sheet1.xml", inline)).text == "活动照片"


def test_a_pdf_as_this_site_prints_it() -> None:
    page = "<p>为独居老人提供助餐服务</p><div style='width:4em'>每周上门探访两次</div>"
    made = words_of(
        "合同.pdf", pdf.render(f"<html><body style='font-family: Noto Sans CJK SC'>{page}</body>")
    )
    assert made.refused == ""
    assert "为独居老人提供助餐服务" in made.text
    assert "每周上门探访两次" in made.text  # one sentence, although its lines are short


def test_a_pdf_written_by_hand_is_read_too() -> None:
    assert "contract 2026" in words_of("a.pdf", drawn(b"BT /F 12 Tf (contract 2026) Tj ET")).text


def test_what_holds_no_words_says_why() -> None:
    assert words_of("a.pdf", b"%PDF-1.4 words").refused == DAMAGED
    assert words_of("a.pdf", b"%PDF-1.4\n" + b"<<" * 100_000).refused == DAMAGED
    assert words_of("a.pdf", drawn(b"q Q")).refused == NO_WORDS
    assert words_of("a.docx", b"PK\x03\x04 broken").refused == DAMAGED
    assert words_of("a.docx", packed("other.xml", "<w:t>x</w:t>")).refused == NO_WORDS
    assert words_of("a.txt", b"\xff\xfe\x00").refused == NO_WORDS


def test_an_encrypted_pdf_is_left_alone() -> None:
    locked = (
        b"/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O(" + b"o" * 32 + b")/U(" + b"u" * 32 + b")>>"
    )
    assert words_of("a.pdf", drawn(b"", locked + b"/ID[(12)(12)]")).refused == ENCRYPTED


def test_bombs_are_not_unpacked() -> None:
    bomb = packed("word/document.xml", "<w:t>" + "0" * (9 * 1024 * 1024) + "</w:t>")
    assert words_of("a.docx", bomb).refused == TOO_LARGE
    found = words_of("a.pdf", drawn(b"(" + b" " * 90_000_000 + b") Tj"))
    assert (found.text, found.refused) in [("", reason) for reason in (DAMAGED, TOO_SLOW, NO_WORDS)]


def test_what_makes_a_reader_think_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PDF_SECONDS", 1)
    began = time.monotonic()
    found = words_of("a.pdf", drawn(b"BT /F 12 Tf " + b"(a) Tj " * 3_000_000 + b" ET"))
    assert time.monotonic() - began < 8
    assert (found.text, found.refused) == ("", TOO_SLOW)


def test_brackets_without_end_cost_no_time() -> None:
    began = time.monotonic()
    words_of("a.docx", packed("word/document.xml", "<w:t " * 1_000_000))
    assert time.monotonic() - began < 5


def test_no_entity_is_ever_resolved() -> None:
    evil = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:t>&e;</w:t>'
    assert words_of("a.docx", packed("word/document.xml", evil)).text == "&e;"
