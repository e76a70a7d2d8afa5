"""The database: typed base, session, and the unit of work that alone commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.pool import PoolProxiedConnection, StaticPool
from sqlalchemy.types import JSON, TypeDecorator

from app.core.straight import insertion

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Row ids: 64 bit on PostgreSQL; SQLite counts only INTEGER columns up by itself."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment; UTC in the database on both dialects."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UTCDateTime()}


class Row(Base):
    """A table whose rows are known by a number."""

    __abstract__ = True
    id: Mapped[int] = mapped_column(BigId, primary_key=True)


_session: ContextVar[Session | None] = ContextVar("session", default=None)
_depth: ContextVar[int] = ContextVar("unit_of_work_depth", default=0)
_engine: Engine | None = None
_writing: ContextVar[bool] = ContextVar("writing", default=False)
PENDING = "zhenjie_pending"
"""Where a session keeps rows that wait to be written together."""


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _from_json(text: Any) -> Any:
    """SQLite hands over a lone number as a number already."""
    return orjson.loads(text) if isinstance(text, str | bytes) else text


JSON_WORDS: dict[str, Any] = {"json_serializer": _json, "json_deserializer": _from_json}


def make_engine(url: str) -> Engine:
    """An engine with our transaction habits: WAL and foreign keys on SQLite, write locks taken at once."""
    if url.startswith("postgres"):
        return create_engine(url, pool_pre_ping=True, **JSON_WORDS)
    return _with_habits(create_engine(url, connect_args={"timeout": 30}, **JSON_WORDS))


def count_rows() -> None:
    """Let SQLite look at what its indexes hold, so that it chooses well among them; PostgreSQL does so by itself.

    A sample of each index is read: milliseconds, however many rows there are.
    """
    if engine().dialect.name == "sqlite":
        with writing(), engine().begin() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit=1000")
            connection.exec_driver_sql("ANALYZE")


def in_memory(image: bytes = b"") -> Engine:
    """A database in memory with one connection, empty or as `image_of` kept it; it is gone when disposed of."""
    memory = sqlite3.connect(":memory:")
    if image:
        memory.deserialize(image)
    return _with_habits(
        create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool, **JSON_WORDS)
    )


def image_of(engine: Engine) -> bytes:
    """All that a database in memory holds."""
    with engine.connect() as connection:
        memory = connection.connection.dbapi_connection
        assert isinstance(memory, sqlite3.Connection)
        return memory.serialize()


def _with_habits(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves, below
        cursor = dbapi.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    # In place of the engine's event `begin`: with a listener every statement takes the library's slow path.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign, assignment]
    return engine


def _begin(connection: PoolProxiedConnection) -> None:
    # Only a unit of work takes the write lock when it begins; a reader must never wait behind one.
    connection.cursor().execute("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


@contextmanager
def writing() -> Iterator[None]:
    """What begins inside takes SQLite's write lock at once."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


_elsewhere: ContextVar[tuple[str, Engine] | None] = ContextVar("elsewhere", default=None)


@contextmanager
def elsewhere(name: str, engine: Engine) -> Iterator[None]:
    """Work in another database in this context only; other threads and what is around stay where they are.

    An open session or unit of work of the database around is left alone and is there again afterwards.

    Args:
        name: by which caches keep what they know of that database apart; never used for another one.
    """
    tokens = _elsewhere.set((name, engine)), _session.set(None), _depth.set(0)
    try:
        yield
    finally:
        close()
        _elsewhere.reset(tokens[0])
        _session.reset(tokens[1])
        _depth.reset(tokens[2])


def place() -> str:
    """The name of the database of this context, "" for the process's own: the first part of every cache's key."""
    other = _elsewhere.get()
    return other[0] if other is not None else ""


def bind(engine: Engine | None) -> None:
    """Make this engine the process's database; open sessions of this context are closed."""
    global _engine
    close()
    _engine = engine


def engine() -> Engine:
    """The process's database, or the one this context works in."""
    other = _elsewhere.get()
    if other is not None:
        return other[1]
    if _engine is None:
        raise RuntimeError("no database bound")
    return _engine


def session() -> Session:
    """The session of this thread or request: reads here, writes only inside `unit_of_work`."""
    current = _session.get()
    if current is None:
        current = Session(engine(), expire_on_commit=False, autoflush=True)
        _session.set(current)
    return current


def close() -> None:
    """Give the connection back; called at the end of each request and job.

    A connection that died with its database has nothing to give back: it is thrown away, and whoever closes
    (a worker between two rounds) goes on.
    """
    current = _session.get()
    if current is None:
        return
    _session.set(None)
    try:
        current.close()
    except DBAPIError as error:
        current.invalidate()
        if not is_outage(error):
            raise


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """All or nothing: the outermost block commits, an inner one joins it, any exception rolls all back."""
    current = session()
    depth = _depth.get()
    if depth:
        token = _depth.set(depth + 1)
        try:
            yield current
            current.flush()
        finally:
            _depth.reset(token)
        return
    current.rollback()  # ends the read transaction: a write must see the newest rows
    current.info.pop(PENDING, None)
    with writing():
        current.connection()
    token = _depth.set(1)
    try:
        yield current
        current.flush()
        _write_pending(current)
        current.commit()
    except BaseException:
        current.info.pop(PENDING, None)
        current.rollback()
        raise
    finally:
        _depth.reset(token)


def is_outage(error: Exception) -> bool:
    """Whether the database itself is away, restarting or too busy: no fault of what was asked of it."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (
        isinstance(error, OperationalError) and "no such" not in str(error.orig)  # SQLite's word for a typo
    )


def add_later(model: type[Base], row: Mapping[str, Any]) -> None:
    """Add a row that nobody changes afterwards: such rows are written in one statement a table.

    They are written before the next query of the session and before the commit, so no reader misses them.
    """
    if not in_unit_of_work():
        raise RuntimeError("rows are added inside a unit of work")
    session().info.setdefault(PENDING, {}).setdefault(model, []).append(dict(row))


def _write_pending(current: Session) -> None:
    connection = current.connection()
    for model, rows in current.info.pop(PENDING, {}).items():
        for columns, alike in groupby(rows, tuple):  # a row's keys are its columns
            insertion(model.__table__, columns).run(connection, *alike)


@event.listens_for(Session, "do_orm_execute")
def _before_query(state: ORMExecuteState) -> None:
    if state.session.info.get(PENDING):
        state.session.flush()  # what the rows point to
        _write_pending(state.session)


def in_unit_of_work() -> bool:
    """Whether a write transaction is open here."""
    return _depth.get() > 0
