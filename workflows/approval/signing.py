"""When several have signed a step: 会签 all, 或签 any one, 票签 n of them, 依次 one after the other."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workflows.errors import ModelError

Kind = Literal["one", "all", "ordered", "count", "percent"]
FORM = re.compile(r"(one|all|ordered)|(count|percent):(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Rule:
    """How many of those asked must agree.

    Attributes:
        kind: `one` any one of them, `all` everybody, `ordered` everybody in order, `count` and `percent` a number.
        number: of people or of percent, for the last two.
    """

    kind: Kind
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read the property `signing`: one, all, ordered, count:2, percent:60.

        Raises:
            ModelError: anything else, or a number that can never be reached.
        """
        found = FORM.fullmatch(text.strip())
        if found is None:
            raise ModelError(f"签署方式“{text}”不认识，可用：one、all、ordered、count:人数、percent:百分比")
        if found[1]:
            return cls(found[1])  # type: ignore[arg-type]  # one of the three words
        kind, number = found[2], int(found[3])
        if number < 1 or (kind == "percent" and number > 100):
            raise ModelError(f"签署方式“{text}”的数字不对")
        return cls(kind, number)  # type: ignore[arg-type]  # one of the two words

    @property
    def words(self) -> str:
        """How a step is signed, as people are told."""
        return {
            "one": "一人办理即可",
            "all": "会签，全体同意才通过",
            "ordered": "依次签署，全体同意才通过",
            "count": f"票签，{self.number} 人同意即通过",
            "percent": f"票签，{self.number}% 的人同意即通过",
        }[self.kind]

    def needed(self, asked: int) -> int:
        """How many of `asked` people must agree."""
        if self.kind == "one":
            return 1
        if self.kind == "count":
            return self.number
        if self.kind == "percent":
            return math.ceil(asked * self.number / 100)
        return asked


@dataclass(frozen=True, slots=True)
class Signature:
    """Where one of those asked stands.

    Attributes:
        place: `own` those the step is for; `before`, `beside` and `after` those added.
        agrees: None until signed.
    """

    person_id: int
    place: Literal["own", "before", "beside", "after"]
    seq: int
    agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the signatures come to.

    Attributes:
        outcome: `open`, or how it is decided: `agreed`, `refused`.
        turn: persons who may sign now.
    """

    outcome: Literal["open", "agreed", "refused"]
    turn: frozenset[int]


def tally(rule: Rule, signatures: Sequence[Signature]) -> Sheet:
    """Count the signatures of a step.

    Those added before sign first and those added after sign last; with those added beside they all have to sign,
    but only those the step is for decide. A decision that nobody can change any more is not waited for,
    unless it is agreement and somebody added has still to sign.
    """
    own = sorted((s for s in signatures if s.place == "own"), key=lambda s: s.seq)
    before = _waiting(signatures, "before")
    if before:
        return Sheet("open", before)
    agreed = sum(1 for s in own if s.agrees)
    refused = sum(1 for s in own if s.agrees is False)
    needed = rule.needed(len(own))
    if refused > len(own) - needed:
        return Sheet("refused", frozenset())
    beside = _waiting(signatures, "beside")
    if agreed < needed:
        left = [s.person_id for s in own if s.agrees is None]
        return Sheet("open", beside | frozenset(left[:1] if rule.kind == "ordered" else left))
    rest = beside or _waiting(signatures, "after")
    return Sheet("open", rest) if rest else Sheet("agreed", frozenset())


def _waiting(signatures: Sequence[Signature], place: str) -> frozenset[int]:
    return frozenset(s.person_id for s in signatures if s.place == place and s.agrees is None)
