"""The site as crash tests run it: the whole application on a clock that began where the test says."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask

from app.core import clock
from app.web import create_app

_LOCK = threading.Lock()


class Shifted:
    """The machine's clock, a fixed span away, so that no test depends on today's date."""

    def __init__(self, span: timedelta) -> None:
        self.span = span

    def now(self) -> datetime:
        """The present as the test has it."""
        return datetime.now(UTC) - self.span


def create() -> Flask:
    """The application of this process."""
    clock.use(Shifted(timedelta(seconds=float(os.environ["CRASH_SHIFT"]))))
    return create_app()


_of_this_process = cache(create)


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """For gunicorn, which loads the code once and lets each process build its application with its first request."""
    with _LOCK:
        flask = _of_this_process()
    return flask(environ, start_response)
