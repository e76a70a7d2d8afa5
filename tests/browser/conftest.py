"""Debian's Chromium, speaking Chinese; nothing is downloaded. A town at work, played once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.cli import demo
from app.cli import world as worlds
from app.cli.player import Player
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from tests.browser.town import Town, served
from tests.databases import SQLiteTemplate
from tests.factories.played import Played, opened, play


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How the browser is started, also as root."""
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM")
        or shutil.which("chromium-headless-shell")
        or "/usr/bin/chromium",
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--lang=zh-CN", "--font-render-hinting=none"],
        "env": {**os.environ, "LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"},
    }


@pytest.fixture(scope="session")
def delivered(sqlite_template: SQLiteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo's town with one case in delivery, once sent back, and one that has just begun."""

    def two(world: worlds.World, clock: time.MovableClock) -> None:
        title, proposal = PROPOSALS[0]
        player = Player(world, demo.plan_for("returned", proposal), clock)
        player.play(player.start("community", f"胡湾社区{title}"), until="delivery.community_accept")
        player.start("community", "暑期学堂")

    return play(sqlite_template, tmp_path_factory.mktemp("delivered"), two)


@pytest.fixture
def town(delivered: Played, tmp_path: Path, clock: time.MovableClock, browser: Browser) -> Iterator[Town]:
    """A copy of it, served."""
    with opened(delivered, tmp_path, clock) as flask, served(flask, browser) as made:
        yield made
