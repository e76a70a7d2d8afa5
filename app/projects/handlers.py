"""What the forms of proposal and review do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.queries import unit
from app.catalogue.queries import active_items, library_for
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.files import services as files
from app.funds import services as funds
from app.needs.models import Need
from app.projects import reviews, rules, services
from app.projects.presenting import (
    known_values,
    show_archive,
    show_decision,
    show_for_review,
    show_pots,
    show_project,
    show_return,
    show_vote,
    show_warnings,
)
from app.projects.queries import joint_count, project_of
from app.runtime.handlers import (
    OperatorContext,
    TaskContext,
    Variables,
    first_variable,
    keep,
    operator,
    user_task,
)
from app.runtime.models import Case
from app.ui.filters import yuan
from app.ui.forms import Form


def _lead(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.confirm_leads(ctx.actor, ctx.case, answers)
    return {}


def _prepare_draft(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    codes = ctx.pack.codes("category")
    names = {code: name for code, name, _ in codes}
    form = (
        form.with_options("category", [(c, n) for c, n, parent in codes if not parent])
        .with_options("subcategories", [(c, f"{names[parent]}：{n}") for c, n, parent in codes if parent])
        .with_options("wanted_sources", [(c, n) for c, n, _ in ctx.pack.codes("source")])
        .with_options("budget.group", [(c, n) for c, n, _ in ctx.pack.codes("cost")])
        .add_facts(("项目名称", project.title))
        .with_values(**known_values(project))
    )
    if project.need_id is not None:
        form = form.add_facts(("对应需求", session().get_one(Need, project.need_id).text))
    return show_return(ctx, form, project)


def _draft(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.write(ctx.actor, ctx.case, ctx.pack, answers)
    return {}


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
    return show_project(ctx, form).with_values(held_on=clock.today().isoformat())


def _vote(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"vote_passed": services.record_vote(ctx.actor, ctx.case, ctx.pack, answers).valid}


def _after_vote(_ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"proposal_decision": answers["decision"]}


def _submit(ctx: TaskContext, _answers: dict[str, Any]) -> Variables:
    services.hand_in(ctx.actor, ctx.case)
    return {}


def _revise(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.reopen(ctx.case)
    services.write(ctx.actor, ctx.case, ctx.pack, answers)
    services.hand_in(ctx.actor, ctx.case)
    return {}


def _prepare_precheck(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    items = active_items(unit(ctx.case.street_id).parent_id or 0, clock.today().year)
    fitting = [item for item in items if item.category in project.categories]
    form = show_warnings(ctx, show_for_review(ctx, form), project)
    if not fitting:
        return form.add_notes("本区当年生效的项目清单里没有与本项目类别对应的清单项，不能通过审核。")
    if len(fitting) == 1:
        form = form.with_values(list_item=fitting[0].code)
    return form.with_options("list_item", [(item.code, f"{item.code} {item.name}") for item in fitting])


def _precheck(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"precheck": reviews.precheck(ctx.actor, ctx.case, ctx.pack, answers)}


def _prepare_exclusion(ctx: TaskContext, form: Form) -> Form:
    return show_warnings(ctx, show_for_review(ctx, form), project_of(ctx.case.id))


def _exclusion(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"excluded": reviews.exclude(ctx.actor, ctx.case, ctx.pack, answers)}


def _prepare_cosign(ctx: TaskContext, form: Form) -> Form:
    review = project_of(ctx.case.id).exclusion_review or {}
    return show_for_review(ctx, form).add_facts(("第一审核人的理由", review.get("reason") or "—", "warn"))


def _cosign(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"excluded": reviews.cosign(ctx.actor, ctx.case, answers)}


def _prepare_budget(ctx: TaskContext, form: Form) -> Form:
    project = project_of(ctx.case.id)
    return show_pots(ctx, show_project(ctx, form), project, clock.today().year)


def _budget(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    decided = reviews.reserve(ctx.actor, ctx.case, ctx.pack, answers)
    return {"budget": decided, "budget_fen": project_of(ctx.case.id).budget_fen}


def _joint(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    reviews.join(ctx.actor, ctx.case, answers)
    return {}


def _count(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    return {"joint_agreed": reviews.joint_agreed(ctx.case, ctx.pack)}


def _prepare_decide(ctx: TaskContext, form: Form) -> Form:
    counted = joint_count(ctx.case.id, project_of(ctx.case.id).sitting)
    form = show_decision(ctx, show_for_review(ctx, form), counted, ctx.pack.value("joint_agree_min"))
    return form.add_effect("项目不予立项并结束，预留的资金退回各资金来源，不能恢复。", "decision=reject")


def _decide(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    return {"review_decision": reviews.decide(ctx.actor, ctx.case, ctx.pack, answers)}


def _archive(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    files.attach(answers.get("files", []), ctx.case.id, ctx.actor)
    return {}


def _unreserve(case: Case, actor: Actor, _at: datetime) -> None:
    funds.release(actor, case)


def _sit_anew(case: Case, _actor: Actor, _at: datetime) -> None:
    reviews.sit_anew(case)


def _undecide(case: Case, _actor: Actor, _at: datetime) -> None:
    project = project_of(case.id)
    project.approved_by = project.approved_at = None


def register() -> None:
    """Register the room's forms and operators, and what `services.start_project` gives a case."""
    first_variable("origin", *rules.ORIGINS)
    first_variable("joint_reviewers")
    first_variable("scorers")
    user_task("proposal.lead", _lead, undo=keep)
    user_task("proposal.draft", _draft, _prepare_draft, undo=keep)
    user_task("proposal.plan", _plan, _prepare_draft)
    user_task("proposal.pick", _pick, _prepare_pick, undo=keep)
    user_task("proposal.deliberate", _deliberate, show_project, undo=keep)
    user_task("proposal.vote", _vote, _prepare_vote, ("vote_passed",))
    user_task("proposal.after_vote", _after_vote, show_vote, ("proposal_decision",), undo=keep)
    user_task("proposal.submit", _submit, show_for_review, together=True)
    user_task("proposal.revise", _revise, _prepare_draft)
    user_task("proposal.revise_plan", _revise, _prepare_draft)
    user_task("review.precheck", _precheck, _prepare_precheck, ("precheck",), undo=keep)
    user_task("review.exclusion", _exclusion, _prepare_exclusion, ("excluded",), undo=keep)
    user_task("review.exclusion_cosign", _cosign, _prepare_cosign, ("excluded",), undo=keep)
    user_task("review.budget", _budget, _prepare_budget, ("budget", "budget_fen"), undo=_unreserve)
    user_task("review.joint", _joint, show_for_review, undo=_sit_anew, together=True)
    user_task("review.decide", _decide, _prepare_decide, ("review_decision",), undo=_undecide)
    user_task("archive.confirm", _archive, show_archive, together=True)
    operator("review.count", _count, title="统计联审意见", outputs=("joint_agreed",), undo=keep)
