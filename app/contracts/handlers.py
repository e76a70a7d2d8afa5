"""What the forms of contract, delivery, payment and settlement do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.contracts import payments, rules, services
from app.contracts.queries import (
    contract_of,
    current_milestone,
    evaluation_deduction,
    instalments,
    open_payment,
    require_contract,
)
from app.core import clock
from app.core.errors import Fault
from app.core.identity import Actor
from app.organisations.queries import by_id
from app.policy.calendar import add_working_days
from app.procurement.queries import award_of
from app.projects.queries import project_of
from app.runtime.handlers import OperatorContext, TaskContext, Variables, keep, on_close, operator, user_task
from app.runtime.models import Case
from app.ui.filters import in_capitals, yuan
from app.ui.forms import Form

KINDS = {"advance": "预付款", "progress": "进度款", "final": "尾款"}


def _prepare_draft(ctx: TaskContext, form: Form) -> Form:
    award, project = award_of(ctx.case.id), project_of(ctx.case.id)
    if award is None:
        raise Fault("还没有成交结果")
    organisation = by_id(award.organisation_id)
    max_pct = ctx.pack.value("advance_max_pct")
    form = form.add_facts(
        ("承接方", organisation.name),
        ("成交金额", f"{yuan(award.amount)} 元"),
        ("项目预算", f"{yuan(project.budget_fen)} 元"),
        ("预付款上限", f"{yuan(rules.advance_cap(award.amount, max_pct))} 元（{max_pct}%）"),
    ).add_table(
        "绩效指标（从申报书带入合同）",
        ["指标", "目标值", "单位", "权重"],
        [[t["name"], str(t["target"]), t["unit"], f"{t['weight']}%"] for t in project.targets],
    )
    existing = contract_of(ctx.case.id)
    if existing is not None:
        return form.with_values(
            amount=existing.amount,
            start_day=existing.start_day.isoformat(),
            months=existing.months,
            clauses=existing.clauses,
            plan=[
                {
                    "kind": i.kind,
                    "name": i.name,
                    "amount": i.amount,
                    **({"due_day": i.due_day.isoformat()} if i.due_day else {}),
                }
                for i in instalments(existing.id)
            ],
            **{f"stability_{key}": text for key, text in existing.stability.items()},
        )
    advance = rules.advance_cap(award.amount, min(30, max_pct))
    progress = award.amount * 50 // 100
    return form.with_values(
        amount=award.amount,
        months=ctx.pack.value("contract_default_months"),
        plan=[
            {"kind": "advance", "name": "合同签订后预付款", "amount": advance},
            {"kind": "progress", "name": "第一阶段服务", "amount": progress},
            {"kind": "final", "name": "评估合格后尾款", "amount": award.amount - advance - progress},
        ],
    )


def _draft(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.draft(ctx.actor, ctx.case, ctx.pack, answers)
    return {}


def _contract_facts(ctx: TaskContext, form: Form) -> Form:
    contract = contract_of(ctx.case.id)
    if contract is None:
        return form
    return form.add_facts(
        ("承接方", contract.organisation_name),
        ("合同金额", f"{yuan(contract.amount)} 元"),
        ("履行期限", f"自 {contract.start_day.isoformat()} 起 {contract.months} 个月"),
        ("预付款上限", f"{yuan(contract.advance_cap)} 元"),
    ).add_table(
        "付款计划",
        ["序号", "类别", "内容", "金额（元）"],
        [[str(i.no), KINDS[i.kind], i.name, yuan(i.amount)] for i in instalments(contract.id)],
    )


def _accept(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.accept(ctx.actor, ctx.case, answers["decision"])
    return {"contract_decision": answers["decision"]}


def _prepare_sign(ctx: TaskContext, form: Form) -> Form:
    form = _contract_facts(ctx, form).with_values(signed_on=clock.today().isoformat())
    contract = contract_of(ctx.case.id)
    if contract is None:
        return form
    return form.add_effect(
        f"与{contract.organisation_name}的合同成立，合同金额{in_capitals(contract.amount)}"
        f"（{yuan(contract.amount)} 元）。预留的资金转为占用，合同内容不能再改。"
    )


def _sign(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    contract = services.sign(ctx.actor, ctx.case, answers)
    has_advance = any(i.kind == "advance" and i.amount > 0 for i in instalments(contract.id))
    return {"has_advance": has_advance, "payment_kind": "advance"}


def _prepare_publish(ctx: TaskContext, form: Form) -> Form:
    return _contract_facts(ctx, form).add_effect("合同的承接方、金额和期限向社会公开，公开后不能撤下。")


def _publish(ctx: TaskContext, _answers: dict[str, Any]) -> Variables:
    deadline = add_working_days(clock.today(), ctx.pack.value("contract_notice_days"))
    services.publish(ctx.actor, ctx.case, clock.end_of_day(deadline.day))
    return {}


def _prepare_request(ctx: TaskContext, form: Form) -> Form:
    contract = require_contract(ctx.case.id)
    line = payments.next_instalment(contract, _kind(ctx))
    amount = payments.planned_amount(contract, line)
    return (
        form.add_facts(
            ("款项", f"{KINDS[line.kind]}：{line.name}"),
            ("按付款计划应付", f"{yuan(amount)} 元"),
            ("合同金额", f"{yuan(contract.amount)} 元"),
            ("已付", f"{yuan(contract.paid)} 元"),
        )
        .with_values(amount=amount, account_name=contract.organisation_name)
        .read_only("amount")
    )


def _request(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    payments.request(ctx.actor, ctx.case, _kind(ctx), answers)
    return {}


def _payment_facts(ctx: TaskContext, form: Form) -> Form:
    contract = contract_of(ctx.case.id)
    if contract is None:
        return form
    payment = open_payment(contract.id)
    facts = [
        ("款项", KINDS[payment.kind]),
        ("申请金额", f"{yuan(payment.amount)} 元"),
        ("收款户名", payment.account_name),
        ("发票", f"{payment.invoice_no}（{payment.invoice_day.isoformat()}）"),
        ("合同金额", f"{yuan(contract.amount)} 元"),
        ("此前已付", f"{yuan(contract.paid)} 元"),
    ]
    if payment.kind == "advance":
        facts.append(("预付款上限", f"{yuan(contract.advance_cap)} 元"))
    if payment.due_day:
        facts.append(("应于此日前支付", payment.due_day.isoformat()))
    return form.add_facts(*facts).add_files("发票和附件", payment.file_ids)


def _check(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    payments.check(ctx.actor, ctx.case, answers["decision"], ctx.pack)
    return {"payment_check": answers["decision"]}


def _approve(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    payments.approve(ctx.actor, ctx.case, answers["decision"])
    return {"payment_decision": answers["decision"]}


def _prepare_approve(ctx: TaskContext, form: Form) -> Form:
    return _payment_effect(ctx, _payment_facts(ctx, form), "批准支付", "decision=approve")


def _payment_effect(ctx: TaskContext, form: Form, act: str, when: str = "") -> Form:
    contract = contract_of(ctx.case.id)
    if contract is None:
        return form
    payment = open_payment(contract.id)
    words = f"{act}{KINDS[payment.kind]}{in_capitals(payment.amount)}（{yuan(payment.amount)} 元），收款户名“{payment.account_name}”。"
    return form.add_effect(words, when)


def _prepare_pay(ctx: TaskContext, form: Form) -> Form:
    form = _payment_facts(ctx, form).with_values(paid_on=clock.today().isoformat())
    return _payment_effect(ctx, form, "登记已支付")


def _pay(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    payments.pay(ctx.actor, ctx.case, answers["voucher_no"], date.fromisoformat(answers["paid_on"]))
    return {"paid": True}


def _kind(ctx: TaskContext) -> str:
    kind = ctx.data.get("payment_kind")
    if kind not in KINDS:
        raise Fault("流程没有说明这是哪一类付款（payment_kind）")
    return str(kind)


def _milestone_facts(ctx: TaskContext, form: Form) -> Form:
    contract = contract_of(ctx.case.id)
    milestone = current_milestone(contract.id) if contract else None
    if milestone is None:
        return form
    facts = [("里程碑", milestone.name), ("验收后应付进度款", f"{yuan(milestone.amount)} 元")]
    if milestone.due_day:
        facts.append(("计划完成", milestone.due_day.isoformat()))
    if milestone.report:
        facts += [("成果说明", milestone.report), ("服务人次", str(milestone.served or 0))]
    return form.add_facts(*facts).add_files("成果材料", milestone.file_ids)


def _report(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.report_milestone(ctx.actor, ctx.case, answers)
    return {}


def _community_accept(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.community_check(ctx.actor, ctx.case, answers["decision"])
    return {"community_decision": answers["decision"]}


def _street_accept(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    milestone = services.street_accept(ctx.actor, ctx.case, answers["decision"])
    due = milestone.state == "accepted" and milestone.amount > 0
    return {"street_decision": answers["decision"], "payment_due": due, "payment_kind": "progress"}


def _next_milestone(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    contract = require_contract(ctx.case.id)
    done = [i for i in instalments(contract.id) if i.kind == "progress" and i.state == "accepted"]
    return {
        "more_milestones": current_milestone(contract.id) is not None,
        "midterm_due": rules.midterm_due(contract.months, len(done), ctx.pack.value("midterm_min_months")),
    }


def _prepare_settlement(ctx: TaskContext, form: Form) -> Form:
    contract = require_contract(ctx.case.id)
    due = evaluation_deduction(contract)
    unpaid = contract.amount - contract.paid
    form = form.add_facts(
        ("合同金额", f"{yuan(contract.amount)} 元"),
        ("已付", f"{yuan(contract.paid)} 元"),
        ("未付余额", f"{yuan(unpaid)} 元"),
        ("评价等级", contract.grade or "尚未公布"),
        (
            "按评价结果可付余额的",
            f"{contract.factor_pct}%" if contract.factor_pct is not None else "尚未公布",
        ),
        ("按评价结果应扣减", f"{yuan(due)} 元"),
    ).with_options(
        "deductions.clause_no",
        [(clause["no"], f"{clause['no']}：{clause['text'][:40]}") for clause in contract.clauses],
    )
    if due and contract.clauses:
        row = {
            "clause_no": contract.clauses[0]["no"],
            "reason": f"绩效评价等级为“{contract.grade}”",
            "amount": due,
        }
        form = form.with_values(deductions=[row])
    return form


def _settlement(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    left = payments.settle_amounts(ctx.actor, ctx.case, answers.get("deductions", []))
    return {"final_due": left > 0, "payment_kind": "final"}


def _settle(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    payments.settle(ctx.actor, ctx.case)
    return {}


def _uncheck(case: Case, _actor: Actor, _at: datetime) -> None:
    payments.take_back(case, "requested")


def _unapprove(case: Case, _actor: Actor, _at: datetime) -> None:
    payments.take_back(case, "checked")


def register() -> None:
    """Register forms and operators of this room."""
    user_task("contract.draft", _draft, _prepare_draft, undo=keep)
    user_task("contract.accept", _accept, _contract_facts, ("contract_decision",), undo=keep)
    user_task("contract.sign", _sign, _prepare_sign, ("has_advance", "payment_kind"))
    user_task("contract.publish", _publish, _prepare_publish)
    user_task("payment.request", _request, _prepare_request, undo=keep)
    user_task("payment.check", _check, _payment_facts, ("payment_check",), undo=_uncheck)
    user_task("payment.approve", _approve, _prepare_approve, ("payment_decision",), undo=_unapprove)
    user_task("payment.pay", _pay, _prepare_pay, ("paid",))
    user_task("delivery.report", _report, _milestone_facts)
    user_task("delivery.community_accept", _community_accept, _milestone_facts, ("community_decision",))
    user_task(
        "delivery.street_accept",
        _street_accept,
        _milestone_facts,
        ("street_decision", "payment_due", "payment_kind"),
    )
    user_task("settlement.confirm", _settlement, _prepare_settlement, ("final_due", "payment_kind"))
    operator(
        "contract.next_milestone",
        _next_milestone,
        title="查看下一个里程碑",
        help="告诉流程是否还有里程碑、是否到中期评估。",
        outputs=("more_milestones", "midterm_due"),
    )
    operator("contract.settle", _settle, title="结清合同", help="合同结清，剩余资金归还各资金来源。")
    on_close(services.close)
