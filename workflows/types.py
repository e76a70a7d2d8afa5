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
        fix: key of the automatic mend that `workflows.model.mend` offers, "" when a person has to decide.
        path: the way that leads there: ids of elements, inside a called diagram "call/inner".
    """

    file: str
    line: int
    element: str
    severity: str
    rule: str
    message: str
    fix: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was proved about one rule of the law's order, over all ways through a model.

    Attributes:
        ref: the requirement it comes from.
        text: the rule in Chinese, as the pack says it.
        outcome: "holds", "broken", "holds-under" (an assumption named in `assumption`) or "unknown" (too many
            states, or a construct that cannot be proved); unknown is never read as proved.
        path: for "broken" and "holds-under" the way that breaks it: ids, called ones "call/inner".
        replay: "real" (the engine walked that way with generated answers), "drawing-only" (no answers lead the
            engine there) or "" (not tried, or given up within its bound).
        process: the start process it was proved for.
        file, line, element: where the way ends that breaks it.
    """

    id: str
    ref: str
    text: str
    outcome: str
    path: tuple[str, ...] = ()
    replay: str = ""
    assumption: str = ""
    process: str = ""
    file: str = ""
    line: int = 0
    element: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that checks and proofs say about a model.

    Attributes:
        states: how many states the proofs looked at; a proof that passes its bound answers "unknown".
    """

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    states: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the model may be published: no error, nothing broken, nothing unknown."""
        return not any(one.severity == "error" for one in self.findings) and not any(
            one.outcome in ("broken", "unknown") for one in self.verdicts
        )
