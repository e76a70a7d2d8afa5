"""How values read on a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import clock
from app.ui import filters

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a Monday


@pytest.fixture(autouse=True)
def march():
    before = clock.use(clock.MovableClock(NOW))
    yield
    clock.use(before)


def test_money_days_and_moments() -> None:
    assert filters.yuan(14_800_050) == "148,000.50"
    assert filters.yuan(-7) == "-0.07"
    assert filters.yuan(None) == ""
    assert filters.day(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)) == "2026-03-02"
    assert filters.day("2026-03-02T00:30:00+08:00") == "2026-03-02"
    assert filters.day(date(2026, 3, 2)) == filters.day("2026-03-02") == "2026-03-02"
    assert filters.moment(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)) == "2026-03-02 00:30"
    assert filters.moment("2026-03-01T16:30:00+00:00") == "2026-03-02 00:30"
    assert filters.weekday(NOW) == "3月2日 星期一"
    assert filters.day(None) == filters.moment(None) == ""


@pytest.mark.parametrize(
    ("due", "tone", "text"),
    [
        (NOW - timedelta(days=2), "late", "已超时 2 天"),
        (NOW - timedelta(hours=1), "late", "今天已超时"),
        (NOW + timedelta(hours=3), "soon", "今天到期"),
        (NOW + timedelta(hours=14, minutes=59), "soon", "今天到期"),
        (NOW + timedelta(hours=15), "soon", "还剩 1 天"),
        (NOW + timedelta(days=6), "ok", "还剩 6 天"),
        (None, "none", "不限时"),
    ],
)
def test_how_near_a_deadline_is(due: datetime | None, tone: str, text: str) -> None:
    state = filters.due_state(due)
    assert (state.tone, state.text) == (tone, text)


def test_the_share_of_time_used() -> None:
    half = filters.due_state(NOW + timedelta(days=4), NOW - timedelta(days=4))
    assert half.used_pct == 50
    assert filters.due_state(NOW - timedelta(days=1), NOW - timedelta(days=4)).used_pct == 100
    assert filters.due_state(NOW + timedelta(days=4), provisional=True).until == "预计 2026-03-06 09:00"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("ZH-23a", "《办法》第二十三条"),
        ("ZH-19-2a", "《办法》第十九条第二项"),
        ("ZH-07a", "《办法》第七条"),
        ("ZH-10", "《办法》第十条"),
        ("ZH-30", "《办法》第三十条"),
        ("L-41", "L-41"),
    ],
)
def test_where_a_demand_comes_from(rule: str, words: str) -> None:
    assert filters.source(rule) == words


def test_typed_lines_cannot_carry_markup() -> None:
    assert str(filters.lines("一<b>\n二")) == "一&lt;b&gt;<br>二"
    assert filters.lines(None) == ""


def test_sizes_and_numbers() -> None:
    assert filters.file_size(10) == "1 KB"
    assert filters.file_size(3_565_158) == "3.4 MB"
    assert filters.is_numeric("148,000.00 元")
    assert filters.is_numeric(-3)
    assert not filters.is_numeric("2026-03-02")
