"""What the forms of procurement do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from app.core import clock
from app.core.errors import Refusal, require_all
from app.notices import handlers as notice_forms
from app.notices import services as notices
from app.notices.queries import objections_of
from app.organisations.queries import by_id, credit_snapshot, search
from app.procurement import awards, bidding, rules, services
from app.procurement.models import Bid, Procurement
from app.procurement.queries import bids, current, names_of_organisations
from app.procurement.rules import METHODS
from app.projects.queries import project_of
from app.runtime.handlers import OperatorContext, TaskContext, Variables, on_close, operator, user_task
from app.ui.filters import in_capitals, yuan
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
CRITERION = ("kind", "text", "mandatory", "reason")
INVITABLE = 500


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
    form = form.with_options("ground", list(rules.GROUNDS.items()))
    return form.with_values(method=methods[0], ground="none")


def _method(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    made = services.choose_method(ctx.actor, ctx.case, ctx.pack, answers)
    numbers = ctx.pack.decide("method_numbers", {"method": made.method})
    return {"method": made.method, "scorers": max(ctx.pack.value("scorers"), numbers["panel_min"])}


def _prepare_document(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    project = project_of(ctx.case.id)
    numbers = ctx.pack.decide("method_numbers", {"method": found.method})
    unit = services.day_words(numbers["day_kind"])
    help_text = f"按{'工作日' if numbers['day_kind'] == 'working' else '自然日'}计，从公告发布的第二天起算。"
    look = {**form.ui["response_days"], "ui:help": help_text}
    form = form.replace(ui={**form.ui, "response_days": look}).add_facts(
        ("采购方式", METHODS[found.method]),
        ("最高限价", f"{yuan(found.ceiling)} 元"),
        ("响应时间不少于", f"{numbers['response_days']} {unit}（{numbers['ref']}）"),
        ("价格权重", f"{numbers['price_min']}～{numbers['price_max']}"),
        ("同分时", rules.TIE_RULE),
    )
    if found.method in rules.INVITING:
        everybody = [o for o in search(limit=INVITABLE) if not o.is_evaluator]
        form = form.with_options("invited", [(o.id, o.name) for o in everybody])
        form = form.with_values(invited=found.invited, invited_note=found.invited_note or "")
    else:
        form = notice_forms.without(notice_forms.without(form, "invited"), "invited_note")
    if found.drafted_by is not None:
        form = form.add_notes("这份采购文件曾被退回，请按审批意见修改后再提交。")
    criteria = [{key: row[key] for key in CRITERION if key in row} for row in found.criteria]
    return form.with_values(
        requirements=found.requirements or project.summary or "",
        criteria=criteria or STANDARD_CRITERIA,
        scoring=found.scoring or STANDARD_SCORING,
        response_days=max(found.response_days or 0, numbers["response_days"]),
        files=found.file_ids,
    )


def _document(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    services.write_document(ctx.actor, ctx.case, ctx.pack, answers)
    return {}


def _conditions(form: Form, criteria: Sequence[Mapping[str, Any]]) -> Form:
    return form.add_table(
        "资格条件",
        ["内容", "是否必须", "说明"],
        [[c["text"], "必须" if c["mandatory"] else "非必须", c.get("reason") or ""] for c in criteria],
    )


def _prepare_approve(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    numbers = ctx.pack.decide("method_numbers", {"method": found.method})
    form = form.add_facts(
        ("采购方式", METHODS[found.method]),
        ("依据", found.basis),
        ("选择理由", str(found.facts.get("reason") or "未填写")),
        ("最高限价", f"{yuan(found.ceiling)} 元"),
        ("响应时间", f"{found.response_days} {services.day_words(numbers['day_kind'])}"),
        ("采购需求", found.requirements or ""),
    )
    if found.approval_no:
        form = form.add_facts(("批准文号", found.approval_no))
    if found.invited:
        names = names_of_organisations(found.invited)
        form = form.add_facts(
            ("受邀单位", "、".join(names.values())), ("受邀单位的产生", found.invited_note or "")
        )
    form = _conditions(form, found.criteria).add_table(
        "评分项", ["名称", "权重"], [[s["name"], s["weight"]] for s in found.scoring]
    )
    form = form.add_files("采购文件附件", found.file_ids).add_effect(
        f"采购文件立即发布，最高限价 {yuan(found.ceiling)} 元，响应时间从今天起算；发布后不能直接修改。",
        "decision=publish",
    )
    suspects = services.suspects(found, ctx.pack)
    if not suspects:
        return notice_forms.without(form, "clearances")
    return form.add_notes("有资格条件涉及不得设置的内容，须由您逐条复核；不通过的请退回修改。").with_values(
        clearances=[
            {
                "index": index,
                "text": found.criteria[index]["text"],
                "what": what,
                "reason": found.criteria[index].get("reason") or "",
            }
            for index, what in suspects
        ]
    )


def _approve(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    if answers["decision"] != "publish":
        if not (answers.get("opinion") or "").strip():
            raise Refusal("退回修改的，请写明要改什么。", field="opinion")
        return {"document_decision": "return"}
    until = services.publish_call(ctx.actor, ctx.case, ctx.pack, answers.get("clearances") or [])
    return {"document_decision": "publish", "bid_until": clock.local(until).isoformat()}


def _to_read(found: Procurement, words: str) -> str:
    return Markup('<a href="/procurement/{}/bids">{}</a>').format(found.id, words)


def _prepare_open(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    form = _conditions(form, found.criteria)
    if found.opened_at is None:
        note = Markup("响应文件还封存着。请先{}，查看内容以后再回到这里作资格审查。").format(
            _to_read(found, "开启响应文件")
        )
        return notice_forms.without(form.add_notes(note), "checks")
    opened = bids(found)
    form = form.add_facts(
        ("开启时间", f"{clock.local(found.opened_at):%Y-%m-%d %H:%M}"), ("收到响应文件", f"{len(opened)} 份")
    )
    if not opened:
        return notice_forms.without(form.add_notes("截止时没有收到响应文件。"), "checks")
    form = _offers(form, found, opened, credit=True)
    names = names_of_organisations([bid.organisation_id for bid in opened])
    return form.with_values(
        checks=[{"bid_id": bid.id, "organisation": names[bid.organisation_id]} for bid in opened]
    )


def _offers(form: Form, found: Procurement, opened: Sequence[Bid], *, credit: bool) -> Form:
    """The opened bids as a table above the questions, with the way to their attachments."""
    columns = ["单位", "报价（元）", "服务方案", *(["信用查询", "登记有效期至"] if credit else [])]
    rows = []
    for bid in opened:
        organisation = by_id(bid.organisation_id)
        row = [organisation.name, yuan(bid.amount), bid.plan]
        if credit:
            until = organisation.registration_valid_until
            row += [
                credit_snapshot(organisation.id, clock.today()).words,
                until.isoformat() if until else "未登记",
            ]
        rows.append(row)
    form = form.add_table("响应文件", columns, rows)
    if any(bid.file_ids for bid in opened):
        form = form.add_notes(Markup("附件在{}查看。").format(_to_read(found, "响应文件页面")))
    return form


def _open(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    if current(ctx.case.id).opened_at is None:
        raise Refusal("请先开启响应文件，查看内容后再作资格审查。", rule="ZH-16a")
    valid, outcome, _ = bidding.check_bids(ctx.actor, ctx.case, ctx.pack, answers.get("checks", []))
    return {"valid_bids": valid, "bid_outcome": outcome}


def _prepare_failed(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    opened = bids(found)
    valid = sum(1 for bid in opened if bid.qualified)
    ruling = ctx.pack.decide(
        "continue_with_n", {"method": found.method, "object": services.SERVICE, "valid": valid}
    )
    form = form.add_facts(
        ("收到响应文件", f"{len(opened)} 份"),
        ("有效响应", f"{valid} 家"),
        ("结论", f"{ruling['reason']}（{ruling['ref']}）", "bad"),
    )
    refused = [[by_id(b.organisation_id).name, b.qualified_reason or ""] for b in opened if not b.qualified]
    return form.add_table("资格审查不合格", ["单位", "原因"], refused) if refused else form


def _failed(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    awards.record_failure(ctx.actor, ctx.case, answers["decision"], answers["opinion"])
    return {"failed_decision": answers["decision"]}


def _prepare_score(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    valid = [bid for bid in bids(found) if bid.qualified]
    names = names_of_organisations([bid.organisation_id for bid in valid])
    form = _offers(form, found, valid, credit=False)
    barred = awards.barred(ctx.actor, ctx.case, valid)
    if barred:
        who = "、".join(names[b.organisation_id] for b in valid if b.id in barred)
        form = form.add_notes(f"您与{who}有利害关系，已回避，不需要给它打分。")
    mine = [bid for bid in valid if bid.id not in barred]
    if not mine:
        return notice_forms.without(notice_forms.without(form, "ties"), "scores")
    return form.with_options("ties", [(b.id, names[b.organisation_id]) for b in mine]).with_values(
        scores=[
            {
                "bid_id": b.id,
                "organisation": names[b.organisation_id],
                "criterion": s["name"],
                "most": s["weight"],
            }
            for b in mine
            for s in found.scoring
            if s["kind"] != "price"
        ]
    )


def _score(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    ties = [int(bid_id) for bid_id in answers.get("ties") or []]
    awards.score(ctx.actor, ctx.case, answers.get("scores") or [], ties)
    return {}


def _rank(ctx: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    return {"ranked": awards.rank(ctx.case, ctx.pack)}


def _prepare_award(ctx: TaskContext, form: Form) -> Form:
    found = current(ctx.case.id)
    by_bid = {bid.id: bid for bid in bids(found)}
    rows: list[list[str | int]] = []
    options: list[tuple[int, str]] = []
    for place, row in enumerate(found.ranking or [], start=1):
        organisation = by_id(by_bid[row["bid_id"]].organisation_id)
        gate, _ = awards.gate_of(ctx.pack, organisation.id)
        credit = credit_snapshot(organisation.id, clock.today()).words
        rows.append(
            [place, organisation.name, yuan(row["amount"]), f"{row['quality'] / 100:.2f}",
             f"{row['price'] / 100:.2f}", f"{row['total'] / 100:.2f}", credit]
        )  # fmt: skip
        form = form.add_effect(
            f"确定{organisation.name}成交，成交金额{in_capitals(row['amount'])}（{yuan(row['amount'])} 元），"
            "结果立即公告，各响应单位都会看到。",
            f"bid_id={row['bid_id']}",
        )
        options.append((row["bid_id"], f"第 {place} 名 {organisation.name}（{yuan(row['amount'])} 元）"))
        if gate == "block":
            form = form.add_notes(f"“{organisation.name}”{credit}，不能成交。")
        if row["low_price"]:
            form = form.add_notes(
                f"“{organisation.name}”报价异常偏低，须先要求其书面说明成本（L-33，待核实）。"
            )
    form = form.add_table(
        "综合排名", ["名次", "单位", "报价（元）", "质量分", "价格分", "总分", "信用查询"], rows
    )
    form = form.add_facts(("同分时", rules.TIE_RULE)).with_options("bid_id", options)
    form = form.with_options("skip_ground", list(rules.SKIPS.items()))
    if not any(row["low_price"] for row in found.ranking or []):
        form = notice_forms.without(form, "low_price_reason")
    return form.with_values(bid_id=options[0][0]) if options else form


def _award(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    _, until = awards.award(ctx.actor, ctx.case, ctx.pack, answers)
    return {"award_until": clock.local(until).isoformat()}


def _prepare_close(ctx: TaskContext, form: Form) -> Form:
    return notice_forms.prepare_close(form, notice_forms.notice_of(ctx, "award", "award_notice_id"))


def _close(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    decision, opinion = answers["decision"], answers.get("opinion") or ""
    notice = notice_forms.notice_of(ctx, "award", "award_notice_id")
    notice_forms.answer_all(ctx.actor, notice, answers.get("objections", []))
    upheld = any(one.upheld for one in objections_of(notice.id) if one.kind == "challenge")
    require_all(rules.closing_allowed(decision, upheld, opinion))
    notices.close(ctx.actor, notice.id, ctx.at, decision, opinion)
    if decision == "retender":
        awards.reopen(ctx.actor, ctx.case, opinion)
    return {"award_result": decision}


def register() -> None:
    """Register the room's forms and operators."""
    user_task("procurement.method", _method, _prepare_method, ("method", "scorers"))
    user_task("procurement.document", _document, _prepare_document)
    user_task("procurement.approve", _approve, _prepare_approve, ("document_decision", "bid_until"))
    user_task("procurement.open", _open, _prepare_open, ("valid_bids", "bid_outcome"))
    user_task("procurement.failed", _failed, _prepare_failed, ("failed_decision",))
    user_task("procurement.score", _score, _prepare_score, confidential=True)
    user_task("procurement.award", _award, _prepare_award, ("award_until",))
    user_task("procurement.close_award", _close, _prepare_close, ("award_result",))
    operator(
        "procurement.rank",
        _rank,
        title="汇总评分排名",
        help="所有评审人员交齐后汇总：质量分取平均，价格分按最低价优先计算。",
        outputs=("ranked",),
    )
    on_close(services.case_ended)
