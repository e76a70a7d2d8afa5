"""Reads of messages."""

from __future__ import annotations

from sqlalchemy import func, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.core.outbox import Outgoing
from app.messages.models import Message

PAGE = 30
MOST_UNREAD = 100
"""Counting ends here: the bell shows 99+."""


def newest(actor: Actor) -> Message | None:
    """The actor's newest unread message."""
    query = select(Message).where(Message.person_id == actor.person_id, Message.read_at.is_(None))
    return session().scalar(query.order_by(Message.id.desc()).limit(1))


def mails_of(actor: Actor, limit: int = PAGE) -> list[Outgoing]:
    """Mails made for the actor, newest first (我的邮件)."""
    query = select(Outgoing).where(
        Outgoing.kind == "mail", Outgoing.key.startswith(f"mail:{actor.person_id}:")
    )
    return list(session().scalars(query.order_by(Outgoing.id.desc()).limit(limit)))


def unread_count(person_id: int) -> int:
    """How many messages a person has not read, counted up to `MOST_UNREAD`."""
    query = select(Message.id).where(Message.person_id == person_id, Message.read_at.is_(None))
    return session().scalar(select(func.count()).select_from(query.limit(MOST_UNREAD).subquery())) or 0


def unread_of(person_id: int) -> tuple[int, int]:
    """How many messages a person has not read, and the id of the newest of them (0 for none)."""
    unread = select(Message.id).where(Message.person_id == person_id, Message.read_at.is_(None))
    newest = unread.order_by(Message.id.desc()).limit(1).scalar_subquery()
    count = select(func.count()).select_from(unread.limit(MOST_UNREAD).subquery()).scalar_subquery()
    row = session().execute(select(count, newest)).one()
    return row[0], row[1] or 0


def inbox(actor: Actor, *, before: int | None = None, limit: int = PAGE) -> list[Message]:
    """The actor's messages, newest first.

    Args:
        before: id of the last message of the page before.
    """
    query = select(Message).where(Message.person_id == actor.person_id)
    if before is not None:
        query = query.where(Message.id < before)
    return list(session().scalars(query.order_by(Message.id.desc()).limit(limit)))


def one(actor: Actor, message_id: int) -> Message:
    """A message of the actor's.

    Raises:
        NotFound: no such message for these eyes.
    """
    found = session().get(Message, message_id)
    if found is None or found.person_id != actor.person_id:
        raise NotFound
    return found
