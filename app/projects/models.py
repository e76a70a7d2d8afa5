"""Tables of projects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.append_only import protect
from app.core.db import BigId
from app.runtime.models import OfCase

SENSITIVE = ("special", "safety")
"""Classes of article 8 whose beneficiaries are protected: special groups, drug treatment, correction …"""


class Project(OfCase):
    """What a case wants to buy."""

    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("case_id"),
        CheckConstraint("origin IN ('street_plan','community','library')", name="origin"),
        CheckConstraint("budget_fen >= 0", name="budget"),
    )
    origin: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    party_lead: Mapped[str | None] = mapped_column(String(80))
    committee_lead: Mapped[str | None] = mapped_column(String(80))
    category: Mapped[str | None] = mapped_column(String(40))
    subcategories: Mapped[list[Any]]
    beneficiaries: Mapped[str | None] = mapped_column(String(200))
    beneficiary_count: Mapped[int | None]
    fee_mode: Mapped[str | None] = mapped_column(String(10))
    summary: Mapped[str | None] = mapped_column(Text)
    minors: Mapped[bool] = mapped_column(default=False)
    guardian_text: Mapped[str | None] = mapped_column(Text)
    budget_fen: Mapped[int] = mapped_column(BigId, default=0)
    budget_lines: Mapped[list[Any]]
    targets: Mapped[list[Any]]
    wanted_sources: Mapped[list[Any]]
    exclusion_self: Mapped[dict[str, Any]]
    file_ids: Mapped[list[Any]]
    library_entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("library_entry.id"))
    need_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("need.id"))
    policy_ref: Mapped[str | None] = mapped_column(String(200))
    meeting: Mapped[dict[str, Any] | None]
    list_item_code: Mapped[str | None] = mapped_column(String(40))
    statements: Mapped[dict[str, Any] | None]  # how the reviewer assessed the three statements (ZH-05-2)
    exclusion_review: Mapped[dict[str, Any] | None]
    exclusion_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    round: Mapped[int] = mapped_column(default=1)
    sitting: Mapped[int] = mapped_column(default=1)  # of the joint review: a new one each time it is held
    submitted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    drafted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]

    @property
    def categories(self) -> list[str]:
        """All its codes: the class of article 8 and the items below it."""
        return [*([self.category] if self.category else []), *self.subcategories]

    @property
    def sensitive(self) -> bool:
        """Whether those it serves must not be told by name (ZH-08-3, ZH-08-4, L-44)."""
        return self.minors or self.category in SENSITIVE


class ProposalText(OfCase):
    """What a proposal said when it was handed in, round by round; append-only (ZH-19-2c)."""

    __tablename__ = "proposal_text"
    __table_args__ = (UniqueConstraint("case_id", "round"),)
    round: Mapped[int]
    content: Mapped[dict[str, Any]]
    handed_in_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    handed_in_at: Mapped[datetime]


class JointOpinion(OfCase):
    """One reviewer's opinion in one sitting of the joint review; append-only."""

    __tablename__ = "joint_opinion"
    __table_args__ = (UniqueConstraint("case_id", "round", "person_id"),)
    sitting: Mapped[int] = mapped_column("round")
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    agrees: Mapped[bool]
    opinion: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


protect(ProposalText)
protect(JointOpinion)
