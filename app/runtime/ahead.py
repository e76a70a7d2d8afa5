"""What the drawing tells the person at a step: the designer's words and what comes next."""

from __future__ import annotations

from app.policy.packs import Pack
from app.runtime import definitions
from app.runtime.models import Case, Task
from app.runtime.rules import role_name
from workflows.model.ahead import Ahead, Drawings


def words(case: Case, task: Task) -> str:
    """What the designer wrote about the step in the diagram, "" when nothing."""
    return _drawings(case).words(task.process, task.element)


def next_steps(case: Case, task: Task, pack: Pack) -> list[str]:
    """What can come after a step, each as a line: 通过 → 负面清单核对（街道经办）."""
    path = [one for one in task.path.split("/") if one]
    return [_line(one, pack) for one in _drawings(case).ahead(task.process, path, task.element)]


def _line(one: Ahead, pack: Pack) -> str:
    role = pack.lane_role(one.lane) if one.lane else None
    who = f"（{role_name(role)}）" if role else ""
    what = {"step": f"{one.title}{who}", "wait": f"等待：{one.title}", "end": f"结束：{one.title}"}[one.kind]
    return f"{one.when} → {what}" if one.when else what


def _drawings(case: Case) -> Drawings:
    bundle = definitions.bundle(case.definition_id)
    return Drawings(bundle.files, bundle.process_key)
