"""Projects at the stages of proposal and review, and the people who move them."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

from app.accounts.queries import unit
from app.catalogue import services as catalogue
from app.catalogue.models import LibraryEntry
from app.core.db import unit_of_work
from app.core.identity import Role
from app.projects.models import Project
from app.runtime.models import Case
from tests.factories.cases import make_case
from tests.factories.evaluation import register
from tests.factories.money import make_pot, make_treasurers
from tests.factories.people import actor_of, make_person, make_units

NO = dict.fromkeys(("equity", "debt", "roads", "full_time", "not_responsible", "unfit"), False)
"""Article 11: none of the six."""
BUDGET = [
    {"group": "staff", "item": "项目人员费用", "job": "项目社工", "quantity": 12, "price": 500_000},
    {"group": "service", "item": "上门探访", "quantity": 880, "price": 10_000},
]
TOTAL = 14_800_000
TARGETS = [
    {"name": "服务人次", "target": 900, "unit": "人次", "source": "服务台账", "weight": 40},
    {"name": "活动场次", "target": 12, "unit": "场", "source": "活动签到", "weight": 30},
    {"name": "服务对象满意度", "target": 90, "unit": "%", "source": "满意度调查", "weight": 30},
]
PROPOSAL: dict[str, Any] = {
    "category": "basic",
    "subcategories": ["basic.elder_care"],
    "summary": "为辖区独居、高龄老人提供助餐和上门探访。",
    "beneficiaries": "辖区 60 岁以上居民",
    "beneficiary_count": 160,
    "fee_mode": "free",
    "budget": BUDGET,
    "wanted_sources": ["fiscal"],
    "targets": TARGETS,
    **{f"self_{key}": False for key in NO},
}
STATEMENTS = {
    "basic_met": True,
    "basic_reason": "属于居民基本生活需要",
    "inclusive_met": True,
    "inclusive_reason": "面向辖区全体高龄老人",
    "public_met": True,
    "public_reason": "免费服务，不以营利为目的",
}


def make_office(pack: Any) -> SimpleNamespace:
    """A street with everybody who takes part in the first two stages, its list and its money."""
    with unit_of_work():
        units = make_units()
        money = make_treasurers(units)
        office = SimpleNamespace(
            pack=pack,
            units=units,
            member=actor_of(make_person("两委成员", Role.COMMITTEE_MEMBER, units.community)),
            secretary=actor_of(make_person("书记", Role.SECRETARY, units.community)),
            clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
            finance=money.street,
            leader=actor_of(make_person("领导", Role.STREET_LEADER, units.street)),
            discipline=actor_of(make_person("纪检", Role.STREET_DISCIPLINE, units.street)),
            reviewers=[
                actor_of(make_person(f"联审{n}", Role.STREET_REVIEWER, units.street)) for n in "一二三"
            ],
            officer=actor_of(make_person("区民政", Role.DISTRICT_OFFICER, units.district)),
            treasurer=money.district,
        )
        office.pot = make_pot(office.treasurer, units.street.id, 20_000_000, name="区级购买服务资金")
        publish_list(office)
        return office


def publish_list(office: SimpleNamespace, year: int = 2026) -> None:
    """The district's list of a year with two items, made the active one."""
    items = [
        {
            "code": "2-2",
            "category": "basic.elder_care",
            "name": "居家养老",
            "unit": "项",
            "reference_price": None,
        },
        {
            "code": "5-3",
            "category": "building.culture",
            "name": "社区文化",
            "unit": "项",
            "reference_price": None,
        },
    ]
    made = catalogue.save_list(office.officer, office.units.district.id, year, items)
    catalogue.publish_list(office.officer, made.id)


def make_project(office: SimpleNamespace, origin: str = "community", **columns: Any) -> Case:
    """A case without an engine whose project has just been started."""
    starter = office.clerk if origin == "street_plan" else office.member
    case = make_case(office.units, started_by=starter.person_id)
    with unit_of_work() as db:
        db.add(
            Project(
                **{
                    "city": case.city,
                    "case_id": case.id,
                    "origin": origin,
                    "title": case.title,
                    "subcategories": [],
                    "budget_lines": [],
                    "targets": [],
                    "wanted_sources": [],
                    "exclusion_self": {},
                    "file_ids": [],
                    **columns,
                }
            )
        )
        db.flush()
    return case


def make_entry(
    office: SimpleNamespace, *, consented: bool, name: str = "康乐社会工作服务中心"
) -> LibraryEntry:
    """A service that an organisation has designed and offered to the street."""
    designer = unit(register(name).unit_id)
    member = actor_of(make_person("策划人员", Role.ORGANISATION_MEMBER, designer))
    entry = catalogue.propose_entry(
        member,
        organisation_unit_id=designer.id,
        street_id=office.units.street.id,
        title="长者助餐与上门探访",
        category="basic.elder_care",
        summary="由志愿者和社工为高龄老人送餐、探访。",
        budget=12_000_000,
        valid_to=date(2026, 12, 31),
    )
    if consented:
        catalogue.consent(office.clerk, entry.id)
    office.designer = member
    return entry
