"""How long a judgement goes on, how far it has come, and how another thread stops it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from workflows.types import Finding


@dataclass(slots=True)
class Watch:
    """What another thread sees of a judgement while it runs.

    Attributes:
        findings: what checking has found, once that is done; proofs come after it.
        done: questions that have been proved or given up, of `total`.
        stopped: set by whoever no longer wants to know.
    """

    findings: tuple[Finding, ...] = ()
    done: int = 0
    total: int = 0
    stopped: bool = False


class Until:
    """When a proof gives up: after so many seconds, or as soon as it is stopped."""

    def __init__(self, seconds: float = math.inf, watch: Watch | None = None) -> None:
        self.moment = time.monotonic() + seconds
        self.watch = watch or Watch()

    @property
    def over(self) -> bool:
        """Whether to give up now."""
        return self.watch.stopped or time.monotonic() > self.moment
