"""Called by Alembic: runs the revisions on the connection it was given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from app import tables
from app.core import migrate
from app.core.db import UTCDateTime


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our own types by what the database knows: a revision must not follow later changes of our code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    compare_type=True,
    include_name=migrate.is_ours,
    render_as_batch=True,
    # Our SQLite connections say BEGIN themselves, so that a failing revision leaves nothing behind.
    transactional_ddl=True,
    render_item=plain_types,
    process_revision_directives=migrate.guard_new_tables,
)
context.run_migrations()
