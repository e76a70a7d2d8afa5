"""The demo's world in which drafts are tried, and databases that live in memory only while they are used."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Engine

from app.core import clock, db
from app.core.errors import Refusal
from app.core.identity import Actor

LARGEST = 24 * 1024 * 1024
"""What a try may hold, uploads and all."""


class Stage(Protocol):
    """What the demo brings to a try; registered when the application is built."""

    def build(self, years: frozenset[int]) -> None:
        """Make demo people, money and lists in the database of the context."""

    def start(self, process_key: str, title: str) -> int:
        """Start a case; answers its id."""

    def who(self, case_id: int, task_id: int) -> Actor:
        """Who would do a step."""

    def answers(self, as_whom: Actor, case_id: int, task_id: int) -> dict[str, Any]:
        """What the form of a step could hold when this person fills it in."""

    def afterwards(self, case_id: int, task_id: int) -> None:
        """What organisations and residents do meanwhile: bid, answer a survey."""


_stage: list[Stage] = []
_building = threading.Lock()
_worlds: dict[date, bytes] = {}


def use_stage(made: Stage) -> None:
    """Register the demo's part."""
    _stage[:] = [made]


def stage() -> Stage:
    """The demo's part.

    Raises:
        Refusal: this environment has none.
    """
    if not _stage:
        raise Refusal("这个环境没有准备试办用的演示单位和人员。")
    return _stage[0]


def world(morning: datetime) -> bytes:
    """The database in which every try of a day begins, made once a day and process."""
    with _building:
        day = morning.date()
        if day not in _worlds:
            with inside(f"world-{day}", clock.MovableClock(morning), b"") as own:
                db.Base.metadata.create_all(own)
                stage().build(frozenset({morning.year, morning.year + 1}))
                db.close()
                made = db.image_of(own)
            _worlds.clear()
            _worlds[day] = made
        return _worlds[day]


@contextmanager
def inside(name: str, moving: clock.MovableClock, image: bytes) -> Iterator[Engine]:
    """Database, clock and caches of a try, in this context only."""
    own = db.in_memory(image)
    try:
        with db.elsewhere(f"try:{name}", own), clock.shown(moving):
            yield own
    finally:
        own.dispose()


def packed(own: Engine) -> bytes:
    """All that the database of this context holds, to be kept.

    Raises:
        Refusal: it has grown too large.
    """
    db.close()
    image = db.image_of(own)
    if len(image) > LARGEST:
        raise Refusal("这次试办的附件太多，已经放不下。请结束后重新开始。")
    return zlib.compress(image, 1)


def unpacked(kept: bytes) -> bytes:
    """What `packed` kept."""
    return zlib.decompress(kept)
