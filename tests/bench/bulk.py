"""Many rows at once: cases that wait, without having been taken there one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Engine, insert, text

from app.core import db
from app.core.db import Row
from app.runtime.models import Case, Task

CHUNK = 5000


def like(row: Case | Task, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row under a new id, with changes."""
    columns = [column.key for column in type(row).__table__.columns if column.key != "id"]
    return {**{name: getattr(row, name) for name in columns}, **changes}


def write(table: type[Row], rows: Iterator[dict[str, Any]], count: int, say: Callable[[str], None]) -> None:
    """Insert rows in chunks, each committed."""
    done = 0
    while chunk := list(islice(rows, CHUNK)):
        with db.unit_of_work() as session:
            session.execute(insert(table), chunk)
        db.close()
        done += len(chunk)
        if done % 20_000 == 0 or done == count:
            say(f"  {done} of {count} rows of {table.__tablename__}")


def settle(engine: Engine, tables: Sequence[str]) -> None:
    """Let the database look at what it holds, as housekeeping does."""
    if engine.dialect.name == "sqlite":
        db.count_rows()  # as the worker does every hour
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            connection.execute(text(f"VACUUM ANALYZE {table}"))
