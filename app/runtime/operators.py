"""Automatic steps the runtime itself offers to diagrams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import Fault
from app.runtime.handlers import OperatorContext, Variables, operator
from app.runtime.stepping import FINISHED


def _close(context: OperatorContext, parameters: Mapping[str, Any]) -> Variables:
    """Say how the case ends; the rooms settle when the diagram has reached its end."""
    status = str(parameters.get("status", ""))
    if status not in FINISHED:
        raise Fault(f"“结案”步骤的参数 status 不能是“{status}”")
    return {"case_status": status}


def register() -> None:
    """Put the runtime's operators into the catalogue."""
    operator(
        "case.close",
        _close,
        title="结案",
        help="说明流程以什么结果结束；放在结束事件之前。",
        parameters={"status": "rejected 不予立项 / withdrawn 撤回 / cancelled 终止 / completed 办结"},
        outputs=("case_status",),
    )
