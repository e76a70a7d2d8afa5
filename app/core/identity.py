"""Who acts: identity is an argument of every service, never taken from a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is in a unit. The part before the dot says the kind of unit."""

    COMMITTEE_MEMBER = "community.committee_member"
    SECRETARY = "community.secretary"
    RESIDENT_REPRESENTATIVE = "community.resident_representative"
    STREET_CLERK = "street.clerk"
    STREET_FINANCE = "street.finance"
    STREET_LEADER = "street.leader"
    STREET_DISCIPLINE = "street.discipline"
    STREET_REVIEWER = "street.reviewer"
    STREET_SCORER = "street.scorer"
    ORGANISATION_MEMBER = "organisation.member"
    EVALUATOR_MEMBER = "evaluator.member"
    DISTRICT_OFFICER = "district.officer"
    DISTRICT_FINANCE = "district.finance"
    CITY_OFFICER = "city.officer"
    DESIGNER = "city.designer"
    PUBLISHER = "city.publisher"
    AUDITOR = "city.auditor"
    SYSTEM_ADMIN = "city.system_admin"
    SECURITY_ADMIN = "city.security_admin"
    AUDIT_ADMIN = "city.audit_admin"


ROLE_NAMES: dict[Role, str] = {
    Role.COMMITTEE_MEMBER: "两委成员",
    Role.SECRETARY: "党组织书记",
    Role.RESIDENT_REPRESENTATIVE: "居民代表",
    Role.STREET_CLERK: "街道经办",
    Role.STREET_FINANCE: "街道财务",
    Role.STREET_LEADER: "街道领导",
    Role.STREET_DISCIPLINE: "纪检监督",
    Role.STREET_REVIEWER: "联审人员",
    Role.STREET_SCORER: "评审专家",
    Role.ORGANISATION_MEMBER: "社会组织",
    Role.EVALUATOR_MEMBER: "评估方",
    Role.DISTRICT_OFFICER: "区民政",
    Role.DISTRICT_FINANCE: "区财政",
    Role.CITY_OFFICER: "市民政",
    Role.DESIGNER: "流程设计",
    Role.PUBLISHER: "流程发布",
    Role.AUDITOR: "审计",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of a person in one unit."""

    role: str
    unit_id: int


@dataclass(frozen=True, slots=True)
class Stand:
    """An absent colleague, with one role in which somebody stands in for him."""

    person_id: int
    name: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or the system) that acts.

    Attributes:
        person_id: the person, None for the system and for anonymous residents.
        name: shown in history and audit.
        grants: roles in units.
        scope: ids of all units this person may look into (own units and those below).
        stands_for: absent colleagues whose work this person does for now (代理).
    """

    person_id: int | None
    name: str
    grants: frozenset[Grant] = frozenset()
    scope: frozenset[int] = field(default=frozenset(), compare=False)
    stands_for: frozenset[Stand] = field(default=frozenset(), compare=False)

    @property
    def is_system(self) -> bool:
        """Timers and workers; a resident without an account is nobody too, but not the system."""
        return self == SYSTEM

    @property
    def persons(self) -> frozenset[int]:
        """Those whose work is this actor's: himself and the colleagues he stands in for."""
        own = {self.person_id} if self.person_id is not None else set()
        return frozenset(own | {one.person_id for one in self.stands_for})

    def instead_of(self, role: str | None, unit_id: int | None) -> Stand | None:
        """The colleague in whose place the actor acts in a role he does not hold himself."""
        for one in sorted(self.stands_for, key=lambda stand: stand.person_id):
            if one.grant == Grant(role or "", unit_id or 0):
                return one
        return None

    def roles_in(self, unit_id: int | None) -> frozenset[str]:
        """Roles this actor holds in one unit."""
        return frozenset(g.role for g in self.grants if g.unit_id == unit_id)

    def has(self, role: str, unit_id: int | None = None) -> bool:
        """Whether the actor holds a role, in the given unit or (None) in any."""
        return any(g.role == role and (unit_id is None or g.unit_id == unit_id) for g in self.grants)


SYSTEM = Actor(person_id=None, name="系统")
RESIDENT = Actor(person_id=None, name="居民")
