"""The search index, by hand."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import delete

from app.core import db, marks
from app.core.db import unit_of_work
from app.search import indexing
from app.search.models import KINDS

WANTED = "search.rebuild"
"""The mark by which a migration asks that the index be filled."""


@click.group("search")
def search_group() -> None:
    """The search index, by hand."""


@search_group.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Index everything anew; searching goes on meanwhile."""
    counts = indexing.rebuild()
    click.echo("，".join(f"{KINDS[kind]} {count}" for kind, count in counts.items()), err=True)


def rebuild_if_wanted() -> None:
    """Fill the index when a migration has asked for it."""
    if indexing.registered() and marks.exists() and marks.get(WANTED) is not None:
        indexing.rebuild()
        with unit_of_work() as store:
            store.execute(delete(marks.Mark).where(marks.Mark.name == WANTED))
    db.close()
