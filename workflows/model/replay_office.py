"""What a walk on the engine needs around it: operators that answer what suits, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workflows.model.context import Context
from workflows.types import Result

OTHERWISE: Final = "另一种"


@dataclass(slots=True)
class WalkOffice:
    """Operators that answer what a walk wants."""

    context: Context
    answers: Mapping[str, Any]

    def run(self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
        facts = (self.context.operators or {}).get(name)
        told = {}
        for output in facts.outputs if facts else ():
            echoed = facts.echoes.get(output) if facts else None
            told[output] = parameters.get(echoed) if echoed else self.answers.get(output, OTHERWISE)
        return told


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk has come: the engine's state, the clock, what was passed."""

    result: Result
    now: datetime
    passed: tuple[str, ...]
