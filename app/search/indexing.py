"""Keep the index: what a transaction writes is indexed before it commits, whichever room wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.db import Row, session, unit_of_work
from app.search.models import SearchEntry
from app.search.rules import grams

PENDING = "zhenjie_search"
KEY = ("kind", "ref_id")
BATCH = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """How one thing is found.

    Attributes:
        words: what finds it besides title, note and body.
        initials: names that pinyin initials find.
        waits: its words are still to be read.
    """

    ref_id: int
    title: str
    note: str
    url: str
    at: datetime | None = None
    body: str = ""
    words: str = ""
    initials: Sequence[str] = ()
    case_id: int | None = None
    person_id: int | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of things that can be found.

    Attributes:
        model: the rows that are things of this kind.
        describe: entries for ids; what is left out is not found (any more).
        touched: by model, the column that names the thing, and the columns whose change changes its entry.
    """

    kind: str
    model: type[Row]
    describe: Callable[[Sequence[int]], Iterable[Entry]]
    touched: Mapping[type[Row], tuple[str, frozenset[str]]]


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let things of a kind be found."""
    _sources[source.kind] = source


def registered() -> bool:
    """Whether the application has said what can be found."""
    return bool(_sources)


def rebuild() -> dict[str, int]:
    """Index everything anew, a transaction a batch; answers how many of each kind."""
    counts = {}
    for source in list(_sources.values()):
        last, counts[source.kind] = 0, 0
        while True:
            query = (
                select(source.model.id).where(source.model.id > last).order_by(source.model.id).limit(BATCH)
            )
            with unit_of_work():
                ids = list(session().scalars(query))
                upto = ids[-1] if len(ids) == BATCH else None
                counts[source.kind] += _write(session(), source, ids, after=last, upto=upto)
            if upto is None:
                break
            last = upto
    return counts


def refresh(kind: str, ids: Sequence[int]) -> None:
    """Bring the entries of some things up to date, in the open unit of work."""
    _write(session(), _sources[kind], ids)


def _write(
    db: Session, source: Source, ids: Sequence[int], *, after: int | None = None, upto: int | None = None
) -> int:
    """Bring the entries of ids up to date; of a whole stretch when `after` is given, so that none outlives its thing."""
    rows = [_row(source.kind, entry) for entry in source.describe(ids)] if ids else []
    gone = delete(SearchEntry).where(
        SearchEntry.kind == source.kind, SearchEntry.ref_id.not_in([row["ref_id"] for row in rows])
    )
    if after is None:
        gone = gone.where(SearchEntry.ref_id.in_(ids))
    else:
        gone = gone.where(SearchEntry.ref_id > after)
        gone = gone.where(SearchEntry.ref_id <= upto) if upto is not None else gone
    db.execute(gone, execution_options={"synchronize_session": False})
    if rows:
        # Two transactions may describe the same thing at once: whoever comes second says how it is now.
        made = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(
            SearchEntry.__table__
        )
        new = {name: made.excluded[name] for name in rows[0] if name not in KEY}
        db.execute(made.on_conflict_do_update(index_elements=KEY, set_=new), rows)
    return len(rows)


def _row(kind: str, entry: Entry) -> dict[str, Any]:
    text = f"{entry.title} {entry.note} {entry.words} {entry.body}"
    return {
        "kind": kind,
        "ref_id": entry.ref_id,
        "case_id": entry.case_id,
        "person_id": entry.person_id,
        "title": entry.title[:300],
        "note": entry.note[:300],
        "url": entry.url,
        "at": entry.at,
        "body": entry.body,
        "waits": entry.waits,
        "grams": grams(text, entry.initials),
    }


@event.listens_for(Session, "after_flush")
def _remember(db: Session, _context: Any) -> None:
    """Note which things the flush has changed, by the columns that matter."""
    rows = [(row, False) for row in (*db.new, *db.deleted)] + [(row, True) for row in db.dirty]
    for source in _sources.values():
        for row, stood in rows:
            known = source.touched.get(type(row))
            if known is None or (stood and not _changed(row, known[1])):
                continue
            db.info.setdefault(PENDING, {}).setdefault(source.kind, set()).add(getattr(row, known[0]))


def _changed(row: Row, watched: frozenset[str]) -> bool:
    attributes = inspect(row).attrs
    return any(attributes[name].history.has_changes() for name in watched)


@event.listens_for(Session, "before_commit")
def _index(db: Session) -> None:
    """Write the entries in the transaction of what they describe."""
    if PENDING not in db.info:
        return
    db.flush()
    for kind, ids in db.info.pop(PENDING).items():
        _write(db, _sources[kind], sorted(ids))


@event.listens_for(Session, "after_rollback")
def _forget(db: Session) -> None:
    db.info.pop(PENDING, None)
