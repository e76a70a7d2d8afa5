"""A world in which cases have been played for a while: made once a module, each test gets a copy."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import Flask

import config
from app.cli import world as worlds
from app.core import clock as time
from app.core import db
from app.policy import queries as policy
from app.runtime import definitions
from app.web import create_app
from tests.databases import SQLiteTemplate

START = datetime(2026, 3, 2, 9, 0, tzinfo=time.SHANGHAI)


@dataclass(frozen=True)
class Played:
    """The database and the moment at which the playing ended."""

    file: Path
    at: datetime


def application(engine_url: str) -> Flask:
    """The whole application on a database."""
    settings = config.load({"ZHENJIE_ENV": "test", "PUBLIC_URL": "https://gov.example"})
    flask = create_app(replace(settings, database_url=engine_url, public_url=""))
    flask.testing = True
    return flask


def play(
    template: SQLiteTemplate, folder: Path, what: Callable[[worlds.World, time.MovableClock], None]
) -> Played:
    """Build the demo's world in a new database and let `what` play in it."""
    moving = time.MovableClock(START)
    before = time.use(moving)
    kept = folder / "played.sqlite3"
    try:
        with template.fresh() as engine:
            application(engine.url.render_as_string(hide_password=False))
            own = db.engine()
            what(worlds.build(everything=True), moving)
            db.bind(None)
            own.dispose()
            with sqlite3.connect(str(engine.url.database)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copyfile(str(engine.url.database), kept)
    finally:
        time.use(before)
        policy.forget()
        definitions.forget()
    return Played(kept, moving.now())


@contextmanager
def opened(played: Played, folder: Path, clock: time.MovableClock) -> Iterator[Flask]:
    """The application on a copy, at the moment at which the playing ended."""
    clock.set(played.at)
    copy = folder / "copy.sqlite3"
    shutil.copyfile(played.file, copy)
    policy.forget()
    definitions.forget()
    flask = application(f"sqlite:///{copy}")
    own = db.engine()
    yield flask
    db.bind(None)
    own.dispose()
    policy.forget()
    definitions.forget()
