"""The words of a paper, where it holds words: text, tables of values, Word and Excel documents."""

from __future__ import annotations

import html
import io
import re
import zipfile

from app.files.rules import TEXT_CODINGS, extension
from app.search.rules import LONGEST_BODY

LARGEST_PART = 8 * 1024 * 1024
"""A packed part that would unpack to more is not read: nobody writes so much, and bombs do."""
PARTS = {"docx": ("word/document.xml", "w:t"), "xlsx": ("xl/sharedStrings.xml", "t")}
READ = frozenset({"txt", "csv", *PARTS})
"""Kinds of papers that are read; pictures, scans and PDFs are found by their names."""


def text_of(name: str, data: bytes) -> str:
    """The words of a paper, "" when it holds none that can be read."""
    kind = extension(name)
    if kind in PARTS:
        return _packed(data, *PARTS[kind])
    return _text(data) if kind in READ else ""


def _text(data: bytes) -> str:
    cut = data[: 4 * LONGEST_BODY]
    for coding in TEXT_CODINGS:
        try:
            data.decode(coding)
        except UnicodeDecodeError:
            continue
        return cut.decode(coding, errors="ignore")[:LONGEST_BODY]
    return ""


def _packed(data: bytes, part: str, tag: str) -> str:
    """The text elements of one part; read as text, so that no XML of a stranger is ever interpreted."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        if archive.getinfo(part).file_size > LARGEST_PART:
            return ""
        with archive.open(part) as packed:
            xml = packed.read(LARGEST_PART).decode("utf-8", errors="replace")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError):
        return ""  # encrypted, damaged or without this part: it is found by its name
    found = re.findall(rf"<{tag}(?:\s[^>]*)?>([^<]*)</{tag}>", xml)
    return html.unescape(" ".join(found))[:LONGEST_BODY]
