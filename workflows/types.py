"""What happened and what is open: the words the engine layer speaks to its caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step that waits for a person.

    Attributes:
        id: stable id of this very step (32 hex digits).
        element: id of its element in the diagram.
        path: ids of the call activities above it, outermost first.
        form: key of its form without ".json", None when it has none.
        group: id of the multi-instance step it is one part of.
        data: the process variables it sees.
    """

    id: str
    element: str
    title: str
    process: str
    path: tuple[str, ...]
    lane: str | None
    form: str | None
    properties: Mapping[str, str]
    instructions: str | None
    group: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Passed:
    """An element that was completed or cancelled in a step.

    Attributes:
        kind: its BPMN type ("userTask", "serviceTask", "endEvent" …).
        state: "completed" or "cancelled".
    """

    id: str
    element: str
    kind: str
    title: str
    process: str
    path: tuple[str, ...]
    lane: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Result:
    """Where the instance stands after a step.

    Attributes:
        state: what to store; opaque to the caller.
        passed: what the step completed or cancelled, in order.
        next_due: the earliest moment a timer wants to fire, UTC.
        data: process variables of the main process as last seen.
    """

    state: bytes
    open: tuple[OpenStep, ...]
    passed: tuple[Passed, ...]
    next_due: datetime | None
    finished: bool
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a designer has to know about a model.

    Attributes:
        severity: "error" (cannot be deployed) or "warning".
        rule: short stable name of the check.
        message: Chinese, says what to do.
    """

    file: str
    line: int
    element: str
    severity: str
    rule: str
    message: str
