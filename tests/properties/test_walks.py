"""Random walks over the real diagrams: whatever people do, in whatever order, what must hold holds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

import config
from app import tables
from app.audit import services as audit
from app.cli import demo
from app.cli import world as worlds
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from app.core import db
from app.policy import queries as policy
from app.runtime import definitions
from app.runtime.models import Case, Task
from app.web import create_app
from tests.properties.walker import ACTS, Walker

ORIGINS = ("community", "street_plan")
STEPS = 50
MANY = int(os.environ.get("WALKS", "1000"))
"""Of the long form."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A street with its people, money and lists in a database file that each walk copies."""
    folder = tmp_path_factory.mktemp("walks")
    url = f"sqlite:///{folder}/town.sqlite3"
    create_app(
        replace(config.load({"ZHENJIE_ENV": "test"}), database_url=url)
    )  # the rooms register their steps
    before = time.use(time.MovableClock(demo.START))
    engine = db.make_engine(url)
    tables.metadata.create_all(engine)
    db.bind(engine)
    world = worlds.build(everything=False)
    policy.forget()
    definitions.forget()  # what a walk parses holds for all copies of this town
    db.bind(None)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    time.use(before)
    return SimpleNamespace(folder=folder, world=world)


def walk(
    town: SimpleNamespace, origin: str, acts: list[tuple[str, int]], kind: type[Walker] = Walker
) -> Walker:
    """One case on a copy of the town."""
    file: Path = town.folder / "walk.sqlite3"
    for old in town.folder.glob("walk.sqlite3*"):
        old.unlink()
    shutil.copyfile(town.folder / "town.sqlite3", file)
    clock = time.MovableClock(demo.START)
    before = time.use(clock)
    engine = db.make_engine(f"sqlite:///{file}")
    db.bind(engine)
    try:
        title, proposal = PROPOSALS[0]
        walker = kind(town.world, demo.plan_for("straight", proposal), clock)
        walker.case_id = walker.start(origin, title)
        for act, seed in acts:
            walker.step(act, seed)
        db.close()
        verdict = audit.verify()
        assert verdict.ok, verdict.problem
        return walker
    finally:
        db.bind(None)
        engine.dispose()
        time.use(before)


STEP = st.tuples(st.sampled_from(ACTS), st.integers(0, 2**32))
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]


def walks(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many walks of fifty steps."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        drawn = given(st.sampled_from(ORIGINS), st.lists(STEP, min_size=STEPS, max_size=STEPS))
        # Not shrunk: a walk takes seconds, and what it did is told with the finding.
        limits = settings(
            max_examples=count,
            deadline=None,
            suppress_health_check=QUIET,
            derandomize=True,
            phases=[Phase.generate],
        )
        return limits(drawn(test))

    return decorate


@pytest.mark.timeout(280)
@walks(8)
def test_some_walks(town: SimpleNamespace, origin: str, acts: list[tuple[str, int]]) -> None:
    walk(town, origin, acts)


@pytest.mark.long
@pytest.mark.timeout(7200)
@walks(MANY)
def test_many_walks(town: SimpleNamespace, origin: str, acts: list[tuple[str, int]]) -> None:
    walk(town, origin, acts)


class Spoiler(Walker):
    """Does what must be found."""

    def lose_a_row(self, case: Case) -> str:
        with db.unit_of_work() as session:
            session.execute(update(Task).where(Task.case_id == case.id).values(state="cancelled"))
        return "lost"

    def skip_a_line(self, case: Case) -> str:
        with db.unit_of_work() as session:
            session.execute(update(Case).where(Case.id == case.id).values(history_seq=Case.history_seq + 1))
        return "gap"


@pytest.mark.parametrize(("act", "words"), [("lose_a_row", "to-do rows"), ("skip_a_line", "gaps")])
def test_the_walker_sees_a_planted_fault(town: SimpleNamespace, act: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        walk(town, "community", [("complete", 1), (act, 1)], Spoiler)
