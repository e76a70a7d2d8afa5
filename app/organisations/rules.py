"""Who counts as a social organisation, who may write what about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError

from app.core.errors import YES, Decision, no
from app.core.identity import SYSTEM, Actor, Role

NAMES = {
    "social_group": "社会团体",
    "social_service": "社会服务机构",
    "foundation": "基金会",
    "filed": "备案社区社会组织",
}
PREFIXES = {"51": "social_group", "52": "social_service", "53": "foundation"}
"""What civil affairs registers, by the first two digits of the code (GB 32100)."""
CAPACITY_NAMES = {
    "staff": "专业人员",
    "place": "服务场所",
    "experience": "服务经验",
    "finance": "财务管理",
    "other": "其他",
}
CREDIT_NAMES = {
    "evaluation": "项目评价",
    "honour": "表彰奖励",
    "penalty": "处罚或不良行为",
    "listing": "列入失信名单",
    "lifted": "移出失信名单",
}
LIST_NAMES = {"none": "未列入失信名单", "local": "列入本地失信名单", "national": "列入严重违法失信名单"}
KEEPERS = (Role.CITY_OFFICER, Role.DISTRICT_OFFICER, Role.STREET_CLERK)
"""Who keeps the register and writes credit: never the organisation itself (ZH-24c)."""
MEMBERS = (Role.ORGANISATION_MEMBER, Role.EVALUATOR_MEMBER)


def clean_uscc(uscc: str | None) -> str | None:
    """A code as it is kept: plain capitals, no blanks, whatever keyboard it was typed with."""
    plain = uscc_number.compact(unicodedata.normalize("NFKC", uscc or ""))
    return plain or None


def uscc_allowed(uscc: str, kind: str = "") -> Decision:
    """An 18-digit code whose check digit fits and that civil affairs gave out (ZH-03, GB 32100).

    Args:
        kind: what the organisation says it is; "" compares with nothing.
    """
    try:
        clean = uscc_number.validate(clean_uscc(uscc) or "")
    except ValidationError:
        return no("统一社会信用代码不正确，请核对 18 位代码（最后一位是校验码）。", "ZH-03", "uscc")
    registered = PREFIXES.get(clean[:2])
    if registered is None:
        return no("该代码不是民政部门登记的社会组织，企业不能作为承接主体。", "ZH-03", "uscc")
    if kind and kind != registered:
        return no(f"该代码登记的是{NAMES[registered]}，与所选类别不符，请核对。", "ZH-03", "kind")
    return YES


def registration_allowed(
    kind: str,
    uscc: str | None,
    filing_no: str | None,
    filing_street_id: int | None,
    filing_date: date | None,
    today: date,
) -> list[Decision]:
    """What each kind of organisation has to show (ZH-03): code, or filing number, street and day."""
    if kind not in NAMES:
        return [no("请选择社会组织的类别；企业不能作为承接主体。", "ZH-03", "kind")]
    if kind != "filed":
        return [uscc_allowed(uscc or "", kind)]
    return [
        uscc_allowed(uscc) if uscc else YES,
        YES if (filing_no or "").strip() else no("请填写备案编号。", "ZH-03", "filing_no"),
        YES if filing_street_id else no("请选择备案的镇街。", "ZH-03", "filing_street_id"),
        no("请填写备案日期。", "ZH-03", "filing_date") if filing_date is None
        else no("备案日期不能晚于今天。", "ZH-03", "filing_date") if filing_date > today
        else YES,
    ]  # fmt: skip


def is_member(actor: Actor, unit_id: int) -> bool:
    """Whether the actor belongs to the organisation."""
    return any(actor.has(role, unit_id) for role in MEMBERS)


def keeps(actor: Actor) -> bool:
    """Whether the actor keeps the register."""
    return actor == SYSTEM or any(actor.has(role) for role in KEEPERS)


def may_register(actor: Actor) -> Decision:
    """The register is kept by civil affairs and streets (ZH-24c)."""
    if keeps(actor):
        return YES
    return no("社会组织由民政部门或镇街登记入库，请联系所在镇街。", "ZH-24c")


def may_write_credit(actor: Actor, unit_id: int) -> Decision:
    """Nobody writes the credit of an organisation of which he is a member (ZH-24c)."""
    if is_member(actor, unit_id) or not keeps(actor):
        return no("信用记录由镇街或民政部门登记，社会组织不能修改自己的信用记录。", "ZH-24c")
    return YES


def may_update(actor: Actor, unit_id: int) -> Decision:
    """An organisation mends its own contact, scope and capacity; the register's keepers may, too (ZH-24c)."""
    if is_member(actor, unit_id) or keeps(actor):
        return YES
    return no("只有本组织的人员和登记管理人员可以修改这些资料。", "ZH-24c")


def claim_allowed(kind: str, text: str, file_ids: Sequence[int]) -> list[Decision]:
    """A statement about capacity says something and shows a paper for it (ZH-24c)."""
    return [
        YES if kind in CAPACITY_NAMES else no("请选择承接能力的类别。", "ZH-24c", "kind"),
        YES if text.strip() else no("请写明具体能力。", "ZH-24c", "text"),
        YES if file_ids else no("请上传证明材料，没有证明的能力不能登记。", "ZH-24c", "files"),
    ]


def credit_allowed(
    kind: str, text: str, source: str, list_kind: str | None, since: date | None, until: date | None
) -> list[Decision]:
    """A credit line says what, by whom, and for a list which one and since when (ZH-24c, K-06)."""
    listed = kind == "listing"
    return [
        YES if kind in CREDIT_NAMES and kind != "lifted" else no("请选择信用记录的类别。", "ZH-24c", "kind"),
        YES if text.strip() else no("请写明记录内容。", "ZH-24c", "text"),
        YES if source.strip() else no("请写明信息来源。", "ZH-24c", "source"),
        no("请选择是哪一级失信名单。", "ZH-24c", "list_kind")
        if listed and list_kind not in ("local", "national")
        else YES,
        no("请填写列入日期。", "ZH-24c", "since") if listed and since is None else YES,
        no("截止日期不能早于列入日期。", "ZH-24c", "until") if since and until and until < since else YES,
    ]
