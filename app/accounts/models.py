"""Who there is: units, people, their roles, their sessions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId, Row

UNIT_KINDS = ("city", "district", "street", "community", "department", "organisation", "evaluator")
AREA_KINDS = ("city", "district", "functional_zone", "town", "subdistrict", "community", "village")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class OrgUnit(Row):
    """A unit of the tree city → district → street → community, or a body outside it (单位).

    Towns and subdistricts are both streets. A functional zone is a district or street without a
    statistical code (ZH-29). Organisations and evaluators stand outside the tree.
    """

    __tablename__ = "org_unit"
    __table_args__ = (
        CheckConstraint(_one_of("kind", UNIT_KINDS), name="kind"),
        CheckConstraint(f"area_kind IS NULL OR {_one_of('area_kind', AREA_KINDS)}", name="area_kind"),
        # An area without its city cannot be told from another city's area (ZH-29).
        CheckConstraint(
            "parent_id IS NOT NULL OR kind IN ('city', 'organisation', 'evaluator')", name="has_parent"
        ),
        Index("ix_org_unit_kind", "city", "kind"),
    )
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(12))
    area_kind: Mapped[str | None] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("org_unit.id"), index=True)
    city: Mapped[str] = mapped_column(String(6))
    path: Mapped[str] = mapped_column(String(200), default="", index=True)  # "/1/5/23/", itself last
    active: Mapped[bool] = mapped_column(default=True)


class Person(Row):
    """A person who can sign in (人员)."""

    __tablename__ = "person"
    login: Mapped[str] = mapped_column(String(60), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    session_version: Mapped[int] = mapped_column(default=1)


class Membership(Row):
    """A role of a person in a unit (岗位), for good or between two days."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("person_id", "unit_id", "role"),
        Index("ix_membership_unit_role", "unit_id", "role"),
        CheckConstraint("until_day IS NULL OR from_day IS NULL OR until_day >= from_day", name="days"),
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("org_unit.id"))
    role: Mapped[str] = mapped_column(String(60))
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]  # its last day


class LoginSession(Base):
    """One signed-in browser (登录会话); the cookie carries the token, the row only its fingerprint."""

    __tablename__ = "login_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    session_version: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class UnknownLogin(Base):
    """Failed attempts with a login nobody has: it gets locked like a real one, so that guessing tells nothing."""

    __tablename__ = "unknown_login"
    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    at: Mapped[datetime] = mapped_column(index=True)
