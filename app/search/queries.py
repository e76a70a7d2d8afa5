"""Searching: what matches, of that what the reader may see; hits, counts and suggestions ask the same question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select, text

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
MOST_PAGES = 50


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
    """

    hits: list[Hit]
    counts: dict[str, int]
    total: int
    page: int
    more: bool
    searched: bool = True
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
    wanted = and_(_matches(query), visible(actor))
    rows = session().execute(select(SearchEntry.kind, func.count()).where(wanted).group_by(SearchEntry.kind))
    counted = {name: int(count) for name, count in rows}
    counts = {name: counted[name] for name in KINDS if name in counted}
    total = counts.get(kind, 0) if kind else sum(counts.values())
    page = max(1, min(page, MOST_PAGES))
    found = _ranked(wanted, typed)
    if kind:
        found = found.where(SearchEntry.kind == kind)
    entries = list(session().scalars(found.offset((page - 1) * limit).limit(limit)))
    marked = rules.words(typed)
    return Found(
        _hits(entries, marked, _bodies(entries) if quoted else {}),
        counts,
        total,
        page,
        page * limit < total and page < MOST_PAGES,
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


def _matches(query: rules.Query) -> ColumnElement[bool]:
    if session().get_bind().dialect.name == "postgresql":
        # Written as the index is, or it is not used.
        words = "to_tsvector('simple', search_entry.grams) @@ to_tsquery('simple', :searched)"
        return and_(text(words).bindparams(searched=rules.for_postgresql(query)))
    rowids = text("SELECT rowid FROM search_text WHERE search_text MATCH :searched")
    return SearchEntry.id.in_(rowids.bindparams(searched=rules.for_sqlite(query)).columns(SearchEntry.id))


def _ranked(wanted: ColumnElement[bool], typed: str) -> Select[SearchEntry]:
    """What bears the words in its name first, cases before the rest, then the newest."""
    words = " ".join(typed.split())
    named = case((SearchEntry.title.contains(words, autoescape=True), 0), else_=1)
    order = case({name: number for number, name in enumerate(KINDS)}, value=SearchEntry.kind)
    newest = SearchEntry.at.desc().nulls_last()
    return select(SearchEntry).where(wanted).order_by(named, order, newest, SearchEntry.id.desc())


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
