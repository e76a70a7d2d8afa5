"""Everything that moves a case: start, complete, claim, release, draft, end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import OrgUnit
from app.accounts.queries import actor as actor_of
from app.core import clock, idempotency
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, Refusal
from app.core.identity import Actor
from app.policy import queries as policy
from app.runtime import (
    completing,
    deadlines,
    definitions,
    faults,
    handlers,
    publication,
    recording,
    signers,
)
from app.runtime.completing import Completed
from app.runtime.locking import Locked, lock, lock_case, require_may_act, require_open, visible
from app.runtime.models import Case, CaseCounter, Draft
from app.runtime.stepping import (
    BoundOperators,
    append_history,
    audit_step,
    close_open_tasks,
    finish,
    note,
    settle,
)
from app.runtime.undoing import answered_before
from app.ui import forms
from workflows import engine


def start_case(
    actor: Actor,
    *,
    pack_key: str,
    process_key: str,
    title: str,
    street_id: int,
    community_id: int | None,
    owner_id: int,
    data: Mapping[str, Any],
    key: str | None = None,
) -> Case:
    """Start a case on the published version of a model and freeze its pack (发起).

    Args:
        owner_id: the street's person in charge (ZH-05-1).
        data: first process variables; scalars only.
        key: idempotency key; the same key by the same person answers the same case.

    Raises:
        Refusal: no published model, or the pack does not allow new cases (ZH-30).
    """
    at = clock.now()
    with unit_of_work() as db:
        request = {"process": process_key, "title": title, "street": street_id, "community": community_id}
        known = idempotency.remember(actor, "case.start", key, request)
        if known is not None:
            return db.get_one(Case, known["case_id"])
        publication.put_due_in_force()
        pack = policy.active(pack_key, clock.today())
        bundle = definitions.bundle(definitions.in_force(pack_key, process_key))
        street = db.get_one(OrgUnit, street_id)
        case = Case(
            city=street.city,
            no=_next_number(street, clock.today().year),
            title=title,
            pack_key=pack_key,
            pack_version_id=pack.version_id,
            definition_id=bundle.id,
            status="running",
            street_id=street_id,
            community_id=community_id,
            owner_id=owner_id,
            started_by=actor.person_id,
            started_at=at,
            state=b"",
        )
        db.add(case)
        db.flush()
        append_history(case, actor, at, "started", f"发起“{title}”")
        variables = {"case_status": "running", **data}
        recording.act("start", data=variables)
        result = engine.start(
            bundle.model,
            variables,
            operators=BoundOperators(case, actor, pack, at),
            now=clock.now,
        )
        settle(case, result, actor, pack, at, ())
        audit_step(case, actor, "runtime.start")
        idempotency.answer(actor, "case.start", key, request, {"case_id": case.id})
        return case


def complete_task(
    actor: Actor,
    task_id: int,
    answers: Mapping[str, Any],
    idempotency_key: str | None = None,
    posted: Mapping[str, Any] | None = None,
) -> Completed:
    """Complete a user task with its answers (办理).

    One transaction: permission, lock, rule, engine step, rows, audit. Twice the same request
    (same key) is one effect and the same answer.

    Args:
        answers: values by field name, money in fen, as `app.ui.forms.cast` makes them.
        posted: what was sent as it came, by which a replay is known: what the system fills in may differ.

    Raises:
        NotFound: no such task for these eyes.
        Forbidden: the actor may see the task but not act on it.
        Conflict: somebody else completed it first.
        Refusal: a rule says no; nothing has happened.
        Fault: something is broken; nothing has happened and an incident is open.
    """
    with faults.reported(actor, task_id), unit_of_work():
        request = {"task": task_id, "answers": dict(answers if posted is None else posted)}
        held = lock(actor, task_id)
        task, case = held.task, held.case
        if task.state != "open":
            known = idempotency.remember(actor, "task.complete", idempotency_key, request)
            if known is not None:
                return Completed(**{**known, "next_task_ids": tuple(known["next_task_ids"])})
        require_open(task)
        require_may_act(actor, task)
        held, at = deadlines.first(held), clock.now()
        bundle = definitions.bundle(case.definition_id)
        context = completing.context_of(case, task, actor, policy.pack(case.pack_version_id), bundle)
        forms.check(completing.prepared(context, bundle, handlers.form_handler(task.form_key)), dict(answers))
        if task.has_signers:
            if signers.place_of(task, actor) != "own":
                raise Forbidden("您是加签的签署人，请签署意见。")
            agrees = completing.agrees(bundle.form(task.form_key), answers)
            done = sign(held, actor, agrees, answers.get("opinion"), answers)
        else:
            done = completing.carry_out(held, actor, answers, at)
        kept = {name: getattr(done, name) for name in Completed.__slots__}
        idempotency.answer(actor, "task.complete", idempotency_key, request, kept)
        return done


def sign_added(actor: Actor, task_id: int, *, agrees: bool, opinion: str) -> Completed:
    """Give one's opinion as an added signer (加签意见).

    Raises:
        Forbidden: not this person's turn, or the step's own form is to be filled in.
        Refusal: no opinion.
    """
    if not opinion.strip():
        raise Refusal("请填写意见。", field="opinion")
    with faults.reported(actor, task_id), unit_of_work():
        held = lock(actor, task_id)
        require_open(held.task)
        require_may_act(actor, held.task)
        if signers.place_of(held.task, actor) in (None, "own"):
            raise Forbidden("这一步请填写表单办理。")
        return sign(deadlines.first(held), actor, agrees, opinion.strip(), None)


def sign(
    held: Locked, actor: Actor, agrees: bool, opinion: str | None, answers: Mapping[str, Any] | None
) -> Completed:
    """Sign a step that several sign, and carry it out when that decides it (签署); the case is locked.

    Args:
        answers: the form of those the step is for; None for an added signer's opinion.
    """
    task, case, at = held.task, held.case, clock.now()
    decided = signers.sign(task, actor, at, agrees, opinion, answers)
    note(
        case,
        task,
        actor,
        "signed",
        f"签署“{task.title}”",
        outcome="同意" if agrees else "不同意",
        opinion=opinion or None,
    )
    if decided is None:
        return Completed(task.id, case.id, case.no, task.title, (), False)
    who = actor if decided.person_id == actor.person_id else actor_of(decided.person_id)
    return completing.carry_out(held, who, decided.answers, at)


def prepared_form(actor: Actor, task_id: int) -> forms.Form:
    """The form of a task as the actor gets to see it, filled in with what is known.

    Raises:
        NotFound: no such task for these eyes.
    """
    task, case = visible(actor, task_id)
    pack, bundle = policy.pack(case.pack_version_id), definitions.bundle(case.definition_id)
    context = completing.context_of(case, task, actor, pack, bundle)
    handler = handlers.form_handler(task.form_key)
    form = completing.prepared(context, bundle, handler)
    names = {one.key for one in form.fields if not one.read_only}
    known = answered_before(task, actor, kept=handler is None)
    return form.with_values(**{name: value for name, value in known.items() if name in names})


def claim(actor: Actor, task_id: int) -> None:
    """Take an open task for oneself so that nobody else works on it (认领)."""
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        require_open(task)
        require_may_act(actor, task)
        if task.has_signers:
            raise Refusal("这一步由多人签署，每人签自己的一份，不用认领。")
        if task.claimed_by == actor.person_id:
            return
        task.claimed_by, task.claimed_at = actor.person_id, clock.now()
        note(case, task, actor, "claimed", f"认领“{task.title}”")


def release(actor: Actor, task_id: int) -> None:
    """Give a claimed task back to all who hold the role (退回认领)."""
    with unit_of_work():
        held = lock(actor, task_id)
        task, case = held.task, held.case
        require_open(task)
        if task.role is None:
            raise Refusal("这一步由项目负责人本人办理，不能退回认领。")
        if task.claimed_by != actor.person_id:
            raise Forbidden("这一步不是由您认领的，只有认领人可以退回。")
        if task.has_signers:
            raise Refusal("您已请同事加签，这一步由您决定，不能退回认领。")
        task.claimed_by = task.claimed_at = None
        note(case, task, actor, "released", f"退回认领“{task.title}”")


def save_draft(actor: Actor, task_id: int, answers: Mapping[str, Any]) -> None:
    """Keep what has been typed, checked by nothing, for this person only (存草稿)."""
    with unit_of_work() as db:
        task, _ = visible(actor, task_id)
        require_open(task)
        require_may_act(actor, task)
        draft = db.scalar(select(Draft).where(Draft.task_id == task_id, Draft.person_id == actor.person_id))
        if draft is None:
            draft = Draft(task_id=task_id, person_id=actor.person_id)
            db.add(draft)
        draft.answers, draft.saved_at = dict(answers), clock.now()
        task.drafted = True


def end_case(actor: Actor, case_id: int, status: str, reason: str) -> None:
    """End a running case before its diagram does: withdrawn, cancelled or rejected (撤回、终止、否决).

    The rooms settle what hangs on the case (reserved money is released); whether the actor may is
    the calling room's rule.

    Raises:
        Conflict: the case has already ended.
    """
    at = clock.now()
    with unit_of_work():
        case = lock_case(actor, case_id)
        if case.status != "running":
            raise Conflict("项目已经结束，不能再撤回、终止或否决。")
        bundle = definitions.bundle(case.definition_id)
        recording.act("end")
        result = engine.cancel(bundle.model, case.state, now=clock.now)
        recording.stood([])
        case.state, case.rev = result.state, case.rev + 1
        close_open_tasks(case, at, "流程结束")
        title = {"withdrawn": "撤回申报", "cancelled": "终止项目", "rejected": "否决"}[status]
        append_history(case, actor, at, "ended", title, outcome=status, opinion=reason)
        finish(case, actor, at, status)
        audit_step(case, actor, f"runtime.{status}")


def _next_number(street: OrgUnit, year: int) -> str:
    """The next case number of a street and year; its counter row is locked until the case exists."""
    db = session()
    kind = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    first = kind.insert(CaseCounter).values(street_id=street.id, year=year, last=0)
    db.execute(first.on_conflict_do_nothing())  # two first cases of a year may come at once
    counter = db.get_one(CaseCounter, (street.id, year), with_for_update=True, populate_existing=True)
    counter.last += 1  # written with the case
    return f"XM{year}-{(street.code or str(street.id))[-7:]}-{counter.last:04d}"
