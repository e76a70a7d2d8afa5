"""Our real flow, from a community's proposal to the archive, by the demo's people."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import config
from app import tables
from app.cli import demo
from app.cli import world as worlds
from app.cli.player import Player
from app.cli.proposals import PROPOSALS
from app.core import clock as time_
from app.core import db
from app.runtime import services
from app.web import create_app
from tests.bench import ours

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=time_.SHANGHAI)


def flow(folder: Path, say: Callable[[str], None]) -> dict[str, float]:
    """Milliseconds of a completion over a whole real case, with all that its rooms do."""
    say("the real flow")
    url = f"sqlite:///{folder}/real.sqlite3"
    create_app(
        replace(config.load({"ZHENJIE_ENV": "test"}), database_url=url)
    )  # all rooms register their steps
    engine = db.make_engine(url)
    tables.metadata.create_all(engine)
    ours.bind(engine)
    clock = time_.MovableClock(BEGIN)
    before = time_.use(clock)
    complete, times = services.complete_task, list[float]()

    def timed(*args: Any, **more: Any) -> services.Completed:
        db.close()
        began = time.perf_counter()
        done = complete(*args, **more)
        times.append(time.perf_counter() - began)
        return done

    try:
        world = worlds.build(everything=False)
        title, proposal = PROPOSALS[0]
        player = Player(world, demo.plan_for("straight", proposal), clock)
        with patch.object(services, "complete_task", timed):
            case = player.play(player.start("community", title))
        assert case.status == "completed"
    finally:
        time_.use(before)
        db.bind(None)
        engine.dispose()
    return {"ms_ours_real_flow": statistics.median(times) * 1000, "real_flow_completions": len(times)}
