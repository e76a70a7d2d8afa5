"""From nothing to the newest schema and back, on both databases."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine, inspect, text

from app import tables
from app.cli.db import db_group
from app.core import append_only, db, migrate

REVISIONS = migrate.revisions()


def names(engine: Engine) -> set[str]:
    every = set(inspect(engine).get_table_names()) - {"alembic_version"}
    return {name for name in every if migrate.is_ours(name, "table", {})}


def test_there_is_one_line_of_revisions() -> None:
    assert REVISIONS
    assert migrate.head() == REVISIONS[-1]


def test_every_revision_goes_up_down_and_up_again(empty_database: Engine) -> None:
    before: list[set[str]] = [names(empty_database)]
    for revision in REVISIONS:
        migrate.upgrade(empty_database, revision)
        assert migrate.current(empty_database) == revision
        before.append(names(empty_database))
    assert before[-1] == set(tables.metadata.tables)
    for step in reversed(range(len(REVISIONS))):
        migrate.downgrade(empty_database, REVISIONS[step - 1] if step else "base")
        assert names(empty_database) == before[step]
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.head()


def test_the_newest_schema_is_that_of_the_models(empty_database: Engine) -> None:
    migrate.upgrade(empty_database)
    assert migrate.differences(empty_database, tables.metadata) == []


def test_what_is_missing_is_told(empty_database: Engine) -> None:
    migrate.upgrade(empty_database)
    trigger = "history_append_only ON history"
    with empty_database.begin() as connection:
        connection.execute(text("DROP TABLE draft"))
        postgres = empty_database.dialect.name == "postgresql"
        connection.execute(text(f"DROP TRIGGER {trigger if postgres else 'history_no_update'}"))
    told = " ".join(migrate.differences(empty_database, tables.metadata))
    assert "draft" in told
    assert "history is not append-only" in told


def test_a_revision_that_fails_leaves_nothing(
    empty_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(table: str, dialect: str) -> list[str]:
        return ["CREATE NONSENSE"]

    monkeypatch.setattr(append_only, "ddl", fail)
    with pytest.raises(Exception, match="NONSENSE"):
        migrate.upgrade(empty_database)
    assert names(empty_database) == set()
    assert migrate.current(empty_database) is None


def test_the_commands(empty_database: Engine) -> None:
    flask = Flask("migrations")
    flask.cli.add_command(db_group)
    flask.teardown_appcontext(lambda _error: db.close())
    run = flask.test_cli_runner().invoke
    assert run(args=["db", "current"]).output == "base\n"
    assert run(args=["db", "check"]).exit_code == 1
    assert run(args=["db", "upgrade"]).exit_code == 0
    assert run(args=["db", "upgrade"]).exit_code == 0  # a second time changes nothing
    assert run(args=["db", "current"]).output == f"{migrate.head()}\n"
    check = run(args=["db", "check"])
    assert (check.exit_code, check.output) == (0, "")
    assert run(args=["db", "downgrade", "base"]).exit_code == 0
    assert names(empty_database) == set()
