"""Which files a draft may hold, and who may change what."""

from __future__ import annotations

import pytest

from app.core.errors import Refusal
from app.studio import rules


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("process/review.bpmn", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
        ("process/review.bpmn", b"<x"),
        ("process/review.bpmn", b""),
        ("process/review.bpmn", b"<x>" + b"a" * 2 * 1024 * 1024 + b"</x>"),
        ("form/a.json", b"{"),
        ("form/a.json", b"\xff\xfe"),
        ("form/a.json", b'{"a": "' + b"[" * 10 + b"\x00"),
        ("form/a.json", b"[" * 200_000),
        ("process/../../etc/passwd.bpmn", b"<x/>"),
        ("process/a.dmn", b"<x/>"),
        ("secrets/a.json", b"{}"),
        ("zhuhai/pack.yaml", b"a: [1"),
        ("zhuhai/pack.yaml", b"just text"),
    ],
)
def test_what_cannot_be_read_or_has_no_place_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(Refusal):
        rules.name_allowed(name).require()
        rules.require_content(name, data)


@pytest.mark.parametrize(
    "name",
    [
        "process/review.bpmn",
        "decision/advance_cap.dmn",
        "decision/advance_cap.tests.json",
        "form/proposal.vote.ui.json",
        "tests/recorded-1.json",
        "zhuhai/pack.yaml",
        "law-cn/constraints.yaml",
        "codes.csv",
    ],
)
def test_a_packs_own_places_are_taken(name: str) -> None:
    assert rules.name_allowed(name)
