"""Tables whose rows can only be added: the database itself refuses UPDATE and DELETE."""

from __future__ import annotations

from sqlalchemy import DDL, event

from app.core.db import Base

protected: list[str] = []
"""Names of all append-only tables."""

FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END $$ LANGUAGE plpgsql
"""


def ddl(table: str, dialect: str) -> list[str]:
    """The statements that make a table append-only on one dialect."""
    if dialect == "postgresql":
        return [
            FUNCTION,
            (
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            ),
            (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            ),
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'table {table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def protect(model: type[Base]) -> None:
    """Make a model's table append-only wherever it is created from the metadata."""
    table = model.__table__
    name = str(table.name)  # type: ignore[attr-defined]
    protected.append(name)
    for dialect in ("sqlite", "postgresql"):
        for statement in ddl(name, dialect):
            ddl_event = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl_event.execute_if(dialect=dialect))
