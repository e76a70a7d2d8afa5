"""Tables of evaluations. A round is one judgement; after a rectification there is another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId, Row
from app.runtime.models import OfCase

PARTIES: dict[str, str] = {"committee": "两委成员", "resident_representative": "居民代表"}


class Evaluation(OfCase):
    """One round of evaluation of a case; points are hundredths, so 9060 is 90.60."""

    __tablename__ = "evaluation"
    __table_args__ = (
        UniqueConstraint("case_id", "round_no"),
        CheckConstraint("evaluator IN ('street','third_party')", name="evaluator"),
        CheckConstraint(
            "(evaluator = 'third_party') = (evaluator_unit_id IS NOT NULL)", name="evaluator_unit"
        ),
        CheckConstraint("satisfaction_weight BETWEEN 1 AND 100", name="satisfaction_weight"),
        CheckConstraint(
            "state IN ('planned','scored','confirmed','rectifying','rectified','published','closed')",
            name="state",
        ),
        CheckConstraint(
            "state NOT IN ('published','closed') OR (notice_id IS NOT NULL AND published_at IS NOT NULL"
            " AND grade IS NOT NULL AND total IS NOT NULL AND factor_pct IS NOT NULL"
            " AND performance IS NOT NULL AND satisfaction_n IS NOT NULL"
            " AND satisfaction_mean IS NOT NULL AND satisfaction_score IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("total IS NULL OR total BETWEEN 0 AND 10000", name="total"),
        CheckConstraint("factor_pct IS NULL OR factor_pct BETWEEN 0 AND 100", name="factor"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> scored_by", name="not_own_score"),
    )
    round_no: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    evaluator: Mapped[str] = mapped_column(String(12))
    evaluator_unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    evaluator_name: Mapped[str] = mapped_column(String(200))
    declaration: Mapped[str | None] = mapped_column(Text)
    declaration_file_ids: Mapped[list[Any]]
    targets: Mapped[list[Any]]
    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("survey.id"))
    satisfaction_weight: Mapped[int]
    satisfaction_n: Mapped[int | None]
    satisfaction_mean: Mapped[int | None]
    satisfaction_score: Mapped[int | None]
    performance: Mapped[int | None]
    total: Mapped[int | None]
    grade: Mapped[str | None] = mapped_column(String(20))
    report: Mapped[str | None] = mapped_column(Text)
    report_file_ids: Mapped[list[Any]]
    planned_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    planned_at: Mapped[datetime]
    scored_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    scored_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    rectification: Mapped[str | None] = mapped_column(Text)
    rectification_file_ids: Mapped[list[Any]]
    factor_pct: Mapped[int | None]
    continue_hint: Mapped[str | None] = mapped_column(String(200))
    credit_entry: Mapped[str | None] = mapped_column(String(200))
    notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))
    published_at: Mapped[datetime | None]


class IndicatorResult(OfCase):
    """What became of one performance target: the result in words and figures, and its points."""

    __tablename__ = "indicator_result"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "no"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
    )
    evaluation_id: Mapped[int] = mapped_column(BigId, ForeignKey("evaluation.id"))
    no: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(200))
    weight: Mapped[int]
    result: Mapped[str] = mapped_column(Text)
    score: Mapped[int]


class EvaluationOpinion(OfCase):
    """What a committee member or a resident representative says; the public reads the code, not the name."""

    __tablename__ = "evaluation_opinion"
    __table_args__ = (
        UniqueConstraint("evaluation_id", "person_id"),
        UniqueConstraint("evaluation_id", "code"),
        CheckConstraint("party IN ('committee','resident_representative')", name="party"),
        CheckConstraint("decision IN ('agree','disagree')", name="decision"),
    )
    evaluation_id: Mapped[int] = mapped_column(BigId, ForeignKey("evaluation.id"))
    party: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(40))
    decision: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Midterm(OfCase):
    """A mid-term evaluation: what goes well, what does not, what is to be done."""

    __tablename__ = "midterm"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        CheckConstraint("rating IN ('good','fair','poor')", name="rating"),
    )
    seq: Mapped[int]
    rating: Mapped[str] = mapped_column(String(10))
    progress: Mapped[str] = mapped_column(Text)
    problems: Mapped[str | None] = mapped_column(Text)
    advice: Mapped[str | None] = mapped_column(Text)
    file_ids: Mapped[list[Any]]
    by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    at: Mapped[datetime]


class EvaluatorContract(Row):
    """A contract between an evaluator and an organisation: what makes an evaluator dependent (ZH-27a)."""

    __tablename__ = "evaluator_contract"
    __table_args__ = (CheckConstraint("ended_on IS NULL OR ended_on >= signed_on", name="days"),)
    evaluator_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    signed_on: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    recorded_at: Mapped[datetime]


protect(IndicatorResult)
protect(EvaluationOpinion)
protect(Midterm)
protect(EvaluatorContract)
