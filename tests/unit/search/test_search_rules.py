"""How text is cut, and how what is typed finds it again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search import rules


def found(typed: str, text: str, *names: str) -> bool:
    """Whether the index form answers the query, judged without a database."""
    tokens = rules.grams(text, names).split()
    query = rules.parse(typed)
    return bool(query) and all(
        any(
            token.startswith(one.text) if one.prefix else token == one.text
            for one in group
            for token in tokens
        )
        for group in query
    )


@pytest.mark.parametrize(
    "typed",
    [
        "养老",  # two characters
        "居家养老",
        "餐",  # one, at the end
        "助",  # one, in the middle
        "XM2026-0402007-0004",
        "xm2026",
        "0402007-0004",
        "0004",
        "4",  # a number without its zeros
        "ＸＭ２０２６",  # typed full width
        "jjyl",  # initials from the middle
        "hwsq",
        "养老 0004",  # all of it
        "zc",
    ],
)
def test_it_is_found(typed: str) -> None:
    title = "胡湾社区居家养老助餐"
    assert found(typed, f"{title} XM2026-0402007-0004", title)


@pytest.mark.parametrize("typed", ["养狗", "老养", "0005", "jjyy", "养老 0005", "x2026", "の", "zz", "a"])
def test_it_is_not_found(typed: str) -> None:
    title = "胡湾社区居家养老助餐"
    assert not found(typed, f"{title} XM2026-0402007-0004", title)


@pytest.mark.parametrize("typed", ["", "  ", "*", "\"'%_", "。，！", "😀", "( )", "-- ;"])
def test_what_cannot_be_looked_for_asks_nothing(typed: str) -> None:
    assert rules.parse(typed) == []


@given(st.text(max_size=80))
def test_no_typed_text_reaches_the_database_as_more_than_words(typed: str) -> None:
    query = rules.parse(typed)
    lite, postgres = rules.for_sqlite(query), rules.for_postgresql(query)
    word = r"の?[0-9a-z\u3400-\u9fff\uf900-\ufaff]+"
    assert re.fullmatch(rf'(\("{word}"\*?( OR "{word}"\*?)*\)( AND )?)*', lite)
    assert re.fullmatch(rf"(\('{word}'(:\*)?( \| '{word}'(:\*)?)*\)( & )?)*", postgres)


@given(st.text(alphabet="居家养老助餐服务0123456789abxyXY -·", min_size=1, max_size=30), st.data())
def test_every_part_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : start + data.draw(st.integers(1, 12))]
    # Within a number or a Latin word only its beginning is looked for.
    whole = start == 0 or not (
        text[start - 1].isascii() and text[start - 1].isalnum() and text[start].isalnum()
    )
    if whole and rules.parse(part):
        assert found(part, text)


def test_initials_of_many_readings_follow_the_word() -> None:
    assert rules.initials("重庆路社区") == "cqlsq"
    assert rules.initials("居家养老3号") == "jjyl3h"


def test_marks_and_quotes_show_what_was_typed() -> None:
    marked = rules.words("养老 ＡＢ")
    assert rules.parts("居家养老Ab服务", marked) == [
        ("居家", False),
        ("养老", True),
        ("Ab", True),
        ("服务", False),
    ]
    assert rules.parts("㎡养老…", marked) == [("㎡", False), ("养老", True), ("…", False)]
    body = "甲" * 100 + "需要养老服务" + "乙" * 100
    quote = rules.quote(body, marked)
    assert "需要养老服务" in quote
    assert len(quote) < 120
    assert quote.startswith("…")
    assert quote.endswith("…")
    assert rules.quote("别的", marked) == ""
