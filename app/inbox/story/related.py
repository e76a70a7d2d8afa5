"""What a case is tied to: need, library, notices, organisation, result, earlier years (关联)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.accounts.queries import unit_name
from app.catalogue.models import LibraryEntry
from app.contracts.models import Contract
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.needs.models import Need
from app.notices.models import KINDS
from app.notices.queries import NoticeView
from app.organisations.queries import credit_snapshot, organisation_of_unit
from app.organisations.rules import NAMES
from app.procurement.models import Procurement
from app.projects.models import Project
from app.runtime.models import Case
from app.runtime.queries import visible_cases

EARLIER = 6
NOTICE_STATES = {"open": "公示中", "waiting": "期满待结束", "closed": "已结束", "withdrawn": "已撤回"}


@dataclass(frozen=True, slots=True)
class Tie:
    """One thing a case is tied to.

    Attributes:
        tone: of the note, "" for plain.
    """

    icon: str
    label: str
    title: str
    note: str = ""
    href: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another case of the same community with the same kind of service; amounts in fen."""

    case: Case
    amount: int | None
    provider: str
    grade: str


def ties(
    case: Case,
    project: Project | None,
    contract: Contract | None,
    published: Sequence[NoticeView],
    *,
    outside: bool,
) -> list[Tie]:
    """Where the case comes from and what it has led to."""
    found = [] if outside else _sources(project)
    for row in _procurements(case.id):
        round_ = f"第 {row.round} 次" if row.round > 1 else ""
        found.append(Tie("gavel", "采购", f"采购信息{round_}", "", f"/procurement/{row.id}"))
    found += _organisations(case)
    for view in published:
        notice = view.notice
        said = f"，收到意见 {view.objections} 条" if view.objections else ""
        note = f"{clock.local(notice.published_at):%Y-%m-%d} 发布，{NOTICE_STATES[view.state]}{said}"
        found.append(Tie("speakerphone", KINDS[notice.kind], notice.title, note, f"/notices/{notice.no}"))
    if contract is not None and contract.evaluation_published_at is not None:
        note = f"等级 {contract.grade}" if contract.grade else ""
        found.append(Tie("chart-bar", "评价结果", "已向社会公布", note, f"/results/{case.no}"))
    return found


def earlier(actor: Actor, case: Case, project: Project | None) -> list[Earlier]:
    """Other cases of the community that bought the same item or class of service, newest first."""
    if project is None or case.community_id is None:
        return []
    same = []
    if project.list_item_code:
        same.append(Project.list_item_code == project.list_item_code)
    if project.category:
        same.append(Project.category == project.category)
    if not same:
        return []
    query = (
        select(Case, Contract)
        .join(Project, Project.case_id == Case.id)
        .outerjoin(Contract, Contract.case_id == Case.id)
        .where(
            Case.id != case.id,
            Case.community_id == case.community_id,
            or_(*same),
            visible_cases(actor),
        )
        .order_by(Case.started_at.desc(), Case.id.desc())
        .limit(EARLIER)
    )
    return [
        Earlier(
            one,
            contract.amount if contract else None,
            contract.organisation_name if contract else "",
            (contract.grade or "") if contract else "",
        )
        for one, contract in session().execute(query)
    ]


def _sources(project: Project | None) -> list[Tie]:
    found = []
    if project is not None and project.need_id is not None:
        need = session().get_one(Need, project.need_id)
        note = f"{need.beneficiaries}，{clock.local(need.created_at):%Y-%m-%d} 登记"
        found.append(Tie("message-2", "居民需求", need.text, note, f"/needs/{need.id}"))
    if project is not None and project.library_entry_id is not None:
        entry = session().get_one(LibraryEntry, project.library_entry_id)
        note = f"由{unit_name(entry.organisation_unit_id)}策划入库"
        found.append(Tie("books", "项目库", entry.title, note))
    return found


def _procurements(case_id: int) -> list[Procurement]:
    query = select(Procurement).where(Procurement.case_id == case_id, Procurement.published_at.is_not(None))
    return list(session().scalars(query.order_by(Procurement.round)))


def _organisations(case: Case) -> list[Tie]:
    found = []
    for label, unit_id in (("承接方", case.provider_id), ("评估方", case.evaluator_id)):
        organisation = organisation_of_unit(unit_id)
        if organisation is None:
            continue
        credit = credit_snapshot(organisation.id, clock.today())
        note = f"{NAMES[organisation.kind]}，{credit.words}"
        tone = "" if credit.list_kind == "none" else "bad"
        href = f"/organisations/{organisation.id}"
        found.append(Tie("heart-handshake", label, organisation.name, note, href, tone))
    return found
