"""What people type becomes exact data, or stays as typed so that it can be refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.ui.filters import yuan
from app.ui.forms import Form, cast, complete, load
from app.ui.forms.casting import day, fen, whole

LARGEST = 99_999_999_999_999


def form(properties: dict, ui: dict | None = None, required: tuple[str, ...] = ()) -> Form:
    schema = {"type": "object", "title": "测试", "properties": properties, "required": list(required)}
    return load(json.dumps(schema), json.dumps(ui or {}), "test")


@given(st.integers(min_value=-LARGEST, max_value=LARGEST))
def test_an_amount_shown_and_typed_again_is_the_same_amount(amount: int) -> None:
    assert fen(yuan(amount)) == amount
    assert fen(yuan(amount).replace(",", "") + " 元") == amount


@given(st.text(max_size=20))
def test_an_amount_is_an_integer_or_the_very_words_typed(text: str) -> None:
    assert isinstance(fen(text), int) or fen(text) == text
    assert isinstance(whole(text), int) or whole(text) == text
    assert not isinstance(fen(text), bool)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0.07", 7),
        ("0.29", 29),
        ("1234.5", 123450),
        ("1,234.56", 123456),
        ("１，２３４．５６元", 123456),
        ("¥ 300", 30000),
        ("￥300。5", 30050),
        ("-5", -500),
    ],
)
def test_amounts_people_type(typed: str, expected: int) -> None:
    assert fen(typed) == expected


@pytest.mark.parametrize(
    "typed", ["1.234", "1,23", "12,34.5", "1e5", "一百", "1.2.3", "", ".", "9" * 13, "1 2 3x"]
)
def test_what_is_no_exact_amount_stays_as_typed(typed: str) -> None:
    assert fen(typed) == typed


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("12", 12), ("１２", 12), ("1,200", 1200), ("3.0", 3), ("3.5", "3.5"), ("三", "三"), ("1,20", "1,20")],
)
def test_whole_numbers(typed: str, expected: int | str) -> None:
    assert whole(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026/3/2", "2026-03-02"),
        ("2026年3月2日", "2026-03-02"),
        ("２０２６．３．２", "2026-03-02"),
        ("2026-02-30", "2026-02-30"),
        ("明天", "明天"),
    ],
)
def test_days(typed: str, expected: str) -> None:
    assert day(typed) == expected


def test_each_kind_of_field() -> None:
    asked = form(
        {
            "name": {"type": "string"},
            "phone": {"type": "string", "pattern": r"^\d{11}$"},
            "agreed": {"type": "boolean"},
            "pot": {"type": "integer", "oneOf": [{"const": 7, "title": "福彩"}]},
            "groups": {
                "type": "array",
                "items": {"type": "string", "oneOf": [{"const": "a", "title": "甲"}]},
            },
            "files": {"type": "array", "items": {"type": "integer"}},
            "empty": {"type": "string"},
        },
        {"files": {"ui:widget": "file"}},
    )
    posted = MultiDict(
        [
            ("name", "  助餐\r\n服务\x00 "),
            ("phone", "１３８００１３８０００"),
            ("agreed", "false"),
            ("pot", "7"),
            ("groups", "a"),
            ("groups", "a"),
            ("groups", "zzz"),
            ("files", "3"),
            ("files", "x"),
            ("empty", "  "),
            ("unknown", "1"),
        ]
    )
    assert cast(asked, posted) == {
        "name": "助餐\n服务",
        "phone": "13800138000",
        "agreed": False,
        "pot": 7,
        "groups": ["a", "zzz"],
        "files": [3, "x"],
    }


ROWS = {
    "budget": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"item": {"type": "string"}, "amount": {"type": "integer", "format": "fen"}},
        },
    }
}


def test_rows_keep_their_order_and_drop_empty_ones() -> None:
    posted = MultiDict(
        {
            "budget-10-item": "交通",
            "budget-10-amount": "20",
            "budget-2-item": "餐费",
            "budget-2-amount": "12.50",
            "budget-3-item": " ",
            "budget-3-amount": "",
            "budget-x-item": "不算",
        }
    )
    assert cast(form(ROWS), posted) == {
        "budget": [{"item": "餐费", "amount": 1250}, {"item": "交通", "amount": 2000}]
    }
    assert cast(form(ROWS), MultiDict()) == {}


def test_read_only_columns_come_from_the_system_whatever_is_posted() -> None:
    scores = (
        form(
            {
                "scores": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"bid": {"type": "string"}, "score": {"type": "integer"}},
                    },
                }
            }
        )
        .read_only("scores.bid")
        .with_values(scores=[{"bid": "甲"}, {"bid": "乙"}])
    )
    posted = MultiDict(
        {"scores-0-bid": "丙", "scores-0-score": "90", "scores-7-bid": "丁", "scores-7-score": "1"}
    )
    assert cast(scores, posted) == {"scores": [{"bid": "甲", "score": 90}, {"bid": "乙"}]}
    assert complete(scores, {"scores": [{"score": 1}]}) == {
        "scores": [{"bid": "甲", "score": 1}, {"bid": "乙"}]
    }


def test_a_read_only_field_is_what_the_system_says() -> None:
    asked = form({"amount": {"type": "integer", "format": "fen"}}).read_only("amount").with_values(amount=5)
    assert cast(asked, MultiDict({"amount": "1000"})) == {"amount": 5}


def test_hidden_fields_are_dropped_also_behind_a_hidden_field() -> None:
    asked = form(
        {"decision": {"type": "string"}, "why": {"type": "string"}, "detail": {"type": "string"}},
        {
            "why": {"ui:visibleIf": {"field": "decision", "in": ["return"]}},
            "detail": {"ui:visibleIf": {"field": "why", "in": ["other"]}},
        },
    )
    hidden = MultiDict({"decision": "agree", "why": "other", "detail": "x"})
    shown = MultiDict({"decision": "return", "why": "other", "detail": "x"})
    assert cast(asked, hidden) == {"decision": "agree"}
    assert cast(asked, shown) == {"decision": "return", "why": "other", "detail": "x"}


def test_visible_by_a_yes_or_by_one_of_several() -> None:
    asked = form(
        {
            "tie": {"type": "boolean"},
            "groups": {"type": "array", "items": {"type": "string"}},
            "why": {"type": "string"},
            "which": {"type": "string"},
        },
        {
            "why": {"ui:visibleIf": {"field": "tie", "in": [True]}},
            "which": {"ui:visibleIf": {"field": "groups", "in": ["other"]}},
        },
    )
    assert asked.visible("why", {"tie": True})
    assert not asked.visible("why", {"tie": 1})
    assert asked.visible("which", {"groups": ["elder", "other"]})
    assert not asked.visible("which", {"groups": ["elder"]})
