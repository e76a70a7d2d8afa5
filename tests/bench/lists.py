"""The to-do list of one person while 1 000 and while 100 000 tasks are open."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

from sqlalchemy import Engine

from app.core import db
from app.core.clock import now
from app.runtime.desk_queries import desk, desk_counts
from app.runtime.holders import holdings
from app.runtime.models import Case, Task
from tests.bench import bulk, ours

SHARE = 5
"""Every fifth open task can be done by the person measured; the rest lie with other roles of the street."""
DEPTH = 0.9
SIZES = (1_000, 100_000)
ROUNDS, WARM = 30, 3
OTHERS = ("street.finance", "street.leader", "street.discipline", "street.joint")


def measure(urls: Sequence[str], name: str, say: Callable[[str], None]) -> dict[str, float]:
    """Milliseconds of the first page and of a page nine tenths down the list, taken in turn, and their growth.

    Args:
        urls: an empty database for each size.
    """
    with ExitStack() as stack:
        filled = []
        for url, size in zip(urls, SIZES, strict=True):
            say(f"to-do list, {name}, {size} open tasks")
            engine = db.make_engine(url)
            stack.callback(engine.dispose)
            filled.append((engine, _fill(engine, size, say)))
        found: dict[str, float] = {}
        pages = [
            _pages(engine, office, size // SHARE)
            for (engine, office), size in zip(filled, SIZES, strict=True)
        ]
        for page in pages[0]:
            small, large = _medians(
                [(engine, one[page]) for (engine, _), one in zip(filled, pages, strict=True)]
            )
            found[f"ms_{page}_1000_{name}"], found[f"ms_{page}_100000_{name}"] = small, large
            found[f"{page}_100k_1k_{name}"] = large / small
        db.bind(None)
    found[f"todo_100k_1k_{name}"] = max(found[f"first_100k_1k_{name}"], found[f"deep_100k_1k_{name}"])
    return found


def _fill(engine: Engine, size: int, say: Callable[[str], None]) -> ours.Office:
    office = ours.found(engine, (12,))
    case_id = office.start(12, "样")
    task = db.session().get_one(Task, office.open_task(case_id))
    case = db.session().get_one(Case, case_id)
    to_task = task.id - case_id
    sample_case, sample_task = bulk.like(case, {}), bulk.like(task, {})
    fresh, began = range(case_id + 1, case_id + size), now()
    cases = ({**sample_case, "id": n, "no": f"样-{n}", "state": b""} for n in fresh)
    tasks = (
        {
            **sample_task,
            "id": n + to_task,
            "case_id": n,
            "role": sample_task["role"] if n % SHARE == 0 else OTHERS[n % SHARE - 1],
            "rank_at": began + timedelta(minutes=n * 7919 % 100_003),
            "due_at": began + timedelta(minutes=n * 7919 % 100_003),
        }
        for n in fresh
    )
    bulk.write(Case, cases, len(fresh), say)
    bulk.write(Task, tasks, len(fresh), say)
    bulk.settle(engine, ["cases", "task"])
    return office


def _pages(engine: Engine, office: ours.Office, own: int) -> dict[str, Callable[[], int]]:
    db.bind(engine)
    *_, last = desk(office.clerk, limit=int(own * DEPTH))
    after = (last.task.due_at, last.task.id)
    return {
        "first": lambda: len(desk(office.clerk)),
        "deep": lambda: len(desk(office.clerk, after=after)),
        "table": lambda: len(holdings([item.task for item in desk(office.clerk, limit=51)])),
        "counts": lambda: desk_counts(office.clerk).total,
    }


def _medians(reads: Sequence[tuple[Engine, Callable[[], int]]]) -> list[float]:
    times: list[list[float]] = [[] for _ in reads]
    for number in range(ROUNDS + WARM):
        for taken, (engine, read) in zip(times, reads, strict=True):
            db.bind(engine)
            began = time.perf_counter()
            assert read() > 0
            if number >= WARM:
                taken.append(time.perf_counter() - began)
    return [statistics.median(taken) * 1000 for taken in times]
