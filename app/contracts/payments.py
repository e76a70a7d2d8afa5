"""Payments: request, check, approve, pay, settle. The only place that moves public money out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from app.accounts.queries import people_with
from app.contracts import rules
from app.contracts.models import Contract, Deduction, Instalment, Payment
from app.contracts.queries import (
    deductions,
    evaluation_deduction,
    instalments,
    open_payment,
    remaining,
    require_contract,
)
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor, Role
from app.files import services as files
from app.funds import services as funds
from app.messages.services import notify
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.runtime.models import Case


def next_instalment(contract: Contract, kind: str) -> Instalment:
    """The plan line a payment of this kind would pay.

    Raises:
        Refusal: every line of this kind has been paid.
    """
    paid = set(
        session().scalars(
            select(Payment.instalment_id).where(Payment.contract_id == contract.id, Payment.state == "paid")
        )
    )
    for line in instalments(contract.id):
        if line.kind == kind and line.id not in paid and (line.amount > 0 or kind == "final"):
            return line
    raise Refusal("付款计划中这一类款项已经全部支付。", rule="ZH-23b")


def planned_amount(contract: Contract, line: Instalment) -> int:
    """What is to be paid for a plan line, in fen; the final payment is whatever remains (ZH-27d)."""
    return remaining(contract) if line.kind == "final" else line.amount


def request(actor: Actor, case: Case, kind: str, answers: Mapping[str, Any]) -> Payment:
    """The provider asks for a payment (申请付款).

    Raises:
        Refusals: amount, order, account or time is against a rule; nothing is kept.
    """
    with unit_of_work() as db:
        contract = require_contract(case.id)
        line = next_instalment(contract, kind)
        amount = answers["amount"]
        require_all(
            [
                *_payable(contract, line, amount),
                rules.account_allowed(answers["account_name"], contract.organisation_name),
            ]
        )
        if line.kind != "final" and amount != line.amount:
            raise Refusal(
                f"这一笔按付款计划应为 {rules.yuan(line.amount)}，请按计划金额申请。",
                field="amount",
                rule="ZH-23b",
            )
        payment = db.scalar(select(Payment).where(Payment.instalment_id == line.id))
        if payment is None:
            payment = Payment(
                city=case.city, case_id=case.id, contract_id=contract.id, instalment_id=line.id, kind=kind
            )
            db.add(payment)
        payment.amount, payment.invoice_no = amount, answers["invoice_no"]
        payment.invoice_day = date.fromisoformat(answers["invoice_day"])
        payment.account_name, payment.file_ids = answers["account_name"].strip(), answers.get("files", [])
        payment.state, payment.requested_by, payment.requested_at = (
            "requested",
            actor.person_id or 0,
            clock.now(),
        )
        payment.checked_by = payment.approved_by = None
        payment.arrears_told = False
        files.attach(payment.file_ids, case.id, actor)
        db.flush()
        return payment


def check(actor: Actor, case: Case, decision: str, pack: Pack) -> Payment:
    """Finance checks the request against contract, cap and milestones (财务审核)."""
    with unit_of_work():
        contract, payment = _current(case)
        rules.separate(actor.person_id, payment.requested_by).require()
        if decision == "ok":
            require_all(_payable(contract, _line(payment), payment.amount))
            payment.state, payment.checked_by = "checked", actor.person_id
            payment.due_day = add_working_days(payment.invoice_day, pack.value("pay_days")).day
        return payment


def approve(actor: Actor, case: Case, decision: str) -> Payment:
    """The leader approves the payment or sends it back (审批付款)."""
    with unit_of_work():
        contract, payment = _current(case)
        rules.separate(actor.person_id, payment.requested_by).require()
        if payment.state != "checked":
            raise Refusal("财务还没有审核通过这笔付款，不能审批。")
        if decision == "approve":
            if actor.person_id == payment.checked_by:
                raise Refusal("您已审核过这笔付款，审批须由其他人员办理。")
            require_all(_payable(contract, _line(payment), payment.amount))
            payment.state, payment.approved_by = "approved", actor.person_id
        else:
            payment.state = "requested"
        return payment


def take_back(case: Case, state: str) -> None:
    """Put the unpaid payment back to where it stood before a step that is done again (退回重办).

    Args:
        state: "requested" before the check, "checked" before the approval.
    """
    with unit_of_work():
        _, payment = _current(case)
        payment.state, payment.approved_by = state, None
        if state == "requested":
            payment.checked_by = None


def pay(actor: Actor, case: Case, voucher_no: str, paid_on: date) -> Payment:
    """Record the bank's or treasury's voucher: only now is the money paid (登记支付; ZH-23a…c, ZH-27c).

    Raises:
        Refusal: any rule of payment says no, or the voucher number was used before.
    """
    with unit_of_work() as db:
        contract, payment = _current(case)
        rules.separate(actor.person_id, payment.requested_by, payment.approved_by).require()
        if payment.state != "approved":
            raise Refusal("这笔付款还没有审批，不能登记支付。")
        if paid_on > clock.today():
            raise Refusal("支付日期不能晚于今天。", field="paid_on")
        if contract.signed_on is not None and paid_on < contract.signed_on:
            raise Refusal("支付日期不能早于合同签订日期。", field="paid_on", rule="ZH-23a")
        if db.scalar(select(Payment.id).where(Payment.voucher_no == voucher_no)):
            raise Refusal("这个凭证号已经登记过，请核对凭证。", field="voucher_no")
        line = _line(payment)
        require_all(_payable(contract, line, payment.amount))
        payment.state, payment.voucher_no = "paid", voucher_no
        payment.paid_on, payment.paid_by = paid_on, actor.person_id
        contract.paid += payment.amount
        if payment.kind == "advance":
            contract.advance_paid += payment.amount
        if payment.kind == "final":
            contract.final_paid += payment.amount
        db.flush()
        funds.pay(actor, case, payment.amount, f"payment:{payment.id}")
        _tell_paid(actor, case, contract, payment)
        return payment


def _tell_paid(actor: Actor, case: Case, contract: Contract, payment: Payment) -> None:
    people = [one.id for one in people_with(Role.ORGANISATION_MEMBER, contract.provider_id)]
    title = f"已支付{KIND_NAMES[payment.kind]} {rules.yuan(payment.amount)}"
    told = {case.owner_id, *people} - {actor.person_id}
    notify(
        told, "paid", title, f"/cases/{case.no}", case.id, body=f"{case.title}，凭证号 {payment.voucher_no}"
    )


KIND_NAMES = {"advance": "预付款", "progress": "进度款", "final": "尾款"}


def settle_amounts(actor: Actor, case: Case, rows: list[dict[str, Any]]) -> int:
    """Fix deductions and answer what the final payment will be, in fen (结算; ZH-27d).

    Raises:
        Refusals: a deduction without its clause, too much or too little taken off.
        Refusal: the evaluation has not been published (ZH-27c).
    """
    with unit_of_work() as db:
        contract = require_contract(case.id)
        if contract.evaluation_published_at is None:
            raise Refusal("绩效评价结果还没有向社会公布，不能结算尾款。", rule="ZH-27c")
        for old in deductions(contract.id):
            db.delete(old)
        unpaid = contract.amount - contract.paid
        require_all(rules.deductions_allowed(rows, contract.clauses, unpaid, evaluation_deduction(contract)))
        for row in rows:
            db.add(
                Deduction(
                    city=case.city,
                    case_id=case.id,
                    contract_id=contract.id,
                    clause_no=row["clause_no"],
                    reason=row["reason"],
                    amount=row["amount"],
                )
            )
        contract.deducted = sum(row["amount"] for row in rows)
        db.flush()
        return remaining(contract)


def settle(actor: Actor, case: Case) -> None:
    """Close the contract and give what is left back to its pots (结算归还; ZH-13b).

    Raises:
        Refusal: money is still owed.
    """
    with unit_of_work():
        contract = require_contract(case.id)
        if remaining(contract):
            raise Refusal("尾款还没有支付，不能结清合同。", rule="ZH-23c")
        contract.state = "settled"
        funds.settle(actor, case)


def _payable(contract: Contract, line: Instalment, amount: int) -> list[Any]:
    """Every rule a payment has to meet at each of its steps; the constraints of the table say the same."""
    signed = contract.signed_on is not None
    decisions = [rules.total_allowed(contract.paid, contract.deducted, amount, contract.amount)]
    if line.kind == "advance":
        decisions.append(rules.advance_allowed(signed, contract.advance_paid, amount, contract.advance_cap))
    elif line.kind == "progress":
        states = {row.no: row.state for row in instalments(contract.id) if row.kind == "progress"}
        decisions.append(rules.progress_allowed(signed, line.no, states))
    else:
        published = contract.evaluation_published_at is not None
        decisions.append(rules.final_allowed(published, remaining(contract), amount))
    return decisions


def _current(case: Case) -> tuple[Contract, Payment]:
    contract = require_contract(case.id)
    return contract, open_payment(contract.id)


def _line(payment: Payment) -> Instalment:
    line = session().get(Instalment, payment.instalment_id)
    if line is None:
        raise Fault("付款没有对应的付款计划")
    return line
