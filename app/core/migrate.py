"""Migrations: Alembic told in code which database, which tables, which folder. Needs no ini file."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.operations import MigrateOperation, Operations, ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import DDL, Engine, MetaData, inspect, text
from sqlalchemy.engine import Connection

import config
from app.core import append_only
from app.core.db import writing

FOLDER = config.ROOT / "migrations"
FULL_TEXT = "search_text"
LOCK = 7_316_401
"""PostgreSQL's advisory lock of migrations: two machines that start at once take turns."""


def configuration(**attributes: Any) -> Config:
    """Alembic's configuration for our folder; versions are dated, files one a revision."""
    made = Config(attributes=attributes)
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    made.set_main_option("timezone", "Asia/Shanghai")
    return made


def upgrade(engine: Engine, target: str = "head") -> None:
    """Bring the database to a revision; all steps in one transaction."""
    _run(engine, lambda cfg: command.upgrade(cfg, target))


def downgrade(engine: Engine, target: str) -> None:
    """Take the database back to a revision (`base`: before the first)."""
    _run(engine, lambda cfg: command.downgrade(cfg, target))


def autogenerate(engine: Engine, metadata: MetaData, message: str) -> None:
    """Write a new revision from the difference between models and database."""
    with engine.connect() as connection:
        command.revision(
            configuration(connection=connection, metadata=metadata), message=message, autogenerate=True
        )


def current(engine: Engine) -> str | None:
    """The revision the database stands at, None before the first."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest revision in the folder."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def revisions() -> list[str]:
    """All revisions from the first to the newest."""
    walked = ScriptDirectory.from_config(configuration()).walk_revisions()
    return [script.revision for script in walked][::-1]


def differences(engine: Engine, metadata: MetaData) -> list[str]:
    """What the database lacks compared with the models, append-only triggers included; empty when nothing."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        found = [str(difference) for difference in compare_metadata(context, metadata)]
        return found + [f"table {name} is not append-only" for name in unprotected(connection)]


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether the models speak of it: full-text tables and indexes are made beside them, a dialect's own way."""
    return not (name or "").startswith(FULL_TEXT)


def unprotected(connection: Connection) -> list[str]:
    """Append-only tables that the database would let change."""
    if connection.dialect.name == "postgresql":
        query = "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE NOT tgisinternal GROUP BY 1"
    else:
        query = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY 1"
    guarded = {name for name, count in connection.execute(text(query)) if count >= 2}
    return sorted(set(append_only.protected) & set(inspect(connection).get_table_names()) - guarded)


def _run(engine: Engine, work: Any) -> None:
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        # SQLite rebuilds a table to change it: rows that point to it must not follow it away meanwhile.
        raw = connection.connection.dbapi_connection
        if sqlite and raw is not None:
            raw.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with writing(), connection.begin():
                if not sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                work(configuration(connection=connection))
                if sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
                    raise RuntimeError(f"rows point to rows that are gone: {broken[:3]}")
        finally:
            if sqlite and raw is not None:
                raw.cursor().execute("PRAGMA foreign_keys=ON")


@Operations.register_operation("make_append_only")
class MakeAppendOnly(MigrateOperation):
    """`op.make_append_only("history")`: the database refuses to change or delete rows of this table."""

    def __init__(self, table: str) -> None:
        self.table = table

    @classmethod
    def make_append_only(cls, operations: Operations, table: str) -> None:
        """Add the triggers; dropping the table drops them."""
        operations.invoke(cls(table))


@Operations.implementation_for(MakeAppendOnly)
def _make_append_only(operations: Operations, operation: MakeAppendOnly) -> None:
    for statement in append_only.ddl(operation.table, operations.get_bind().dialect.name):
        operations.execute(DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


@renderers.dispatch_for(MakeAppendOnly)
def _render(_context: AutogenContext, operation: MakeAppendOnly) -> str:
    return f"op.make_append_only({operation.table!r})"


def guard_new_tables(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Let a generated revision make new tables append-only where their models are."""
    for script in directives:
        made = [one.table_name for one in script.upgrade_ops.ops if isinstance(one, ops.CreateTableOp)]
        guards = [MakeAppendOnly(name) for name in made if name in append_only.protected]
        script.upgrade_ops.ops.extend(guards)
