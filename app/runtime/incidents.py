"""What an operator may do about an incident: retry, mend a variable, move, end the case, close it with a note (故障处理).

Each act is one transaction with a line in the case's history, one in the incident's own, and an audit record. What a
case has decided in law stays: an operator neither skips nor undoes what only those in office may.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.accounts.queries import cities_of, people_of_city
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import Actor, Role
from app.messages.services import notify
from app.policy import queries as policy
from app.runtime import definitions, faults, handlers, jobs, signers
from app.runtime.acts import holders
from app.runtime.lawful import STREET_DECIDES
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import history_of, tasks_of
from app.runtime.services import end_case
from app.runtime.stepping import BoundOperators, append_history, audit_step, settle
from app.runtime.undoing import blocked, effects, standing
from workflows import engine
from workflows.errors import EngineFault, StepNotOpen
from workflows.repair import move as moves
from workflows.repair import places, values

log = logging.getLogger(__name__)
LEAST_REASON = 5


@dataclass(frozen=True, slots=True)
class Way:
    """Where a token can be put, or why it cannot.

    Attributes:
        back: it has been there before; what was done since is undone.
    """

    token: places.Token
    place: places.Place
    back: bool
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Variable:
    """A process variable; `why_not` says why an operator may not change it."""

    name: str
    value: Any
    why_not: str | None


def retry(actor: Actor, incident_id: int) -> bool:
    """Run again what failed (重试); answers whether the case went on.

    A person's step is that person's to repeat: those who have it are asked. Timers and automatic steps run at once;
    when they fail again nothing has happened but the count.
    """
    running = None
    try:
        with unit_of_work():
            incident, case = _locked(actor, incident_id)
            task = session().get_one(Task, incident.task_id) if incident.task_id else None
            if task is not None and task.state == "open" and incident.kind != "no_people":
                _ask(actor, incident, case, task)
                return False
            if task is not None:
                return _look_again(actor, incident, task)
            running = case.id
            faults.note(incident, actor, clock.now(), "retried", "重新运行")
            jobs.step_on(case, actor, "运维人员重试，流程继续")
            faults.close(incident, actor, clock.now(), "重试成功")
            _say(actor, incident, case, "重试成功，流程继续")
            return True
    except Exception as error:
        if running is None:
            raise  # it was not to be run at all
        log.exception("retry of case %s failed", running)
        kind = "refused" if isinstance(error, Refusal) else "fault"
        faults.open_for_timer(running, error, kind, actor)
        return False


def change_variable(actor: Actor, incident_id: int, name: str, value: str | int | bool, reason: str) -> None:
    """Set a process variable to a mended value of the same kind (修改流程变量).

    Raises:
        Refusal: no reason, another kind of value, or a value that is the outcome of a decision in law.
    """
    _require_reason(reason)
    with unit_of_work():
        incident, case = _locked(actor, incident_id)
        known = {one.name: one for one in variables(case)}
        if name in known and (why := known[name].why_not):
            raise Refusal(why, field="name", rule="ZH-02b")
        before = known[name].value if name in known else None
        if before is not None and type(before) is not type(value):
            raise Refusal(f"“{name}”原来是{_kind(before)}，新值也必须是{_kind(before)}。", field="value")
        bundle = definitions.bundle(case.definition_id)
        try:
            result = values.set_variables(bundle.model, case.state, {name: value}, now=clock.now)
        except EngineFault as error:
            raise Refusal(f"不能这样修改：{error}", field="value") from error
        words = f"流程变量 {name}：{_text(before)} → {_text(value)}"
        _write(actor, case, "repaired", f"运维修改{words}", reason)
        settle(case, result, actor, policy.pack(case.pack_version_id), clock.now(), tasks_of(case.id, "open"))
        _done(actor, incident, case, "changed", f"{words}；原因：{reason.strip()}")


def move(
    actor: Actor, incident_id: int, token_id: str, path: Sequence[str], element: str, reason: str
) -> None:
    """Take the case from where it stands to another step of its diagram (移动到其他步骤).

    Going back undoes what was done since, by the rooms that did it. Going on may skip only what has no effect in law.

    Raises:
        Refusal: no reason, or what lies between can neither be undone nor skipped; says which.
    """
    _require_reason(reason)
    with unit_of_work():
        incident, case = _locked(actor, incident_id)
        way = next(
            (
                one
                for one in ways(case)
                if one.token.id == token_id and (one.place.path, one.place.element) == (tuple(path), element)
            ),
            None,
        )
        if way is None:
            raise Conflict("项目已经不在原来的位置，请刷新页面重新选择。")
        if way.why_not:
            raise Refusal(way.why_not, field="goal")
        at, were_open = clock.now(), tasks_of(case.id, "open")
        bundle, pack = definitions.bundle(case.definition_id), policy.pack(case.pack_version_id)
        undone = (_undone(case, way.token, way.place, history_of(case.id)) or []) if way.back else []
        for effect in effects(case, undone):
            if effect.undo is not None:
                effect.undo(case, actor, at)
        title = f"运维{'退回' if way.back else '移动'}到“{way.place.title}”"
        told = {"target": None, "straight": False, "undone": [line.seq for line in undone]}
        _write(
            actor, case, "sent_back" if way.back else "repaired", title, reason, told if way.back else None
        )
        try:
            result = moves.move(
                bundle.model,
                case.state,
                token_id,
                path,
                element,
                operators=BoundOperators(case, actor, pack, at),
                now=clock.now,
            )
        except (EngineFault, StepNotOpen) as error:
            raise Refusal(f"移动后流程不能继续，没有移动：{error}", field="goal") from error
        settle(case, result, actor, pack, at, were_open)
        signers.forget([task.id for task in were_open if task.state != "open"])
        _done(actor, incident, case, "moved", f"{title}；原因：{reason.strip()}")
        faults.close(incident, actor, at, title)


def cancel(actor: Actor, incident_id: int, reason: str, basis: str) -> None:
    """End a case that cannot be mended, on the written decision of its street (终止项目).

    Raises:
        Refusal: no reason or basis, or it has had effects that only the street's own lawful act can end.
    """
    _require_reason(reason)
    if not basis.strip():
        raise Refusal("请写明街道同意终止的文件或文号。", field="basis")
    with unit_of_work():
        incident, case = _locked(actor, incident_id)
        if why := blocked(effects(case, standing(history_of(case.id)))):
            raise Refusal(f"{why}这个项目请由街道领导在项目页依法终止。", field="reason")
        as_operator = replace(actor, scope=actor.scope | {case.street_id})
        end_case(as_operator, case.id, "cancelled", f"{reason.strip()}（依据：{basis.strip()}）")
        _done(actor, incident, case, "cancelled", f"终止项目；原因：{reason.strip()}；依据：{basis.strip()}")
        faults.close(incident, actor, clock.now(), "项目已终止")


def resolve(actor: Actor, incident_id: int, words: str) -> None:
    """Close an incident with a note on what was done (标为已解决)."""
    _require_reason(words)
    with unit_of_work():
        incident, case = _locked(actor, incident_id)
        _write(actor, case, "repaired", f"故障 {incident.id} 已处理", words)
        faults.close(incident, actor, clock.now(), words.strip())
        _say(actor, incident, case, f"故障已处理：{words.strip()}")


def variables(case: Case) -> list[Variable]:
    """The process variables of a case; which of them an operator may change."""
    model = definitions.bundle(case.definition_id).model
    decided = {"case_status": "项目的结果"}
    for step in model.steps():
        handler = handlers.form_handler(step.form)
        if handler is not None and (handler.undo is None or handler.key in STREET_DECIDES):
            decided.update(dict.fromkeys(handler.outputs, step.title))
    found = values.variables(model, case.state, now=clock.now)
    made = []
    for name, value in sorted(found.items()):
        why = f"“{name}”是“{decided[name]}”依法形成的结果，不能由运维修改。" if name in decided else None
        if why is None and not isinstance(value, str | int):
            why = "列表和空值不能在这里修改。"
        made.append(Variable(name, value, why))
    return made


def ways(case: Case) -> list[Way]:
    """Where the case could be moved to from each place where it stands, with what forbids it."""
    model = definitions.bundle(case.definition_id).model
    lines = history_of(case.id)
    detours = {task.engine_id for task in tasks_of(case.id, "open") if task.detour}
    found = []
    for token in places.tokens(model, case.state, now=clock.now):
        for goal in moves.goals(model, case.state, token.id, now=clock.now):
            undone = None if goal.why_not else _undone(case, token, goal.place, lines)
            why = goal.why_not
            if token.id in detours:
                why = "这一步是退回后直达原处的步骤，请先由办理人办理。"
            elif why is None and undone is not None:
                why = blocked(effects(case, undone))
            elif why is None:
                why = _not_to_skip(model, goal)
            found.append(Way(token, goal.place, undone is not None, why))
    return found


def _undone(
    case: Case, token: places.Token, place: places.Place, lines: Sequence[History]
) -> list[History] | None:
    """What going back to a place undoes, first one first; None when the case has not been there."""
    model = definitions.bundle(case.definition_id).model
    try:
        region = engine.region(model, token.place.path, token.place.element, place.path, place.element)
    except EngineFault:
        return None
    found: list[History] = []
    passed = False
    for line in reversed(standing(lines)):
        where = region.element(tuple(filter(None, (line.path or "").split("/"))), line.element or "")
        if where is None or where in region.beside:
            continue
        if passed and where not in region.anew and where != place.element:
            break
        passed = passed or where == place.element
        found.append(line)
    return found[::-1] if passed else None


def _not_to_skip(model: engine.Model, goal: moves.Goal) -> str | None:
    """Why the steps before a goal must not be left out."""
    if not goal.skipped:
        return "流程图上从这里走不到那一步。"
    forms = {(step.process, step.element): step.form for step in model.steps()}
    for one in goal.skipped:
        if one.kind == "intermediateCatchEvent":
            return f"不能越过“{one.title}”：期限没有届满。"
        if one.kind == "serviceTask":
            return f"不能越过“{one.title}”：这个自动步骤会产生登记或资金上的结果。"
        if handlers.form_handler(forms.get((one.process, one.element))) is not None:
            return f"不能越过“{one.title}”：这一步必须由有权的人依规定办理。"
    return None


def _locked(actor: Actor, incident_id: int) -> tuple[Incident, Case]:
    """An open incident and its case, the case's row locked.

    Raises:
        NotFound: none for these eyes. Forbidden: not an operator, or a party to the case.
        Conflict: it has been resolved.
    """
    incident = session().get(Incident, incident_id)
    if incident is None or incident.city not in cities_of(actor, Role.SYSTEM_ADMIN):
        raise NotFound
    case = session().scalars(
        select(Case)
        .where(Case.id == incident.case_id)
        .options(undefer(Case.state))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()  # fmt: skip
    session().refresh(incident)
    if actor.person_id in (case.owner_id, case.started_by):
        raise Forbidden("您是这个项目的负责人或发起人，请由另一位系统管理员处理。")
    if incident.state != "open":
        raise Conflict("这个故障已经处理完毕，请刷新页面查看。")
    return incident, case


def _ask(actor: Actor, incident: Incident, case: Case, task: Task) -> None:
    people = holders(task)
    if not people:
        raise Refusal("这一步现在没有办理人，请先安排人员。")
    notify(people, "task", f"请再试一次：{task.title}", f"/desk/tasks/{task.id}", case.id, body=case.title)
    _write(actor, case, "repaired", f"已请办理人重试“{task.title}”", "")
    faults.note(incident, actor, clock.now(), "asked", f"已通知 {len(people)} 位办理人重试")


def _look_again(actor: Actor, incident: Incident, task: Task) -> bool:
    words = "已有人员可以办理" if task.state == "open" else f"“{task.title}”已不在待办中"
    if task.state == "open" and not signers.enough(task):
        faults.note(incident, actor, clock.now(), "again", "仍没有人员可以办理")
        return False
    faults.close(incident, actor, clock.now(), words)
    return True


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise Refusal(f"请写明原因，不少于 {LEAST_REASON} 个字。", field="reason")


def _write(
    actor: Actor, case: Case, kind: str, title: str, reason: str, answers: dict[str, Any] | None = None
) -> None:
    append_history(
        case, actor, clock.now(), kind, title[:200], opinion=reason.strip() or None, answers=answers
    )
    audit_step(case, actor, f"runtime.{kind}")


def _done(actor: Actor, incident: Incident, case: Case, act: str, words: str) -> None:
    faults.note(incident, actor, clock.now(), act, words)
    _say(actor, incident, case, words)


def _say(actor: Actor, incident: Incident, case: Case, words: str) -> None:
    """Tell the case's owner and the other operators."""
    title = f"“{case.title}”的故障 {incident.id} 有新情况"
    others = {person.id for person in people_of_city(Role.SYSTEM_ADMIN, case.city)} - {actor.person_id}
    notify(
        {case.owner_id} - others - {actor.person_id},
        "incident",
        title,
        f"/cases/{case.no}",
        case.id,
        body=words,
    )
    if others:
        url = f"/admin/operations/incidents/{incident.id}"
        notify({one for one in others if one is not None}, "incident", title, url, case.id, body=words)


def _kind(value: object) -> str:
    return "是否" if isinstance(value, bool) else "整数" if isinstance(value, int) else "文字"


def _text(value: object) -> str:
    if value is None:
        return "（无）"
    return ("是" if value else "否") if isinstance(value, bool) else str(value)[:80]
