"""The one source of the present. UTC inside, Asia/Shanghai for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A clock that tests, demo and training set and push forward; never used in production."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to a moment (aware)."""
        self._now = moment.astimezone(UTC)

    def advance(self, delta: timedelta) -> None:
        """Move on by a span."""
        self._now += delta


class ShiftedClock:
    """The machine's clock, so much ahead: it goes on by itself. For demo and training, never in production."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def set(self, moment: datetime) -> None:
        """Jump to a moment (aware)."""
        self.ahead = moment.astimezone(UTC) - datetime.now(UTC)


_clock: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Install a clock for this process; answers the one before."""
    global _clock
    before, _clock = _clock, clock
    return before


_shown: ContextVar[Clock | None] = ContextVar("shown_clock", default=None)


@contextmanager
def shown(clock: Clock) -> Iterator[None]:
    """Live by another clock in this context only."""
    token = _shown.set(clock)
    try:
        yield
    finally:
        _shown.reset(token)


def current() -> Clock:
    """The clock of this context: its own, or the process's."""
    return _shown.get() or _clock


def now() -> datetime:
    """The present, aware, in UTC."""
    return current().now()


def today() -> date:
    """The present day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def local(moment: datetime) -> datetime:
    """A stored moment as people in China read it."""
    return moment.astimezone(SHANGHAI)


def end_of_day(day: date) -> datetime:
    """The last second of a Shanghai day, in UTC: a period that ends on a day ends with it."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI).astimezone(UTC)


def morning_of(day: date) -> datetime:
    """Nine in the morning of a Shanghai day, in UTC: when people begin to work."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI).astimezone(UTC)
