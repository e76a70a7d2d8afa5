"""Web, worker and database die at random moments under load; the judge then finds nothing to say."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import config
from app import tables
from app.audit import services as audit
from app.cli import demo
from app.cli import world as worlds
from app.cli.proposals import PROPOSALS
from app.core import clock as clocks
from app.core import db
from app.core.db import session
from app.core.identity import SYSTEM, Role
from app.policy import queries as policy
from app.runtime import definitions, services
from app.runtime.models import History
from app.web import create_app
from tests.crash.judge import PAUSE, judge
from tests.crash.load import PATIENCE, Clerk, Client
from tests.crash.servers import DurablePostgres, Servers
from tests.crash.site import Shifted
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import FORM

FROM, UNTIL = "payment.request", "evaluation.plan"
"""Between these two steps a case is paid for and delivers, and waits for no deadline of the law."""
CLERK = "街道经办"
AT_WORK = 0.8
"""How often a kill waits for work to go on; the others hit servers that are about to start."""


@pytest.fixture(scope="session")
def durable() -> Iterator[DurablePostgres]:
    """A PostgreSQL that keeps what it has acknowledged."""
    server = DurablePostgres()
    yield server
    server.stop()


def ticking() -> Diagram:
    """People and short deadlines in turn."""
    made = Diagram("ticking", "短期限", lanes=[CLERK])
    made.start("start", lane=CLERK)
    names = ["start"]
    for number in range(1, 3):
        made.user(f"do{number}", f"办理{number}", CLERK, 2 * number - 1, form="act")
        made.timer(f"{PAUSE}{number}", f"等待{number}", CLERK, 2 * number, wait="PT1S")
        names += [f"do{number}", f"{PAUSE}{number}"]
    made.end("end", lane=CLERK, col=6)
    for pair in zip(names, [*names[1:], "end"], strict=True):
        made.flow(*pair)
    return made


@dataclass
class Town:
    """A database with a street at work in it.

    Attributes:
        shift: how far its clock stands from the machine's, in seconds.
        cases: cases of the real flow, each about to be paid for.
        before: the last history line of its past.
    """

    url: str
    shift: float
    cases: list[int]
    player: Clerk
    before: int

    def more(self, key: str) -> int:
        """One more case of the small model."""
        clerk = self.player._person(Role.STREET_CLERK, self.player.world.street.id)
        return services.start_case(
            clerk,
            pack_key="zhuhai",
            process_key="ticking",
            title=f"短期限 {key}",
            street_id=self.player.world.street.id,
            community_id=None,
            owner_id=clerk.person_id or 0,
            data={},
            key=key,
        ).id


def build(url: str, count: int) -> Town:
    """Take so many cases to the first payment, in the past of the town's clock."""
    settings = config.load({"ZHENJIE_ENV": "test"})
    engine = db.make_engine(url)
    tables.metadata.create_all(engine)
    create_app(replace(settings, database_url=url))
    policy.forget()
    definitions.forget()
    moving = clocks.MovableClock(demo.START)
    clocks.use(moving)
    world = worlds.build(everything=False)
    files = {"process/ticking.bpmn": ticking().xml().encode(), "form/act.json": FORM}
    definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="ticking", title="短期限", files=files, publish=True
    )
    title, proposal = PROPOSALS[0]
    cases, last = [], moving.now()
    for number in range(count):
        moving.set(demo.START)
        player = Clerk(world, demo.plan_for("straight", proposal), moving)
        case_id = player.start("community", f"{title}{number}")
        player.play(case_id, until=FROM)
        cases.append(case_id)
        last = max(last, moving.now())
    before = session().scalar(select(func.max(History.id))) or 0
    engine.dispose()
    db.close()
    shift = (datetime.now(UTC) - last).total_seconds()
    clocks.use(Shifted(timedelta(seconds=shift)))
    return Town(url, shift, cases, Clerk(world, demo.plan_for("straight", proposal), moving), before)


def _work_goes_on(servers: Servers, clients: list[Client]) -> None:
    """Wait until everybody has been answered again: what is still starting has no work to lose.

    A process builds its application with its first request; on a busy machine kills in quick succession would
    let nobody be answered at all.
    """
    before = [client.answers for client in clients]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        servers.mind()
        waiting = [client for client, count in zip(clients, before, strict=True) if client.answers == count]
        if not any(client.is_alive() for client in waiting):
            return
        time.sleep(0.05)


def ordeal(
    town: Town, log: Path, kills: int, crash: Callable[[], None] | None, *, seed: int, workers: int
) -> dict[str, int]:
    """Work under kills; answers how often what died, and how much was done."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable plan
    servers = Servers(town.url, town.shift, log, chance, workers)
    enough, keys = threading.Event(), list[int]()

    def more(key: str) -> int:
        case_id = town.more(key)
        keys.append(case_id)
        return case_id

    servers.start()
    clients: list[Client] = []
    try:
        for number in range(4):
            player = Clerk(town.player.world, town.player.plan, town.player.clock)
            own = town.cases[number::4]
            clients.append(Client(servers.port, player, random.Random(number), more, [*own], UNTIL, enough))  # noqa: S311
            clients[-1].name = f"client{number}"
            if not own:
                clients[-1].cases.append(more(f"first{number}"))
        for client in clients:
            client.start()
        for number in range(kills):
            if chance.random() < AT_WORK:
                _work_goes_on(servers, clients)
            time.sleep(chance.uniform(0.1, 1.0))
            if crash is not None and number % 5 == 2:
                crash()
                servers.kills["database"] = servers.kills.get("database", 0) + 1
            servers.kill_one()
            for client in clients:
                if client.failure is not None:
                    raise client.failure
        enough.set()
        for client in clients:
            for _ in range(600):
                servers.mind()
                client.join(1)
                if not client.is_alive():
                    break
            assert not client.is_alive(), client.told()
        for client in clients:
            if client.failure is not None:
                raise client.failure
    finally:
        enough.set()
        servers.stop()
    sent = [one for client in clients for one in client.log]
    problems = judge(sent, [*town.cases, *set(keys)], town.before)
    assert not problems, "\n".join([*problems, "servers said:", log.read_text()[-3000:]])
    return {**servers.kills, "steps": len(sent), "tries": sum(one.tries for one in sent)}


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    before = clocks.current()
    yield
    clocks.use(before)
    db.bind(None)
    policy.forget()
    definitions.forget()


@pytest.mark.timeout(900)  # on a machine with much else to do
def test_processes_and_the_database_die(durable: DurablePostgres, tmp_path: Path) -> None:
    town = build(durable.create(), 1)
    done = ordeal(town, tmp_path / "log", 4, durable.crash, seed=1, workers=1)
    assert done["database"] == 1
    assert done["steps"] > 10


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_they_die_a_hundred_times(
    durable: DurablePostgres,
    tmp_path: Path,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    town = build(durable.create() if kind == "postgresql" else f"sqlite:///{tmp_path}/town.sqlite3", 16)
    done = ordeal(
        town, tmp_path / "log", 100, durable.crash if kind == "postgresql" else None, seed=3, workers=2
    )
    with capsys.disabled():
        print(f"\n{kind}: {done}")  # noqa: T201 - what a long run was for
    assert sum(done.get(what, 0) for what in ("web process", "web server", "worker")) == 100
    assert audit.verify().ok
    shutil.rmtree(tmp_path, ignore_errors=True)
