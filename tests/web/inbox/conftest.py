"""The real pages over the runtime's office and small models."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.policy.packs import Pack
from tests.factories.bpmn import Diagram
from tests.integration.runtime import conftest as runtime

CLERK, LEADER = "街道经办", "街道领导"


@pytest.fixture
def office(app: Flask, database: Any, pack: Pack) -> SimpleNamespace:
    """The office, known to the whole application."""
    del app
    return runtime.office.__wrapped__(database, pack)  # type: ignore[attr-defined,no-any-return]


begin = runtime.begin


def two_steps(key: str = "line", acts: str = "transfer,send_back,urge,batch") -> Diagram:
    """A clerk checks, the leader decides."""
    made = Diagram(key, "两步", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("check", "核稿", CLERK, 1, form="act", props={"acts": acts, "dueWorkingDays": "3"})
    made.user("decide", "签发", LEADER, 2, form="act", props={"acts": acts})
    made.end("end", "办结", LEADER, col=3)
    for pair in (("start", "check"), ("check", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made
