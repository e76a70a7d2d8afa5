"""The schema of the database: up, down, compare."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app import tables
from app.cli.search import rebuild_if_wanted
from app.core import db, migrate


@click.group("db")
def db_group() -> None:
    """The schema of the database."""


@db_group.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Bring the database to REVISION (the newest by default)."""
    url = db.engine().url
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    before = migrate.current(db.engine())
    migrate.upgrade(db.engine(), revision)
    after = migrate.current(db.engine())
    if revision == "head":
        rebuild_if_wanted()
    click.echo(f"database at {after}" + ("" if before == after else f" (was {before or 'empty'})"), err=True)


@db_group.command("downgrade")
@click.argument("revision")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take the database back to REVISION ("base": before the first; "-1": one step)."""
    migrate.downgrade(db.engine(), revision)
    click.echo(f"database at {migrate.current(db.engine()) or 'base'}", err=True)


@db_group.command("current")
@with_appcontext
def current() -> None:
    """Print the revision the database stands at."""
    click.echo(migrate.current(db.engine()) or "base")


@db_group.command("check")
@with_appcontext
def check() -> None:
    """Exit 1 and say what differs when models and database are not the same."""
    found = migrate.differences(db.engine(), tables.metadata)
    for line in found:
        click.echo(line)
    if found:
        raise SystemExit(1)


@db_group.command("revision")
@click.option("--message", "-m", required=True, help="what the revision does, in a few words")
@click.option("--autogenerate", is_flag=True, required=True, help="write it from the models")
@with_appcontext
def revision(message: str, autogenerate: bool) -> None:
    """Write a new revision from the difference between models and database."""
    del autogenerate  # the flag says what happens; there is no other way
    migrate.autogenerate(db.engine(), tables.metadata, message)
