"""What the forms of procurement do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import clock
from app.notices import handlers as notice_forms
from app.notices import services as notices
from app.notices.queries import objections_of
from app.organisations.queries import by_id, credit_snapshot
from app.procurement import services
from app.procurement.queries import bids, current
from app.procurement.rules import METHODS, low_price
from app.projects.queries import project_of
from app.runtime.handlers import OperatorContext, TaskContext, Variables, operator, user_task
from app.ui.filters import yuan
from app.ui.forms import Form

STANDARD_CRITERIA = [
    {"kind": "legal", "text": "依法登记的社会组织或在镇街备案的社区社会组织", "mandatory": True},
    {"kind": "credit", "text": "参加采购活动前三年内没有重大违法记录", "mandatory": True},
]
STANDARD_SCORING = [
    {"name": "服务方案", "kind": "quality", "weight": 45},
    {"name": "项目团队", "kind": "quality", "weight": 25},
    {"name": "价格", "kind": "price", "weight": 30},
]


def _prepare_method(ctx: TaskContext, form: Form) -> Form:
    budget = project_of(ctx.case.id).budget_fen
    methods, basis = services.allowed_methods(ctx.pack, budget, "none", False)
    limit, threshold = ctx.pack.parameter("procurement_limit"), ctx.pack.parameter("open_tender_threshold")
    form = form.add_facts(
        ("项目预算", f"{yuan(budget)} 元"),
        ("采购限额标准", f"{yuan(limit.value)} 元（{limit.source_text}）"),
        ("公开招标数额标准", f"{yuan(threshold.value)} 元（{threshold.source_text}）"),
        ("一般可用方式", "、".join(METHODS[m] for m in methods)),
        ("依据", basis),
    ).with_options("method", list(METHODS.items()))
    return form.with_values(method=methods[0], ground="none")


def _method(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    made = services.choose_method(ctx.actor, ctx.case, ctx.pack, answers)
    return {"method": made.method}


def _prepare_document(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    project = project_of(ctx.case.id)
    numbers = ctx.pack.decide("method_numbers", {"method": found.method})
    unit = "工作日" if numbers["day_kind"] == "working" else "天"
    return form.add_facts(
        ("采购方式", METHODS[found.method]),
        ("最高限价", f"{yuan(found.ceiling)} 元"),
        ("响应时间不少于", f"{numbers['response_days']} {unit}（{numbers['ref']}）"),
        ("价格权重", f"{numbers['price_min']}～{numbers['price_max']}"),
    ).with_values(
        requirements=found.requirements or project.summary or "",
        criteria=found.criteria or STANDARD_CRITERIA,
        scoring=found.scoring or STANDARD_SCORING,
        response_days=found.response_days or numbers["response_days"],
    )


def _document(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.write_document(ctx.actor, ctx.case, ctx.pack, answers)
    return {}


def _prepare_approve(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    return (
        form.add_facts(
            ("采购方式", METHODS[found.method]),
            ("依据", found.basis),
            ("最高限价", f"{yuan(found.ceiling)} 元"),
            ("响应时间", f"{found.response_days} 天"),
            ("采购需求", found.requirements or ""),
        )
        .add_table(
            "资格条件", ["内容", "是否必须"], [[c["text"], "必须" if c["mandatory"] else "非必须"] for c in found.criteria]
        )
        .add_table("评分项", ["名称", "权重"], [[s["name"], s["weight"]] for s in found.scoring])
    )


def _approve(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    if answers["decision"] != "publish":
        return {"document_decision": "return"}
    until = services.publish_call(ctx.actor, ctx.case, ctx.pack)
    return {"document_decision": "publish", "bid_until": clock.local(until).isoformat()}


def _prepare_open(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    if found.opened_at is None:
        count = services.sealed_count(found.id)
        form = form.add_facts(("收到响应文件", f"{count} 份（尚未开启）"))
        rows = services.sealed_rows(found.id)
    else:
        rows = [(bid.id, bid.organisation_id) for bid in bids(found)]
    form = form.add_table(
        "资格条件", ["内容", "是否必须"], [[c["text"], "必须" if c["mandatory"] else "非必须"] for c in found.criteria]
    )
    if not rows:
        return notice_forms.without(form.add_notes("截止时没有收到响应文件。"), "checks")
    return form.with_values(
        checks=[
            {"bid_id": bid_id, "organisation": by_id(organisation_id).name, "qualified": True}
            for bid_id, organisation_id in rows
        ]
    )


def _open(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    valid, outcome, _ = services.check_bids(ctx.actor, ctx.case, ctx.pack, answers.get("checks", []))
    return {"valid_bids": valid, "bid_outcome": outcome}


def _prepare_failed(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    valid = sum(1 for bid in bids(found) if bid.qualified)
    ruling = ctx.pack.decide("continue_with_n", {"method": found.method, "object": "service", "valid": valid})
    return form.add_facts(("有效响应", f"{valid} 家"), ("结论", f"{ruling['reason']}（{ruling['ref']}）", "bad"))


def _failed(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.record_failure(ctx.actor, ctx.case, answers["decision"], answers["opinion"])
    return {"failed_decision": answers["decision"]}


def _prepare_score(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    valid = [bid for bid in bids(found) if bid.qualified]
    names = {bid.id: by_id(bid.organisation_id).name for bid in valid}
    form = form.add_table(
        "响应文件",
        ["承接单位", "报价（元）", "服务方案"],
        [[names[b.id], yuan(b.amount), b.plan] for b in valid],
    )
    for bid in valid:
        if bid.file_ids:
            form = form.add_files(f"{names[bid.id]}的附件", bid.file_ids)
    return form.with_options("ties", [(b.id, names[b.id]) for b in valid]).with_values(
        scores=[
            {"bid_id": b.id, "organisation": names[b.id], "criterion": s["name"], "most": s["weight"]}
            for b in valid
            for s in found.scoring
            if s["kind"] != "price"
        ]
    )


def _score(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.score(ctx.actor, ctx.case, answers["scores"], [int(t) for t in answers.get("ties", [])])
    return {}


def _rank(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    return {"ranked": services.rank(ctx.case)}


def _prepare_award(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    by_bid = {bid.id: bid for bid in bids(found)}
    prices = [bid.amount for bid in by_bid.values() if bid.qualified]
    rows, options, notes = [], [], []
    for place, row in enumerate(found.ranking or [], start=1):
        organisation = by_id(by_bid[row["bid_id"]].organisation_id)
        credit = credit_snapshot(organisation.id, clock.today())
        listed = {"none": "无失信记录", "local": "在本地失信名录", "national": "在严重违法失信名单"}[credit.list_kind]
        rows.append(
            [place, organisation.name, yuan(row["amount"]), f"{row['quality'] / 100:.2f}",
             f"{row['price'] / 100:.2f}", f"{row['total'] / 100:.2f}", listed]
        )  # fmt: skip
        options.append((row["bid_id"], f"第 {place} 名 {organisation.name}（{yuan(row['amount'])} 元）"))
        others = list(prices)
        others.remove(row["amount"])
        if low_price(row["amount"], others, found.ceiling):
            notes.append(f"“{organisation.name}”报价异常偏低，须先要求其说明成本（L-33，待核实）。")
    form = form.add_table(
        "综合排名", ["名次", "单位", "报价（元）", "质量分", "价格分", "总分", "信用查询"], rows
    ).add_notes(*notes)
    form = form.with_options("bid_id", options)
    return form.with_values(bid_id=options[0][0]) if options else form


def _award(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    _, until = services.award(ctx.actor, ctx.case, ctx.pack, answers)
    return {"award_until": clock.local(until).isoformat()}


def _prepare_close(ctx: TaskContext, form: Form) -> Form:
    return notice_forms.prepare_close(form, notice_forms.notice_of(ctx, "award", "award_notice_id"))


def _close(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    notice = notice_forms.notice_of(ctx, "award", "award_notice_id")
    notice_forms.answer_all(ctx.actor, notice, answers.get("objections", []))
    upheld = any(one.upheld for one in objections_of(notice.id))
    services.closing_allowed(answers["decision"], upheld).require()
    notices.close(ctx.actor, notice.id, ctx.at, answers["decision"], answers.get("opinion", ""))
    if answers["decision"] == "retender":
        services.reopen(ctx.case)
    return {"award_result": answers["decision"]}


def register() -> None:
    """Register the room's forms and operators."""
    user_task("procurement.method", _method, _prepare_method, ("method",))
    user_task("procurement.document", _document, _prepare_document)
    user_task("procurement.approve", _approve, _prepare_approve, ("document_decision", "bid_until"))
    user_task("procurement.open", _open, _prepare_open, ("valid_bids", "bid_outcome"))
    user_task("procurement.failed", _failed, _prepare_failed, ("failed_decision",))
    user_task("procurement.score", _score, _prepare_score, confidential=True)
    user_task("procurement.award", _award, _prepare_award, ("award_until",))
    user_task("procurement.close_award", _close, _prepare_close, ("award_result",))
    operator("procurement.rank", _rank, title="汇总评分排名", outputs=("ranked",))


