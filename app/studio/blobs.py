"""Contents of files, each kept once under its fingerprint, and the difference of two of them."""

from __future__ import annotations

import difflib
import hashlib
import zlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import undefer

from app.core.db import session
from app.core.errors import NotFound
from app.studio.models import DraftSave, ModelBlob


def content(sha256: str) -> bytes:
    """What was once saved, by its fingerprint."""
    row = session().get(ModelBlob, sha256, options=[undefer(ModelBlob.data)])
    if row is None:
        raise NotFound
    return zlib.decompress(row.data)


def difference(one: DraftSave) -> str:
    """What a save changed, line by line."""
    before = content(one.before).decode() if one.before else ""
    after = content(one.after).decode() if one.after else ""
    return unified(before, after, one.file)


def unified(before: str, after: str, name: str) -> str:
    """A line-by-line difference of two texts."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name}（原）", f"{name}（新）", lineterm="", n=2
    )
    return "\n".join(lines)


def digest(data: bytes) -> str:
    """The fingerprint under which a content is kept."""
    return hashlib.sha256(data).hexdigest()


def keep(contents: Iterable[bytes]) -> None:
    """Keep contents that are not known yet, each once."""
    db = session()
    rows = {digest(data): data for data in contents}
    known = set(db.scalars(select(ModelBlob.sha256).where(ModelBlob.sha256.in_(sorted(rows)))))
    for sha256, data in rows.items():
        if sha256 not in known:
            row = {"sha256": sha256, "size": len(data), "data": zlib.compress(data, 6)}
            db.execute(_insert(db.get_bind().dialect.name), row)


@cache
def _insert(dialect: str) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(ModelBlob)
    return made.on_conflict_do_nothing()
