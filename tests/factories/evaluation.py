"""A case with a signed contract, and everybody who takes part in its evaluation."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from stdnum.cn.uscc import calc_check_digit

from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.contracts.models import Contract, Instalment
from app.core.db import unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.files import services as files
from app.organisations.models import Organisation
from app.organisations.services import register_organisation
from tests.factories.cases import make_case
from tests.factories.people import actor_of, make_person, make_units

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TARGETS = [
    {"name": "服务人次", "target": 900, "unit": "人次", "source": "服务台账", "weight": 40},
    {"name": "活动场次", "target": 12, "unit": "场", "source": "活动签到", "weight": 30},
    {"name": "服务对象满意度", "target": 90, "unit": "%", "source": "满意度调查", "weight": 30},
]


def make_world(pack: Any) -> SimpleNamespace:
    units = make_units()
    clerk = make_person("经办", Role.STREET_CLERK, units.street)
    leader = make_person("领导", Role.STREET_LEADER, units.street)
    organisation = register("康乐社会工作服务中心")
    provider = unit(organisation.unit_id)
    organiser = make_person("机构经办", Role.ORGANISATION_MEMBER, provider)
    evaluator = make_evaluator("明德评估中心")
    case = make_case(units, provider_id=provider.id)
    sign(case, organisation.id, provider, clerk.id, leader.id)
    return SimpleNamespace(
        pack=pack,
        units=units,
        case=case,
        provider=provider,
        evaluator=evaluator,
        organisation_id=organisation.id,
        clerk=actor_of(clerk),
        leader=actor_of(leader),
        discipline=actor_of(make_person("纪检", Role.STREET_DISCIPLINE, units.street)),
        member=actor_of(make_person("两委成员甲", Role.COMMITTEE_MEMBER, units.community)),
        resident=actor_of(make_person("居民代表乙", Role.RESIDENT_REPRESENTATIVE, units.community)),
        organiser=actor_of(organiser),
        judge=actor_of(make_person("评估员", Role.EVALUATOR_MEMBER, evaluator)),
    )


def make_evaluator(name: str) -> OrgUnit:
    return unit(register(name, is_evaluator=True).unit_id)


def register(name: str, *, is_evaluator: bool = False) -> Organisation:
    """A registered organisation with a code of its own whose check digit fits."""
    with unit_of_work() as db:
        number = db.scalar(select(func.count()).select_from(Organisation)) or 0
    body = f"52440400MJ{number + 1000000:07d}"
    return register_organisation(
        SYSTEM,
        kind="social_service",
        name=name,
        city="440400",
        uscc=body + calc_check_digit(body),
        is_evaluator=is_evaluator,
    )


def sign(case: Any, organisation_id: int, provider: OrgUnit, clerk_id: int, leader_id: int) -> Contract:
    with unit_of_work() as db:
        contract = Contract(
            city=case.city,
            case_id=case.id,
            no="HT-2026-001",
            organisation_id=organisation_id,
            organisation_name=provider.name,
            provider_id=provider.id,
            budget=15_000_000,
            amount=14_800_000,
            start_day=date(2025, 3, 1),
            months=12,
            stability={},
            targets=TARGETS,
            clauses=[{"no": "第十条", "text": "尾款按评价等级支付。"}],
            file_ids=[],
            state="published",
            drafted_by=clerk_id,
            signed_by=leader_id,
            signed_on=date(2025, 2, 27),
            advance_cap=5_920_000,
        )
        db.add(contract)
        db.flush()
        for no, kind, amount in ((1, "progress", 8_800_000), (2, "final", 6_000_000)):
            db.add(
                Instalment(
                    city=case.city,
                    case_id=case.id,
                    contract_id=contract.id,
                    no=no,
                    kind=kind,
                    name="第一阶段服务" if kind == "progress" else "尾款",
                    amount=amount,
                    state="accepted" if kind == "progress" else "planned",
                    file_ids=[],
                )
            )
        return contract


def declaration(actor: Actor) -> int:
    """A stored declaration of independence."""
    return files.store(actor, "独立性声明.pdf", io.BytesIO(PDF)).id
