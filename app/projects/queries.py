"""Reads of projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.queries import unit
from app.catalogue.models import LibraryEntry
from app.core.db import session
from app.core.errors import Fault
from app.core.identity import Actor
from app.needs.models import Need
from app.policy.packs import Pack
from app.projects.models import SENSITIVE, JointOpinion, Project, ProposalText
from app.projects.rules import COMMUNITY_ROLES, KEEPERS, ORIGINS
from app.runtime.models import Case, History
from app.runtime.queries import visible_cases
from app.ui.filters import yuan

SENT_BACK = ("return", "amend")
"""Decisions after which the proposer writes again."""
FEES = {"free": "免费", "low": "低偿收费", "paid": "收费"}


def find(case_id: int) -> Project | None:
    """The project of a case, None for a case that is no project."""
    return session().scalar(select(Project).where(Project.case_id == case_id))


def project_of(case_id: int) -> Project:
    """The project of a case.

    Raises:
        Fault: the case is no project.
    """
    found = find(case_id)
    if found is None:
        raise Fault("这一步需要项目资料，但本流程没有项目")
    return found


ANSWERS = ("running", "completed")
"""A case in one of these states answers its need; one that was refused, withdrawn or cancelled leaves it open."""


def is_answered() -> ColumnElement[bool]:
    """Whether a project answers a need or one merged into it, as a condition on `Need` (ZH-09c)."""
    said = aliased(Need)
    query = select(Project.id).join(Case, Case.id == Project.case_id).join(said, said.id == Project.need_id)
    lead = func.coalesce(said.merged_into_id, said.id)
    return exists(query.where(lead == Need.id, Case.status.in_(ANSWERS)))


def answering(actor: Actor, need_ids: Sequence[int]) -> dict[int, list[Case]]:
    """The cases that rest on needs or on those merged into them, newest first; ended ones too (ZH-09c).

    Only those the actor may see.
    """
    lead = func.coalesce(Need.merged_into_id, Need.id)
    query = select(lead, Case).select_from(Project).join(Case, Case.id == Project.case_id)
    query = query.join(Need, Need.id == Project.need_id).where(lead.in_(need_ids), visible_cases(actor))
    found: dict[int, list[Case]] = {}
    for need_id, case in session().execute(query.order_by(Case.id.desc())):
        found.setdefault(need_id, []).append(case)
    return found


def joint_count(case_id: int, sitting: int) -> tuple[int, int]:
    """How many agreed and how many spoke in a sitting of the joint review."""
    rows = session().execute(
        select(JointOpinion.agrees, func.count())
        .where(JointOpinion.case_id == case_id, JointOpinion.sitting == sitting)
        .group_by(JointOpinion.agrees)
    )
    counts = {bool(agrees): int(n) for agrees, n in rows}
    return counts.get(True, 0), sum(counts.values())


def designers_of(project: Project) -> tuple[str, ...]:
    """Names of the organisation that designed what was picked from the library; () for other projects."""
    entry = session().get(LibraryEntry, project.library_entry_id) if project.library_entry_id else None
    if entry is None:
        return ()
    designer = unit(entry.organisation_unit_id)
    return designer.name, designer.short_name


def texts_of(case_id: int) -> list[ProposalText]:
    """What the proposal said each time it was handed in, first round first (ZH-19-2c)."""
    query = select(ProposalText).where(ProposalText.case_id == case_id).order_by(ProposalText.round)
    return list(session().scalars(query))


def last_return(case_id: int) -> History | None:
    """The step that last sent a proposal back, with its reason."""
    query = select(History).where(
        History.case_id == case_id,
        History.kind == "completed",
        History.stage.in_(("review", "publicity")),
        History.opinion.is_not(None),
    )
    lines = session().scalars(query.order_by(History.seq.desc()))
    return next((line for line in lines if (line.answers or {}).get("decision") in SENT_BACK), None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One project that waits for the street's decision beside others (ZH-20)."""

    case_id: int
    no: str
    title: str
    category: str | None
    beneficiary_count: int
    budget_fen: int

    @property
    def per_head(self) -> int:
        """Budget for each person served, in fen, rounded down."""
        return self.budget_fen // max(1, self.beneficiary_count)


def candidates(street_id: int) -> list[Candidate]:
    """A street's projects under review, those that serve most people first, then the cheaper per head."""
    rows = session().execute(
        select(
            Project.case_id,
            Case.no,
            Project.title,
            Project.category,
            func.coalesce(Project.beneficiary_count, 0),
            Project.budget_fen,
        )
        .join(Case, Case.id == Project.case_id)
        .where(
            Case.street_id == street_id,
            Case.status == "running",
            Project.submitted_at.is_not(None),
            Project.approved_at.is_(None),
        )
    )
    found = [Candidate(*row) for row in rows]
    return sorted(found, key=lambda one: (-one.beneficiary_count, one.per_head, one.case_id))


def papers_open_to(actor: Actor) -> ColumnElement[bool]:
    """The cases whose papers an actor may read, as a condition beside `rules.papers_open`.

    Outside parties are no readers here: which papers are theirs is told by the page of the case.
    """
    handling = sorted({grant.unit_id for grant in actor.grants if grant.role in KEEPERS})
    living = sorted({grant.unit_id for grant in actor.grants if grant.role in (*KEEPERS, *COMMUNITY_ROLES)})
    inside = or_(
        Case.street_id.in_(actor.scope),
        Case.community_id.in_(actor.scope),
        Case.started_by == actor.person_id,
    )
    category = func.coalesce(Project.category, "")
    closed = exists().where(
        Project.case_id == Case.id,
        or_(Project.minors, category.in_(SENSITIVE)),
        ~or_(_of_units(handling), and_(category != "safety", _of_units(living))),
    )
    return and_(inside, ~closed)


def _of_units(units: Sequence[int]) -> ColumnElement[bool]:
    parties = (Case.street_id, Case.community_id, Case.provider_id, Case.evaluator_id)
    return or_(*(func.coalesce(party.in_(units), false()) for party in parties))


def category_names(pack: Pack, codes: list[str]) -> str:
    """Names of categories, as people read them."""
    names = {code: name for code, name, _ in pack.codes("category")}
    return "、".join(names.get(code, code) for code in codes)


def facts(case_id: int, pack: Pack | None = None) -> list[tuple[str, str]]:
    """What a project is, in a few lines."""
    project = find(case_id)
    if project is None:
        return []
    lines = [("产生方式", ORIGINS[project.origin])]
    if pack is not None and project.category:
        lines.append(("类别", category_names(pack, project.categories)))
    if project.beneficiaries:
        lines.append(("服务对象", f"{project.beneficiaries}，约 {project.beneficiary_count} 人"))
    if project.sensitive:
        lines.append(("信息保护", "服务对象属于受保护的群体，名单和个人情况不对外公开"))
    if project.fee_mode:
        lines.append(("收费方式", FEES[project.fee_mode]))
    if project.budget_fen:
        lines.append(("项目预算", f"{yuan(project.budget_fen)} 元"))
    if project.summary:
        lines.append(("项目内容", project.summary))
    return lines
