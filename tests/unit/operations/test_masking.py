"""What the cockpit shows of a case's data."""

from __future__ import annotations

import pytest

from app.operations.rules import masked


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("chair", "张三", "张*"),
        ("note", "电话13800138000", "电话13*******00"),
        ("until", "2026-03-05T00:00:00+08:00", "2026-03-05T00:00:00+08:00"),
        ("ok", True, "是"),
        ("amount", 14800000, "14800000"),
        ("votes", ["agree", "refuse"], "agree、refuse"),
        ("text", "长" * 80, "长" * 60 + "…"),
        ("nothing", None, "（空）"),
    ],
)
def test_values_are_shown_as_far_as_they_explain(name: str, value: object, shown: str) -> None:
    assert masked(name, value) == shown
