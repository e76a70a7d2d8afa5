"""Move running cases to another version of their model: a plan, in batches, undone as one (在办项目迁移)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, NotFound, Refusal
from app.core.identity import SYSTEM, Actor
from app.policy import queries as packs
from app.runtime import definitions
from app.runtime.models import Case, Definition, Task
from app.runtime.queries import tasks_of
from app.runtime.rules import unit_of
from app.runtime.stepping import append_history, audit_step, stage_of
from app.studio.models import ModelMove, MovedCase
from workflows.repair import migrate
from workflows.types import OpenStep

log = logging.getLogger(__name__)
BATCH = 20
KEPT = ("title", "form_key", "stage", "lane", "role", "unit_id", "signing", "acts", "claimed_by")
"""What the new version may say otherwise of an open step; its deadline, drafts and signatures stay."""


@dataclass(frozen=True, slots=True)
class CasePlan:
    """What moving would do to one case, tried on a copy.

    Attributes:
        reasons: why it stays where it is; empty when it can move.
        steps: what becomes of its open steps, in words.
    """

    case: Case
    reasons: list[str]
    steps: list[str]
    next_due: datetime | None


def plan(source_id: int, target_id: int, limit: int = 500) -> list[CasePlan]:
    """What moving would do to each running case of a version (迁移方案); nothing is changed."""
    _require_pair(source_id, target_id)
    query = (
        select(Case)
        .options(undefer(Case.state))
        .where(Case.definition_id == source_id, Case.status == "running")
        .order_by(Case.id)
        .limit(limit)
    )
    return [_plan(case, target_id) for case in session().scalars(query)]


def _plan(case: Case, target_id: int) -> CasePlan:
    old, new = definitions.bundle(case.definition_id), definitions.bundle(target_id)
    tasks = tasks_of(case.id, "open")
    reasons = _obstacles(tasks)
    moved = migrate(old.model, new.model, case.state)
    reasons += [one.text for one in moved.obstacles]
    steps = []
    after = {step.id: step for step in moved.result.open} if moved.result else {}
    for task in tasks:
        step = after.get(task.engine_id)
        if step is None:
            continue
        said = [f"“{task.title}”继续办理，时限和草稿不变"]
        if step.title != task.title:
            said.append(f"改名为“{step.title}”")
        if (step.lane or None) != task.lane:
            said.append(f"改由“{step.lane}”办理")
        if step.form != task.form_key:
            said.append("改用新的表单")
        steps.append("，".join(said))
    return CasePlan(case, reasons, steps, case.next_due)


def _obstacles(tasks: Sequence[Task]) -> list[str]:
    found = []
    if any(task.detour for task in tasks):
        found.append("有步骤退回后要直接送回，须先办完")
    if any(task.has_signers for task in tasks):
        found.append("有步骤正在会签，须先签完")
    return found


def begin(actor: Actor, source_id: int, target_id: int, reason: str) -> ModelMove:
    """Order that the cases of a version are moved, in batches, by the worker (下达迁移).

    Raises:
        Refusal: no reason, or the versions do not belong together.
        Conflict: a move from this version is under way.
    """
    if not reason.strip():
        raise Refusal("请写明迁移的原因，项目的办理经过里会记下来。", field="reason")
    with unit_of_work() as db:
        _require_pair(source_id, target_id)
        db.get_one(Definition, source_id, with_for_update=True)
        busy = select(ModelMove.id).where(
            ModelMove.source_id == source_id, ModelMove.state.in_(("running", "undoing"))
        )
        if db.scalar(busy.limit(1)) is not None:
            raise Conflict("这一版的项目正在迁移，请等它结束。")
        ids = list(
            db.scalars(
                select(Case.id)
                .where(Case.definition_id == source_id, Case.status == "running")
                .order_by(Case.id)
            )
        )
        if not ids:
            raise Refusal("这一版没有在办的项目。")
        made = ModelMove(
            source_id=source_id,
            target_id=target_id,
            reason=reason.strip(),
            ordered_by=actor.person_id,
            ordered_at=clock.now(),
            state="running",
            total=len(ids),
            done=0,
        )
        db.add(made)
        db.flush()
        db.add_all(MovedCase(move_id=made.id, case_id=case_id, state="waiting") for case_id in ids)
        record(
            f"model_move:{made.id}", "studio.move", actor=actor, subject=f"{len(ids)} 个项目",
            after={"from": source_id, "to": target_id},
        )  # fmt: skip
        return made


def undo(actor: Actor, move_id: int) -> None:
    """Take a move back as one (撤销迁移): every case that nobody has acted on since goes back to where it stood."""
    with unit_of_work() as db:
        move = db.get(ModelMove, move_id, with_for_update=True, populate_existing=True)
        if move is None:
            raise NotFound
        if move.state != "done":
            raise Conflict("迁移还没有结束，或已经撤销过。")
        move.state, move.done, move.undone_by = "undoing", 0, actor.person_id
        move.total = len(_rows(move_id, "moved", 1_000_000))
        record(f"model_move:{move.id}", "studio.undo_move", actor=actor, subject=f"{move.total} 个项目")


def run() -> int:
    """Carry moves on by one batch each (迁移一批); answers how many cases were looked at."""
    moves = session().execute(
        select(ModelMove.id, ModelMove.state)
        .where(ModelMove.state.in_(("running", "undoing")))
        .order_by(ModelMove.id)
    )
    return sum(_batch(move_id, state) for move_id, state in moves.all())


def _batch(move_id: int, state: str) -> int:
    wanted, act = ("waiting", _move_one) if state == "running" else ("moved", _undo_one)
    rows = _rows(move_id, wanted, BATCH)
    for row_id in rows:
        try:
            _one(row_id, wanted, act)
        except Exception as error:  # one case that fails is listed; the others go on
            log.exception("case of move %s failed", move_id)
            text, otherwise = f"系统无法处理：{error}", "refused" if state == "running" else "kept"
            _one(row_id, wanted, partial(_stays, state=otherwise, reason=text))
    if len(rows) < BATCH:
        with unit_of_work() as db:
            move = db.get_one(ModelMove, move_id, with_for_update=True, populate_existing=True)
            move.state = "done" if state == "running" else "undone"
            move.finished_at = clock.now()
    return len(rows)


def _one(row_id: int, wanted: str, act: Callable[[MovedCase], None]) -> None:
    with unit_of_work() as db:
        row = db.get_one(MovedCase, row_id, with_for_update=True, populate_existing=True)
        if row.state == wanted:
            act(row)
            move = db.get_one(ModelMove, row.move_id, with_for_update=True, populate_existing=True)
            move.done += 1


def _stays(row: MovedCase, state: str, reason: str) -> None:
    row.state, row.reason = state, reason


def _rows(move_id: int, state: str, limit: int) -> list[int]:
    query = select(MovedCase.id).where(MovedCase.move_id == move_id, MovedCase.state == state)
    return list(session().scalars(query.order_by(MovedCase.id).limit(limit)))


def _move_one(row: MovedCase) -> None:
    """Move one case, or write down why it stays."""
    db = session()
    move = db.get_one(ModelMove, row.move_id)
    case = db.get_one(
        Case, row.case_id, with_for_update=True, populate_existing=True, options=[undefer(Case.state)]
    )
    if case.status != "running" or case.definition_id != move.source_id:
        row.state, row.reason = "refused", "项目已经办结，或已不在原来的版本"
        return
    tasks = list(tasks_of(case.id, "open"))
    old, new = definitions.bundle(case.definition_id), definitions.bundle(move.target_id)
    moved = migrate(old.model, new.model, case.state)
    reasons = [*_obstacles(tasks), *(one.text for one in moved.obstacles)]
    if reasons or moved.result is None:
        row.state, row.reason = "refused", "；".join(reasons)
        return
    target = db.get_one(Definition, move.target_id)
    row.before_state, row.before_pack_id = case.state, case.pack_version_id
    row.before_tasks = {str(task.id): {name: getattr(task, name) for name in KEPT} for task in tasks}
    case.state, case.definition_id, case.rev = moved.result.state, new.id, case.rev + 1
    case.pack_version_id = target.pack_version_id or case.pack_version_id
    steps = {step.id: step for step in moved.result.open}
    for task in tasks:
        _retell(case, task, steps[task.engine_id])
    append_history(
        case, SYSTEM, clock.now(), "migrated", f"流程由第 {old.no} 版改为第 {new.no} 版", opinion=move.reason
    )
    audit_step(case, SYSTEM, "runtime.migrated")
    row.state, row.rev = "moved", case.rev


def _retell(case: Case, task: Task, step: OpenStep) -> None:
    """Say of an open step what the new version says of it; deadline and claim stay where they can."""
    role = packs.pack(case.pack_version_id).lane_role(step.lane) if step.lane else None
    task.title, task.form_key, task.stage, task.lane = step.title, step.form, stage_of(step), step.lane
    task.acts = step.properties.get("acts") or ""
    if role != task.role:
        task.role, task.unit_id = role, unit_of(case, role)
        task.claimed_by = None if role else case.owner_id


def _undo_one(row: MovedCase) -> None:
    """Put one case back where it stood before the move."""
    db = session()
    move = db.get_one(ModelMove, row.move_id)
    case = db.get_one(Case, row.case_id, with_for_update=True, populate_existing=True)
    if case.status != "running" or case.rev != row.rev or row.before_state is None:
        row.state, row.reason = "kept", "迁移以后已经办理过，不能退回原来的版本"
        return
    case.state, case.definition_id, case.rev = row.before_state, move.source_id, case.rev + 1
    case.pack_version_id = row.before_pack_id or case.pack_version_id
    kept: dict[str, Any] = row.before_tasks or {}
    for task in tasks_of(case.id, "open"):
        for name, value in kept.get(str(task.id), {}).items():
            setattr(task, name, value)
    append_history(case, SYSTEM, clock.now(), "migrated", "撤销流程版本迁移，回到原来的版本")
    audit_step(case, SYSTEM, "runtime.migrated")
    row.state = "undone"


def find(move_id: int) -> ModelMove:
    """A move by its number.

    Raises:
        NotFound: there is none.
    """
    found = session().get(ModelMove, move_id)
    if found is None:
        raise NotFound
    return found


def cases_of(move_id: int) -> list[tuple[MovedCase, str, str]]:
    """Cases of a move with number and title."""
    query = (
        select(MovedCase, Case.no, Case.title)
        .join(Case, Case.id == MovedCase.case_id)
        .where(MovedCase.move_id == move_id)
        .order_by(MovedCase.id)
        .limit(2000)
    )
    return [(row, no, title) for row, no, title in session().execute(query)]


def moves_of(definition_ids: Sequence[int]) -> list[ModelMove]:
    """Moves from or to any of these versions, the newest first."""
    query = select(ModelMove).where(ModelMove.source_id.in_(definition_ids)).order_by(ModelMove.id.desc())
    return list(session().scalars(query.limit(50)))


def _require_pair(source_id: int, target_id: int) -> None:
    db = session()
    source, target = db.get(Definition, source_id), db.get(Definition, target_id)
    if source is None or target is None:
        raise NotFound
    if source_id == target_id or (source.pack_key, source.process_key) != (
        target.pack_key,
        target.process_key,
    ):
        raise Refusal("请选择同一流程的另一个版本。", field="target")
    if target.state not in ("published", "retired"):
        raise Refusal("只能迁移到已经发布的版本。", field="target")
