"""Searching: what matches, of that what the reader may see; hits, counts and suggestions ask the same question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    and_,
    column,
    exists,
    false,
    func,
    or_,
    select,
    table,
    text,
)

from app.accounts.models import Membership, OrgUnit
from app.core.db import session
from app.core.identity import ROLE_NAMES, Actor, Role
from app.needs.models import Need
from app.projects.queries import papers_open_to
from app.runtime.models import Case
from app.runtime.queries import visible_cases
from app.search import rules
from app.search.models import KINDS, SearchEntry

PAGE = 20
SUGGESTED = 8
MOST_PAGES = 25
WINDOW = PAGE * MOST_PAGES
"""So many are ranked and counted, the newest first; of what is more than that the page says so."""
RECENT = 20_000
FEW = 300
SQLITE_TEXT = table("search_text", column("rowid", Integer))


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found.

    Attributes:
        title, note, quote: in pieces, each with whether it is what was looked for.
        status: of a case, where it stands.
    """

    kind: str
    title: Sequence[tuple[str, bool]]
    note: Sequence[tuple[str, bool]]
    quote: Sequence[tuple[str, bool]]
    url: str
    at: datetime | None
    status: str = ""
    stage: str | None = None

    @property
    def name(self) -> str:
        """The title in one piece."""
        return "".join(part for part, _ in self.title)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found.

    Attributes:
        counts: by kind, of all kinds; only what the reader may see is counted.
        over: there are more than are counted.
    """

    hits: list[Hit]
    counts: dict[str, int]
    total: int
    page: int
    more: bool
    searched: bool = True
    over: bool = False
    marked: list[str] = field(default_factory=list)


def search(
    actor: Actor, typed: str, *, kind: str = "", page: int = 1, limit: int = PAGE, quoted: bool = True
) -> Found:
    """What a reader finds (搜索).

    Args:
        kind: one of `KINDS`, "" for all.
        quoted: with the place of each text that answers the question.
    """
    query = rules.parse(typed)
    if not query:
        return Found([], {}, 0, 1, more=False, searched=False)
    wanted = visible(actor)
    matches = _newest(query, wanted)
    counted = Counter(one.kind for one in matches)
    counts = {name: counted[name] for name in KINDS if name in counted}
    if kind:
        matches = _newest(query, and_(SearchEntry.kind == kind, wanted))
        counts |= {kind: len(matches)} if matches else {}
    page = max(1, min(page, MOST_PAGES))
    ranked = _ranked(matches, typed)
    upto = page * limit
    entries = _entries([one.id for one in ranked[upto - limit : upto]])
    marked = rules.words(typed)
    return Found(
        _hits(entries, marked, _bodies(entries) if quoted else {}),
        counts,
        len(ranked),
        page,
        more=upto < len(ranked) and page < MOST_PAGES,
        over=len(matches) == WINDOW,
        marked=marked,
    )


def suggest(actor: Actor, typed: str) -> Found:
    """The first few, while one types (边输边搜)."""
    return search(actor, typed, limit=SUGGESTED, quoted=False)


def visible(actor: Actor) -> ColumnElement[bool]:
    """What a reader may find, as a condition: asked of the things themselves, never of a copy (ZH-24a)."""
    if actor.person_id is None:
        return false()
    seen = exists().where(Case.id == SearchEntry.case_id, visible_cases(actor))
    opened = exists().where(Case.id == SearchEntry.case_id, papers_open_to(actor))
    asked = exists().where(
        Need.id == SearchEntry.ref_id,
        or_(Need.unit_id.in_(sorted(actor.scope)), Need.created_by == actor.person_id),
    )
    near = exists().where(
        Membership.person_id == SearchEntry.ref_id, Membership.unit_id.in_(sorted(actor.scope))
    )
    return or_(
        SearchEntry.kind.in_(("organisation", "notice")),
        and_(SearchEntry.kind == "case", seen),
        and_(SearchEntry.kind == "paper", or_(SearchEntry.person_id == actor.person_id, opened)),
        and_(SearchEntry.kind == "need", asked),
        and_(SearchEntry.kind == "person", near),
    )


def cases_holding(typed: str) -> list[int] | None:
    """Ids of the cases that hold what was typed; None when they are too many to be named, or not known by it.

    It is no answer yet: whoever asks knows which of them are shown. A list need not be walked for the few.
    """
    query = rules.parse(typed)
    if not query:
        return None
    found = select(SearchEntry.ref_id).where(SearchEntry.kind == "case").limit(FEW + 1)
    ids = list(session().scalars(_matching(found, query)))
    # Letters and digits are found from the beginning of a word on; what stands inside of one is looked for.
    return None if len(ids) > FEW or (not ids and typed.isascii()) else ids


def _matching(found: Any, query: rules.Query) -> Any:
    if session().get_bind().dialect.name == "postgresql":
        # Written as the index is, or it is not used.
        words = "to_tsvector('simple', search_entry.grams) @@ to_tsquery('simple', :searched)"
        return found.where(text(words).bindparams(searched=rules.for_postgresql(query)))
    said = text("search_text MATCH :searched").bindparams(searched=rules.for_sqlite(query))
    # Plus nothing: or SQLite would ask the text index about each entry instead of the other way about.
    return found.join_from(SQLITE_TEXT, SearchEntry, SearchEntry.id == SQLITE_TEXT.c.rowid + 0).where(said)


def _newest(query: rules.Query, wanted: ColumnElement[bool]) -> list[Row[Any]]:
    """The newest that match and are wanted: of what nobody reads to its end no more is counted."""
    found = select(SearchEntry.id, SearchEntry.kind, SearchEntry.title, SearchEntry.at).where(wanted)
    if session().get_bind().dialect.name != "postgresql":
        found = _matching(found, query).order_by(SQLITE_TEXT.c.rowid.desc())
        return list(session().execute(found.limit(WINDOW)))
    last = session().scalar(select(func.max(SearchEntry.id))) or 0
    rows: list[Row[Any]] = []
    # Of a word that stands everywhere the recent entries hold enough; the whole index is read for the others.
    for after in dict.fromkeys((max(0, last - RECENT), 0)):
        # The text index answers first; then the newest are looked at one after another until enough are wanted.
        hit = _matching(select(SearchEntry.id).where(SearchEntry.id > after), query)
        hit = hit.cte("hit").prefix_with("MATERIALIZED")
        newest = select(hit.c.id).order_by(hit.c.id.desc()).offset(0).subquery()
        these = found.join_from(newest, SearchEntry, SearchEntry.id == newest.c.id)
        rows = list(session().execute(these.order_by(newest.c.id.desc()).limit(WINDOW)))
        if len(rows) == WINDOW:
            break
    return rows


def _ranked(matches: Sequence[Row[Any]], typed: str) -> list[Row[Any]]:
    """What bears the words in its name first, cases before the rest, then the newest."""
    words = rules.plain(" ".join(typed.split()))
    order = {name: number for number, name in enumerate(KINDS)}

    def key(one: Row[Any]) -> tuple[bool, int, float, int]:
        at = one.at.timestamp() if one.at is not None else 0.0
        return words not in rules.plain(one.title), order[one.kind], -at, -one.id

    return sorted(matches, key=key)


def _entries(ids: Sequence[int]) -> list[SearchEntry]:
    if not ids:
        return []
    found = {one.id: one for one in session().scalars(select(SearchEntry).where(SearchEntry.id.in_(ids)))}
    return [found[one] for one in ids]


def _bodies(entries: Sequence[SearchEntry]) -> dict[int, str]:
    """The texts that are quoted from, by entry."""
    if not entries:
        return {}
    query = select(SearchEntry.id, SearchEntry.body).where(SearchEntry.id.in_([one.id for one in entries]))
    return {number: body for number, body in session().execute(query)}


def _hits(entries: Sequence[SearchEntry], marked: Sequence[str], bodies: Mapping[int, str]) -> list[Hit]:
    stands = _stands([one.ref_id for one in entries if one.kind == "case"])
    posts = _posts([one.ref_id for one in entries if one.kind == "person"])
    found = []
    for one in entries:
        status, stage = stands.get(one.ref_id, ("", None)) if one.kind == "case" else ("", None)
        note = posts.get(one.ref_id, "") if one.kind == "person" else one.note
        quote = "" if one.kind == "need" else rules.quote(bodies.get(one.id, ""), marked)
        found.append(
            Hit(
                one.kind,
                rules.parts(one.title, marked),
                rules.parts(note, marked),
                rules.parts(quote, marked) if quote else [],
                one.url,
                one.at,
                status,
                stage,
            )
        )
    return found


def _stands(ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    if not ids:
        return {}
    rows = session().execute(select(Case.id, Case.status, Case.stage).where(Case.id.in_(ids)))
    return {number: (status, stage) for number, status, stage in rows}


def _posts(ids: Sequence[int]) -> dict[int, str]:
    """Where people work and as what."""
    if not ids:
        return {}
    rows = session().execute(
        select(Membership.person_id, OrgUnit.short_name, Membership.role)
        .join(OrgUnit, OrgUnit.id == Membership.unit_id)
        .where(Membership.person_id.in_(ids))
        .order_by(OrgUnit.path, Membership.role)
    )
    found: dict[int, list[str]] = {}
    for person, unit, role in rows:
        found.setdefault(person, []).append(f"{unit} {ROLE_NAMES[Role(role)]}")
    return {person: "、".join(posts) for person, posts in found.items()}
