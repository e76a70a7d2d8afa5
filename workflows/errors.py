"""What the engine layer refuses and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workflows.types import Finding


class WorkflowError(Exception):
    """Base of all errors of this layer."""


class UnsafeXml(WorkflowError):
    """A file that is no plain, bounded XML; the message says why, in Chinese."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class ExpressionError(WorkflowError):
    """An expression outside the closed language, or one that fails when it is computed."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class DecisionError(WorkflowError):
    """A decision table that cannot be read, or that gives no single answer."""


class ModelError(WorkflowError):
    """A model that cannot be run; `findings` says all that is wrong with it."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class StepNotOpen(WorkflowError):
    """The step is not, or no longer, waiting for a person."""


class EngineFault(WorkflowError):
    """A fault while the engine stepped: nothing of the step may be kept.

    Attributes:
        element: id of the element that failed, "" when unknown.
        process: id of its process.
    """

    def __init__(self, message: str, element: str = "", process: str = "") -> None:
        super().__init__(message)
        self.element = element
        self.process = process
