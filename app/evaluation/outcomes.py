"""What the policy pack makes of an evaluation: who must be heard, which grade, what follows (K-11, K-13)."""

from __future__ import annotations

from dataclasses import dataclass

from app.policy.packs import Pack


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from a grade.

    Attributes:
        factor_pct: share of the remaining money that may be paid, 0–100.
        continue_hint: what the grade means for buying again (ZH-27e).
        credit_entry: what goes into the organisation's credit record.
    """

    factor_pct: int
    continue_hint: str
    credit_entry: str


def parties(pack: Pack) -> dict[str, int]:
    """Least number of opinions by party (ZH-27b)."""
    needed = pack.decide("evaluation_parties", {"pack": pack.key})
    return {
        "committee": int(needed["committee"]),
        "resident_representative": int(needed["resident_representative"]),
    }


def grade(pack: Pack, total: int) -> str:
    """The grade of a total; points are hundredths and the table speaks of them so, exact at every border."""
    return str(pack.decide("evaluation_grade", {"total": total})["grade"])


def consequence(pack: Pack, grade_name: str) -> Consequence:
    """What follows from a grade (ZH-27d, ZH-27e)."""
    factor = pack.decide("final_payment_factor", {"grade": grade_name})
    follows = pack.decide("evaluation_consequence", {"pack": pack.key, "grade": grade_name})
    return Consequence(int(factor["factor_pct"]), str(follows["continue_hint"]), str(follows["credit_entry"]))
