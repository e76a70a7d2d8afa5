"""The training page over a case: whoever may act, once each."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask

from app.core import db
from app.runtime.models import Case
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import do
from tests.web.inbox.conftest import CLERK

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_parts_of_one_step_are_shown_as_one(
    app: Flask,
    office: SimpleNamespace,
    begin: Callable[..., Case],
) -> None:
    made = Diagram("joint", "会审", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("judge", "会审", CLERK, 1, form="act", mi={"cardinality": "3"})
    made.end("end", "办结", CLERK, col=2)
    made.flow("start", "judge")
    made.flow("judge", "end")
    case = begin(made)

    def offered() -> tuple[int, list[str]]:
        db.close()
        text = app.test_client().get("/demo/play").text
        return text.count("<b>会审</b>"), re.findall(r"</svg>(经办\d)</button>", text)

    assert offered() == (1, ["经办1", "经办2", "经办3"])
    do(office.clerks[0], case, "judge", decision="agree")
    assert offered() == (1, ["经办2", "经办3"])
