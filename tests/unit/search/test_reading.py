"""The words of papers; hostile ones are found by their names only."""

from __future__ import annotations

import io
import zipfile

from app.search.reading import text_of
from app.search.rules import LONGEST_BODY


def packed(part: str, xml: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, xml)
    return made.getvalue()


def test_text_in_both_codings() -> None:
    assert text_of("a.txt", "服务协议".encode()) == "服务协议"
    assert text_of("a.csv", "姓名,服务协议".encode("gb18030")) == "姓名,服务协议"
    assert len(text_of("a.txt", ("长" * 100_000).encode())) == LONGEST_BODY


def test_word_and_excel() -> None:
    word = '<w:p><w:r><w:t xml:space="preserve">服务 &amp; </w:t></w:r><w:r><w:t>协议</w:t></w:r></w:p>'
    assert text_of("a.docx", packed("word/document.xml", word)) == "服务 &  协议"
    assert text_of("a.xlsx", packed("xl/sharedStrings.xml", "<sst><si><t>签到表</t></si></sst>")) == "签到表"


def test_pictures_and_broken_papers_hold_no_words() -> None:
    assert text_of("a.pdf", b"%PDF-1.4 words") == ""
    assert text_of("a.docx", b"PK\x03\x04 broken") == ""
    assert text_of("a.docx", packed("other.xml", "<w:t>x</w:t>")) == ""
    assert text_of("a.txt", b"\xff\xfe\x00") == ""


def test_a_bomb_is_not_unpacked() -> None:
    assert text_of("a.docx", packed("word/document.xml", "<w:t>" + "0" * (9 * 1024 * 1024) + "</w:t>")) == ""


def test_no_entity_is_ever_resolved() -> None:
    evil = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:t>&e;</w:t>'
    assert text_of("a.docx", packed("word/document.xml", evil)) == "&e;"
