"""Who may act on a step, and who may see a case."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.core.errors import YES, Decision, no
from app.core.identity import ROLE_NAMES, Actor, Role
from app.runtime.models import Case, Task

UNIT_OF_ROLE: Mapping[str, str] = {
    "community": "community_id",
    "street": "street_id",
    "organisation": "provider_id",
    "evaluator": "evaluator_id",
}
"""Which unit of the case gives the people of a role: the part of the role before the dot decides."""

STAGES: tuple[tuple[str, str], ...] = (
    ("proposal", "提案"),
    ("review", "审议"),
    ("publicity", "公示"),
    ("procurement", "采购"),
    ("contract", "合同"),
    ("delivery", "实施"),
    ("evaluation", "评价"),
    ("settlement", "结算"),
    ("credit", "归档"),
)
"""The stages of a case by key, as people call them."""


NOT_ASKED = "这一步由多人签署，您不在签署名单中。"
NOT_NOW: Mapping[str, str] = {
    "waiting": "还没有轮到您签署，轮到时会出现在您的待办中。",
    "signed": "您已经签署，现在等其他人签署。",
    "closed": "这一步的结果已定，不再需要您签署。",
}
"""Why one of those asked to sign does not sign now, by the state of the signature."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Who has the other parts of a step that several do side by side: one person does one part.

    Attributes:
        done_by: persons who have done one.
        held_by: persons who have one in hand, claimed or handed to them.
        count: how many parts there are, this one among them.
        done: how many of them are done.
        follows: this part is free and so is an earlier one: people are shown that one.
    """

    done_by: frozenset[int] = frozenset()
    held_by: frozenset[int] = frozenset()
    count: int = 1
    done: int = 0
    follows: bool = False


def unit_of(case: Case, role: str | None) -> int | None:
    """The unit of the case whose people hold the role, None when the case has no such unit (yet)."""
    column = UNIT_OF_ROLE.get((role or "").partition(".")[0])
    return getattr(case, column) if column else None


def role_name(role: str | None) -> str:
    """The Chinese name of a role."""
    return ROLE_NAMES[Role(role)] if role else "项目负责人"


def sees(actor: Actor, case: Case) -> bool:
    """Whether the case lies inside the units the actor may look into (ZH-24a)."""
    parties = {case.street_id, case.community_id, case.provider_id, case.evaluator_id} - {None}
    return actor.is_system or bool(parties & actor.scope) or case.started_by == actor.person_id


def may_act(
    actor: Actor,
    task: Task,
    unit_name: str,
    parts: Parts,
    turn: Collection[int] | None = None,
) -> Decision:
    """Whether the actor may complete the task: open, in his role and unit, not held by another, no second vote.

    Args:
        unit_name: name of the task's unit, for the reason.
        turn: of a step that several sign, those who may sign now.
    """
    if actor.is_system:
        return no("这一步需要由人办理。")
    if turn is not None:
        return YES if actor.persons & set(turn) else no(NOT_ASKED)
    if task.claimed_by is not None and task.claimed_by not in actor.persons:
        return no("这一步已由同事认领，正在办理。如需接手，请联系该同事退回认领。")
    if task.role is None:
        return YES if task.claimed_by is not None else no("这一步由项目负责人办理。")
    if not actor.has(task.role, task.unit_id):
        return no(f"这一步由{unit_name}的“{role_name(task.role)}”办理，您没有这个岗位。")
    if actor.person_id in parts.done_by:
        return no("您已经在这一步提交过意见，每人只能提交一次，请由其他人员办理。")
    if actor.person_id in parts.held_by:
        return no("这一步每人办理一份，您名下已有另一份，请办理那一份。")
    return YES
