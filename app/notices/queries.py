"""Reads of notices and of what was said about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Select, exists, func, or_, select

from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.notices.models import Notice, NoticeEvent, Objection
from app.notices.rules import fingerprint

PAGE = 20
PublicFacts: TypeAlias = Callable[[int], list[tuple[str, str]]]
_public_facts: list[PublicFacts] = []


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice with what has become of it.

    Attributes:
        state: open (its period runs), waiting (period over, not closed), closed or withdrawn.
    """

    notice: Notice
    event: NoticeEvent | None
    state: str
    objections: int
    waiting: int

    @property
    def is_open(self) -> bool:
        """Whether objections are still taken."""
        return self.state == "open"


def register_public_facts(source: PublicFacts) -> None:
    """Let a room above tell what the public may know of a case; asked when a project notice is written."""
    if source not in _public_facts:
        _public_facts.append(source)


def public_facts(case_id: int) -> dict[str, str]:
    """What the public may know of a case, by label."""
    return {label: value for source in _public_facts for label, value in source(case_id)}


def content_of(notice: Notice) -> dict[str, Any]:
    """What the fingerprint of a notice covers."""
    return {
        "no": notice.no,
        "kind": notice.kind,
        "title": notice.title,
        "body": notice.body,
        "facts": dict(notice.facts),
        "publisher": notice.publisher,
        "published_at": clock.local(notice.published_at).isoformat(),
        "from_day": notice.from_day.isoformat(),
        "until_at": clock.local(notice.until_at).isoformat(),
    }


def is_intact(notice: Notice) -> bool:
    """Whether the content still has the fingerprint it was published with."""
    return fingerprint(content_of(notice)) == notice.sha256


def state_of(notice: Notice, event: NoticeEvent | None, now: datetime) -> str:
    """open, waiting, closed or withdrawn."""
    if event is not None:
        return event.kind
    return "open" if now <= notice.until_at else "waiting"


def event_of(notice_id: int) -> NoticeEvent | None:
    """How a notice ended, None while it has not."""
    return session().scalar(select(NoticeEvent).where(NoticeEvent.notice_id == notice_id))


def by_id(notice_id: int) -> Notice:
    """A notice by its id.

    Raises:
        NotFound: there is none.
    """
    found = session().get(Notice, notice_id)
    if found is None:
        raise NotFound
    return found


def by_no(no: str) -> NoticeView:
    """A notice by its public number, with its state.

    Raises:
        NotFound: there is none.
    """
    found = session().scalar(select(Notice).where(Notice.no == no))
    if found is None:
        raise NotFound
    return view(found)


def view(notice: Notice) -> NoticeView:
    """A notice with its end and its counts of objections."""
    return _views([notice])[0]


def of_case(case_id: int, kind: str | None = None) -> list[Notice]:
    """All notices of a case, oldest first."""
    query = select(Notice).where(Notice.case_id == case_id)
    if kind:
        query = query.where(Notice.kind == kind)
    return list(session().scalars(query.order_by(Notice.seq)))


def views_of(case_id: int) -> list[NoticeView]:
    """All notices of a case with their states, oldest first."""
    return _views(of_case(case_id))


def latest(case_id: int, kind: str) -> Notice | None:
    """The newest notice of one kind of a case."""
    return next(iter(of_case(case_id, kind)[::-1]), None)


def published(
    *,
    street_id: int | None = None,
    kind: str = "",
    state: str = "",
    text: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[NoticeView]:
    """Public notices, newest first, by keyset pages.

    Args:
        state: "open" (period runs), "ended", or "" for all.
        text: part of title or text.
        before: id of the last notice of the page before.
    """
    query: Select[tuple[Notice]] = select(Notice)
    now = clock.now()
    ended = exists().where(NoticeEvent.notice_id == Notice.id)
    if street_id is not None:
        query = query.where(Notice.street_id == street_id)
    if kind:
        query = query.where(Notice.kind == kind)
    if state == "open":
        query = query.where(Notice.until_at >= now, ~ended)
    elif state == "ended":
        query = query.where(or_(Notice.until_at < now, ended))
    if text:
        query = query.where(
            or_(Notice.title.contains(text, autoescape=True), Notice.body.contains(text, autoescape=True))
        )
    if before is not None:
        query = query.where(Notice.id < before)
    return _views(list(session().scalars(query.order_by(Notice.id.desc()).limit(limit))))


def streets() -> list[int]:
    """Ids of the streets that have published anything, for the filter."""
    return list(session().scalars(select(Notice.street_id).distinct().order_by(Notice.street_id)))


def objections_of(notice_id: int) -> list[Objection]:
    """Everything said about a notice, oldest first."""
    return list(
        session().scalars(select(Objection).where(Objection.notice_id == notice_id).order_by(Objection.seq))
    )


def open_objections(case_id: int, notice_id: int | None = None) -> list[Objection]:
    """What still waits for an answer, oldest first."""
    query = select(Objection).where(Objection.case_id == case_id, Objection.state == "open")
    if notice_id is not None:
        query = query.where(Objection.notice_id == notice_id)
    return list(session().scalars(query.order_by(Objection.id)))


def recent_from(source: str, now: datetime) -> int:
    """How many submissions came from one address in the last hour."""
    since = now - timedelta(hours=1)
    query = select(func.count()).where(Objection.source == source, Objection.at > since)
    return session().scalar(query) or 0


def _views(notices: list[Notice]) -> list[NoticeView]:
    if not notices:
        return []
    ids = [notice.id for notice in notices]
    events = {
        e.notice_id: e for e in session().scalars(select(NoticeEvent).where(NoticeEvent.notice_id.in_(ids)))
    }
    counts: dict[int, dict[str, int]] = {}
    rows = session().execute(
        select(Objection.notice_id, Objection.state, func.count())
        .where(Objection.notice_id.in_(ids))
        .group_by(Objection.notice_id, Objection.state)
    )
    for notice_id, state, count in rows:
        counts.setdefault(notice_id, {})[state] = count
    now = clock.now()
    found = []
    for notice in notices:
        event, own = events.get(notice.id), counts.get(notice.id, {})
        found.append(
            NoticeView(notice, event, state_of(notice, event, now), sum(own.values()), own.get("open", 0))
        )
    return found
