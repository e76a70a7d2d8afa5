"""What of a case's data the cockpit shows: the value where it explains a fault, never who somebody is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

PERSONAL = ("name", "phone", "mobile", "contact", "address", "email", "idcard", "chair", "person", "account")
"""Parts of variable names whose values say who somebody is."""
LONG_NUMBER = re.compile(r"\d{7,}")
MOST = 60


def masked(name: str, value: Any) -> str:
    """A value as an operator may see it: personal fields and long numbers hidden, long texts cut (脱敏)."""
    if value is None:
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(masked(name, one) for one in value[:10]) or "（空）"
    text = str(value)
    if isinstance(value, str) and any(part in name.lower() for part in PERSONAL):
        return f"{text[:1]}{'*' * max(1, min(len(text) - 1, 8))}"
    if isinstance(value, str) and not _is_moment(text):
        text = LONG_NUMBER.sub(
            lambda found: f"{found[0][:2]}{'*' * (len(found[0]) - 4)}{found[0][-2:]}", text
        )
    return text if len(text) <= MOST else f"{text[:MOST]}…"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdigit()
