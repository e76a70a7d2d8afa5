"""What a new office has to do before its first project, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_login import current_user
from sqlalchemy import exists, func, select

from app.accounts.access import Permission, allowed, current_actor
from app.accounts.areas import NO_CITY
from app.accounts.directory import request_count
from app.accounts.models import Membership, OrgUnit, Person
from app.accounts.rules import ADMINISTRATORS
from app.admin import gaps
from app.catalogue.models import ProjectList
from app.core import clock, marks
from app.core.db import session
from app.core.identity import ROLE_NAMES, Actor, Role
from app.funds.models import Pot
from app.policy import queries as policy
from app.policy.calendar import is_working_day
from app.runtime.models import Definition

DONE = "setup_done"
OWNERS = (
    Permission.MANAGE_POLICY,
    Permission.PUBLISH_MODEL,
    Permission.MANAGE_FUNDS,
    Permission.MANAGE_LIST,
)
"""Who comes to the desk and not to the administration, and has something to set up."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        who: the post that does it.
        text: how far it is, or what to do.
        permission: what one needs to do it; None when no page does it.
    """

    title: str
    who: str
    done: bool
    text: str
    href: str
    permission: Permission | None


def steps() -> list[Step]:
    """All steps in their order; kept as done once all are."""
    found = [
        _administrators(),
        _units(),
        _people(),
        _roles(),
        _pack(),
        _flow(),
        _funds(),
        _list(),
        _calendar(),
    ]
    if all(one.done for one in found) and marks.get(DONE) is None:
        marks.put(DONE, "1")
    return found


def of(actor: Actor) -> list[Step]:
    """The steps that an actor may do."""
    return [one for one in steps() if one.permission is not None and allowed(actor, one.permission)]


def context() -> dict[str, Any]:
    """What the desk tells those without whom a new office does not begin."""
    if request.endpoint != "inbox.desk" or not current_user.is_authenticated:
        return {}
    actor = current_actor()
    wanted = current_app.config["SETTINGS"].is_production and any(allowed(actor, one) for one in OWNERS)
    mine = of(actor) if wanted and not finished() else []
    return {"setup_mine": [one for one in mine if not one.done]}


def finished() -> bool:
    """Whether the office has been set up once."""
    return marks.get(DONE) is not None


def _administrators() -> Step:
    db = session()
    query = select(Membership.role).join(Person, Person.id == Membership.person_id).where(Person.active)
    there = set(db.scalars(query.where(Membership.role.in_(sorted(ADMINISTRATORS)))))
    missing = [ROLE_NAMES[role] for role in sorted(ADMINISTRATORS) if role not in there]
    text = (
        f"还缺{'、'.join(missing)}。在服务器上用 flask accounts admin 命令建立首任管理员。"
        if missing
        else "系统管理员、安全管理员、审计管理员分别由三人担任。"
    )
    return Step("三位管理员", "服务器维护人员", not missing, text, "/admin/people", None)


def _units() -> Step:
    counts = {
        kind: count
        for kind, count in session().execute(
            select(OrgUnit.kind, func.count(OrgUnit.id))
            .where(OrgUnit.active, OrgUnit.city != NO_CITY)
            .group_by(OrgUnit.kind)
        )
    }
    done = bool(counts.get("city") and counts.get("street") and counts.get("community"))
    text = (
        f"已有区 {counts.get('district', 0)} 个、镇街 {counts['street']} 个、社区（村）{counts['community']} 个。"
        if done
        else "导入本市的行政区划，再补充功能区、部门。"
    )
    return Step("单位", "系统管理员", done, text, "/admin/units", Permission.MANAGE_UNITS)


def _people() -> Step:
    count = (
        session().scalar(
            select(func.count(Person.id)).where(
                Person.active,
                ~exists().where(
                    Membership.person_id == Person.id, Membership.role.in_(sorted(ADMINISTRATORS))
                ),
            )
        )
        or 0
    )
    text = f"已有 {count} 人（管理员除外）。" if count else "逐个新增，或从表格导入，并申请岗位。"
    return Step("人员", "系统管理员", count > 0, text, "/admin/people", Permission.MANAGE_PEOPLE)


def _roles() -> Step:
    done, waiting = False, request_count()
    staffed = session().scalar(
        select(func.count(func.distinct(Membership.unit_id))).where(Membership.role == Role.STREET_CLERK)
    )
    if waiting:
        text = f"{waiting} 项岗位申请等待授予。"
    elif not staffed:
        text = "至少给一个镇街和一个社区的人员授予岗位。"
    else:
        lacking = gaps.of_units(_staffed())
        text = (
            "、".join(f"{one.unit.short_name}缺{ROLE_NAMES[Role(one.demand.role)]}" for one in lacking[:4])
            if lacking
            else "各单位的岗位都有人。"
        )
        done = not lacking
    return Step("岗位", "安全管理员", done, text, "/admin/roles", Permission.GRANT_ROLES)


def _staffed() -> list[OrgUnit]:
    """Streets and communities where anybody holds a post."""
    query = select(OrgUnit).where(OrgUnit.active, OrgUnit.id.in_(select(Membership.unit_id)))
    return list(session().scalars(query.order_by(OrgUnit.path)))


def _pack() -> Step:
    versions = policy.versions()
    if not versions:
        text = "导入本市的政策包，再逐项确认取值。"
        return Step("政策包", "市、区民政", False, text, "/admin/policy", Permission.MANAGE_POLICY)
    key = versions[0].key
    newest = policy.latest(key)
    waiting = len(newest.waiting) if newest else 0
    live = any(one.active for one in versions)
    text = f"还有 {waiting} 项取值没有确认。" if waiting else "取值都已确认，政策包已启用。"
    done = live and not waiting
    return Step("政策包", "市、区民政", done, text, f"/admin/policy/{key}", Permission.MANAGE_POLICY)


def _flow() -> Step:
    there = session().scalar(select(func.count(Definition.id)).where(Definition.state == "published")) or 0
    text = f"已发布 {there} 个流程。" if there else "由提交人以外的流程发布人员发布。"
    key = next((one.key for one in policy.versions()), "")
    href = f"/admin/policy/{key}" if key else "/admin/policy"
    return Step("流程", "流程发布", there > 0, text, href, Permission.PUBLISH_MODEL)


def _funds() -> Step:
    year = clock.today().year
    there = session().scalar(select(func.count(Pot.id)).where(Pot.year == year, Pot.allotted > 0)) or 0
    text = f"{year} 年已有 {there} 项资金到账。" if there else f"登记 {year} 年的资金来源，再拨入金额。"
    return Step("资金", "区财政、街道财务", there > 0, text, "/desk/funds", Permission.MANAGE_FUNDS)


def _list() -> Step:
    year = clock.today().year
    there = (
        session().scalar(
            select(func.count(ProjectList.id)).where(ProjectList.year == year, ProjectList.active)
        )
        or 0
    )
    text = f"已公布 {year} 年的项目清单。" if there else f"编制并公布 {year} 年的项目清单。"
    return Step("项目清单", "区民政", there > 0, text, "/desk/lists", Permission.MANAGE_LIST)


def _calendar() -> Step:
    year = clock.today().year
    certain = not is_working_day(clock.today()).provisional
    text = (
        f"{year} 年的放假和调休已在日历里，可以再补充本地的安排。"
        if certain
        else f"导入国务院公布的 {year} 年放假安排，否则按工作日计算的期限都只是“预计”。"
    )
    href = f"/admin/calendar?year={year}"
    return Step("工作日历", "系统管理员", certain, text, href, Permission.MANAGE_CALENDAR)
