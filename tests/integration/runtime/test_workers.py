"""Several workers on one database: each due case is moved once, a dead worker's cases are taken over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import event, func, select

from app.cli.worker import Worker
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.messages.models import Message
from app.runtime import jobs, leases
from app.runtime.models import Case, History, Incident
from app.runtime.queries import history_of
from app.runtime.work_models import Lease, WorkerRow
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import elements

Begin = Callable[..., Case]
CLERK = "街道经办"


def waiting(key: str = "waiting") -> Diagram:
    made = Diagram(key, "等候", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.timer("wait", "到期", CLERK, 1, until="until")
    made.user("after", "之后", CLERK, 2, form="act")
    made.end("end", lane=CLERK, col=3)
    for pair in (("start", "wait"), ("wait", "after"), ("after", "end")):
        made.flow(*pair)
    return made


def soon() -> str:
    return (time.now() + timedelta(hours=1)).isoformat()


def timers(case: Case) -> int:
    db.close()
    return sum(1 for line in history_of(case.id) if line.kind == "timer")


def test_a_worker_moves_what_is_due_and_gives_it_back(begin: Begin, clock: time.MovableClock) -> None:
    case = begin(waiting(), until=soon())
    name = leases.begin()
    assert jobs.run_due(worker=name) == 0
    clock.advance(timedelta(hours=2))
    assert leases.backlog(time.now())[0] == 1
    assert jobs.run_due(worker=name) == 1
    assert elements(case) == ["after"]
    assert leases.backlog(time.now()) == (0, None)
    assert session().scalar(select(func.count()).select_from(Lease)) == 0


def test_one_indexed_query_finds_what_is_due(office: SimpleNamespace) -> None:
    del office
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        leases.due(time.now(), 200, "somebody")
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    ((statement, parameters),) = seen
    on_sqlite = db.engine().dialect.name == "sqlite"
    with db.engine().connect() as connection:
        if not on_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")  # an empty table it would read whole
        explain = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN "
        plan = connection.exec_driver_sql(explain + statement, parameters).all()
    assert "ix_cases_due" in str(plan)


def test_what_one_worker_has_taken_on_another_leaves_until_the_lease_is_over(
    begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(waiting(), until=soon())
    clock.advance(timedelta(hours=2))
    dead, alive = leases.begin(), leases.begin()
    assert list(leases.take(dead, 10)) == [case.id]
    assert (list(leases.take(alive, 10)), jobs.run_due(worker=alive)) == ([], 0)
    assert [count for row, count in leases.workers(time.now()) if row.id == dead] == [1]
    clock.advance(leases.LASTS)
    assert jobs.run_due(worker=alive) == 1
    assert jobs.run_due(worker=dead) == 0
    assert timers(case) == 1


def test_a_lease_gives_no_right_to_do_work_twice(begin: Begin, clock: time.MovableClock) -> None:
    case = begin(waiting(), until=soon())
    clock.advance(timedelta(hours=2))
    slow = leases.begin()
    assert list(leases.take(slow, 10)) == [case.id]
    assert jobs.run_due() == 1  # somebody did it by hand meanwhile
    assert jobs.run_due(worker=slow) == 0
    assert timers(case) == 1


def test_workers_at_the_same_moment_share_the_work(begin: Begin, clock: time.MovableClock) -> None:
    found = [begin(waiting(f"waiting{n}"), until=soon()) for n in range(6)]
    clock.advance(timedelta(hours=2))
    names = [leases.begin() for _ in range(3)]
    moved: list[int] = []

    def work(name: str) -> None:
        moved.append(jobs.run_due(worker=name))
        db.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == len(found)
    assert all(timers(case) == 1 for case in found)


def test_a_worker_says_that_it_lives_and_leaves_in_order(begin: Begin, clock: time.MovableClock) -> None:
    case = begin(waiting(), until=soon())
    clock.advance(timedelta(hours=2))
    worker = Worker()
    thread = threading.Thread(target=worker.run)
    thread.start()
    for _ in range(200):
        db.close()
        if timers(case):
            break
        threading.Event().wait(0.05)
    worker.stop()
    thread.join(timeout=10)
    db.close()
    row = session().scalars(select(WorkerRow)).one()
    assert (worker.has_run, row.stopped_at is not None, timers(case)) == (True, True, 1)


def broken() -> Diagram:
    made = waiting("broken")
    made.script("bad", "计算", CLERK, 2, row=1, source="x = missing + 1")
    made.flows = [flow for flow in made.flows if flow.source != "wait"]
    made.flow("wait", "bad")
    made.flow("bad", "after")
    return made


def test_a_failing_timer_opens_one_incident_and_rests_longer_each_time(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(broken(), until=soon())
    clock.advance(timedelta(hours=2))
    for expected in (1, 2, 3):
        assert jobs.run_due() == 0
        db.close()
        row = session().get_one(Case, case.id)
        found = session().scalars(select(Incident)).one()
        assert (found.times, found.element, found.kind) == (expected, "bad", "fault")
        assert row.next_due is not None
        assert row.next_due - time.now() == timedelta(minutes=10 * 2 ** (expected - 1))
        clock.set(row.next_due)
    assert session().scalar(select(func.count()).select_from(History).where(History.kind == "timer")) == 0
    told = session().scalars(select(Message.person_id).where(Message.kind == "incident")).all()
    assert list(told) == [office.clerks[0].person_id]
