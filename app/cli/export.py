"""Event logs on standard output."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.studio import insight


@click.group("export")
def export_group() -> None:
    """Data for other tools, on standard output."""


@export_group.command("xes")
@click.option("--version", "definition_id", type=int, help="only cases of this version (its id)")
@with_appcontext
def xes(definition_id: int | None) -> None:
    """Print the event log as XES."""
    for part in insight.as_xes(definition_id):
        click.echo(part, nl=False)


@export_group.command("csv")
@click.option("--version", "definition_id", type=int, help="only cases of this version (its id)")
@with_appcontext
def csv(definition_id: int | None) -> None:
    """Print the event log as CSV."""
    for part in insight.as_csv(definition_id):
        click.echo(part, nl=False)
