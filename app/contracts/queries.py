"""Reads of contracts and payments."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.contracts.models import Contract, Deduction, Instalment, Payment
from app.contracts.rules import due_deduction
from app.core.db import session
from app.core.errors import Fault


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """One line of the payment plan with what has become of it; amounts in fen."""

    no: int
    kind: str
    name: str
    amount: int
    paid: int
    state: str
    paid_on: str | None
    voucher_no: str | None


def contract_of(case_id: int, *, lock: bool = False) -> Contract | None:
    """The contract of a case; with `lock` its row is held until the unit of work ends."""
    query = select(Contract).where(Contract.case_id == case_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalar(query)


def require_contract(case_id: int) -> Contract:
    """The contract of a case, locked.

    Raises:
        Fault: the diagram asks for a contract before one was drafted.
    """
    found = contract_of(case_id, lock=True)
    if found is None:
        raise Fault("这一步需要合同，但本项目还没有拟订合同")
    return found


def instalments(contract_id: int) -> list[Instalment]:
    """The payment plan in its order."""
    query = select(Instalment).where(Instalment.contract_id == contract_id).order_by(Instalment.no)
    return list(session().scalars(query))


def current_milestone(contract_id: int) -> Instalment | None:
    """The first milestone not yet accepted."""
    return next((i for i in instalments(contract_id) if i.kind == "progress" and i.state != "accepted"), None)


def payments(contract_id: int) -> list[Payment]:
    """All payments of a contract, oldest first."""
    query = select(Payment).where(Payment.contract_id == contract_id).order_by(Payment.id)
    return list(session().scalars(query))


def deductions(contract_id: int) -> list[Deduction]:
    """All deductions of a contract."""
    return list(session().scalars(select(Deduction).where(Deduction.contract_id == contract_id)))


def open_payment(contract_id: int) -> Payment:
    """The payment now on its way.

    Raises:
        Fault: there is none.
    """
    query = select(Payment).where(Payment.contract_id == contract_id, Payment.state != "paid")
    found = session().scalar(query.order_by(Payment.id.desc()).limit(1).with_for_update())
    if found is None:
        raise Fault("没有在办的付款申请")
    return found


def remaining(contract: Contract) -> int:
    """What may still be paid, in fen."""
    return contract.amount - contract.paid - contract.deducted


def evaluation_deduction(contract: Contract) -> int:
    """What the published evaluation takes off the remaining money, in fen."""
    if contract.factor_pct is None:
        return 0
    return due_deduction(contract.amount - contract.paid, contract.factor_pct)


def money_lines(contract: Contract) -> list[MoneyLine]:
    """The payment plan with what has been paid, for the case page."""
    by_instalment = {payment.instalment_id: payment for payment in payments(contract.id)}
    lines = []
    for row in instalments(contract.id):
        payment = by_instalment.get(row.id)
        done = payment is not None and payment.state == "paid"
        lines.append(
            MoneyLine(
                row.no,
                row.kind,
                row.name,
                payment.amount if payment else row.amount,
                payment.amount if payment and done else 0,
                payment.state if payment else "planned",
                payment.paid_on.isoformat() if payment and payment.paid_on else None,
                payment.voucher_no if payment else None,
            )
        )
    return lines
