"""What money may serve what, and what papers a source needs. Amounts in fen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.core.errors import YES, Decision, no
from app.core.identity import Actor, Role

LARGEST = 10**14
"""No single movement is larger: a thousand thousand million yuan is a typing mistake."""
SOURCE_NAMES = {
    "fiscal": "财政资金",
    "charity": "慈善资金",
    "community_fund": "社区基金",
    "residents": "居民自筹、募捐资金",
}


@dataclass(frozen=True, slots=True)
class PotPapers:
    """The papers of a pot that a rule looks at."""

    name: str
    source: str
    purposes: Collection[str]
    donor: str | None
    agreement: str | None
    keeper: str | None
    resolution: str | None
    public_fundraising: bool
    certificate_no: str | None


def pot_complete(pot: PotPapers) -> list[Decision]:
    """The papers each kind of social money needs (ZH-14-1…3, L-41, L-43)."""
    found: list[Decision] = []
    if not pot.name.strip():
        found.append(no("请填写资金来源的名称。", "ZH-12", "name"))
    if pot.source not in SOURCE_NAMES:
        found.append(no("资金来源只有财政资金和社会资金，请重新选择种类。", "ZH-12", "source"))
    if pot.source == "charity" and not _given(pot.donor):
        found.append(no("慈善资金须登记捐赠方，请填写捐赠企业或机构。", "ZH-14-1", "donor"))
    if pot.source == "charity" and not _given(pot.agreement):
        found.append(no("慈善资金须登记捐赠协议，请填写协议编号或名称。", "ZH-14-1", "agreement"))
    if pot.source == "community_fund" and not _given(pot.keeper):
        found.append(no("社区基金须登记管理人，请填写。", "ZH-14-2", "keeper"))
    if pot.source == "community_fund" and not _given(pot.resolution):
        found.append(no("社区基金须有使用决议，请填写决议名称或编号。", "ZH-14-2", "resolution"))
    if pot.source == "residents" and not pot.public_fundraising and not _given(pot.resolution):
        found.append(no("居民自筹资金须有居民会议决议，请填写会议纪要编号。", "ZH-14-3", "resolution"))
    if pot.public_fundraising and not _given(pot.certificate_no):
        found.append(
            no("公开募捐须由有公开募捐资格的慈善组织开展，请填写其证书编号。", "ZH-14-3", "certificate_no")
        )
    return found


READERS = frozenset(
    {
        Role.STREET_CLERK,
        Role.STREET_FINANCE,
        Role.STREET_LEADER,
        Role.STREET_DISCIPLINE,
        Role.DISTRICT_OFFICER,
        Role.DISTRICT_FINANCE,
        Role.CITY_OFFICER,
        Role.AUDITOR,
    }
)
"""Who reads the money of the streets below."""
MOVEMENTS = {
    "allot": "拨入",
    "reserve": "预留",
    "unreserve": "退回预留",
    "encumber": "合同占用",
    "disencumber": "退回占用",
    "pay": "支付",
}


def may_read(actor: Actor) -> Decision:
    """Money is read by the street's office and by those above it."""
    if any(actor.has(role) for role in READERS):
        return YES
    return no("资金台账由街道和上级部门查看，您的岗位没有这项权限。")


def _given(text: str | None) -> bool:
    return bool((text or "").strip())


def may_fund(actor: Actor, street_id: int, source: str) -> Decision:
    """The district allots fiscal money to its streets, a street's finance registers social money (ZH-06-a)."""
    district = actor.has(Role.DISTRICT_OFFICER) or actor.has(Role.DISTRICT_FINANCE)
    if district and street_id in actor.scope:
        return YES
    if source != "fiscal" and actor.has(Role.STREET_FINANCE, street_id):
        return YES
    return no("财政资金由区级拨入，社会资金由本街道财务登记；您没有这项权限。", "ZH-06-a")


def amount_allowed(amount: int, field: str = "amount") -> Decision:
    """A movement of money: whole fen, more than nothing, not beyond reason."""
    if not 0 < amount <= LARGEST:
        return no("请填写正确的金额，须大于 0。", None, field)
    return YES


def reference_allowed(ref: str) -> Decision:
    """Money comes with a paper: the document or receipt it rests on."""
    return YES if _given(ref) else no("请填写拨款文件或入账凭证的名称、编号。", None, "ref")


def conflicts(keeper: str | None, parties: Collection[str]) -> bool:
    """Whether the keeper of a fund is one of the parties that would be paid from it (ZH-14-2)."""
    return _given(keeper) and str(keeper).strip() in {party.strip() for party in parties}


def keeper_allowed(pot_name: str, cleared: bool) -> Decision:
    """Money of a fund kept by its own provider waits until somebody has decided on the conflict (ZH-14-2)."""
    if cleared:
        return YES
    return no(f"“{pot_name}”的管理人就是本项目承接方，存在利益冲突，须先由纪检监督处理。", "ZH-14-2")


def conflict_reason_allowed(reason: str) -> Decision:
    """A decision on a conflict is founded."""
    return YES if _given(reason) else no("请写明处理意见和理由。", "ZH-14-2", "reason")


def purpose_allowed(
    pot_name: str, purposes: Collection[str], categories: Collection[str], field: str
) -> Decision:
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
    if wrong := [a for i, one in enumerate(amounts) if not (a := amount_allowed(one, f"funding-{i}-amount"))]:
        return wrong
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
