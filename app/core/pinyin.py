"""First letters of Chinese words, so that people find a project by typing `jdsq`."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin

LONGEST = 200


def initials(text: str) -> str:
    """The first letters of a text, letters and digits kept, the rest left out (拼音首字母).

    Where a character is read in several ways the reading of the whole word counts: 银行 is `yh`, 行走 `xz`.
    """
    letters = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))
    return "".join(one for one in letters if one.isascii() and one.isalnum()).lower()[:LONGEST]


def looks_like_initials(text: str) -> bool:
    """Whether somebody typed letters where a name was asked: then initials are meant."""
    return text.isascii() and text.isalnum() and any(one.isalpha() for one in text)
