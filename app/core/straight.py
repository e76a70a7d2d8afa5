"""Rows written straight through the driver, by statements that are compiled once.

A step of a case writes a dozen rows one by one; what the library prepares anew for each of them took half of a
step's time (ADR 0004). Types, events and errors stay the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    CursorResult,
    Dialect,
    FromClause,
    Insert,
    Select,
    Update,
    bindparam,
    insert,
    inspect,
    update,
)
from sqlalchemy.orm import Session, make_transient_to_detached

OWN = "own_id"
Ready = Callable[[Any], Any]


class Prepared:
    """A statement with named values, compiled for a dialect when it is first run there.

    Args:
        columns: of an INSERT, what it gets values for.
    """

    def __init__(
        self, statement: Insert | Update | Select[*tuple[Any, ...]], columns: Sequence[str] | None = None
    ) -> None:
        self._statement, self._columns = statement, columns
        self._compiled: dict[str, tuple[str, list[tuple[str, Ready | None]], bool]] = {}

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it once for all rows; each holds a value for each name, and may hold more."""
        known = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        sql, binds, by_place = known
        sent: list[Any] = []
        for row in rows:
            values = [row[name] if ready is None else ready(row[name]) for name, ready in binds]
            named = zip((name for name, _ in binds), values, strict=True)
            sent.append(tuple(values) if by_place else dict(named))
        return connection.exec_driver_sql(sql, sent if len(sent) > 1 else sent[0])

    def _compile(self, dialect: Dialect) -> tuple[str, list[tuple[str, Ready | None]], bool]:
        made: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        types = {name: made.binds[name].type.dialect_impl(dialect) for name in made.positiontup or made.binds}
        binds = [(name, kind.bind_processor(dialect)) for name, kind in types.items()]
        self._compiled[dialect.name] = known = made.string, binds, made.positiontup is not None
        return known


@cache
def insertion(table: FromClause, columns: tuple[str, ...]) -> Prepared:
    """INSERT with values for these columns."""
    return Prepared(insert(table), columns)  # type: ignore[arg-type]


@cache
def _insertion(table: FromClause) -> Prepared:
    columns = [column.key for column in table.columns if not column.primary_key]
    return Prepared(insert(table).returning(table.c.id), columns)  # type: ignore[arg-type]


@cache
def _change(table: FromClause, columns: tuple[str, ...]) -> Prepared:
    own = update(table).where(table.c.id == bindparam(OWN))  # type: ignore[arg-type]
    return Prepared(own.values({name: bindparam(name, type_=table.c[name].type) for name in columns}))


def write(session: Session, row: Any) -> None:
    """Write a new row, or what has changed of one the session holds; it is held as written afterwards.

    Args:
        row: of a table whose rows are known by a number; a new one has not been added to the session.
    """
    state = inspect(row)
    table, values = state.mapper.local_table, state.dict
    if state.transient:
        for column in table.columns:
            if column.key not in values:
                setattr(row, column.key, _first_value(column))
        row.id = _insertion(table).run(session.connection(), values).scalar_one()
        make_transient_to_detached(row)
        session.add(row)
    elif state.modified:
        changed = tuple(name for name, before in state.committed_state.items() if values[name] != before)
        if changed:
            _change(table, changed).run(session.connection(), {**values, OWN: row.id})
        state._commit_all(values, session.identity_map)  # as a flush ends


def _first_value(column: Column[Any]) -> Any:
    """What the library would write when nothing was said."""
    default: Any = column.default
    return default.arg if default is not None and default.is_scalar else None
