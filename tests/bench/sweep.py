"""One sweep of the worker: its cost should follow the cases that are due, not those that wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from app.core import clock, db
from app.core.identity import SYSTEM
from app.runtime import definitions, jobs, leases, services
from app.runtime.models import Case
from tests.bench import bulk, ours
from tests.bench.diagrams import LANE
from tests.factories.bpmn import Diagram

DUE = 1_000
WAITING = 100_000


def measure(url: str, say: Callable[[str], None]) -> dict[str, float]:
    """Sweeps of 1 000 due cases, alone and among 100 000 that wait, as `flask worker` makes them.

    A worker takes a batch on by leases, steps each case in a transaction of its own, and gives the batch back.
    """
    say("timer sweep")
    engine = db.make_engine(url)
    office = ours.found(engine, (12,))
    sample = _waiting(office)
    worker = leases.begin()
    assert jobs.run_due(worker=worker) == 1
    first = int(sample.pop("id"))
    ids = iter(range(first + 1, first + 10 * WAITING))
    past, future = clock.now() - timedelta(hours=1), clock.now() + timedelta(days=30)

    def fill(count: int, due: object) -> None:
        fresh = [next(ids) for _ in range(count)]
        bulk.write(Case, ({**sample, "id": n, "no": f"候-{n}", "next_due": due} for n in fresh), count, say)

    found: dict[str, float] = {}
    for name, waiting in (("1k", 0), ("100k", WAITING - DUE)):
        if waiting:
            fill(waiting, future)
        fill(DUE, past)
        bulk.settle(engine, ["cases"])
        began = time.perf_counter()
        moved = 0
        while some := jobs.run_due(worker=worker):
            moved += some
        found[f"ms_sweep_{name}"] = (time.perf_counter() - began) * 1000
        assert moved == DUE
    began = time.perf_counter()
    assert jobs.run_due(worker=worker) == 0
    found["ms_sweep_nothing_due"] = (time.perf_counter() - began) * 1000
    found["timer_sweep_100k_1k"] = found["ms_sweep_100k"] / found["ms_sweep_1k"]
    leases.end(worker)
    db.bind(None)
    engine.dispose()
    return found


def _waiting(office: ours.Office) -> dict[str, object]:
    """The row of a case that waits for a moment in the past and then ends."""
    made = Diagram("bench_wait", "等候", lanes=[LANE])
    made.start("start", lane=LANE)
    made.timer("wait", "到期", LANE, 1, until="until")
    made.end("end", lane=LANE, col=2)
    made.flow("start", "wait")
    made.flow("wait", "end")
    definitions.deploy(
        SYSTEM,
        pack_key=ours.PACK,
        process_key="bench_wait",
        title="等候",
        files={"process/wait.bpmn": made.xml().encode()},
        publish=True,
    )
    assert office.clerk.person_id is not None
    soon = clock.now() + timedelta(milliseconds=200)
    case = services.start_case(
        office.clerk,
        pack_key=ours.PACK,
        process_key="bench_wait",
        title="候",
        street_id=office.street_id,
        community_id=office.community_id,
        owner_id=office.clerk.person_id,
        data={"until": soon.isoformat()},
    )
    assert case.next_due is not None
    time.sleep((case.next_due - clock.now()).total_seconds() + 0.1)
    return {"id": case.id, **bulk.like(case, {})}
