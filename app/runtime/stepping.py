"""What an engine step leaves behind: tasks, history, the case row, the audit record, all in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import update

from app.accounts.queries import has_people
from app.audit.services import record
from app.core import clock, straight
from app.core.db import add_later, session
from app.core.errors import Fault
from app.core.identity import Actor
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.runtime import faults, handlers, recording, signers
from app.runtime.announcing import announce
from app.runtime.models import LAST, Case, History, Task
from app.runtime.rules import role_name, unit_of
from workflows.types import OpenStep, Passed, Result

LINE = tuple(column.name for column in History.__table__.columns if column.name != "id")
KEPT = frozenset({"serviceTask", "businessRuleTask", "callActivity", "endEvent", "intermediateCatchEvent"})
"""Automatic elements that get a history line; gateways and start events explain nothing to a reader."""


class BoundOperators:
    """The operator catalogue as the engine sees it, bound to one case and one act."""

    def __init__(self, case: Case, actor: Actor, pack: Pack, at: datetime) -> None:
        self._case, self._actor, self._pack, self._at = case, actor, pack, at

    def run(self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run an operator; its refusals go back to the person who acted."""
        found = handlers.operator_named(name)
        if found is None:
            raise Fault(f"流程图用到的自动步骤“{name}”不存在")
        context = handlers.OperatorContext(self._case, self._actor, self._at, self._pack, data)
        answer = found.run(context, parameters)
        recording.operator(name, answer)
        return answer

    def working_days(self, day: date, n: int) -> Sequence[date]:
        """The working days by which timers of the diagram count."""
        return add_working_days(day, n).days


def append_history(case: Case, actor: Actor, at: datetime, kind: str, title: str, **more: Any) -> None:
    """Add the next line of a case's history; its fingerprint covers the line before it."""
    case.history_seq += 1
    stand = actor.instead_of(more.get("role"), more.pop("unit_id", None))
    name = f"{actor.name}（代{stand.name}）"[:80] if stand else actor.name
    kept = {name: value for name, value in more.items() if value is not None}
    values: dict[str, Any] = {"seq": case.history_seq, "kind": kind, "title": title, **kept}
    content = {
        **values,
        "case": case.no,
        "at": at.isoformat(),
        "actor": actor.person_id,
        "prev": case.history_head or "",
    }
    case.history_head = digest_of(content)
    row = {
        "city": case.city,
        "case_id": case.id,
        "at": at,
        "actor_id": actor.person_id,
        "actor_name": name,
        "hash": case.history_head,
        **values,
    }
    add_later(History, {name: row.get(name) for name in LINE})


def digest_of(content: Mapping[str, Any]) -> str:
    """The fingerprint of a history line."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def content_of(line: History, case_no: str, prev: str) -> dict[str, Any]:
    """The part of a history line its fingerprint covers: what `append_history` was given.

    Args:
        prev: fingerprint of the line before it, computed anew.
    """
    columns = (
        "element", "process", "path", "stage", "task_id", "role", "outcome", "opinion", "answers",
    )  # fmt: skip
    more = {name: getattr(line, name) for name in columns if getattr(line, name) is not None}
    return {
        "seq": line.seq,
        "kind": line.kind,
        "title": line.title,
        **more,
        "case": case_no,
        "at": line.at.isoformat(),
        "actor": line.actor_id,
        "prev": prev,
    }


def settle(
    case: Case, result: Result, actor: Actor, pack: Pack, at: datetime, were_open: Sequence[Task]
) -> list[Task]:
    """Write what a step changed besides the acted task itself; answers the newly opened tasks.

    Args:
        were_open: the tasks that were open before the step.

    Promises: one row per open step, closed rows for steps that vanished, one history line per automatic
    element that people care about, the case row with its new state and next due moment.
    """
    open_rows = {task.engine_id: task for task in were_open if task.state == "open"}
    still_open = {step.id for step in result.open}
    gone = [task for engine_id, task in open_rows.items() if engine_id not in still_open]
    for task in gone:
        task.state, task.done_at, task.outcome = "cancelled", at, "因流程推进而关闭"
        append_history(case, actor, at, "closed", task.title, **place(task))
    for passed in result.passed:
        _remember_passed(case, actor, at, passed)
    fresh = [_open(case, step, pack, at) for step in result.open if step.id not in open_rows]
    recording.stood(sorted("/".join((*step.path, step.element)) for step in result.open))
    stage = _stage(result.open) or case.stage
    case.state, case.next_due, case.rev, case.stage = result.state, result.next_due, case.rev + 1, stage
    if result.finished:
        status = str(result.data.get("case_status", "running"))
        finish(case, actor, at, "completed" if status == "running" else status)
    for row in (case, *were_open, *fresh):
        straight.write(session(), row)
    session().flush()
    _report_nobody(case, actor, fresh, at)
    for task in fresh:
        signers.ask(case, task, at)
    announce(case, fresh, actor)
    return fresh


def finish(case: Case, actor: Actor, at: datetime, status: str) -> None:
    """Close the case; rooms settle what hangs on it when it did not complete."""
    case.status, case.finished_at, case.next_due = status, at, None
    if status != "completed":
        for hook in handlers.close_hooks():
            hook(case, actor, at, status)
    append_history(case, actor, at, "finished", FINISHED[status], outcome=status)


FINISHED = {
    "completed": "项目办结归档",
    "rejected": "不予立项，流程结束",
    "withdrawn": "申报单位撤回，流程结束",
    "cancelled": "项目终止，流程结束",
}


def close_open_tasks(case: Case, at: datetime, outcome: str) -> None:
    """Nobody has to act on an ended case any more."""
    session().execute(
        update(Task)
        .where(Task.case_id == case.id, Task.state == "open")
        .values(state="cancelled", done_at=at, outcome=outcome)
    )


def audit_step(case: Case, actor: Actor, action: str) -> None:
    """The audit record of a step points to its last history line by hash instead of repeating it.

    Called when all lines of the step are written: the fingerprint covers every line before it.
    """
    record(f"case:{case.id}", action, actor=actor, subject=case.no, history_hash=case.history_head)


def place(task: Task) -> dict[str, Any]:
    """Where in the diagram a history line about a task belongs."""
    return {
        "element": task.element,
        "process": task.process,
        "path": task.path,
        "stage": task.stage,
        "task_id": task.id,
        "role": task.role,
        "unit_id": task.unit_id,
    }


def note(case: Case, task: Task, actor: Actor, kind: str, title: str, **more: Any) -> None:
    """A history line about a task, with its audit record."""
    append_history(case, actor, clock.now(), kind, title, **place(task), **more)
    audit_step(case, actor, f"runtime.{kind}")


def _remember_passed(case: Case, actor: Actor, at: datetime, passed: Passed) -> None:
    if passed.kind in KEPT and passed.state == "completed":
        append_history(
            case,
            actor,
            at,
            "passed",
            passed.title or passed.element,
            element=passed.element,
            process=passed.process,
            path="/".join(passed.path),
        )


def _open(case: Case, step: OpenStep, pack: Pack, at: datetime) -> Task:
    role = pack.lane_role(step.lane) if step.lane else None
    days = step.properties.get("dueWorkingDays")
    due = add_working_days(clock.local(at).date(), int(days)) if days else None
    return Task(
        city=case.city,
        case_id=case.id,
        engine_id=step.id,
        element=step.element,
        path="/".join(step.path),
        process=step.process,
        title=step.title,
        form_key=step.form,
        stage=stage_of(step),
        lane=step.lane,
        role=role,
        unit_id=unit_of(case, role),
        group_id=step.group,
        state="open",
        created_at=at,
        due_at=clock.end_of_day(due.day) if due else None,
        due_days=int(days) if days else None,
        attention_at=clock.morning_of(due.warning) if due else None,
        due_provisional=bool(due and due.provisional),
        rank_at=clock.end_of_day(due.day) if due else LAST,
        signing=step.properties.get("signing") or "one",
        acts=step.properties.get("acts") or "",
        claimed_by=None if role else case.owner_id,
    )


def _stage(steps: Sequence[OpenStep]) -> str | None:
    return next((stage for step in steps if (stage := stage_of(step))), None)


def stage_of(step: OpenStep) -> str | None:
    """The stage a step belongs to: what its own properties say, else the stage diagram it lies in."""
    return step.properties.get("stage") or (step.path[0] if step.path else None)


def _report_nobody(case: Case, actor: Actor, fresh: Sequence[Task], at: datetime) -> None:
    """A step that nobody can act on is an incident at once, not a case that silently stands still."""
    for task in fresh:
        if task.role is None:
            continue
        if task.unit_id and (actor.has(task.role, task.unit_id) or has_people(task.role, task.unit_id)):
            continue
        where = "本项目的单位中" if task.unit_id else "本项目尚未确定的单位中"
        message = f"“{task.title}”应由{role_name(task.role)}办理，但{where}没有这一岗位的人员。"
        faults.report(case, at, "no_people", message, task=task)
