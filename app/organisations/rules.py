"""Who counts as a social organisation."""

from __future__ import annotations

from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError

from app.core.errors import YES, Decision, no

NAMES = {
    "social_group": "社会团体",
    "social_service": "社会服务机构",
    "foundation": "基金会",
    "filed": "备案社区社会组织",
}
PREFIXES = ("51", "52", "53")
"""Registered with civil affairs: groups, service institutions, foundations."""


def uscc_allowed(uscc: str) -> Decision:
    """An 18-digit code whose check digit fits and that civil affairs gave out (ZH-03, GB 32100)."""
    try:
        clean = uscc_number.validate(uscc)
    except ValidationError:
        return no("统一社会信用代码不正确，请核对 18 位代码（最后一位是校验码）。", "ZH-03", "uscc")
    if not clean.startswith(PREFIXES):
        return no("该代码不是民政部门登记的社会组织，企业不能作为承接主体。", "ZH-03", "uscc")
    return YES


def registration_allowed(
    kind: str, uscc: str | None, filing_no: str | None, filing_street_id: int | None
) -> list[Decision]:
    """What each kind of organisation has to show (ZH-03)."""
    if kind not in NAMES:
        return [no("请选择社会组织的类别；企业不能作为承接主体。", "ZH-03", "kind")]
    if kind != "filed":
        return [uscc_allowed(uscc or "")]
    return [
        YES if (filing_no or "").strip() else no("请填写备案编号。", "ZH-03", "filing_no"),
        YES if filing_street_id else no("请选择备案的镇街。", "ZH-03", "filing_street_id"),
    ]
