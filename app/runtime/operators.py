"""Automatic steps the runtime itself offers to diagrams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import Fault
from app.policy import holidays
from app.runtime import recounting, reminding
from app.runtime.handlers import (
    OperatorContext,
    OperatorParameter,
    Variables,
    first_variable,
    keep,
    operator,
)
from app.runtime.models import Task
from app.runtime.queries import tasks_of
from app.runtime.stepping import FINISHED


def _close(context: OperatorContext, parameters: Mapping[str, Any]) -> Variables:
    """Say how the case ends; the rooms settle when the diagram has reached its end."""
    status = str(parameters.get("status", ""))
    if status not in FINISHED:
        raise Fault(f"“结案”步骤的参数 status 不能是“{status}”")
    return {"case_status": status}


def _remind(context: OperatorContext, parameters: Mapping[str, Any]) -> Variables:
    """Remind those who have the step that its time is nearly over."""
    for task in _steps(context, parameters):
        reminding.remind(context.case, task, context.actor, context.at)
    return {}


def _escalate(context: OperatorContext, parameters: Mapping[str, Any]) -> Variables:
    """Tell the leader that the step is late."""
    for task in _steps(context, parameters):
        reminding.escalate(context.case, task, context.actor, context.at)
    return {}


def _steps(context: OperatorContext, parameters: Mapping[str, Any]) -> list[Task]:
    """The open steps of the element a reminder hangs on; none when they have just been done."""
    element = str(parameters.get("step", ""))
    if not element:
        raise Fault("催办步骤缺少参数 step（要提醒的步骤）")
    return [task for task in tasks_of(context.case.id, "open") if task.element == element]


def register() -> None:
    """Put the runtime's operators into the catalogue, and let it follow the calendar."""
    holidays.on_change(recounting.recompute)
    first_variable("case_status", "running")
    operator(
        "case.close",
        _close,
        title="结案",
        help="说明流程以什么结果结束；放在结束事件之前。",
        parameters={
            "status": OperatorParameter(
                "以什么结果结案",
                "choice",
                choices=(
                    ("rejected", "不予立项"),
                    ("withdrawn", "撤回"),
                    ("cancelled", "终止"),
                    ("completed", "办结"),
                ),
            )
        },
        outputs=("case_status",),
        echoes={"case_status": "status"},
    )
    step = {"step": OperatorParameter("催办哪一步", "step")}
    operator(
        "task.remind",
        _remind,
        title="催办",
        help="提醒正在办理的人：这一步快到期了。画在步骤边上的不中断定时事件之后。",
        parameters=step,
        undo=keep,
    )
    operator(
        "task.escalate",
        _escalate,
        title="督办",
        help="这一步已超期：提醒办理人，并告知其单位负责人。画在步骤边上的不中断定时事件之后。",
        parameters=step,
        undo=keep,
    )
