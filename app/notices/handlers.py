"""What the forms of publicity do: publish the project, answer and close."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.queries import unit_name
from app.core import clock
from app.core.errors import Fault, require_all
from app.core.identity import Actor
from app.notices import queries, rules, services
from app.notices.models import OBJECTION_KINDS, Notice
from app.policy.calendar import add_working_days
from app.runtime.handlers import TaskContext, Variables, on_close, user_task
from app.runtime.models import Case
from app.ui.forms import Form

NOTICE_DAYS = "notice_days"
"""Process variable by which a diagram asks for a longer notice than the pack does."""


def _days(ctx: TaskContext) -> int | None:
    """Working days of a project's notice: what the pack says, or longer where the diagram asks for it."""
    days: int | None = ctx.pack.value("publicity_days")
    asked = ctx.data.get(NOTICE_DAYS)
    if isinstance(asked, int) and not isinstance(asked, bool):
        return max(asked, days or 0)
    return days


def _prepare_publish(ctx: TaskContext, form: Form) -> Form:
    days = _days(ctx)
    street = unit_name(ctx.case.street_id)
    facts = queries.public_facts(ctx.case.id)
    if facts:
        form = form.add_table(
            "随公示一同公开的项目信息", ["项目", "内容"], [[k, v] for k, v in facts.items()]
        )
    earlier = queries.of_case(ctx.case.id, "project")
    if earlier:
        form = form.add_notes("本项目按异议修改后再次公示，请在公示内容中写明修改了什么。")
    form = form.with_values(
        title=f"关于“{ctx.case.title}”的公示",
        body=(
            f"“{ctx.case.title}”经{street}审议同意立项，拟购买社会组织服务，现向社会公示。"
            "公示期间对本项目有不同意见的，可以在本页面提交，也可以向发布单位书面反映。"
            "发布单位会逐条答复，并保护提出人的个人信息。"
        ),
    )
    form = form.add_effect("公示内容立即向社会公开，任何人都能看到和提出异议；公示期内不能修改。")
    if days is None:
        return form
    end = add_working_days(clock.today(), days)
    form = form.with_values(days=days).read_only("days")
    note = "（次年放假安排尚未公布，为预计日期）" if end.provisional else ""
    return form.add_facts(("今天发布，公示到", f"{end.day.isoformat()} 当日结束{note}"))


def _publish(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    rules.days_allowed(answers["days"], _days(ctx)).require()
    notice = services.publicise(
        ctx.actor, ctx.case, ctx.pack, title=answers["title"], body=answers["body"], days=answers["days"]
    )
    return {"notice_until": clock.local(notice.until_at).isoformat(), "notice_id": notice.id}


def objection_rows(notice_id: int) -> list[dict[str, Any]]:
    """Rows of a closing form: everything that still waits for an answer."""
    return [
        {"objection_id": one.id, "kind": OBJECTION_KINDS[one.kind], "text": one.text}
        for one in queries.objections_of(notice_id)
        if one.state == "open"
    ]


def prepare_close(form: Form, notice: Notice) -> Form:
    """A closing form with its facts and the objections to answer; without any the rows are not asked.

    For every room that ends a notice by a form with the rows field `objections`
    (`objection_id`, `kind`, `text` read-only; `answer`, `upheld` asked). How to reach the sender stands
    beside the form and never in its answers, which history keeps.
    """
    said = queries.objections_of(notice.id)
    rows = objection_rows(notice.id)
    form = form.add_facts(
        ("公告", f"{notice.no} {notice.title}"),
        ("发布时间", f"{clock.local(notice.published_at):%Y-%m-%d %H:%M}"),
        ("期限截止", f"{clock.local(notice.until_at):%Y-%m-%d %H:%M}"),
        ("收到意见", f"{len(said)} 条，待答复 {len(rows)} 条"),
    )
    answered = [
        [OBJECTION_KINDS[o.kind], o.text, o.answer or "", "成立" if o.upheld else "不成立"]
        for o in said
        if o.state == "answered"
    ]
    if answered:
        form = form.add_table("已经答复的意见", ["类别", "意见", "答复", "结论"], answered)
    if not rows:
        return without(form.add_notes("期限内没有需要答复的意见。"), "objections")
    reach = [
        [str(number), one.contact]
        for number, one in enumerate((o for o in said if o.state == "open"), start=1)
        if one.contact
    ]
    if reach:
        form = form.add_table("联系方式（仅供答复，请勿外传）", ["意见序号", "联系方式"], reach)
    return form.with_values(objections=rows)


def without(form: Form, key: str) -> Form:
    """The form without a field that has nothing to ask."""
    properties = {name: prop for name, prop in form.schema["properties"].items() if name != key}
    required = [name for name in form.schema.get("required", ()) if name != key]
    return form.replace(schema={**form.schema, "properties": properties, "required": required})


def answer_all(
    actor: Actor, notice: Notice, rows: Sequence[dict[str, Any]], field: str = "objections"
) -> None:
    """Answer every objection of a closing form, then none may be left.

    Raises:
        Refusals: a row is not an open objection of this notice, or has no answer.
    """
    waiting = {one.id for one in queries.open_objections(notice.case_id, notice.id)}
    for index, row in enumerate(rows):
        if row["objection_id"] not in waiting:
            raise Fault("表单中的意见不属于这份公告")
        services.answer_objection(
            actor,
            row["objection_id"],
            row.get("answer", ""),
            bool(row.get("upheld")),
            field=f"{field}-{index}-answer",
        )


def notice_of(ctx: TaskContext, kind: str, variable: str) -> Notice:
    """The notice a step is about: named by the process variable, else the newest of its kind.

    Raises:
        Fault: nothing was published before this step.
    """
    named = ctx.data.get(variable)
    found = queries.by_id(int(named)) if named else queries.latest(ctx.case.id, kind)
    if found is None or found.case_id != ctx.case.id:
        raise Fault("这一步之前还没有发布公告")
    return found


def _prepare_close(ctx: TaskContext, form: Form) -> Form:
    return prepare_close(form, notice_of(ctx, "project", "notice_id"))


def _close(ctx: TaskContext, answers: dict[str, Any]) -> Variables:
    notice = notice_of(ctx, "project", "notice_id")
    result, opinion = answers["decision"], answers.get("opinion", "")
    answer_all(ctx.actor, notice, answers.get("objections", []))
    upheld = [bool(one.upheld) for one in queries.objections_of(notice.id)]
    require_all(rules.result_allowed(result, upheld, opinion))
    services.close(ctx.actor, notice.id, ctx.at, result, opinion)
    return {"notice_result": result}


def _case_ended(case: Case, actor: Actor, at: datetime, status: str) -> None:
    words = {"withdrawn": "项目已撤回申报", "cancelled": "项目已终止", "rejected": "项目不再实施"}
    services.withdraw_all(actor, case, at, words.get(status, "项目已结束"))


def register() -> None:
    """Register the forms of this room."""
    user_task("notice.publish", _publish, _prepare_publish, ("notice_until", "notice_id"))
    user_task("notice.close", _close, _prepare_close, ("notice_result",))
    on_close(_case_ended)
