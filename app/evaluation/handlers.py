"""What the forms of evaluation and credit do."""

from __future__ import annotations

from typing import Any

from app.ballots import survey_queries
from app.contracts.queries import contract_of, instalments, require_contract
from app.core import clock
from app.core.errors import Fault
from app.evaluation import outcomes, planning, publication, queries, rules, services
from app.evaluation.models import PARTIES, Evaluation
from app.notices import handlers as closing
from app.notices import queries as notices
from app.notices.models import Notice
from app.notices.rules import days_allowed
from app.policy.calendar import add_working_days
from app.runtime.handlers import TaskContext, Variables, user_task
from app.ui.filters import yuan
from app.ui.forms import Form

DELIVERY = {"planned": "未完成", "reported": "已提交成果", "checked": "社区已确认", "accepted": "已验收"}
DEFAULT_WEIGHT = 30
SURVEY_DAYS = 10


def _known(ctx: TaskContext, form: Form) -> Form:
    """What was agreed and what was delivered, for everybody who judges."""
    contract = contract_of(ctx.case.id)
    if contract is None:
        return form
    return form.add_facts(
        ("承接方", contract.organisation_name),
        ("合同金额", f"{yuan(contract.amount)} 元"),
        ("履行期限", f"自 {contract.start_day.isoformat()} 起 {contract.months} 个月"),
    ).add_table(
        "完成情况",
        ["里程碑", "状态", "服务人次", "承接方说明"],
        [
            [i.name, DELIVERY[i.state], str(i.served or 0), i.report or ""]
            for i in instalments(contract.id)
            if i.kind == "progress"
        ],
    )


def _prepare_plan(ctx: TaskContext, form: Form) -> Form:
    form = _known(ctx, form)
    earlier = queries.evaluation_of(ctx.case.id)
    if earlier is not None and earlier.rectification:
        form = form.add_facts(
            ("上一轮得分", f"{rules.points(earlier.total)} 分（{earlier.grade}）"),
            ("整改情况", earlier.rectification),
        ).add_files("整改材料", earlier.rectification_file_ids)
    floor, least = ctx.pack.value("satisfaction_min_weight"), ctx.pack.value("satisfaction_min_n")
    units = [(unit.id, unit.name) for unit in queries.evaluators() if unit.id != ctx.case.provider_id]
    if units:
        form = form.with_options("evaluator_unit", units)
    else:
        form = form.with_options("evaluator", [("street", "街道自行评价")])
        form = form.add_notes("目前没有登记可委托的第三方评估机构，只能由街道自行评价。")
    years = ctx.pack.value("conflict_years")
    agreed = rules.split_targets(require_contract(ctx.case.id).targets)[1]
    if agreed is not None:
        form = form.read_only("satisfaction_weight")
    days = ctx.pack.value("survey_days") or SURVEY_DAYS
    return form.add_facts(
        ("满意度最低权重", f"{floor}%" if floor is not None else "由您确定"),
        ("满意度最少样本", f"{least} 人" if least is not None else "由您确定"),
        ("第三方回避年限", f"近 {years} 年内与承接方签过合同的不能评价"),
    ).with_values(
        evaluator="street",
        satisfaction_weight=max(floor or 0, DEFAULT_WEIGHT) if agreed is None else agreed,
        sample=least or 30,
        method="向接受过服务的居民发放问卷码，由本人扫码填写；不使用手机的填写纸质问卷。",
        survey_until=add_working_days(clock.today(), days).day.isoformat(),
    )


def _plan(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    evaluation = planning.plan(ctx.actor, ctx.case, ctx.pack, answers)
    until = survey_queries.by_id(evaluation.survey_id).until_at
    return {"evaluator": evaluation.evaluator, "survey_until": clock.local(until).isoformat()}


def _opinion(party: str) -> Any:
    def submit(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
        services.give_opinion(ctx.actor, ctx.case, party, answers["decision"], answers["opinion"])
        return {}

    return submit


def _prepare_score(ctx: TaskContext, form: Form) -> Form:
    evaluation = _current(ctx)
    outside = evaluation.evaluator == "third_party"
    form = _opinion_table(_known(ctx, _satisfaction(ctx, form, evaluation)), evaluation, coded=outside)
    if not evaluation.targets:
        return closing.without(form, "indicators")
    return form.with_values(
        indicators=[
            {"name": t["name"], "target": f"{t['target']} {t['unit']}", "weight": int(t["weight"])}
            for t in evaluation.targets
        ]
    )


def _score(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    evaluation = services.score(
        ctx.actor,
        ctx.case,
        ctx.pack,
        rows=answers.get("indicators", []),
        report=answers["report"],
        file_ids=answers.get("files", []),
    )
    return {"grade": evaluation.grade}


def _prepare_confirm(ctx: TaskContext, form: Form) -> Form:
    evaluation = _current(ctx)
    form = _result(form, evaluation)
    if evaluation.grade:
        follows = outcomes.consequence(ctx.pack, evaluation.grade)
        form = form.add_facts(
            ("按此等级可付余额的", f"{follows.factor_pct}%（扣减须有合同条款依据）"),
            ("续购参考", follows.continue_hint),
        )
    return _opinion_table(form, evaluation, coded=False)


def _confirm(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.confirm(ctx.actor, ctx.case, ctx.pack, answers["decision"], answers.get("opinion", ""))
    return {"evaluation_decision": answers["decision"]}


def _prepare_rectify(ctx: TaskContext, form: Form) -> Form:
    return _result(form, _current(ctx))


def _rectify(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.rectify(ctx.actor, ctx.case, answers["rectification"], answers.get("files", []))
    return {}


def _prepare_publish(ctx: TaskContext, form: Form) -> Form:
    evaluation = _current(ctx)
    facts = publication.public_facts(ctx.case, evaluation)
    days = ctx.pack.value("evaluation_notice_days")
    form = form.add_table("将公开的内容", ["项目", "内容"], [[k, v] for k, v in facts.items()]).with_values(
        title=f"“{ctx.case.title}”绩效评价结果公布",
        body=(
            f"“{ctx.case.title}”已完成验收和绩效评价，现将结果向社会公布。"
            "对结果有异议的，可以在公布期内提出，发布单位会逐条答复。"
        ),
    )
    form = _opinion_table(form, evaluation, coded=True)
    form = form.add_effect("评价结果立即向社会公布，公布后不能撤下。")
    return form if days is None else form.with_values(days=days).read_only("days")


def _publish(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    days_allowed(answers["days"], ctx.pack.value("evaluation_notice_days")).require()
    until = clock.end_of_day(add_working_days(clock.today(), answers["days"]).day)
    publication.publish(ctx.actor, ctx.case, title=answers["title"], body=answers["body"], until_at=until)
    return {"result_until": clock.local(until).isoformat()}


def _prepare_close(ctx: TaskContext, form: Form) -> Form:
    return closing.prepare_close(form, _published(ctx))


def _close(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    closing.answer_all(ctx.actor, _published(ctx), answers.get("objections", []))
    days = ctx.pack.value("evaluation_notice_days") or 1
    publication.close(
        ctx.actor,
        ctx.case,
        ctx.at,
        answers["decision"],
        opinion=answers.get("opinion", ""),
        correction=answers.get("correction", ""),
        correction_until=clock.end_of_day(add_working_days(clock.today(), days).day),
    )
    return {}


def _midterm(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.midterm(ctx.actor, ctx.case, answers)
    return {}


def _prepare_credit(ctx: TaskContext, form: Form) -> Form:
    evaluation, contract, notice = _current(ctx), require_contract(ctx.case.id), _published(ctx)
    return form.add_facts(
        ("社会组织", contract.organisation_name),
        ("依据", f"{notice.no} {notice.title}"),
        ("续购参考", evaluation.continue_hint or ""),
    ).with_values(
        kind="evaluation",
        grade=evaluation.grade,
        text=(
            f"承接“{ctx.case.title}”，绩效评价 {rules.points(evaluation.total)} 分，"
            f"等级“{evaluation.grade}”。{evaluation.credit_entry or ''}"
        ),
    )


def _credit(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    publication.record_credit(ctx.actor, ctx.case, answers)
    return {}


def _satisfaction(ctx: TaskContext, form: Form, evaluation: Evaluation) -> Form:
    found = survey_queries.result(evaluation.survey_id, ctx.pack.value("satisfaction_min_n"))
    until = survey_queries.by_id(evaluation.survey_id).until_at
    if found.sufficient:
        text = f"{rules.points(found.score)}%（有效问卷 {found.n} 份，平均 {rules.points(found.mean)} 分）"
        return form.add_facts(("服务对象满意度", text), ("满意度权重", f"{evaluation.satisfaction_weight}%"))
    return form.add_facts(
        ("服务对象满意度", f"样本不足：有效问卷 {found.n} 份，至少需要 {found.min_n} 份", "warn"),
        ("调查截止", f"{clock.local(until):%Y-%m-%d}"),
    ).add_notes("样本不足时不能评分。请由街道经办在项目的“满意度调查”页面延长调查或补录纸质问卷。")


def _opinion_table(form: Form, evaluation: Evaluation, *, coded: bool) -> Form:
    if coded:
        rows = [[o.code, o.decision, o.text] for o in queries.public_opinions(evaluation.id)]
    else:
        rows = [
            [f"{name}（{PARTIES[o.party]}）", queries.OPINIONS[o.decision], o.text]
            for o, name in queries.named_opinions(evaluation.id)
        ]
    return form.add_table("“两委”成员和居民代表的意见", ["出具人", "结论", "意见"], rows)


def _result(form: Form, evaluation: Evaluation) -> Form:
    return form.add_facts(
        ("评价方", evaluation.evaluator_name),
        ("总分", f"{rules.points(evaluation.total)} 分"),
        ("等级", evaluation.grade or ""),
        (
            "服务对象满意度",
            (
                f"{rules.points(evaluation.satisfaction_score)}%（{evaluation.satisfaction_n} 份，"
                f"权重 {evaluation.satisfaction_weight}%）"
            ),
        ),
        ("评价意见", evaluation.report or ""),
    ).add_table(
        "逐项得分",
        ["指标", "目标", "完成情况", "权重", "得分"],
        [[i.name, i.target, i.result, f"{i.weight}%", i.score] for i in queries.indicators_of(evaluation.id)],
    )


def _current(ctx: TaskContext) -> Evaluation:
    found = queries.evaluation_of(ctx.case.id)
    if found is None:
        raise Fault("这一步需要评价方案，但本项目还没有制定评价方案")
    return found


def _published(ctx: TaskContext) -> Notice:
    notice_id = _current(ctx).notice_id
    if notice_id is None:
        raise Fault("评价结果还没有公布")
    return notices.by_id(notice_id)


def register() -> None:
    """Register the forms of this room."""
    user_task("evaluation.midterm", _midterm, _known)
    user_task("evaluation.plan", _plan, _prepare_plan, ("evaluator", "survey_until"))
    user_task("evaluation.opinion_committee", _opinion("committee"), _known)
    user_task("evaluation.opinion_resident", _opinion("resident_representative"), _known)
    user_task("evaluation.score", _score, _prepare_score, ("grade",))
    user_task("evaluation.score_third", _score, _prepare_score, ("grade",))
    user_task("evaluation.confirm", _confirm, _prepare_confirm, ("evaluation_decision",))
    user_task("evaluation.rectify", _rectify, _prepare_rectify)
    user_task("evaluation.publish", _publish, _prepare_publish, ("result_until",))
    user_task("evaluation.close", _close, _prepare_close)
    user_task("credit.record", _credit, _prepare_credit)
