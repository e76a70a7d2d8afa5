"""Passwords, locks and roles that may not meet in one person."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from app.accounts.models import AREA_KINDS
from app.core.errors import YES, Decision, Forbidden, no
from app.core.identity import ROLE_NAMES, SYSTEM, Actor, Role

MIN_LENGTH = 10
MAX_FAILURES = 5
LOCK_FOR = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=10)
FORGET_UNKNOWN = timedelta(days=1)
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
WITHOUT_CASES = ADMINISTRATORS | {Role.DESIGNER, Role.PUBLISHER}
"""Roles that run the system: they look into no case of the units below theirs."""
OWNERS_OF_POLICY = frozenset({Role.CITY_OFFICER, Role.DISTRICT_OFFICER, Role.DESIGNER, Role.PUBLISHER})
"""Those who answer for a pack's figures: one proposes, another confirms."""
UNITS_OF_ROLE = {
    "city": ("city",),
    "district": ("district",),
    "street": ("street", "department"),
    "community": ("community",),
    "organisation": ("organisation",),
    "evaluator": ("evaluator",),
}
"""The part of a role before the dot says in which kinds of unit it can be held."""
OPENED_BY_STAFF = frozenset({Role.ORGANISATION_MEMBER, Role.EVALUATOR_MEMBER})
"""Roles given in the course of business, when an organisation or evaluator is registered."""
OF_BUSINESS = ("organisation", "evaluator")
"""Units made when an organisation or evaluator is registered, by those who keep the register."""
KIND_NAMES = {
    "city": "市",
    "district": "区",
    "street": "镇街",
    "community": "社区（村）",
    "department": "部门",
    "organisation": "社会组织",
    "evaluator": "评估机构",
}
AREA_NAMES = {
    "city": "市",
    "district": "行政区",
    "functional_zone": "功能区（无行政区划代码）",
    "town": "镇",
    "subdistrict": "街道",
    "community": "社区（村）",
}
PARENTS = {
    "district": ("city",),
    "street": ("district",),
    "community": ("street",),
    "department": ("city", "district"),
}


def password_allowed(password: str, login: str) -> Decision:
    """A new password: long enough, mixed, not the login name."""
    if len(password) < MIN_LENGTH:
        return no(f"密码至少 {MIN_LENGTH} 位，请加长。", field="new_password")
    if login.lower() in password.lower():
        return no("密码里不能包含用户名，请换一个。", field="new_password")
    if password.isdigit() or password.isalpha():
        return no("密码请同时使用字母和数字。", field="new_password")
    return YES


def old_password_right(right: bool) -> Decision:
    """Who changes a password knows the old one."""
    return YES if right else no("原密码不正确，请重新输入。", field="old_password")


def password_new(old: str, new: str) -> Decision:
    """A changed password differs from the one before."""
    return YES if old != new else no("新密码不能与原密码相同，请换一个。", field="new_password")


def locked(locked_until: datetime | None, now: datetime) -> bool:
    """Whether an account is locked after repeated failures."""
    return locked_until is not None and now < locked_until


def roles_allowed(roles: Collection[str]) -> Decision:
    """Three separated administrators (三员分立): system, security and audit are never one person."""
    if len(ADMINISTRATORS & set(roles)) > 1:
        return no("系统管理员、安全管理员、审计管理员不能由同一人担任。", field="role")
    return YES


def role_fits(role: str, unit_kind: str) -> Decision:
    """A role is held in a unit of its own kind."""
    if role not in ROLE_NAMES:
        return no("没有这个岗位，请重新选择。", field="role")
    if unit_kind not in UNITS_OF_ROLE[role.partition(".")[0]]:
        return no(f"“{ROLE_NAMES[Role(role)]}”不能设在这类单位，请重新选择单位或岗位。", field="unit_id")
    return YES


def may_grant(actor: Actor, person_id: int, role: str) -> Decision:
    """Roles come from the security administrator; nobody gives one to himself (三员分立)."""
    if actor == SYSTEM:
        return YES
    if actor.person_id == person_id:
        return no("不能给自己增减岗位，请由另一位安全管理员办理。", field="person_id")
    if actor.has(Role.SECURITY_ADMIN) or (actor.person_id is not None and role in OPENED_BY_STAFF):
        return YES
    return no("岗位由安全管理员授予和收回，请联系安全管理员。", field="role")


def may_manage(actor: Actor, person_id: int) -> Decision:
    """Accounts are switched off and given new passwords by the system administrator, not one's own."""
    if actor == SYSTEM:
        return YES
    if actor.person_id == person_id:
        return no("不能停用或重置自己的账号，请由另一位系统管理员办理。", field="person_id")
    if actor.has(Role.SYSTEM_ADMIN):
        return YES
    return no("账号由系统管理员管理，请联系系统管理员。", field="person_id")


def may_make_unit(actor: Actor, kind: str) -> Decision:
    """Units are the system administrator's; organisations enter by their register."""
    if actor == SYSTEM or actor.has(Role.SYSTEM_ADMIN) or (actor.person_id and kind in OF_BUSINESS):
        return YES
    return no("单位由系统管理员维护，请联系系统管理员。")


def may_make_person(actor: Actor) -> Decision:
    """Accounts are the system administrator's."""
    if actor == SYSTEM or actor.has(Role.SYSTEM_ADMIN):
        return YES
    return no("账号由系统管理员管理，请联系系统管理员。")


def login_allowed(login: str) -> Decision:
    """A login name that can be typed on any keyboard and read out."""
    if LOGIN.fullmatch(login):
        return YES
    return no("用户名请用 3 至 40 位小写字母、数字、点或短横线，以字母或数字开头。", field="login")


def name_given(name: str) -> Decision:
    """A person or unit has a name."""
    return YES if name.strip() else no("请填写名称或姓名。", field="name")


def reason_given(reason: str) -> Decision:
    """Why a role is given or taken stands in the audit."""
    return YES if reason.strip() else no("请写明理由，理由会记入审计。", field="reason")


def move_allowed(path: str, parent_path: str) -> Decision:
    """A unit does not hang below itself."""
    if parent_path.startswith(path):
        return no("不能移到本单位或它的下级单位之下，请重新选择。", field="parent_id")
    return YES


def may_switch_off_unit(ties: Sequence[str]) -> Decision:
    """A unit goes when nothing hangs on it any more; what does is named."""
    if ties:
        return no(f"还不能停用：{'；'.join(ties)}。请先处理完，再停用单位。")
    return YES


def may_delegate(roles: Collection[str]) -> Decision:
    """An administrator's duty is not lent: whoever stood in could hold two of them (三员分立)."""
    if ADMINISTRATORS & set(roles):
        return no(
            "系统管理员、安全管理员、审计管理员的岗位不能请人代理，请由安全管理员另行授予他人。", field="role"
        )
    return YES


def looks_down(role: str) -> bool:
    """Whether a role lets a person look into the units below its own (WH-2-3b)."""
    return role not in WITHOUT_CASES and role.partition(".")[0] in ("city", "district", "street")


def parent_allowed(kind: str, parent_kind: str | None) -> Decision:
    """Where a unit hangs in the tree; a functional zone is a district and needs a city above it (ZH-29)."""
    wanted = PARENTS.get(kind)
    if wanted and parent_kind not in wanted:
        names = {"city": "市", "district": "区", "street": "镇街"}
        return no(f"请选择上级单位（{'或'.join(names[w] for w in wanted)}）。", "ZH-29", "parent_id")
    return YES


def city_allowed(city: str, parent_city: str | None) -> Decision:
    """A unit lies in the city of the unit above it (ZH-29)."""
    if parent_city is not None and city != parent_city:
        return no("单位与上级单位不在同一个城市，请重新选择上级单位。", "ZH-29", "parent_id")
    return YES


def area_kind_allowed(area_kind: str | None) -> Decision:
    """Kinds of areas we know; a functional zone needs no statistical code (ZH-29)."""
    if area_kind is None or area_kind in AREA_KINDS:
        return YES
    return no("没有这类区域，请重新选择。", "ZH-29", "area_kind")


def permit(decision: Decision) -> None:
    """Turn a rule about who may into what the page answers with.

    Raises:
        Forbidden: the rule says no.
    """
    if not decision:
        raise Forbidden(decision.reason, field=decision.field)
