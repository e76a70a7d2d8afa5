"""What the engine needs from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

Now = Callable[[], datetime]


class Operators(Protocol):
    """The catalogue of automatic steps.

    It may also know the office's calendar, as `working_days(day, n)`: the n working days after a day. Timers of a
    diagram then count by it, else by weekdays.
    """

    def run(self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out an operator; its answer becomes process variables. Its exceptions pass unchanged."""
