"""The approval acts a designer can allow on a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ACTS: Final[Mapping[str, str]] = {
    "transfer": "转办",
    "add_signer": "加签",
    "send_back": "退回",
    "withdraw": "撤回",
    "urge": "催办",
    "copy": "抄送",
    "comment": "意见",
    "reject": "否决",
    "batch": "批量办理",
}
"""Name by key, as the property `acts` of a user task lists them, with commas between."""
USUAL: Final = frozenset({"transfer", "add_signer", "send_back", "withdraw", "urge", "copy", "comment"})
"""What a step allows when its diagram says nothing: all that neither ends a case nor decides several at once."""


def allowed(acts: str) -> frozenset[str]:
    """The acts a step allows.

    Args:
        acts: the property as the diagram has it; "" for the usual ones, "none" for none.
    """
    named = frozenset(part.strip() for part in acts.split(",") if part.strip())
    return named & ACTS.keys() if named else USUAL
