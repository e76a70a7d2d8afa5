"""Passwords, locks and roles that may not meet in one person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from app.core.errors import YES, Decision, no
from app.core.identity import Role

MIN_LENGTH = 10
MAX_FAILURES = 5
LOCK_FOR = timedelta(minutes=15)
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
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


def locked(locked_until: datetime | None, now: datetime) -> bool:
    """Whether an account is locked after repeated failures."""
    return locked_until is not None and now < locked_until


def roles_allowed(roles: Collection[str]) -> Decision:
    """Three separated administrators (三员分立): system, security and audit administrator are never one person."""
    if len(ADMINISTRATORS & set(roles)) > 1:
        return no("系统管理员、安全管理员、审计管理员不能由同一人担任。", field="role")
    return YES


def parent_allowed(kind: str, parent_kind: str | None) -> Decision:
    """Where a unit hangs in the tree; a functional zone is a district and needs a city above it (ZH-29)."""
    wanted = PARENTS.get(kind)
    if wanted and parent_kind not in wanted:
        names = {"city": "市", "district": "区", "street": "镇街"}
        return no(f"请选择上级单位（{'或'.join(names[w] for w in wanted)}）。", "ZH-29", "parent_id")
    return YES
