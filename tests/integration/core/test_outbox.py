"""Effects after an act: none before the commit, none lost, none twice inside, the same key outside."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from app.accounts import services as accounts
from app.accounts.models import Person
from app.core import clock as time
from app.core import db, outbox
from app.core.clock import MovableClock
from app.core.identity import SYSTEM


@pytest.fixture
def calls(database: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What reached the other side; `fail` in a payload makes it refuse so often."""
    seen: list[tuple[str, Any]] = []

    def run(key: str, payload: Mapping[str, Any]) -> None:
        seen.append((key, payload["n"]))
        if len([one for one in seen if one[0] == key]) <= payload.get("fail", 0):
            raise OSError("nobody answers")

    before = outbox._channels.copy()
    outbox.channel("call", run, outside=True)
    yield seen
    outbox._channels.clear()
    outbox._channels.update(before)
    del database


def put(key: str, **payload: Any) -> None:
    with db.unit_of_work():
        outbox.put("call", key, payload)


def row(key: str) -> outbox.Outgoing:
    db.close()
    found = db.session().scalar(select(outbox.Outgoing).where(outbox.Outgoing.key == key))
    assert found is not None
    return found


def test_an_act_that_fails_sends_nothing(calls: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work():
        outbox.put("call", "a", {"n": 1})
        raise ZeroDivisionError
    assert (outbox.deliver(), calls) == (0, [])


def test_what_is_done_is_not_done_again(calls: list[Any]) -> None:
    put("a", n=1)
    assert (outbox.deliver(), outbox.deliver(), calls) == (1, 0, [("a", 1)])
    assert row("a").state == "done"


def test_a_failure_rests_longer_each_time_and_keeps_its_key(
    calls: list[Any], clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "app.core.outbox")
    put("a", n=1, fail=2)
    put("b", n=2)
    assert outbox.deliver() == 2
    assert row("b").state == "done"
    assert row("a").error == "OSError: nobody answers"
    assert outbox.deliver() == 0
    clock.advance(outbox.PAUSES[0])
    assert outbox.deliver() == 1
    clock.advance(outbox.PAUSES[0])
    assert outbox.deliver() == 0
    clock.advance(outbox.PAUSES[1])
    assert outbox.deliver() == 1
    assert [key for key, _ in calls] == ["a", "b", "a", "a"]
    assert (row("a").state, row("a").attempts) == ("done", 3)


def test_after_the_last_pause_a_person_has_to_look(
    calls: list[Any], clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "app.core.outbox")
    put("a", n=1, fail=99)
    for pause in (*outbox.PAUSES, timedelta(days=9)):
        outbox.deliver()
        clock.advance(pause)
    assert row("a").state == "dead"
    assert outbox.counts() == {"dead": 1}
    tried = len(calls)
    assert (outbox.deliver(), len(calls)) == (0, tried)
    outbox.again(row("a").id)
    assert outbox.deliver() == 1


def test_a_worker_that_died_in_the_middle_is_taken_over(calls: list[Any], clock: MovableClock) -> None:
    put("a", n=1)
    with db.unit_of_work():
        held = row("a")
        held.lease_by, held.lease_until = "dead-worker", time.now() + outbox.LEASE
    assert outbox.deliver() == 0
    clock.advance(outbox.LEASE + timedelta(seconds=1))
    assert (outbox.deliver(), calls) == (1, [("a", 1)])


def test_an_effect_inside_is_one_with_its_mark(
    calls: list[Any], clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "app.core.outbox")
    breaks = [True]

    def register(_key: str, payload: Mapping[str, Any]) -> None:
        accounts.create_person(SYSTEM, login=payload["login"], name="新人")
        if breaks:
            raise RuntimeError(breaks.pop())

    outbox.channel("inside", register, outside=False)
    with db.unit_of_work():
        outbox.put("inside", "x", {"login": "new"})
    count = select(func.count()).select_from(Person)
    assert outbox.deliver() == 1
    assert db.session().scalar(count) == 0
    clock.advance(outbox.PAUSES[0])
    assert outbox.deliver() == 1
    assert (db.session().scalar(count), outbox.counts()) == (1, {})


def test_what_was_sent_long_ago_is_forgotten(calls: list[Any], clock: MovableClock) -> None:
    put("a", n=1)
    outbox.deliver()
    outbox.tidy()
    assert outbox.counts() == {"done": 1}
    clock.advance(outbox.KEPT + timedelta(days=1))
    outbox.tidy()
    assert outbox.counts() == {}
