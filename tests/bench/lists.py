"""The to-do list of one person while 1 000 and while 100 000 tasks are open."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from app.core import db
from app.core.clock import now
from app.runtime.holders import holdings
from app.runtime.models import Case, Task
from app.runtime.queries import desk, desk_counts
from tests.bench import bulk, ours

SHARE = 5
"""Every fifth open task can be done by the person measured; the rest lie with other roles of the street."""
DEPTH = 0.9
OTHERS = ("street.finance", "street.leader", "street.discipline", "street.joint")


def measure(url: str, name: str, say: Callable[[str], None]) -> dict[str, float]:
    """Seconds of the first page and of a page nine tenths down the list, and their growth."""
    say(f"to-do list, {name}")
    engine = db.make_engine(url)
    office = ours.found(engine, (12,))
    case_id = office.start(12, "样")
    task = db.session().get_one(Task, office.open_task(case_id))
    case = db.session().get_one(Case, case_id)
    to_task = task.id - case_id
    sample_case, sample_task = bulk.like(case, {}), bulk.like(task, {})
    case_ids = itertools.count(case_id + 1)
    found: dict[str, float] = {}
    made = 1
    for size in (1_000, 100_000):
        fresh = [next(case_ids) for _ in range(size - made)]
        began = now()
        bulk.write(
            Case, ({**sample_case, "id": n, "no": f"样-{n}", "state": b""} for n in fresh), len(fresh), say
        )
        bulk.write(
            Task,
            (
                {
                    **sample_task,
                    "id": n + to_task,
                    "case_id": n,
                    "role": sample_task["role"] if n % SHARE == 0 else OTHERS[n % SHARE - 1],
                    "rank_at": began + timedelta(minutes=n * 7919 % 100_003),
                    "due_at": began + timedelta(minutes=n * 7919 % 100_003),
                }
                for n in fresh
            ),
            len(fresh),
            say,
        )
        made = size
        bulk.settle(engine, ["cases", "task"])
        found |= {f"{key}_{size}_{name}": value for key, value in _pages(office, size // SHARE).items()}
    db.bind(None)
    engine.dispose()
    for page in ("first", "deep", "table", "counts"):
        found[f"{page}_100k_1k_{name}"] = found[f"ms_{page}_100000_{name}"] / found[f"ms_{page}_1000_{name}"]
    found[f"todo_100k_1k_{name}"] = max(found[f"first_100k_1k_{name}"], found[f"deep_100k_1k_{name}"])
    return found


def _pages(office: ours.Office, own: int) -> dict[str, float]:
    after = None
    for item in desk(office.clerk, limit=int(own * DEPTH)):
        after = (item.task.due_at, item.task.id)
    assert after is not None
    return {
        "ms_first": _median(lambda: len(desk(office.clerk))),
        "ms_deep": _median(lambda: len(desk(office.clerk, after=after))),
        "ms_table": _median(lambda: len(holdings([item.task for item in desk(office.clerk, limit=51)]))),
        "ms_counts": _median(lambda: desk_counts(office.clerk).total),
    }


def _median(read: Callable[[], int]) -> float:
    times = []
    for number in range(33):
        db.close()
        began = time.perf_counter()
        assert read() > 0
        if number > 2:
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
