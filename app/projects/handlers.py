"""What the forms of proposal and review do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.accounts.queries import unit
from app.ballots.votes import last_vote, record_vote
from app.catalogue.queries import active_items, library_for
from app.core import clock
from app.files import services as files
from app.funds.queries import case_funds, pots_by_id, pots_of
from app.needs.queries import of_units
from app.projects import reviews, services
from app.projects.models import Project
from app.projects.queries import category_names, facts, find, joint_count, project_of
from app.projects.rules import QUESTIONS
from app.runtime.handlers import OperatorContext, TaskContext, Variables, operator, user_task
from app.ui.filters import yuan
from app.ui.forms import Form

STANDARD_TARGETS = [
    {"name": "服务人次", "target": 500, "unit": "人次", "source": "签到表", "weight": 40},
    {"name": "活动场次", "target": 12, "unit": "场", "source": "活动记录", "weight": 30},
    {"name": "服务对象满意度", "target": 90, "unit": "%", "source": "满意度调查", "weight": 30},
]


def _lead(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.confirm_leads(ctx.actor, ctx.case, answers)
    return {}


def _prepare_draft(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    codes = ctx.pack.codes("category")
    form = form.with_options("category", [(c, n) for c, n, parent in codes if not parent])
    names = {c: n for c, n, _ in codes}
    form = form.with_options(
        "subcategories", [(c, f"{names[parent]}：{n}") for c, n, parent in codes if parent]
    )
    form = form.with_options("wanted_sources", [(c, n) for c, n, _ in ctx.pack.codes("source")])
    form = form.with_options("budget.group", [(c, n) for c, n, _ in ctx.pack.codes("cost")])
    if project.round > 1 and project.drafted_by is not None:
        form = form.add_notes(f"这是第 {project.round} 次报送，请按退回意见修改后重新提交。")
    known: dict[str, Any] = {
        "category": project.category,
        "subcategories": project.subcategories,
        "beneficiaries": project.beneficiaries,
        "beneficiary_count": project.beneficiary_count,
        "fee_mode": project.fee_mode,
        "summary": project.summary,
        "guardian_text": project.guardian_text,
        "minors": bool(project.guardian_text) or None,
        "policy_ref": project.policy_ref,
        "targets": project.targets or STANDARD_TARGETS,
        "wanted_sources": project.wanted_sources or ["fiscal"],
        "budget": [{k: v for k, v in line.items() if k != "amount"} for line in project.budget_lines],
        "files": project.file_ids,
    }
    return form.add_facts(("项目名称", project.title)).with_values(
        **{key: value for key, value in known.items() if value not in (None, [], "")}
    )


def _draft(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.write(ctx.actor, ctx.case, ctx.pack, answers)
    return {}


def _prepare_plan(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    needs = of_units([ctx.case.community_id or 0, ctx.case.street_id])
    form = _prepare_draft(ctx, form)
    if project.need_id:
        need = next((n for n in needs if n.id == project.need_id), None)
        form = form.add_facts(("对应需求", need.text if need else "已登记"))
    return form


def _plan(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.write(ctx.actor, ctx.case, ctx.pack, answers)
    services.hand_in(ctx.actor, ctx.case)
    return {}


def _prepare_pick(ctx: TaskContext, form: Form) -> Form:
    entries = library_for(ctx.case.street_id, clock.today())
    options = [(e.id, f"{e.title}（预算 {yuan(e.budget)} 元）") for e in entries]
    if not options:
        return form.add_notes("项目库里暂时没有经街道同意且在有效期内的项目。")
    return form.with_options("entry_id", options)


def _pick(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.pick(ctx.actor, ctx.case, answers["entry_id"])
    return {}


def _deliberate(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.record_meeting(ctx.actor, ctx.case, answers)
    return {}


def _prepare_vote(ctx: TaskContext, form: Form) -> Form:
    form = form.with_options("body", [(c, n) for c, n, _ in ctx.pack.codes("body")])
    return _with_facts(ctx, form).with_values(held_on=clock.today().isoformat())


def _vote(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    vote = record_vote(ctx.actor, ctx.case, ctx.pack, answers)
    files.attach(vote.file_ids, ctx.case.id, ctx.actor)
    return {"vote_passed": vote.valid}


def _prepare_after_vote(ctx: TaskContext, form: Form) -> Form:
    vote = last_vote(ctx.case.id)
    return form.add_facts(("表决结果", vote.reason, "bad")) if vote else form


def _after_vote(_ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"proposal_decision": answers["decision"]}


def _prepare_submit(ctx: TaskContext, form: Form) -> Form:
    form = _with_facts(ctx, form)
    vote = last_vote(ctx.case.id)
    if vote is not None:
        counted = f"应到 {vote.eligible}，到会 {vote.present}，赞成 {vote.yes}，反对 {vote.against}，弃权 {vote.abstain}"
        form = form.add_facts(("表决", counted), ("表决结论", vote.reason, "good" if vote.valid else "bad"))
    return form


def _submit(ctx: TaskContext, _answers: dict[str, Any]) -> Variables:
    services.hand_in(ctx.actor, ctx.case)
    return {}


def _revise(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.reopen(ctx.case)
    services.write(ctx.actor, ctx.case, ctx.pack, answers)
    services.hand_in(ctx.actor, ctx.case)
    return {}


def _with_facts(ctx: TaskContext, form: Form) -> Form:
    project = find(ctx.case.id)
    if project is None:
        return form
    form = form.add_facts(*facts(ctx.case.id, ctx.pack))
    return _with_tables(ctx, form, project)


def _with_tables(ctx: TaskContext, form: Form, project: Project) -> Form:
    groups = {code: name for code, name, _ in ctx.pack.codes("cost")}
    if project.budget_lines:
        form = form.add_table(
            "预算明细",
            ["类别", "内容", "数量", "单价（元）", "小计（元）"],
            [
                [
                    groups.get(b["group"], b["group"]),
                    b["item"],
                    b["quantity"],
                    yuan(b["price"]),
                    yuan(b["amount"]),
                ]
                for b in project.budget_lines
            ],
        )
    if project.targets:
        form = form.add_table(
            "绩效指标",
            ["指标", "目标值", "单位", "权重（%）"],
            [[t["name"], t["target"], t["unit"], t["weight"]] for t in project.targets],
        )
    if project.file_ids:
        form = form.add_files("申报附件", project.file_ids)
    return form


def _prepare_precheck(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    items = active_items(unit(ctx.case.street_id).parent_id or 0, clock.today().year)
    fitting = [i for i in items if i.category in project.subcategories] or items
    form = form.with_options("list_item", [(i.code, f"{i.code} {i.name}") for i in fitting])
    if len(fitting) == 1:
        form = form.with_values(list_item=fitting[0].code)
    warnings = services.findings(ctx.pack, project.budget_lines)
    return _with_facts(ctx, form).add_notes(*(w.reason for w in warnings))


def _precheck(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"precheck": reviews.precheck(ctx.actor, ctx.case, ctx.pack, answers)}


def _prepare_exclusion(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    warnings = services.findings(ctx.pack, project.budget_lines)
    return (
        _with_facts(ctx, form)
        .add_notes(*(w.reason for w in warnings))
        .with_values(**dict.fromkeys(QUESTIONS, False))
    )


def _exclusion(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"excluded": reviews.exclude(ctx.actor, ctx.case, ctx.pack, answers)}


def _prepare_cosign(ctx: TaskContext, form: Form) -> Form:
    review = project_of(ctx.case.id).exclusion_review or {}
    return _with_facts(ctx, form).add_facts(("第一审核人的理由", review.get("reason") or "—", "warn"))


def _cosign(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"excluded": reviews.cosign(ctx.actor, ctx.case, answers)}


def _prepare_budget(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    kinds = {code: name for code, name, _ in ctx.pack.codes("source")}
    pots = pots_of(ctx.case.street_id, clock.today().year)
    wanted = [p for p in pots if p.source in project.wanted_sources and p.free >= project.budget_fen]
    form = (
        _with_facts(ctx, form)
        .with_options("funding.pot_id", [(p.id, f"{p.name}（可用 {yuan(p.free)} 元）") for p in pots])
        .add_facts(("希望的资金来源", "、".join(kinds[s] for s in project.wanted_sources)))
        .add_table(
            "本街道资金来源",
            ["名称", "种类", "专项用途", "可用（元）"],
            [
                [p.name, kinds[p.source], category_names(ctx.pack, p.purposes) or "不限", yuan(p.free)]
                for p in pots
            ],
        )
    )
    if wanted:
        return form.with_values(funding=[{"pot_id": wanted[0].id, "amount": project.budget_fen}])
    return form


def _budget(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"budget": reviews.reserve(ctx.actor, ctx.case, ctx.pack, answers)}


def _joint(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    reviews.join(ctx.actor, ctx.case, answers)
    return {}


def _count(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    return {"joint_agreed": reviews.joint_agreed(ctx.case, ctx.pack)}


def _prepare_decide(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    agreed, total = joint_count(ctx.case.id, project.round)
    funds = case_funds(ctx.case.id)
    pots = pots_by_id([f.pot_id for f in funds])
    return (
        _with_facts(ctx, form)
        .add_facts(
            (
                "联合审议",
                f"{total} 人参加，{agreed} 人同意（至少 {ctx.pack.value('joint_agree_min')} 人）",
                "good" if reviews.joint_agreed(ctx.case, ctx.pack) else "bad",
            )
        )
        .add_table(
            "资金落实",
            ["资金来源", "本项目预留（元）", "该来源剩余可用（元）"],
            [[pots[f.pot_id].name, yuan(f.reserved), yuan(pots[f.pot_id].free)] for f in funds],
        )
    )


def _decide(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"review_decision": reviews.decide(ctx.actor, ctx.case, ctx.pack, answers)}


def _archive(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    files.attach(answers.get("files", []), ctx.case.id, ctx.actor)
    return {}


def register() -> None:
    """Register the room's forms and operators."""
    user_task("proposal.lead", _lead)
    user_task("proposal.draft", _draft, _prepare_draft)
    user_task("proposal.plan", _plan, _prepare_plan)
    user_task("proposal.pick", _pick, _prepare_pick)
    user_task("proposal.deliberate", _deliberate, _with_facts)
    user_task("proposal.vote", _vote, _prepare_vote, ("vote_passed",))
    user_task("proposal.after_vote", _after_vote, _prepare_after_vote, ("proposal_decision",))
    user_task("proposal.submit", _submit, _prepare_submit)
    user_task("proposal.revise", _revise, _prepare_draft)
    user_task("proposal.revise_plan", _revise, _prepare_plan)
    user_task("review.precheck", _precheck, _prepare_precheck, ("precheck",))
    user_task("review.exclusion", _exclusion, _prepare_exclusion, ("excluded",))
    user_task("review.exclusion_cosign", _cosign, _prepare_cosign, ("excluded",))
    user_task("review.budget", _budget, _prepare_budget, ("budget",))
    user_task("review.joint", _joint, _with_facts)
    user_task("review.decide", _decide, _prepare_decide, ("review_decision",))
    user_task("archive.confirm", _archive, _with_facts)
    operator("review.count", _count, title="统计联审意见", outputs=("joint_agreed",))
