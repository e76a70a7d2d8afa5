"""The words of a paper, where it holds words: text, tables of values, PDFs, Word and Excel documents.

A paper is somebody else's file: it is read within bounds of size and time, and what cannot be read is said by a
reason instead of an error.
"""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from app.files.rules import TEXT_CODINGS, extension
from app.search import pdf_words
from app.search.rules import LONGEST_BODY

LARGEST_PART = 8 * 1024 * 1024
"""A packed part that would unpack to more is not read: nobody writes so much, and bombs do."""
MOST_PARTS = 20
PARTS = {
    "docx": (re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml"), "w:t"),
    "xlsx": (re.compile(r"xl/(sharedStrings|worksheets/[^/]+)\.xml"), "t"),
}
"""By kind: the parts that hold words, and the element they stand in."""
READ = frozenset({"txt", "csv", "pdf", *PARTS})
"""Kinds of papers that are read; pictures and old office documents are found by their names."""
PDF_SECONDS, PDF_PAGES = 10, 200
CHINESE = r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
SPLIT = re.compile(rf"(?<={CHINESE})[^\S\x00]+(?={CHINESE})")
"""A line's end inside a Chinese sentence: the words on both sides belong together."""
ENCRYPTED, DAMAGED, TOO_LARGE, TOO_SLOW, NO_WORDS = (
    "加密文件",
    "文件损坏",
    "内容过大",
    "读取超时",
    "没有文字（可能是扫描件）",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a paper says.

    Attributes:
        refused: why it was not read, "" when it was.
    """

    text: str
    refused: str = ""


def words_of(name: str, data: bytes) -> Words:
    """The words of a paper, as far as the index keeps them."""
    kind = extension(name)
    if kind == "pdf":
        found = _pdf(data)
    elif kind in PARTS:
        found = _packed(data, *PARTS[kind])
    else:
        found = Words(_text(data)) if kind in READ else Words("")
    text = found.text.replace("\x00", "")  # which PostgreSQL keeps in no text
    text = (text if kind in ("xlsx", "csv") else SPLIT.sub("", text))[:LONGEST_BODY]
    return Words(text, found.refused or ("" if text.strip() else NO_WORDS))


def _text(data: bytes) -> str:
    cut = data[: 4 * LONGEST_BODY]
    for coding in TEXT_CODINGS:
        try:
            data.decode(coding)
        except UnicodeDecodeError:
            continue
        return cut.decode(coding, errors="ignore")
    return ""


def _packed(data: bytes, parts: re.Pattern[str], tag: str) -> Words:
    """The text elements of some parts; read as text, so that no XML of a stranger is ever interpreted."""
    # Nothing in it looks past the next bracket: the time follows the length, whatever is written there.
    element = re.compile(rf"<{tag}(?:\s[^<>]*)?>([^<]*)</{tag}>")
    found: list[str] = []
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        for xml in _parts(archive, parts):
            found += element.findall(xml)
    except OverflowError:
        return Words("", TOO_LARGE)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return Words("", DAMAGED)
    return Words(html.unescape(" ".join(found)))


def _parts(archive: zipfile.ZipFile, parts: re.Pattern[str]) -> Iterator[str]:
    names = [one.filename for one in archive.infolist() if parts.fullmatch(one.filename)]
    left = LARGEST_PART
    for name in sorted(names)[:MOST_PARTS]:
        left -= archive.getinfo(name).file_size
        if left < 0:
            raise OverflowError
        with archive.open(name) as packed:
            yield packed.read(LARGEST_PART).decode("utf-8", errors="replace")


def _pdf(data: bytes) -> Words:
    bounds = (PDF_SECONDS, PDF_PAGES, LONGEST_BODY)
    command = [sys.executable, "-I", pdf_words.__file__, *map(str, bounds)]
    try:
        # Our own script, told nothing but numbers; the paper comes as its input.
        done = subprocess.run(  # noqa: S603
            command, input=data, capture_output=True, timeout=2 * PDF_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        return _read(late.stdout or b"", TOO_SLOW)
    reasons = {0: "", pdf_words.ENCRYPTED: ENCRYPTED, pdf_words.DAMAGED: DAMAGED}
    return _read(done.stdout, reasons.get(done.returncode, TOO_SLOW))


def _read(written: bytes, reason: str) -> Words:
    """What came through before the end; some words are better than none."""
    text = written.decode("utf-8", errors="replace")
    return Words(text, "" if text.strip() else reason)
