"""Listen to what a case does, to play it again on another version of its model.

Silent unless somebody listens: the studio's tries do, the office never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from app.core import clock

_heard: ContextVar[list[dict[str, Any]] | None] = ContextVar("recording", default=None)


@contextmanager
def listening() -> Iterator[list[dict[str, Any]]]:
    """Collect the acts of this block: each with the operators it ran and where the case stood afterwards.

    An act without `open` was rolled back.
    """
    heard: list[dict[str, Any]] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def act(kind: str, **what: Any) -> None:
    """Say that an act begins; nobody may be listening."""
    heard = _heard.get()
    if heard is not None:
        heard.append({"do": kind, "at": clock.now().isoformat(), **what, "operators": []})


def operator(name: str, answer: Mapping[str, Any]) -> None:
    """Say what an automatic step answered."""
    heard = _heard.get()
    if heard:
        heard[-1]["operators"].append({"name": name, "answer": dict(answer)})


def stood(places: list[str]) -> None:
    """Say where people have to act now that the act is over."""
    heard = _heard.get()
    if heard:
        heard[-1]["open"] = places
