"""Measure, print the table, write `build/bench.json`.

Both sides run in this one process, alternating, on SQLite with WAL and synchronous=NORMAL; only ratios count.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.core import db
from config import ROOT
from tests.bench import desk, lists, ours, real, sweep, web
from tests.bench.raw import Raw
from tests.databases import PostgresTemplate

ROUNDS = {12: 8, 60: 3, 200: 2}
REACH: dict[str, tuple[str, float]] = {
    "raw_ratio_12": ("our completion ÷ raw baseline, 12 tasks", 1.0),
    "raw_ratio_60": ("our completion ÷ raw baseline, 60 tasks", 0.5),
    "raw_ratio_200": ("our completion ÷ raw baseline, 200 tasks", 0.15),
    "growth_200_12": ("our completion at 200 tasks ÷ at 12", 2.0),
    "sql_per_completion": ("SQL statements a completion", 12),
    "commits_per_completion": ("commits a completion", 1),
    "bytes_12": ("bytes of a finished instance, 12 tasks", 16 * 1024),
    "bytes_200": ("bytes of a finished instance, 200 tasks", 200 * 1024),
    "todo_100k_1k_sqlite": ("to-do list, 100 000 open ÷ 1 000, SQLite", 2.0),
    "todo_100k_1k_postgresql": ("to-do list, 100 000 open ÷ 1 000, PostgreSQL", 2.0),
    "desk_100k_1k_sqlite": ("slowest desk page, 100 000 open ÷ 1 000, SQLite", 1.5),
    "desk_100k_1k_postgresql": ("slowest desk page, 100 000 open ÷ 1 000, PostgreSQL", 1.5),
    "timer_sweep_100k_1k": ("sweep of 1 000 due among 100 000 waiting ÷ among 1 000", 1.5),
}
"""What each figure says and where it should stay at or below."""
SHOWN = 10
"""So many pages of the desk are printed, those that grow most; the file holds them all."""


def say(words: str) -> None:
    """Progress, so that one sees it work."""
    print(f"· {words}", file=sys.stderr, flush=True)


def completions(folder: Path) -> dict[str, float]:
    """Our completion beside the raw baseline's, and what ours costs in statements and bytes."""
    engine = db.make_engine(f"sqlite:///{folder}/ours.sqlite3")
    office = ours.found(engine, tuple(ROUNDS))
    found: dict[str, float] = {}
    for steps, rounds in ROUNDS.items():
        say(f"completions, {steps} tasks")
        raw = Raw(folder / f"raw{steps}.sqlite3", steps)
        list(office.run(steps, 0))  # first use parses the model and checks its forms
        theirs, own = list[float](), list[float]()
        for number in range(1, rounds + 1):
            theirs += raw.run(number)
            own += office.run(steps, number)
        found[f"ms_raw_{steps}"] = statistics.median(theirs) * 1000
        found[f"ms_ours_{steps}"] = statistics.median(own) * 1000
        found[f"raw_ratio_{steps}"] = statistics.median(own) / statistics.median(theirs)
    found["growth_200_12"] = found["ms_ours_200"] / found["ms_ours_12"]
    found |= ours.cost(office, engine, 12) | ours.cost(office, engine, 200)
    db.bind(None)
    engine.dispose()
    return found


def full_sync(folder: Path) -> dict[str, float]:
    """What synchronous=FULL costs a completion of 12 tasks, beside NORMAL in turn."""
    say("synchronous=FULL")
    found: dict[str, list[float]] = {}
    for mode in ("normal", "full"):
        engine = db.make_engine(f"sqlite:///{folder}/{mode}.sqlite3")
        if mode == "full":
            ours.sync_fully(engine)
        office = ours.found(engine, (12,))
        list(office.run(12, 0))
        found[mode] = [took for number in range(1, 5) for took in office.run(12, number)]
        db.bind(None)
        engine.dispose()
    medians = {mode: statistics.median(times) * 1000 for mode, times in found.items()}
    return {"ms_full_sync_12": medians["full"], "full_sync_ratio": medians["full"] / medians["normal"]}


def main() -> None:
    """Run every part; a part's figures are printed as soon as the whole has run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = completions(folder) | full_sync(folder) | real.flow(folder, say)
        for part in (lists, desk):
            urls = [f"sqlite:///{folder}/{part.__name__}{size}.sqlite3" for size in part.SIZES]
            found |= part.measure(urls, "sqlite", say)
        found |= sweep.measure(f"sqlite:///{folder}/sweep.sqlite3", say)
        template = PostgresTemplate(())  # with all the safety a production server has
        try:
            for part in (lists, desk):
                found |= two_on_postgres(template, part.measure)
            found |= on_postgres(template, web.measure)
        finally:
            template.stop()
    found = {key: round(value, 4) for key, value in sorted(found.items())}
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")
    table(found)
    print(f"\n{target.relative_to(ROOT)}")


def on_postgres(template: PostgresTemplate, measure: Callable[..., dict[str, float]]) -> dict[str, float]:
    """Run a part on an empty PostgreSQL database."""
    with template.empty() as engine:
        return measure(engine.url.render_as_string(hide_password=False), say)


def two_on_postgres(template: PostgresTemplate, measure: Callable[..., dict[str, float]]) -> dict[str, float]:
    """Run a part on two empty PostgreSQL databases."""
    with template.empty() as small, template.empty() as large:
        urls = [engine.url.render_as_string(hide_password=False) for engine in (small, large)]
        return measure(urls, "postgresql", say)


def table(found: dict[str, float]) -> None:
    """Print figures beside what they should reach, then the medians behind them."""
    print(f"\n{'':60}{'measured':>10}{'reach':>10}")
    for key, (words, reach) in REACH.items():
        print(f"{words:60}{found[key]:>10.2f}{reach:>10g}{'' if found[key] <= reach else '   ← over'}")
    print(f"{'four web processes ÷ one, PostgreSQL (completions a second)':60}{found['web_4_to_1']:>10.2f}")
    pages = {key: value for key, value in found.items() if "desk_" in key and key not in REACH}
    for key, value in found.items():
        if key not in REACH and key not in pages and key != "web_4_to_1":
            print(f"  {key:58}{value:>10.2f}")
    slowest = sorted((key for key in pages if key.startswith("desk_")), key=lambda key: -pages[key])
    for key in slowest[:SHOWN]:
        print(f"  {key:58}{pages[key]:>10.2f}")


if __name__ == "__main__":
    main()
