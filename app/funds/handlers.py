"""What diagrams can do with money, and what happens when a case ends early."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.identity import Actor
from app.funds import services
from app.runtime.handlers import OperatorContext, Variables, on_close, operator
from app.runtime.models import Case


def _release(context: OperatorContext, _parameters: Mapping[str, Any]) -> Variables:
    services.release(context.actor, context.case)
    return {}


def _closed(case: Case, actor: Actor, _at: datetime, _status: str) -> None:
    services.release(actor, case)


def register() -> None:
    """Register the room's operator and its closing hook."""
    operator(
        "funds.release",
        _release,
        title="释放预留资金",
        help="把本项目预留、占用而未支付的资金退回各资金来源。",
    )
    on_close(_closed)
