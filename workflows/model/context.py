"""What a pack and the catalogue know that a model's own files do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """An automatic step of the catalogue.

    Attributes:
        parameters: names of the parameters it takes.
        outputs: names of the process variables it answers.
        echoes: outputs that answer a parameter unchanged (`case.close`: case_status ← status).
    """

    parameters: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    echoes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings in which a model is judged; the default knows nothing.

    Attributes:
        lanes: role by lane name, None when no pack tells (then lanes are not judged).
        forms: variables that the handler of a form answers, by form key; a form without a handler is absent:
            its own plain answers become variables.
        operators: the catalogue, None when it is not known.
        constraints: the text of each layer's constraints by its file, highest layer first.
        start: the process to prove; None proves each that no other calls.
        initial: variables a case starts with and the values they may have (an empty tuple: any); None when unknown.
        alone: a single file judged without its neighbours: what it calls and does not hold is an error, a missing
            form, lane or picture only a warning.
    """

    lanes: Mapping[str, str] | None = None
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operators: Mapping[str, OperatorFacts] | None = None
    constraints: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None
    initial: Mapping[str, tuple[Any, ...]] | None = None
    alone: bool = False
