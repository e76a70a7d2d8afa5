"""Tables of units and people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, Row

KINDS = ("city", "district", "street", "community", "department", "organisation", "evaluator")
AREA_KINDS = ("city", "district", "functional_zone", "town", "subdistrict", "community")
ADMINISTRATOR = "role IN ('city.system_admin', 'city.security_admin', 'city.audit_admin')"


class OrgUnit(Row):
    """A unit that people belong to: office, committee, organisation (单位).

    Towns and subdistricts are both streets; a functional zone is a district that has no code.
    """

    __tablename__ = "org_unit"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"area_kind IS NULL OR area_kind IN {AREA_KINDS}", name="area_kind"),
        # An area without its city cannot be told from another city's (ZH-29).
        CheckConstraint(
            "parent_id IS NOT NULL OR kind IN ('city', 'organisation', 'evaluator')", name="has_parent"
        ),
        Index("ix_org_unit_path", "path"),
        Index("ix_org_unit_parent", "parent_id", "kind"),
    )
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(16))
    area_kind: Mapped[str | None] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"))
    city: Mapped[str] = mapped_column(String(6))
    path: Mapped[str] = mapped_column(String(200))  # "/1/5/23/": all units above and itself
    active: Mapped[bool] = mapped_column(default=True)


class Person(Row):
    """Somebody who can sign in."""

    __tablename__ = "person"
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    session_version: Mapped[int] = mapped_column(default=1)
    unit_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("org_unit.id"), index=True
    )  # where one works


class Membership(Row):
    """A person's role in a unit."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("person_id", "unit_id", "role"),
        Index("ix_membership_role", "role", "unit_id"),
        # Three separated administrators (三员分立): nobody is two of them, whatever a program says.
        Index(
            "uq_membership_administrator",
            "person_id",
            unique=True,
            sqlite_where=text(ADMINISTRATOR),
            postgresql_where=text(ADMINISTRATOR),
        ),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    role: Mapped[str] = mapped_column(String(60))


class RoleRequest(Row):
    """A role that the system administrator asks the security administrator to give (待授予的岗位)."""

    __tablename__ = "role_request"
    __table_args__ = (UniqueConstraint("person_id", "unit_id", "role"),)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    role: Mapped[str] = mapped_column(String(60))
    asked_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    asked_at: Mapped[datetime]


class Delegation(Row):
    """Somebody stands in for an absent colleague (代理)."""

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="span"),
        CheckConstraint("person_id <> delegate_id", name="another"),
        Index("ix_delegation_delegate", "delegate_id", "ends_at"),
        Index("ix_delegation_person", "person_id", "ends_at"),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    delegate_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    role: Mapped[str | None] = mapped_column(String(60))  # None: all roles
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    made_at: Mapped[datetime]


class LoginSession(Base):
    """One signed-in browser (登录会话): the cookie carries the token, the row only its fingerprint."""

    __tablename__ = "login_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    session_version: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UnknownLogin(Base):
    """Failed attempts with a login nobody has, counted like those of a real one."""

    __tablename__ = "unknown_login"
    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    at: Mapped[datetime] = mapped_column(index=True)
