"""Reads of projects."""

from __future__ import annotations

from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import Fault
from app.policy.packs import Pack
from app.projects.models import JointOpinion, Project
from app.ui.filters import yuan

FEES = {"free": "免费", "low": "低偿收费", "paid": "收费"}
ORIGINS = {"community": "社区提议", "library": "选用项目库", "street_plan": "街道规划"}


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


def joint_count(case_id: int, round_no: int) -> tuple[int, int]:
    """How many agreed and how many spoke in the joint review of a round."""
    rows = session().execute(
        select(JointOpinion.agrees, func.count())
        .where(JointOpinion.case_id == case_id, JointOpinion.round == round_no)
        .group_by(JointOpinion.agrees)
    )
    counts = {bool(agrees): int(n) for agrees, n in rows}
    return counts.get(True, 0), sum(counts.values())


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
        lines.append(("类别", category_names(pack, [project.category, *project.subcategories])))
    if project.beneficiaries:
        lines.append(("服务对象", f"{project.beneficiaries}，约 {project.beneficiary_count} 人"))
    if project.fee_mode:
        lines.append(("收费方式", FEES[project.fee_mode]))
    if project.budget_fen:
        lines.append(("项目预算", f"{yuan(project.budget_fen)} 元"))
    if project.summary:
        lines.append(("项目内容", project.summary))
    return lines
