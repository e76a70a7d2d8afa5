"""Where cases spend their time, and the event log for other tools."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from lxml import etree
from sqlalchemy import Engine

from app.core import db
from app.core.clock import MovableClock
from app.runtime import services
from app.runtime.models import Case
from app.runtime.queries import tasks_of
from app.studio import insight
from tests.factories.studio import make_studio

XES = "{http://www.xes-standard.org/}"


@pytest.fixture
def studio(database: Engine, clock: MovableClock) -> SimpleNamespace:
    del database
    made = make_studio()
    made.cases = [start(made, title) for title in ("甲", "=乙", "丙<&>")]
    for hours, case in zip((2, 4), made.cases, strict=False):
        clock.advance(timedelta(hours=hours))
        (task,) = tasks_of(case.id, "open")
        services.complete_task(made.clerk, task.id, {"decision": "agree", "opinion": "好"})
        db.close()
    return made


def start(studio: SimpleNamespace, title: str) -> Case:
    case = services.start_case(
        studio.clerk,
        pack_key="zhuhai",
        process_key="small",
        title=title,
        street_id=studio.street_id,
        community_id=studio.community_id,
        owner_id=studio.clerk.person_id,
        data={},
    )
    db.close()
    return case


def test_durations_counts_and_who_is_waited_for(studio: SimpleNamespace, clock: MovableClock) -> None:
    clock.advance(timedelta(days=30))
    write, decide = sorted(
        insight.picture(studio.definition).spots, key=lambda one: one.element, reverse=True
    )
    assert (write.element, write.count, write.typical, write.total, len(write.waiting)) == (
        "write",
        2,
        4.0,
        8.0,
        1,
    )
    assert (decide.count, len(decide.waiting), decide.late, decide.role) == (0, 2, 2, "街道领导")
    assert (write.heat, decide.heat) == (5, 0)
    assert write.repeats == 0


def test_a_period_counts_what_began_in_it(studio: SimpleNamespace) -> None:
    of = studio.definition
    assert [one.element for one in insight.picture(of, date(2026, 3, 2), date(2026, 3, 2)).spots]
    assert insight.picture(of, since=date(2026, 3, 3)).spots == []
    assert insight.picture(of, until=date(2026, 3, 1)).spots == []


def test_more_than_can_be_looked_at_is_said(studio: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert insight.picture(studio.definition).whole
    monkeypatch.setattr(insight, "MOST", 2)
    cut = insight.picture(studio.definition, until=date(2026, 3, 1))
    assert (cut.whole, cut.cases) == (True, 0)
    cut = insight.picture(studio.definition, until=date(2026, 3, 2))
    assert (cut.whole, len(cut.spots)) == (False, 2)


def test_the_event_log_is_valid_xes(studio: SimpleNamespace) -> None:
    root = etree.fromstring("".join(insight.as_xes()).encode())
    assert root.tag == f"{XES}log"
    traces = root.findall(f"{XES}trace")
    assert [one.find(f"{XES}string[@key='concept:name']").get("value") for one in traces] == [
        case.no for case in studio.cases
    ]
    assert traces[2].find(f"{XES}string[@key='title']").get("value") == "丙<&>"
    events = traces[0].findall(f"{XES}event")
    assert len(events) == 2
    for event in events:
        keys = {child.get("key") for child in event}
        assert {"concept:name", "lifecycle:transition", "org:resource", "time:timestamp"} <= keys
    assert events[1].find(f"{XES}date").get("value") == "2026-03-02T11:00:00+08:00"
    assert (
        etree.fromstring("".join(insight.as_xes(studio.definition.id + 9)).encode()).find(f"{XES}trace")
        is None
    )


def test_the_event_log_as_a_table(studio: SimpleNamespace) -> None:
    text = "".join(insight.as_csv(studio.definition.id))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 5
    assert rows[1]["activity"] == "拟稿"
    assert rows[1]["role"] == "街道经办"
    assert {row["case"] for row in rows} == {case.no for case in studio.cases}
    assert not any(value.startswith("=") for row in rows for value in row.values())
