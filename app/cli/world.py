"""The demo's world: Zhuhai's areas as they are, posts instead of names, organisations, money, lists.

Figures and people exist in demo and test only.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import select
from stdnum.cn import uscc

import config
from app.accounts import areas
from app.accounts import services as accounts
from app.accounts.demo import PASSWORD
from app.accounts.models import OrgUnit, Person
from app.accounts.queries import actor as actor_of
from app.accounts.queries import people_with, unit_by_code, units_below
from app.accounts.sign_in import hash_password
from app.catalogue import services as catalogue
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.funds import services as funds
from app.organisations import services as organisations
from app.organisations.models import Organisation
from app.policy.packs import load_folder
from app.runtime.packaging import deploy_pack

PACKS = config.ROOT / "bpmn"
AREAS = PACKS / "law-cn" / "areas.csv"
CITY, DISTRICT, STREET, OTHER_STREET = "4404", "440402", "440402007", "440402004"
YUAN = 100

STREET_POSTS: Sequence[tuple[str, str, Role]] = (
    ("jingban", "经办", Role.STREET_CLERK),
    ("caiwu", "财务", Role.STREET_FINANCE),
    ("caiwu2", "出纳", Role.STREET_FINANCE),
    ("lingdao", "领导", Role.STREET_LEADER),
    ("jijian", "纪检监督", Role.STREET_DISCIPLINE),
    ("lianshen1", "联审人员一", Role.STREET_REVIEWER),
    ("lianshen2", "联审人员二", Role.STREET_REVIEWER),
    ("lianshen3", "联审人员三", Role.STREET_REVIEWER),
    ("pingshen1", "评审专家一", Role.STREET_SCORER),
    ("pingshen2", "评审专家二", Role.STREET_SCORER),
    ("pingshen3", "评审专家三", Role.STREET_SCORER),
)
CITY_POSTS: Sequence[tuple[str, str, Role]] = (
    ("sheji", "流程设计员", Role.DESIGNER),
    ("sheji2", "流程设计员二", Role.DESIGNER),
    ("fabu", "流程发布员", Role.PUBLISHER),
    ("shi-minzheng", "市民政", Role.CITY_OFFICER),
    ("xitong", "系统管理员", Role.SYSTEM_ADMIN),
    ("anquan", "安全管理员", Role.SECURITY_ADMIN),
    ("shenji", "审计管理员", Role.AUDIT_ADMIN),
)
COMMUNITY_POSTS: Sequence[tuple[str, str, Role]] = (
    ("liangwei", "两委成员", Role.COMMITTEE_MEMBER),
    ("shuji", "党组织书记", Role.SECRETARY),
    ("daibiao", "居民代表", Role.RESIDENT_REPRESENTATIVE),
)
ORGANISATIONS: Sequence[tuple[str, str, str, str]] = (
    ("zuzhi1", "social_service", "珠海市演示社会工作服务中心", "52440400MJL00001"),
    ("zuzhi2", "social_service", "珠海市香洲区演示养老服务中心", "52440402MJL00002"),
    ("zuzhi3", "social_group", "珠海市演示志愿服务协会", "51440400MJL00003"),
    ("zuzhi4", "foundation", "珠海市演示社区发展基金会", "53440400MJL00004"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A unit by number and name: scenarios outlive database sessions."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class World:
    """What a scenario needs to find its way."""

    street: Place
    communities: Sequence[Place]
    organisations: Sequence[Place]


def build(*, everything: bool, years: AbstractSet[int] | None = None) -> World:
    """Make the world in an empty database (建立演示数据).

    Args:
        everything: also a second street with its people; a single scenario does without.
        years: years that get a list and money; by default the present one.
    """
    years = years or {clock.today().year}
    with unit_of_work():
        load = load_folder(PACKS, "zhuhai")
        deploy_pack(SYSTEM, PACKS, "zhuhai", publish=True)
        areas.import_areas(SYSTEM, AREAS, frozenset({CITY}))
        district, street = unit_by_code(DISTRICT), unit_by_code(STREET)
        officer = _person("qu-minzheng", f"{district.name}民政", Role.DISTRICT_OFFICER, district)
        treasurer = _person("qu-caizheng", f"{district.name}财政", Role.DISTRICT_FINANCE, district)
        city = unit_by_code(CITY)
        for login, post, role in CITY_POSTS:
            _person(login, f"{city.short_name}{post.removeprefix('市')}", role, city)
        communities = units_below(street.id, "community")[:3]
        _staff("", street, communities)
        if everything:
            other = unit_by_code(OTHER_STREET)
            _staff("jida-", other, units_below(other.id, "community")[:1])
            _money(treasurer, other, "jida-caiwu", years)
        made = [_organisation(officer, *row) for row in ORGANISATIONS]
        evaluator = organisations.register_organisation(
            officer, kind="social_service", name="珠海市演示绩效评估中心", city="440400",
            uscc=_code("52440400MJL00005"), is_evaluator=True,
        )  # fmt: skip
        _person(
            "pinggu", "评估机构工作人员", Role.EVALUATOR_MEMBER, session().get_one(OrgUnit, evaluator.unit_id)
        )
        _money(treasurer, street, "caiwu", years)
        for year in sorted(years):
            _list(officer, district, year, load.codes("category"))
        _library(made, street)
        return World(
            Place(street.id, street.short_name),
            [Place(one.id, one.short_name) for one in communities],
            [Place(one.unit_id, one.name) for one in made],
        )


def _staff(prefix: str, street: OrgUnit, communities: Sequence[OrgUnit]) -> None:
    for login, post, role in STREET_POSTS:
        _person(f"{prefix}{login}", f"{street.short_name}{post}", role, street)
    for number, community in enumerate(communities, start=1):
        for login, post, role in COMMUNITY_POSTS:
            _person(
                f"{prefix}{login}{number if number > 1 else ''}",
                f"{community.short_name}{post}",
                role,
                community,
            )


def _person(login: str, name: str, role: Role, unit: OrgUnit) -> Actor:
    person, _ = accounts.create_person(
        SYSTEM, login=login, name=name, password=PASSWORD, hashed=_hashed(), must_change=False
    )
    accounts.grant(SYSTEM, person.id, unit.id, role)
    return actor_of(person.id)


@cache
def _hashed() -> str:
    """Once for all: hashing is slow on purpose."""
    return hash_password(PASSWORD)


def _code(stem: str) -> str:
    """A code with its check digit: the number is invented, its form is not."""
    padded = stem.ljust(17, "0")[:17]
    return padded + uscc.calc_check_digit(padded)


def _organisation(officer: Actor, login: str, kind: str, name: str, stem: str) -> Organisation:
    made = organisations.register_organisation(officer, kind=kind, name=name, city="440400", uscc=_code(stem))
    _person(login, f"{name}工作人员", Role.ORGANISATION_MEMBER, session().get_one(OrgUnit, made.unit_id))
    return made


def _money(treasurer: Actor, street: OrgUnit, finance_login: str, years: AbstractSet[int]) -> None:
    finance = actor_of(session().scalars(select(Person.id).where(Person.login == finance_login)).one())
    for year in sorted(years):
        _pots(treasurer, finance, street, year)


def _pots(treasurer: Actor, finance: Actor, street: OrgUnit, year: int) -> None:
    for who, name, source, amount, papers in (
        (treasurer, "区级购买服务专项资金", "fiscal", 3_000_000, {"level": "区级"}),
        (
            treasurer,
            "居家养老专项资金",
            "fiscal",
            800_000,
            {"level": "市级", "purposes": ["basic.elder_care"]},
        ),
        (treasurer, "民生微实事资金", "fiscal", 600_000, {"level": "区级", "purposes": ["party"]}),
        (finance, "企业捐赠资金", "charity", 200_000, {"donor": "演示捐赠企业", "agreement": "演示捐赠协议"}),
        (
            finance,
            "社区基金",
            "community_fund",
            150_000,
            {"keeper": "演示社区基金管理委员会", "resolution": "演示使用决议"},
        ),
        (finance, "居民自筹资金", "residents", 50_000, {"resolution": "演示居民会议纪要"}),
    ):
        pot = funds.create_pot(who, street_id=street.id, year=year, name=name, source=source, **papers)
        funds.allot(who, pot.id, amount * YUAN, "演示年初拨入")


def _list(officer: Actor, district: OrgUnit, year: int, codes: Sequence[tuple[str, str, str]]) -> None:
    items = [
        {"code": f"{number:02d}", "category": code, "name": name, "unit": "项", "reference_price": None}
        for number, (code, name, parent) in enumerate(((c, n, p) for c, n, p in codes if p), start=1)
    ]
    made = catalogue.save_list(officer, district.id, year, items)
    catalogue.publish_list(officer, made.id)


def _library(made: Sequence[Organisation], street: OrgUnit) -> None:
    clerk = actor_of(people_with(Role.STREET_CLERK, street.id)[0].id)
    year = clock.today().year
    for organisation, title, category, budget in (
        (made[1], "长者助餐与上门探访", "basic.elder_care", 180_000),
        (made[2], "社区志愿服务队培育", "building.volunteering", 60_000),
    ):
        member = actor_of(people_with(Role.ORGANISATION_MEMBER, organisation.unit_id)[0].id)
        entry = catalogue.propose_entry(
            member,
            organisation_unit_id=organisation.unit_id,
            street_id=street.id,
            title=title,
            category=category,
            summary=f"{title}：由社会组织策划，社区可按实际情况选用。",
            budget=budget * YUAN,
            valid_to=date(year + 1, 12, 31),
        )
        catalogue.consent(clerk, entry.id)
