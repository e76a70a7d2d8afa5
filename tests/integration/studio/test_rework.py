"""Ways back that cases took: sent back by a person, back by a line of the drawing, out of a called diagram."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from app.core import db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM
from app.runtime import definitions, returning, services
from app.runtime.models import Case, Definition
from app.runtime.queries import tasks_of
from app.studio import insight
from tests.factories.bpmn import Diagram
from tests.factories.studio import FORM, make_studio

CLERK, LEADER = "街道经办", "街道领导"


@pytest.fixture
def studio(database: Engine, clock: MovableClock) -> SimpleNamespace:
    del database
    made = make_studio()
    made.clock = clock
    return made


def deploy(files: Mapping[str, bytes]) -> Definition:
    return definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="small", title="小流程", publish=True,
        files={**files, "form/act.json": FORM},
    )  # fmt: skip


def start(studio: SimpleNamespace) -> Case:
    case = services.start_case(
        studio.clerk, pack_key="zhuhai", process_key="small", title="试", street_id=studio.street_id,
        community_id=studio.community_id, owner_id=studio.clerk.person_id, data={},
    )  # fmt: skip
    db.close()
    return case


def act(studio: SimpleNamespace, case: Case, decision: str = "agree") -> None:
    """Two hours later, the one open step is done."""
    studio.clock.advance(timedelta(hours=2))
    (task,) = tasks_of(case.id, "open")
    actor = studio.leader if task.role == "street.leader" else studio.clerk
    services.complete_task(actor, task.id, {"decision": decision})
    db.close()


def send_back(studio: SimpleNamespace, case: Case) -> None:
    """An hour later, the leader sends the case back to the first step."""
    studio.clock.advance(timedelta(hours=1))
    (task,) = tasks_of(case.id, "open")
    (first, *_) = returning.targets(studio.leader, task.id)
    returning.send_back(studio.leader, task.id, first.task.id, "请补充依据")
    db.close()


def test_what_was_sent_back_is_a_way_back_with_its_cost(studio: SimpleNamespace) -> None:
    case, straight, waiting = start(studio), start(studio), start(studio)
    act(studio, case)
    send_back(studio, case)
    act(studio, case)
    act(studio, case)
    act(studio, straight)
    act(studio, straight)
    act(studio, waiting)
    send_back(studio, waiting)
    found = insight.picture(studio.definition)
    (way,) = found.loops
    assert (way.process, way.start, way.stop) == ("small", "decide", "write")
    assert (way.from_title, way.to_title, dict(way.ways)) == ("审定", "拟稿", {"退回": 2})
    assert (way.cases, way.hours) == ({case.id, waiting.id}, [2.0])
    assert (found.cases, found.reworked, len(found.finished)) == (3, 2, 2)
    assert {one.element: one.repeats for one in found.spots} == {"write": 2, "decide": 1}


def test_a_line_of_the_drawing_leads_back_and_a_period_counts_what_happened_in_it(
    studio: SimpleNamespace,
) -> None:
    made = Diagram("small", "小流程", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act")
    made.user("decide", "审定", LEADER, 2, form="act")
    made.xor("gate", "同意？", LEADER, 3)
    made.end("end", "办结", LEADER, 4)
    made.flow("start", "write")
    made.flow("write", "decide")
    made.flow("decide", "gate")
    made.flow("gate", "end", default=True)
    made.flow("gate", "write", "重写", "decision == 'refuse'", via="above")
    version = deploy({"process/small.bpmn": made.xml().encode()})
    case = start(studio)
    act(studio, case)
    studio.clock.advance(timedelta(days=1))
    act(studio, case, "refuse")
    act(studio, case)
    act(studio, case)
    (way,) = insight.picture(version).loops
    assert (way.start, way.stop, dict(way.ways), way.hours) == ("decide", "write", {"按图返回": 1}, [2.0])
    assert insight.picture(version, until=date(2026, 3, 2)).loops == []
    later = insight.picture(version, since=date(2026, 3, 3))
    assert [one.times for one in later.loops] == [1]
    assert {one.element: (one.count, one.repeats) for one in later.spots} == {
        "write": (1, 1),
        "decide": (1, 1),
    }


def test_a_way_out_of_a_called_diagram_is_drawn_where_both_ends_are(studio: SimpleNamespace) -> None:
    inner = Diagram("inner", "审核", lanes=[LEADER])
    inner.start("s", lane=LEADER)
    inner.user("decide", "审定", LEADER, 1, form="act")
    inner.end("e", "审完", LEADER, 2)
    inner.flow("s", "decide")
    inner.flow("decide", "e")
    outer = Diagram("small", "小流程", lanes=[CLERK])
    outer.start("start", lane=CLERK)
    outer.user("write", "拟稿", CLERK, 1, form="act")
    outer.call("review", "审核", CLERK, 2, process="inner")
    outer.end("end", "办结", CLERK, 3)
    for pair in (("start", "write"), ("write", "review"), ("review", "end")):
        outer.flow(*pair)
    version = deploy({
        "process/small.bpmn": outer.xml().encode(), "process/inner.bpmn": inner.xml().encode(),
    })  # fmt: skip
    case = start(studio)
    act(studio, case)
    send_back(studio, case)
    (way,) = insight.picture(version).loops
    assert (way.process, way.start, way.stop) == ("small", "review", "write")
    assert (way.from_title, way.to_title) == ("审定", "拟稿")
