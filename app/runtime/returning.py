"""Send back, withdraw, reject: a passed step is done again, what it did is undone by the rooms that did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Conflict, Forbidden, Refusal
from app.core.identity import Actor
from app.messages.services import notify
from app.policy import queries as policy
from app.runtime import acts, deadlines, definitions, detours, recording, signers
from app.runtime.acts import require_allowed, require_decides
from app.runtime.locking import Locked, lock, require_open, visible
from app.runtime.models import Case, Task
from app.runtime.queries import history_of, tasks_of
from app.runtime.services import end_case
from app.runtime.stepping import BoundOperators, append_history, audit_step, place, settle
from app.runtime.undoing import between, blocked, effects, standing
from workflows import engine
from workflows.errors import EngineFault

NOT_STRAIGHT = "这一步不能“办好后直接回到我这里”，请选择按流程重新办理。"


@dataclass(frozen=True, slots=True)
class Target:
    """A step that has been passed.

    Attributes:
        why_not: what stands in the way of going back there, None when nothing does.
    """

    task: Task
    why_not: str | None


def targets(actor: Actor, task_id: int) -> list[Target]:
    """The steps a task can be sent back to, latest first (可退回的步骤).

    Raises:
        NotFound: no such task for these eyes.
    """
    task, case = visible(actor, task_id)
    return _targets(case, task)


def send_back(
    actor: Actor, task_id: int, target_id: int, reason: str, *, straight: bool = False
) -> Task | None:
    """Return a task to an earlier step (退回); history keeps all that happened.

    Args:
        target_id: the task of the step as it was done before.
        straight: the step, once done again, comes straight back to the actor; what lies between stays done.

    Returns:
        The step that is open again, None when an automatic step came first.

    Raises:
        Refusal: no reason, or what lies between cannot be undone.
    """
    if not reason.strip():
        raise Refusal("请写明退回原因，让对方知道怎么改。", field="reason")
    with unit_of_work():
        held = lock(actor, task_id)
        require_open(held.task)
        require_decides(actor, held.task)
        require_allowed(held.task, "send_back")
        held = deadlines.first(held)
        target = next((one for one in _targets(held.case, held.task) if one.task.id == target_id), None)
        if target is None:
            raise Conflict("这一步现在不能退回到那里，请刷新页面重新选择。")
        if target.why_not:
            raise Refusal(target.why_not, field="target")
        return _go_back(actor, held, target.task, "sent_back", reason.strip(), straight)


def withdraw(actor: Actor, task_id: int) -> Task | None:
    """Take back one's own last step while nobody has acted on it (撤回).

    Raises:
        Forbidden: not the actor's step; Refusal: somebody has acted, or it cannot be undone.
    """
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        if task.done_by != actor.person_id or task.state != "done":
            raise Forbidden("只能撤回您本人办理的步骤。")
        require_allowed(task, "withdraw")
        fresh = _after(task, held.open)
        if why := why_not_withdraw(case, task):
            raise Refusal(why)
        return _go_back(actor, Locked(fresh[0], case, held.open), task, "withdrawn", "", straight=False)


def reject(actor: Actor, task_id: int, reason: str) -> None:
    """Refuse the whole case at this step and end it (否决).

    Raises:
        Refusal: no reason, or something has been done that only a lawful act of its own can end.
    """
    if not reason.strip():
        raise Refusal("请写明否决的理由。", field="reason")
    with unit_of_work():
        held = lock(actor, task_id)
        require_open(held.task)
        require_decides(actor, held.task)
        require_allowed(held.task, "reject")
        held = deadlines.first(held)
        if why := blocked(effects(held.case, standing(history_of(held.case.id)))):
            raise Refusal(why, field="reason")
        end_case(actor, held.case.id, "rejected", reason.strip())


def may_withdraw(actor: Actor, task: Task) -> bool:
    """Whether the page offers to take the step back; the service decides."""
    if task.state != "done" or task.done_by != actor.person_id:
        return False
    fresh = _after(task, tasks_of(task.case_id, "open"))
    return bool(fresh) and _acted_on(task, fresh) is None


def why_not_withdraw(case: Case, task: Task) -> str | None:
    """What stands in the way of taking back one's own step, None when nothing does; the service decides."""
    if not (decision := acts.may(task, "withdraw")):
        return decision.reason
    fresh = _after(task, tasks_of(case.id, "open"))
    if case.status != "running" or not fresh:
        return "流程已经结束或正在等待期限，不能撤回。"
    if why := _acted_on(task, fresh):
        return why
    return blocked(effects(case, between(case, fresh[0], task, history_of(case.id))))


def _after(task: Task, waiting: Sequence[Task]) -> list[Task]:
    """The open steps that a step led to, and the open parts of the same shared step."""
    return [
        one
        for one in waiting
        if one.created_at >= (task.done_at or one.created_at)
        or (task.group_id is not None and one.group_id == task.group_id)
    ]


def _acted_on(task: Task, fresh: Sequence[Task]) -> str | None:
    lines = history_of(task.case_id)
    if all(line.task_id != task.id for line in standing(lines)):
        return "这一步已经被退回或撤回，不用再撤回。"
    own = max(n for n, line in enumerate(lines) if line.kind == "completed" and line.task_id == task.id)
    after = [one for one in lines[own + 1 :] if one.kind in ("completed", "signed", "sent_back", "timer")]
    if after:
        return f"{after[-1].actor_name}已经在您之后办理，不能再撤回。如需更正，请联系对方退回。"
    if task.group_id is not None:
        others = {one.id for one in tasks_of(task.case_id, "done") if one.group_id == task.group_id} - {
            task.id
        }
        if others:
            return "这一步由多人各自办理，已有其他人办理，不能单独撤回。如需更正，请由下一步退回。"
    if any(one.claimed_by is not None and one.role is not None for one in fresh):
        return "下一步已有人认领，不能再撤回。如需更正，请联系对方退回。"
    return None


def _targets(case: Case, task: Task) -> list[Target]:
    lines = history_of(case.id)
    done = {one.id: one for one in tasks_of(case.id, "done")}
    found: dict[tuple[str, str], Target] = {}
    for line in reversed(standing(lines)):
        one = done.get(line.task_id or 0)
        if one is None or (one.path, one.element) in {*found, (task.path, task.element)}:
            continue
        try:
            way = between(case, task, one, lines)
        except EngineFault:
            continue  # it lies ahead, in a loop that has been turned, or the diagram no longer has it
        found[one.path, one.element] = Target(one, blocked(effects(case, way)))
    return list(found.values())


def _go_back(actor: Actor, held: Locked, target: Task, kind: str, reason: str, straight: bool) -> Task | None:
    case, task, at = held.case, held.task, clock.now()
    bundle, pack = definitions.bundle(case.definition_id), policy.pack(case.pack_version_id)
    stood, waiting = case.state, list(held.open)
    way = between(case, task, target, history_of(case.id))
    if straight:
        way = [line for line in way if line.task_id == target.id]  # what lies between stays done
    for effect in effects(case, way):
        if effect.undo is not None:
            effect.undo(case, actor, at)
    recording.act(
        "back", element=task.element, path=task.path, target=[target.path, target.element], straight=straight
    )
    try:
        back = engine.send_back(
            bundle.model,
            case.state,
            task.engine_id,
            tuple(filter(None, target.path.split("/"))),
            target.element,
            operators=BoundOperators(case, actor, pack, at),
            now=clock.now,
        )
    except EngineFault as error:
        raise Refusal(f"不能退回到“{target.title}”：{error}", field="target") from error
    word = "退回" if kind == "sent_back" else "撤回"
    append_history(
        case, actor, at, kind, f"{word}到“{target.title}”", **place(task), outcome=f"{word}到“{target.title}”"[:80],
        opinion=reason or None, answers={"target": target.id, "straight": straight, "undone": [line.seq for line in way]},
    )  # fmt: skip
    fresh = settle(case, back.result, actor, pack, at, held.open)
    signers.forget([one.id for one in waiting if one.state != "open"])
    made = next((one for one in fresh if (one.path, one.element) == (target.path, target.element)), None)
    if straight:
        closed = [one for one in waiting if one.state != "open"]
        if made is None or made.group_id is not None:
            raise Refusal(NOT_STRAIGHT, field="straight")
        if back.whole:
            detours.begin(case, stood, task, made, waiting)
        elif detours.possible(bundle.model, case, made, closed):
            detours.begin(case, b"", task, made, closed)
        else:
            raise Refusal(NOT_STRAIGHT, field="straight")
    audit_step(case, actor, f"runtime.{kind}")
    people = {one for one in (target.done_by,) if one is not None and one != actor.person_id}
    notify(
        people,
        "returned",
        f"“{case.title}”被{word}：{target.title}",
        f"/cases/{case.no}",
        case.id,
        body=reason,
    )
    return made
