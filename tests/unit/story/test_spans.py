"""How long steps took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock as time
from app.inbox.story.spans import in_words, marks, spans
from app.runtime.models import History, Task

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def task(element: str, begin: float, end: float | None, path: str = "", **kw: object) -> Task:
    state = "open" if end is None else "done"
    done = None if end is None else at(end)
    columns = {"title": element, "stage": "review", "role": None, "due_at": None, **kw}
    return Task(element=element, path=path, created_at=at(begin), done_at=done, state=state, **columns)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "不到 1 分钟"),
        (1_200, "20 分钟"),
        (9_600, "2 小时 40 分"),
        (40_000, "11 小时"),
        (262_800, "3 天 1 小时"),
        (1_700_000, "19 天"),
    ],
)
def test_two_units_at_most(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_parts_of_a_shared_step_are_counted_once(clock: time.MovableClock) -> None:
    found = spans([task("joint", 0, 2), task("joint", 0, 3), task("joint", 0, 1)])
    assert [(one.element, one.times, one.seconds) for one in found] == [("joint", 1, 3 * 3600)]


def test_a_step_done_again_adds_up_without_the_time_between(clock: time.MovableClock) -> None:
    found = spans([task("draft", 0, 1), task("decide", 1, 4), task("draft", 4, 6)])
    assert [(one.element, one.times, one.seconds // 3600) for one in found] == [
        ("draft", 2, 3),
        ("decide", 1, 3),
    ]


def test_an_open_step_runs_until_now_and_is_late_after_its_end(clock: time.MovableClock) -> None:
    clock.set(at(30))
    found = spans([task("pay", 0, None, due_at=at(24))])
    assert (found[0].seconds, found[0].state) == (30 * 3600, "late")


def test_a_called_stage_lasts_from_its_first_step_to_its_last(clock: time.MovableClock) -> None:
    tasks = [task("check", 0, 1, "contract/advance"), task("pay", 2, 3, "contract/advance")]
    assert marks(tasks, [], "") == {"contract": "3 小时"}
    assert marks(tasks, [], "contract") == {"advance": "3 小时"}
    assert marks(tasks, [], "contract/advance") == {"check": "1 小时", "pay": "1 小时"}


def test_a_deadline_was_waited_for_since_the_line_before(clock: time.MovableClock) -> None:
    lines = [
        History(kind="completed", element="publish", path="publicity", at=at(0)),
        History(kind="timer", at=at(48)),
        History(kind="passed", element="wait", path="publicity", at=at(48)),
    ]
    assert marks([], lines, "publicity") == {"wait": "等待 2 天"}
    assert marks([], lines, "") == {}
