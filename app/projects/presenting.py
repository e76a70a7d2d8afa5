"""What forms of proposal and review show above their questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.ballots.votes import last_vote
from app.core.db import session
from app.files.models import StoredFile
from app.funds.models import Pot
from app.funds.queries import case_funds, pots_by_id, pots_of
from app.funds.rules import purpose_allowed
from app.policy.packs import Pack
from app.projects import rules
from app.projects.models import Project
from app.projects.queries import candidates, category_names, designers_of, facts, find, last_return
from app.projects.services import findings
from app.runtime.handlers import TaskContext
from app.ui.filters import yuan
from app.ui.forms import Form


def show_project(ctx: TaskContext, form: Form) -> Form:
    """The project as proposed: what, for whom, for how much, measured how."""
    project = find(ctx.case.id)
    if project is None:
        return form
    form = form.add_facts(*facts(ctx.case.id, ctx.pack))
    groups = {code: name for code, name, _ in ctx.pack.codes("cost")}
    if project.budget_lines:
        form = form.add_table(
            "预算明细",
            ["类别", "内容", "岗位", "数量", "单价（元）", "小计（元）"],
            [
                [
                    groups.get(line["group"], line["group"]),
                    line["item"],
                    line.get("job") or "—",
                    line["quantity"],
                    yuan(line["price"]),
                    yuan(line["amount"]),
                ]
                for line in project.budget_lines
            ],
        )
    if project.targets:
        form = form.add_table(
            "绩效指标",
            ["指标", "目标值", "单位", "数据来源", "权重（%）"],
            [[t["name"], t["target"], t["unit"], t["source"], t["weight"]] for t in project.targets],
        )
    return form.add_files("申报附件", project.file_ids)


def show_origin(ctx: TaskContext, form: Form) -> Form:
    """How the project came about: who leads, what was deliberated, how the vote went, what it rests on."""
    project = find(ctx.case.id)
    if project is None:
        return form
    if project.party_lead:
        form = form.add_facts(
            ("两委牵头", f"党组织：{project.party_lead}；村（居）委会：{project.committee_lead}")
        )
    if project.policy_ref:
        form = form.add_facts(("政策依据", project.policy_ref))
    if designer := designers_of(project):
        form = form.add_facts(
            ("选自项目库", f"由{designer[0]}策划入库；该单位不因此取得承接权，仍按规定采购", "warn")
        )
    if project.guardian_text:
        form = form.add_facts(("监护人同意", project.guardian_text))
    if project.meeting:
        met = project.meeting
        form = form.add_facts(("议事", f"{met['held_on']}，{met['chair']}主持，{met['attendees']} 人参加"))
    return show_vote(ctx, form)


def show_vote(ctx: TaskContext, form: Form) -> Form:
    """The latest vote and whether it carried."""
    vote = last_vote(ctx.case.id)
    if vote is None:
        return form
    counted = (
        f"{vote.held_on}，应到 {vote.eligible} 人，到会 {vote.present} 人，"
        f"赞成 {vote.yes}，反对 {vote.against}，弃权 {vote.abstain}"
    )
    form = form.add_facts(("表决", counted), ("表决结论", vote.reason, "good" if vote.valid else "bad"))
    return form.add_files("表决材料", vote.file_ids)


def show_for_review(ctx: TaskContext, form: Form) -> Form:
    """Everything a reviewer needs to judge a proposal."""
    return show_origin(ctx, show_project(ctx, form))


def show_warnings(ctx: TaskContext, form: Form, project: Project) -> Form:
    """Budget lines a reviewer has to look at (ZH-11-1…4)."""
    return form.add_notes(*(rules.warning(one) for one in findings(ctx.pack, project.budget_lines)))


def show_return(ctx: TaskContext, form: Form, project: Project) -> Form:
    """Why the proposal came back."""
    if project.round == 1:
        return form
    form = form.add_notes(f"这是第 {project.round} 次报送，请按退回意见修改后重新提交。")
    line = last_return(ctx.case.id)
    return form.add_facts((f"退回意见（{line.title}）", line.opinion or "", "warn")) if line else form


def show_pots(ctx: TaskContext, form: Form, project: Project, year: int) -> Form:
    """The street's money with what it may serve; the budget is laid out over what fits (ZH-13a, ZH-15)."""
    kinds = {code: name for code, name, _ in ctx.pack.codes("source")}
    pots = pots_of(ctx.case.street_id, year)
    own = {fund.pot_id: fund.reserved for fund in case_funds(ctx.case.id)}
    free = {pot.id: pot.free + own.get(pot.id, 0) for pot in pots}
    fits = {pot.id: bool(purpose_allowed(pot.name, pot.purposes, project.categories, "")) for pot in pots}
    form = (
        form.with_options(
            "funding.pot_id",
            [
                (
                    p.id,
                    f"{p.name}（可用 {yuan(free[p.id])} 元{'' if fits[p.id] else '，专项，不适用本类别'}）",
                )
                for p in pots
            ],
        )
        .add_facts(("希望的资金来源", "、".join(kinds.get(s, s) for s in project.wanted_sources)))
        .add_table(
            "本街道资金来源",
            ["名称", "种类", "专项用途", "可用（元）"],
            [[p.name, kinds.get(p.source, p.source), _purposes(ctx.pack, p), yuan(free[p.id])] for p in pots],
        )
    )
    wanted = [p for p in pots if fits[p.id] and p.source in project.wanted_sources]
    lines = lay_out([(p.id, free[p.id]) for p in wanted], project.budget_fen)
    return form.with_values(funding=lines) if lines else form


def lay_out(free: Sequence[tuple[int, int]], budget: int) -> list[dict[str, int]]:
    """A budget laid out over pots: the first that holds it alone, else one after the other; [] if too little."""
    alone = next((pot_id for pot_id, amount in free if amount >= budget > 0), None)
    if alone is not None:
        return [{"pot_id": alone, "amount": budget}]
    lines, left = [], budget
    for pot_id, amount in free:
        if share := min(left, amount):
            lines.append({"pot_id": pot_id, "amount": share})
            left -= share
    return [] if left else lines


def show_decision(ctx: TaskContext, form: Form, agreed: tuple[int, int], needed: int) -> Form:
    """What the leader decides on: the joint review, the money, and the other projects that wait (ZH-20)."""
    funds = case_funds(ctx.case.id)
    pots = pots_by_id(fund.pot_id for fund in funds)
    waiting = candidates(ctx.case.street_id)
    rows: list[list[str | int]] = [
        [
            f"{number}{'（本项目）' if one.case_id == ctx.case.id else ''}",
            one.title,
            category_names(ctx.pack, [one.category] if one.category else []),
            one.beneficiary_count,
            yuan(one.budget_fen),
            yuan(one.per_head),
            sum(other.category == one.category for other in waiting) - 1,
        ]
        for number, one in enumerate(waiting, start=1)
    ]
    return (
        form.add_facts(
            (
                "联合审议",
                f"{agreed[1]} 人参加，{agreed[0]} 人同意（至少 {needed} 人）",
                "good" if agreed[0] >= needed else "bad",
            )
        )
        .add_table(
            "资金落实",
            ["资金来源", "本项目预留（元）", "该来源剩余可用（元）"],
            [
                [pots[fund.pot_id].name, yuan(fund.reserved), yuan(pots[fund.pot_id].free)]
                for fund in funds
                if fund.reserved
            ],
        )
        .add_table(
            "同期待决定的项目（按服务人数排列）",
            ["序号", "项目", "类别", "服务人数", "预算（元）", "人均（元）", "同类其他项目"],
            rows,
        )
    )


def show_archive(ctx: TaskContext, form: Form) -> Form:
    """Every paper of the case, to be looked through before it is closed."""
    query = select(StoredFile).where(StoredFile.case_id == ctx.case.id).order_by(StoredFile.id)
    ids = [file.id for file in session().scalars(query)]
    form = show_project(ctx, form)
    if not ids:
        return form.add_notes("本项目还没有上传过附件，请核对纸质材料是否需要补充归档。")
    return form.add_files(f"本项目全部附件（{len(ids)} 份）", ids)


def known_values(project: Project) -> dict[str, Any]:
    """What the proposal form starts with: the last text, or what was picked from the library."""
    lines: list[dict[str, Any]] = [
        {key: value for key, value in line.items() if key != "amount"} for line in project.budget_lines
    ]
    if not lines and project.library_entry_id and project.budget_fen:
        lines = [{"group": "service", "item": project.title, "quantity": 1, "price": project.budget_fen}]
    known: dict[str, Any] = {
        "category": project.category,
        "subcategories": project.subcategories,
        "beneficiaries": project.beneficiaries,
        "beneficiary_count": project.beneficiary_count,
        "fee_mode": project.fee_mode,
        "summary": project.summary,
        "minors": project.minors or None,
        "guardian_text": project.guardian_text,
        "policy_ref": project.policy_ref,
        "targets": project.targets or STANDARD_TARGETS,
        "wanted_sources": project.wanted_sources or ["fiscal"],
        "budget": lines,
        "files": project.file_ids,
    }
    return {key: value for key, value in known.items() if value not in (None, [], "")}


STANDARD_TARGETS = [
    {"name": "服务人次", "target": 500, "unit": "人次", "source": "签到表", "weight": 40},
    {"name": "活动场次", "target": 12, "unit": "场", "source": "活动记录", "weight": 30},
    {"name": "服务对象满意度", "target": 90, "unit": "%", "source": "满意度调查", "weight": 30},
]


def _purposes(pack: Pack, pot: Pot) -> str:
    return category_names(pack, pot.purposes) or "不限"
