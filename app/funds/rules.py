"""What money may serve what, and what papers a source needs. Amounts in fen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.core.errors import YES, Decision, no


@dataclass(frozen=True, slots=True)
class PotPapers:
    """The papers of a pot that a rule looks at."""

    name: str
    source: str
    purposes: Collection[str]
    agreement: str | None
    keeper: str | None
    resolution: str | None
    public_fundraising: bool
    certificate_no: str | None


def pot_complete(pot: PotPapers) -> list[Decision]:
    """The papers each kind of social money needs (ZH-14-1…3, L-41, L-43)."""
    found: list[Decision] = []
    if pot.source == "charity" and not pot.agreement:
        found.append(no("慈善资金须登记捐赠协议，请填写协议编号或名称。", "ZH-14-1", "agreement"))
    if pot.source == "community_fund" and not (pot.keeper and pot.resolution):
        found.append(no("社区基金须登记管理人和使用决议，请补全。", "ZH-14-2", "keeper"))
    if pot.source == "residents" and not pot.public_fundraising and not pot.resolution:
        found.append(no("居民自筹资金须有居民会议决议，请填写会议纪要编号。", "ZH-14-3", "resolution"))
    if pot.public_fundraising and not pot.certificate_no:
        found.append(
            no("公开募捐须由有公开募捐资格的慈善组织开展，请填写其证书编号。", "ZH-14-3", "certificate_no")
        )
    return found


def purpose_allowed(pot_name: str, purposes: Collection[str], categories: Collection[str], field: str) -> Decision:
    """Earmarked money serves only its purpose: a category or all below it (ZH-13a)."""
    if not purposes:
        return YES
    if any(c == p or c.startswith(f"{p}.") for c in categories for p in purposes):
        return YES
    return no(f"“{pot_name}”是专项资金，不能用于本项目的类别，请换一个资金来源。", "ZH-13a", field)


def lines_allowed(amounts: Sequence[int], budget: int) -> list[Decision]:
    """At least one source, and together exactly the budget (ZH-12, ZH-15)."""
    if not amounts:
        return [no("请至少选择一项资金来源。", "ZH-12", "funding")]
    total = sum(amounts)
    if total != budget:
        return [
            no(
                f"各来源合计 {total / 100:,.2f} 元，应等于项目预算 {budget / 100:,.2f} 元。",
                "ZH-15",
                "funding",
            )
        ]
    return []


def reserve_allowed(pot_name: str, free: int, amount: int, field: str) -> Decision:
    """Never more than is free (ZH-13b)."""
    if amount > free:
        return no(f"“{pot_name}”可用余额只有 {free / 100:,.2f} 元，请调低金额或换一个来源。", "ZH-13b", field)
    return YES
