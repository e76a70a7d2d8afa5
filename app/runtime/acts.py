"""Acts on a step besides doing it: transfer, add a signer, copy, urge, comment, reject (转办、加签、抄送、催办、意见、否决)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from app.accounts.models import Person
from app.accounts.queries import actor as actor_of
from app.accounts.queries import names_of_people, people_with
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import YES, Decision, Forbidden, Refusal, no
from app.core.identity import Actor
from app.files import services as files
from app.messages.services import notify
from app.runtime import signers
from app.runtime.locking import lock, lock_case, parts_of, require_may_act, require_open
from app.runtime.models import Case, Copy, History, Task
from app.runtime.rules import sees
from app.runtime.stepping import append_history, audit_step, note
from workflows.approval import ACTS, allowed

URGE_AGAIN = timedelta(hours=4)
"""So long after one reminder of a step nobody is reminded again."""


def require_allowed(task: Task, act: str) -> None:
    """Refuse what the diagram does not allow on this step.

    Raises:
        Forbidden: it does not.
    """
    if not (decision := may(task, act)):
        raise Forbidden(decision.reason)


def require_decides(actor: Actor, task: Task) -> None:
    """Refuse whom the step does not belong to, and who was only asked for an opinion on it (加签).

    Raises:
        Forbidden: with the reason.
    """
    require_may_act(actor, task)
    if task.has_signers and signers.place_of(task, actor) != "own":
        raise Forbidden("您是加签的签署人，只需签署意见；其他办理由这一步的办理人决定。")


def may(task: Task, act: str) -> Decision:
    """Whether the diagram allows an act on a step, and the reason when it does not."""
    return YES if allows(task, act) else no(f"这一步的流程图不允许“{ACTS[act]}”。")


def allows(task: Task, act: str) -> bool:
    """Whether the diagram allows an act on a step."""
    return act in allowed(task.acts)


def act_name(act: str) -> str:
    """The Chinese name of an act."""
    return ACTS[act]


def transfer(actor: Actor, task_id: int, person_id: int, reason: str) -> None:
    """Hand a step, or one part of a shared step, to a colleague of the same post, who then holds it (转办).

    Another post would let a drawing's lane be walked around; for absence there is delegation.

    Raises:
        Refusal: nobody of this post.
    """
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        require_open(task)
        require_decides(actor, task)
        require_allowed(task, "transfer")
        if task.has_signers:
            raise Refusal("这一步由多人各自签署，不能转办；本人不在时请设置代理。")
        if person_id not in {one.id for one in successors(actor, task)}:
            raise Refusal("请选择同一单位、同一岗位的同事。", field="person")
        colleague = actor_of(person_id)
        task.claimed_by, task.claimed_at = person_id, clock.now()
        title = f"转办“{task.title}”给{colleague.name}"
        note(case, task, actor, "transferred", title, opinion=reason.strip() or None)
        _tell([person_id], case, "task", f"{actor.name}转给您办理：{task.title}", task, reason)


def add_signer(actor: Actor, task_id: int, person_id: int, place: str, reason: str) -> None:
    """Ask one more colleague to sign before, beside or after oneself (加签)."""
    if place not in PLACES:
        raise Refusal("请选择加签的次序。", field="place")
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        require_open(task)
        require_decides(actor, task)
        require_allowed(task, "add_signer")
        colleague = _colleague(actor, case, person_id)
        signers.add(task, actor, person_id, place)
        if task.group_id is not None and task.claimed_by is None:
            # This part of the shared step is the actor's now: no other is offered to him.
            task.claimed_by, task.claimed_at = actor.person_id, clock.now()
        title = f"加签“{task.title}”：{colleague.name}（{PLACES[place]}）"
        note(case, task, actor, "signer_added", title, opinion=reason.strip() or None)
        _tell([person_id], case, "task", f"{actor.name}请您签署：{task.title}", task, reason)


PLACES = {"before": "在我之前", "beside": "与我同时", "after": "在我之后"}


def copy_to(actor: Actor, case_id: int, person_ids: Sequence[int], words: str) -> int:
    """Bring a case to the notice of colleagues (抄送); answers how many are new."""
    with unit_of_work() as db:
        case = lock_case(actor, case_id)
        known = set(db.scalars(select(Copy.person_id).where(Copy.case_id == case_id)))
        fresh = [one for one in dict.fromkeys(person_ids) if one not in known]
        for person_id in fresh:
            _colleague(actor, case, person_id)
            db.add(
                Copy(
                    city=case.city,
                    case_id=case_id,
                    person_id=person_id,
                    copied_by=actor.person_id or 0,
                    at=clock.now(),
                )
            )
        if not fresh:
            raise Refusal("所选人员都已收到抄送。", field="people")
        names = "、".join(
            name for _, name in sorted(names_of_people(fresh).items(), key=lambda one: one[0] or 0)
        )
        append_history(
            case, actor, clock.now(), "copied", f"抄送给{names}"[:200], opinion=words.strip() or None
        )
        audit_step(case, actor, "runtime.copied")
        notify(fresh, "copy", f"{actor.name}抄送：{case.title}", f"/cases/{case.no}", case.id, body=words)
        return len(fresh)


def urge(actor: Actor, task_id: int, words: str) -> int:
    """Remind those who have a step (催办); answers how many were reminded.

    Raises:
        Refusal: it was done a short while ago, or nobody holds the step.
    """
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        require_open(task)
        require_allowed(task, "urge")
        last = session().scalar(
            select(func.max(History.at)).where(History.task_id == task.id, History.kind == "urged")
        )
        if last is not None and clock.now() - last < URGE_AGAIN:
            raise Refusal(f"{clock.local(last):%H:%M} 已经催办过，请稍后再催。")
        people = [one for one in holders(task) if one != actor.person_id]
        if not people:
            raise Refusal("这一步现在没有别的办理人，不用催办。")
        note(case, task, actor, "urged", f"催办“{task.title}”", opinion=words.strip() or None)
        _tell(people, case, "urge", f"{actor.name}催办：{task.title}", task, words)
        return len(people)


def comment(actor: Actor, case_id: int, words: str, file_ids: Sequence[int] = ()) -> None:
    """Say something about a case at any time, with papers (意见)."""
    if not words.strip():
        raise Refusal("请填写意见。", field="words")
    with unit_of_work():
        case = lock_case(actor, case_id)
        files.attach(list(file_ids), case.id, actor)
        answers = {"files": list(file_ids)} if file_ids else None
        append_history(
            case, actor, clock.now(), "commented", "补充意见", opinion=words.strip(), answers=answers
        )
        audit_step(case, actor, "runtime.commented")


def successors(actor: Actor, task: Task) -> list[Person]:
    """Those a step can be handed to: of its post and unit, without the actor and whom he stands in for.

    Of a step that several do side by side without those who have done or hold another part.
    """
    if task.role is None or task.unit_id is None:
        return []
    parts = parts_of(task)
    taken = actor.persons | parts.done_by | parts.held_by
    return [one for one in people_with(task.role, task.unit_id) if one.id not in taken]


def holders(task: Task) -> list[int]:
    """Those who can do a step now; of a step that several do side by side those who have no part yet."""
    if task.has_signers:
        return [row.person_id for row in signers.of(task) if row.state == "open"]
    if task.claimed_by is not None:
        return [task.claimed_by]
    if task.role is None or task.unit_id is None:
        return []
    parts = parts_of(task)
    people = [person.id for person in people_with(task.role, task.unit_id)]
    return [one for one in people if one not in parts.done_by | parts.held_by]


def speaks(task: Task) -> bool:
    """Whether people are told of a step by itself: of the free parts of a shared step they are told once."""
    return not parts_of(task).follows


def _colleague(actor: Actor, case: Case, person_id: int) -> Actor:
    colleague = actor_of(person_id)
    if person_id == actor.person_id:
        raise Refusal("不能选择自己。", field="person")
    if not sees(colleague, case):
        raise Refusal(f"{colleague.name}不在本项目的单位中，看不到这个项目。", field="person")
    return colleague


def _tell(people: Sequence[int], case: Case, kind: str, title: str, task: Task, words: str) -> None:
    notify(people, kind, title, f"/desk/tasks/{task.id}", case.id, body=words.strip())
