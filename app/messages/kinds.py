"""What messages are about, in the words of those who get them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    "task": "新的待办",
    "urge": "催办",
    "returned": "退回和撤回",
    "due": "快到期",
    "late": "超时和督办",
    "deadline": "期限调整",
    "copy": "抄送",
    "objection": "收到异议",
    "published": "公示和公告",
    "award": "采购和成交",
    "paid": "付款",
    "incident": "故障和需要处理的问题",
}
"""Name by key, in the order in which people choose."""
PRESSING: Final = frozenset({"task", "urge", "returned", "due", "late"})
"""What a person who has just given an address gets by mail."""
