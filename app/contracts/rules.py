"""What the law and the pack say about contracts, payments and settlement. Amounts in fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core.errors import YES, Decision, no

STABILITY = {
    "fixed": "购买内容相对固定",
    "continuous": "连续性强",
    "funded": "经费来源稳定",
    "stable_price": "价格变化小",
}
"""The four conditions under which a contract may run longer (ZH-22)."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of a payment plan."""

    kind: str
    name: str
    amount: int
    due_day: str | None


def yuan(fen: int) -> str:
    """An amount as people write it in a sentence."""
    return f"{fen // 100:,}.{fen % 100:02d} 元"


def advance_cap(base: int, max_pct: int) -> int:
    """The most that may be paid in advance, in whole fen, never rounded up (ZH-23a)."""
    return base * max_pct // 100


def amount_allowed(amount: int, award: int, budget: int) -> Decision:
    """The contract's amount against award and budget."""
    if amount > award:
        return no(f"合同金额不能超过成交金额 {yuan(award)}，请核对。", "ZH-21", "amount")
    if amount > budget:
        return no(f"合同金额不能超过项目预算 {yuan(budget)}，请核对。", "ZH-13b", "amount")
    return YES


def term_allowed(months: int, reasons: Mapping[str, str], default_months: int, max_months: int) -> Decision:
    """The contract's term: the usual one freely, up to the longest with all four conditions (ZH-22).

    Args:
        reasons: written reason by condition key of `STABILITY`; blank counts as not met.
    """
    if months > max_months:
        return no(f"合同期限最长 {max_months} 个月（3 年），请缩短期限。", "ZH-22", "months")
    missing = [name for key, name in STABILITY.items() if not reasons.get(key, "").strip()]
    if months > default_months and missing:
        return no(
            f"合同期限超过 {default_months} 个月，须逐项说明理由：{'、'.join(missing)}。", "ZH-22", "months"
        )
    return YES


def plan_allowed(plan: Sequence[PlanLine], amount: int, cap: int, max_pct: int) -> list[Decision]:
    """The payment plan: adds up to the amount, advances within the cap, milestones before the one final line."""
    found: list[Decision] = []
    total = sum(line.amount for line in plan)
    if total != amount:
        found.append(no(f"付款计划合计 {yuan(total)}，应等于合同金额 {yuan(amount)}。", "ZH-23b", "plan"))
    advance = sum(line.amount for line in plan if line.kind == "advance")
    if advance > cap:
        found.append(
            no(
                f"预付款合计 {yuan(advance)}，超过合同金额的 {max_pct}%（上限 {yuan(cap)}），请调低。",
                "ZH-23a",
                "plan",
            )
        )
    kinds = [line.kind for line in plan]
    if kinds.count("final") != 1 or kinds[-1:] != ["final"]:
        found.append(no("付款计划的最后一行应为尾款，且只能有一笔尾款。", "ZH-27d", "plan"))
    if "progress" not in kinds:
        found.append(no("付款计划至少要有一个里程碑（进度款），按进度付款。", "ZH-23b", "plan"))
    if kinds != sorted(kinds, key=["advance", "progress", "final"].index):
        found.append(no("付款计划请按预付款、进度款、尾款的先后顺序填写。", "ZH-23b", "plan"))
    for index, line in enumerate(plan):
        if line.kind != "final" and line.amount == 0 and line.kind == "advance":
            found.append(no("预付款金额应大于 0；不预付时请删去这一行。", None, f"plan-{index}-amount"))
    return found


def signature_allowed(signed_on: date, today: date, accepted: bool) -> Decision:
    """A signature day in the past or today, on a text the organisation has accepted."""
    if not accepted:
        return no("承接方还没有确认合同文本，不能签订。", "ZH-22")
    if signed_on > today:
        return no("签订日期不能晚于今天，请核对。", None, "signed_on")
    return YES


def advance_allowed(signed: bool, advance_paid: int, amount: int, cap: int) -> Decision:
    """An advance payment: after signature, within the cap together with earlier ones (ZH-23a)."""
    if not signed:
        return no("合同签订后才能支付，请先完成合同签订。", "ZH-23a", "amount")
    if advance_paid + amount > cap:
        return no(f"预付款累计不能超过上限 {yuan(cap)}（已付 {yuan(advance_paid)}）。", "ZH-23a", "amount")
    return YES


def progress_allowed(signed: bool, no_: int, states: Mapping[int, str]) -> Decision:
    """A progress payment: its milestone and all before it have been accepted (ZH-23b).

    Args:
        states: state of each milestone by its number.
    """
    if not signed:
        return no("合同签订后才能支付，请先完成合同签订。", "ZH-23a", "amount")
    waiting = sorted(other for other, state in states.items() if other <= no_ and state != "accepted")
    if waiting:
        return no(f"里程碑 {waiting[0]} 还没有验收通过，不能支付这一笔进度款。", "ZH-23b", "amount")
    return YES


def final_allowed(evaluation_published: bool, remaining: int, amount: int) -> Decision:
    """The final payment: only after the published evaluation, exactly what remains (ZH-27c, ZH-27d)."""
    if not evaluation_published:
        return no("绩效评价结果还没有向社会公布，不能支付尾款。", "ZH-27c", "amount")
    if amount != remaining:
        return no(f"尾款应为合同金额减去已付和扣款后的余额 {yuan(remaining)}。", "ZH-27d", "amount")
    return YES


def total_allowed(paid: int, deducted: int, amount: int, contract: int) -> Decision:
    """All payments together stay within the contract (ZH-23b)."""
    if paid + deducted + amount > contract:
        return no(
            f"累计支付将超过合同金额 {yuan(contract)}（已付 {yuan(paid)}，扣款 {yuan(deducted)}）。",
            "ZH-23b",
            "amount",
        )
    return YES


def account_allowed(account_name: str, organisation_name: str) -> Decision:
    """Money goes only to an account in the provider's own name."""
    if account_name.strip() != organisation_name.strip():
        return no(f"收款户名必须与承接方名称一致：“{organisation_name}”。", "KM-1-3", "account_name")
    return YES


def separate(actor_id: int | None, requested_by: int, approved_by: int | None = None) -> Decision:
    """Nobody approves or releases a payment they requested, nor releases what they approved."""
    if actor_id == requested_by:
        return no("您是这笔付款的申请人，不能审批或办理支付，请由其他人员办理。")
    if approved_by is not None and actor_id == approved_by:
        return no("您是这笔付款的审批人，不能同时登记支付，请由其他财务人员办理。")
    return YES


def due_deduction(remaining: int, factor_pct: int) -> int:
    """What the evaluation takes off what remains: the rest of `remaining × factor`, in whole fen (ZH-27d)."""
    return remaining - remaining * factor_pct // 100


def deductions_allowed(
    deductions: Sequence[Mapping[str, Any]], clauses: Sequence[Mapping[str, Any]], remaining: int, due: int
) -> list[Decision]:
    """Each deduction rests on a clause of the contract; together they cover what the evaluation takes off."""
    known = {clause["no"] for clause in clauses}
    found: list[Decision] = []
    for index, row in enumerate(deductions):
        if row.get("clause_no") not in known:
            found.append(
                no("扣款必须有合同依据，请选择合同中的条款。", "ZH-27d", f"deductions-{index}-clause_no")
            )
    total = sum(int(row.get("amount") or 0) for row in deductions)
    if total > remaining:
        found.append(no(f"扣款合计不能超过未付余额 {yuan(remaining)}。", "ZH-27d", "deductions"))
    if total < due and known:
        found.append(
            no(f"按评价结果应扣减 {yuan(due)}，扣款合计只有 {yuan(total)}，请补足。", "ZH-27d", "deductions")
        )
    return found


def midterm_due(months: int, accepted_milestones: int, min_months: int | None) -> bool:
    """Whether the mid-term evaluation is now due: the contract is long enough and half way (ZH-26b, WH-4-1b).

    Args:
        min_months: shortest term, in months, that asks for a mid-term evaluation; None asks for none.
    """
    return min_months is not None and months >= min_months and accepted_milestones == 1
