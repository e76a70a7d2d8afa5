"""Pages of the acts beside doing a step, of those who stand in, of copies and messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts import delegations
from app.accounts.access import current_actor, signed_in
from app.accounts.models import Person
from app.accounts.queries import names_of_people, people_of_units
from app.core import clock
from app.core.errors import Conflict, Refusal
from app.core.identity import Actor
from app.files.models import StoredFile
from app.files.queries import readable_of
from app.inbox import lists
from app.messages import queries as messages
from app.messages import services as message_services
from app.runtime import act_forms as forms_
from app.runtime import acts, desk_queries, queries, returning, services, signers
from app.runtime.locking import require_may_act, require_open
from app.runtime.models import Case, Task
from app.runtime.rules import role_name
from app.ui.formpage import Page, form_page
from app.ui.forms import Form

bp = Blueprint("acts", __name__, template_folder="templates")


def _crumbs(case: Case, task: Task | None = None) -> list[tuple[str, str]]:
    found = [("项目台账", url_for("inbox.cases")), (case.title, url_for("inbox.case", no=case.no))]
    return [*found, (task.title, url_for("inbox.task", task_id=task.id))] if task else found


def _step(task_id: int, act: str = "", *, mine: bool = True) -> tuple[Actor, Task, Case]:
    """The step an act is about; nobody fills in a form for an act that is not open to him.

    Raises:
        Forbidden: the diagram does not allow the act, or the step is not the actor's.
        Conflict: the step is over; words that were already sent are shown again by the page instead.
    """
    actor = current_actor()
    task, case = queries.task_of(actor, task_id)
    if request.method == "GET":
        require_open(task)
    if not act:
        require_may_act(actor, task)
        return actor, task, case
    if mine:
        acts.require_decides(actor, task)
    acts.require_allowed(task, act)
    return actor, task, case


def _on_step(task: Task, case: Case, form: Form, save: Any) -> Page:
    back = lists.with_carried(url_for("inbox.task", task_id=task.id), request.args)
    return form_page(
        form, save, active="desk", back=back, crumbs=_crumbs(case, task), files=_named(current_actor())
    )


def _named(actor: Actor) -> Callable[[list[int]], Mapping[int, StoredFile]]:
    return lambda ids: {file.id: file for file in readable_of(actor, ids)}


def _near(actor: Actor, case: Case) -> list[tuple[Person, str]]:
    """Colleagues one may turn to about a case: of the units of the case that the actor looks into."""
    units = {case.street_id, case.community_id, case.provider_id, case.evaluator_id} - {None}
    own = {one for one in units if one in actor.scope}
    return [one for one in people_of_units(own) if one[0].id not in actor.persons]


@bp.route("/desk/tasks/<int:task_id>/transfer", methods=["GET", "POST"])
@signed_in
def transfer(task_id: int) -> Page:
    """Hand a step to a colleague of the same post (转办)."""
    actor, task, case = _step(task_id, "transfer")
    people = [(one, role_name(task.role)) for one in acts.successors(actor, task)]
    if not people:
        raise Conflict("本单位没有同一岗位的其他同事，不能转办；请假期间请设置代理。")

    def save(answers: dict[str, Any]) -> Response:
        acts.transfer(actor, task_id, answers["person"], answers.get("reason") or "")
        return lists.onward(actor, task, case, "已转办", request.args)

    return _on_step(task, case, forms_.transfer_form(task, people), save)


@bp.route("/desk/tasks/<int:task_id>/add-signer", methods=["GET", "POST"])
@signed_in
def add_signer(task_id: int) -> Page:
    """Ask a colleague to sign too (加签)."""
    actor, task, case = _step(task_id, "add_signer")

    def save(answers: dict[str, Any]) -> Response:
        acts.add_signer(actor, task_id, answers["person"], answers["place"], answers.get("reason") or "")
        flash("已加签，对方会收到消息。", "success")
        return redirect(url_for("inbox.task", task_id=task_id))

    return _on_step(task, case, forms_.signer_form(task, _near(actor, case)), save)


@bp.route("/desk/tasks/<int:task_id>/opinion", methods=["GET", "POST"])
@signed_in
def opinion(task_id: int) -> Page:
    """Sign as one who was asked to (加签意见)."""
    actor, task, case = _step(task_id)
    row = next((one for one in signers.of(task) if one.person_id in actor.persons), None)
    asked_by = names_of_people({row.added_by}).get(row.added_by, "") if row else ""

    def save(answers: dict[str, Any]) -> Response:
        services.sign_added(actor, task_id, agrees=answers["agrees"], opinion=answers["opinion"])
        return lists.onward(actor, task, case, "已签署", request.args)

    known = services.prepared_form(actor, task_id)
    why = queries.asked_with(task, row.added_by) if row else ""
    form = forms_.opinion_form(task, asked_by, why).replace(
        facts=known.facts, tables=known.tables, papers=known.papers
    )
    return _on_step(task, case, form, save)


@bp.route("/desk/tasks/<int:task_id>/send-back", methods=["GET", "POST"])
@signed_in
def send_back(task_id: int) -> Page:
    """Send a step back to one that has been passed (退回)."""
    actor, task, case = _step(task_id, "send_back")
    targets = returning.targets(actor, task_id)
    if all(one.why_not for one in targets):
        nothing_before = "这是第一步，前面没有可以退回的步骤。"
        raise Conflict((targets[0].why_not if targets else None) or nothing_before)
    people = names_of_people({one.task.done_by for one in targets})

    def save(answers: dict[str, Any]) -> Response:
        returning.send_back(
            actor, task_id, answers["target"], answers["reason"], straight=answers["straight"]
        )
        return lists.onward(actor, task, case, "已退回，对方会收到消息", request.args)

    return _on_step(task, case, forms_.back_form(task, targets, people), save)


@bp.post("/desk/tasks/<int:task_id>/withdraw")
@signed_in
def withdraw(task_id: int) -> Response:
    """Take back what one has just done (撤回)."""
    actor = current_actor()
    _, case = queries.task_of(actor, task_id)
    made = returning.withdraw(actor, task_id)
    flash("已撤回，请重新办理。", "success")
    if made is None or made.id not in {one.id for one in desk_queries.my_open_tasks(actor, case.id)}:
        return redirect(url_for("inbox.case", no=case.no))
    return redirect(url_for("inbox.task", task_id=made.id))


@bp.route("/desk/tasks/<int:task_id>/reject", methods=["GET", "POST"])
@signed_in
def reject(task_id: int) -> Page:
    """Refuse the case and end it (否决)."""
    actor, task, case = _step(task_id, "reject")

    def save(answers: dict[str, Any]) -> Response:
        returning.reject(actor, task_id, answers["reason"])
        return lists.onward(actor, task, case, "已否决，项目结束", request.args)

    return _on_step(task, case, forms_.reject_form(task, case), save)


@bp.route("/desk/tasks/<int:task_id>/urge", methods=["GET", "POST"])
@signed_in
def urge(task_id: int) -> Page:
    """Remind those who have a step (催办)."""
    actor, task, case = _step(task_id, "urge", mine=False)
    names = "、".join(sorted(names_of_people(acts.holders(task)).values()))

    def save(answers: dict[str, Any]) -> Response:
        count = acts.urge(actor, task_id, answers.get("words") or "")
        flash(f"已提醒 {count} 人。", "success")
        return redirect(url_for("inbox.case", no=case.no))

    return _on_step(task, case, forms_.urge_form(task, names or "办理人"), save)


@bp.route("/cases/<no>/copy", methods=["GET", "POST"])
@signed_in
def copy(no: str) -> Page:
    """Bring a case to the notice of colleagues (抄送)."""
    actor = current_actor()
    case = queries.case_by_no(actor, no)

    def save(answers: dict[str, Any]) -> Response:
        count = acts.copy_to(actor, case.id, answers["people"], answers.get("words") or "")
        flash(f"已抄送 {count} 人。", "success")
        return redirect(url_for("inbox.case", no=no))

    home = url_for("inbox.case", no=no)
    form = forms_.copy_form(case, _near(actor, case))
    return form_page(form, save, active="cases", back=home, crumbs=_crumbs(case))


@bp.route("/cases/<no>/comment", methods=["GET", "POST"])
@signed_in
def comment(no: str) -> Page:
    """Say something about a case, with papers (补充意见)."""
    actor = current_actor()
    case = queries.case_by_no(actor, no)

    def save(answers: dict[str, Any]) -> Response:
        acts.comment(actor, case.id, answers["words"], answers.get("files") or ())
        flash("意见已记入办理经过。", "success")
        return redirect(url_for("inbox.case", no=no))

    return form_page(
        forms_.comment_form(case),
        save,
        active="cases",
        back=url_for("inbox.case", no=no),
        crumbs=_crumbs(case),
        files=_named(actor),
    )


@bp.route("/desk/delegations", methods=["GET", "POST"])
@signed_in
def delegate() -> Page:
    """Who stands in for me (代理)."""
    actor = current_actor()
    form = forms_.delegate_form(delegations.colleagues(actor), delegations.own_roles(actor))

    def save(answers: dict[str, Any]) -> Response:
        role = None if answers["role"] == forms_.ROLES_ALL else answers["role"]
        first, last = _days(answers)
        delegations.delegate(actor, answers["delegate_id"], first, last, role)
        flash("已设置代理。", "success")
        return redirect(url_for("acts.delegations_list"))

    home = url_for("acts.delegations_list")
    return form_page(form, save, active="delegations", back=home, crumbs=[("代理", home)])


def _days(answers: dict[str, Any]) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last."""
    try:
        first, last = date.fromisoformat(answers["first"]), date.fromisoformat(answers["last"])
    except ValueError as error:
        raise Refusal("请填写正确的日期。", field="first") from error
    if last < first:
        raise Refusal("结束日期不能早于开始日期。", field="last")
    begin = datetime.combine(first, time(), clock.SHANGHAI)
    return begin, datetime.combine(last + timedelta(days=1), time(), clock.SHANGHAI)


@bp.get("/desk/delegations/list")
@signed_in
def delegations_list() -> str:
    """My delegations that have not ended (我的代理)."""
    rows = delegations.of(current_actor())
    return render_template(
        "inbox/delegations.html", active="delegations", rows=rows, role_name=role_name, today_at=clock.now()
    )


@bp.post("/desk/delegations/<int:delegation_id>/end")
@signed_in
def end_delegation(delegation_id: int) -> Response:
    """End one early (取消代理)."""
    delegations.end(current_actor(), delegation_id)
    flash("代理已取消。", "success")
    return redirect(url_for("acts.delegations_list"))


@bp.get("/desk/copies")
@signed_in
def copies() -> str:
    """Cases brought to my notice (抄送我的)."""
    before = request.args.get("before", type=int)
    rows = queries.copies_of(current_actor(), before=before, limit=queries.PAGE + 1)
    page = rows[: queries.PAGE]
    return render_template(
        "inbox/copies.html",
        active="copies",
        rows=page,
        people=names_of_people({row.copied_by for row, _ in page}),
        more=page[-1][0].id if len(rows) > queries.PAGE else None,
    )


@bp.get("/messages")
@signed_in
def message_box() -> str:
    """What I was told (消息)."""
    rows = messages.inbox(
        current_actor(), before=request.args.get("before", type=int), limit=messages.PAGE + 1
    )
    page = rows[: messages.PAGE]
    return render_template(
        "inbox/messages.html",
        active="messages",
        rows=page,
        more=page[-1].id if len(rows) > messages.PAGE else None,
    )


@bp.post("/messages/<int:message_id>/open")
@signed_in
def open_message(message_id: int) -> Response:
    """Read one: it is marked and leads to its place."""
    actor = current_actor()
    found = messages.one(actor, message_id)
    message_services.mark_read(actor, [message_id])
    return redirect(found.url)


@bp.post("/messages/read")
@signed_in
def read_all() -> Response:
    """All of them are known (全部标为已读)."""
    count = message_services.mark_read(current_actor())
    flash(f"已将 {count} 条消息标为已读。", "success")
    return redirect(url_for("acts.message_box"))
