"""Tables of contracts. The constraints here hold whatever a diagram, a page or a program says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import BigId
from app.runtime.models import OfCase


class Contract(OfCase):
    """The contract of a case, with its running sums.

    Paid never passes the amount, an advance never the cap, nothing is paid before the signature, and no
    final payment before the published evaluation (ZH-23a, ZH-23b, ZH-27c).
    """

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("case_id"),
        CheckConstraint("amount > 0 AND amount <= budget", name="amount_in_budget"),
        CheckConstraint("advance_paid >= 0 AND advance_paid <= advance_cap", name="advance_in_cap"),
        CheckConstraint("advance_cap <= amount", name="cap_in_amount"),
        CheckConstraint("deducted >= 0 AND paid >= 0 AND paid + deducted <= amount", name="paid_in_amount"),
        CheckConstraint("paid = 0 OR signed_on IS NOT NULL", name="paid_after_signature"),
        CheckConstraint(
            "final_paid = 0 OR evaluation_published_at IS NOT NULL", name="final_after_evaluation"
        ),
        CheckConstraint("months BETWEEN 1 AND 36", name="term"),
        CheckConstraint(
            "state IN ('draft','accepted','signed','published','settled','terminated')", name="state"
        ),
        CheckConstraint("state IN ('draft','accepted','terminated') OR signed_on IS NOT NULL", name="signed"),
    )
    no: Mapped[str | None] = mapped_column(String(60), unique=True)
    organisation_id: Mapped[int] = mapped_column(BigId, ForeignKey("organisation.id"), index=True)
    organisation_name: Mapped[str] = mapped_column(String(200))
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    budget: Mapped[int] = mapped_column(BigId)
    amount: Mapped[int] = mapped_column(BigId)
    start_day: Mapped[date]
    months: Mapped[int]
    stability: Mapped[dict[str, Any]]  # the four conditions of ZH-22 with their reasons; {} when not needed
    targets: Mapped[list[Any]]
    clauses: Mapped[list[Any]]  # [{"no": "第十条", "text": "…"}]: what a deduction may rest on
    file_ids: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(12), default="draft")
    drafted_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    accepted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    signed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    signed_on: Mapped[date | None]
    notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))
    advance_cap: Mapped[int] = mapped_column(BigId)
    advance_paid: Mapped[int] = mapped_column(BigId, default=0)
    final_paid: Mapped[int] = mapped_column(BigId, default=0)
    paid: Mapped[int] = mapped_column(BigId, default=0)
    deducted: Mapped[int] = mapped_column(BigId, default=0)
    grade: Mapped[str | None] = mapped_column(String(20))
    factor_pct: Mapped[int | None]
    evaluation_published_at: Mapped[datetime | None]
    evaluation_notice_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("notice.id"))


class Instalment(OfCase):
    """One line of the payment plan; a progress line is a milestone that has to be delivered and accepted."""

    __tablename__ = "instalment"
    __table_args__ = (
        UniqueConstraint("contract_id", "no"),
        CheckConstraint("kind IN ('advance','progress','final')", name="kind"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("state IN ('planned','reported','checked','accepted')", name="state"),
    )
    contract_id: Mapped[int] = mapped_column(BigId, ForeignKey("contract.id"))
    no: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    due_day: Mapped[date | None]
    amount: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    report: Mapped[str | None] = mapped_column(Text)
    served: Mapped[int | None]
    file_ids: Mapped[list[Any]]
    reported_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    community_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    accepted_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    accepted_at: Mapped[datetime | None]


class Payment(OfCase):
    """One payment from request to voucher; paid means finance has recorded voucher number and day."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("contract_id", "instalment_id"),
        UniqueConstraint("voucher_no"),
        CheckConstraint("kind IN ('advance','progress','final')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('requested','checked','approved','paid')", name="state"),
        CheckConstraint(
            "state <> 'paid' OR (voucher_no IS NOT NULL AND paid_on IS NOT NULL AND paid_by IS NOT NULL"
            " AND approved_by IS NOT NULL)",
            name="paid_with_voucher",
        ),
        CheckConstraint("approved_by IS NULL OR approved_by <> requested_by", name="not_own_request"),
        CheckConstraint("paid_by IS NULL OR paid_by <> requested_by", name="not_own_release"),
        CheckConstraint("paid_by IS NULL OR paid_by <> approved_by", name="pay_not_approver"),
        Index("ix_payment_due", "state", "due_day"),
        Index("ix_payment_paid_on", "paid_on"),
    )
    contract_id: Mapped[int] = mapped_column(BigId, ForeignKey("contract.id"))
    instalment_id: Mapped[int] = mapped_column(BigId, ForeignKey("instalment.id"))
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigId)
    invoice_no: Mapped[str] = mapped_column(String(60))
    invoice_day: Mapped[date]
    account_name: Mapped[str] = mapped_column(String(200))
    file_ids: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(10))
    requested_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    requested_at: Mapped[datetime]
    checked_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    due_day: Mapped[date | None]
    paid_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    paid_on: Mapped[date | None]
    voucher_no: Mapped[str | None] = mapped_column(String(60))
    arrears_told: Mapped[bool] = mapped_column(default=False, server_default=false())


class Deduction(OfCase):
    """Money withheld at settlement; it rests on a clause of the contract (ZH-27d)."""

    __tablename__ = "deduction"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)
    contract_id: Mapped[int] = mapped_column(BigId, ForeignKey("contract.id"))
    clause_no: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigId)
