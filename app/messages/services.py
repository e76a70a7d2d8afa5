"""Tell people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Fault
from app.core.identity import Actor
from app.messages.kinds import KINDS
from app.messages.models import Message


def notify(
    person_ids: Iterable[int],
    kind: str,
    title: str,
    url: str,
    case_id: int | None = None,
    *,
    body: str = "",
) -> None:
    """Put a line into the message boxes of people (通知), in the open unit of work.

    Args:
        person_ids: each gets one line, however often named.
        kind: what it is about, a key of `kinds.KINDS`.
        url: where to go on this site.

    Raises:
        Fault: nobody could choose a kind that is not among them, so it would reach no mail and no gateway.
    """
    if kind not in KINDS:
        raise Fault(f"消息类别“{kind}”没有登记，不会有人收到它的邮件")
    at = clock.now()
    with unit_of_work() as db:
        db.add_all(
            Message(
                person_id=person,
                case_id=case_id,
                kind=kind,
                title=title[:200],
                body=body,
                url=url,
                created_at=at,
            )
            for person in sorted(set(person_ids))
        )


def mark_read(actor: Actor, message_ids: Iterable[int] | None = None) -> int:
    """Mark the actor's own messages as read (标为已读); all of them when none are named.

    Returns:
        How many were unread before.
    """
    with unit_of_work() as db:
        query = update(Message).where(Message.person_id == actor.person_id, Message.read_at.is_(None))
        if message_ids is not None:
            query = query.where(Message.id.in_(set(message_ids)))
        return len(db.scalars(query.values(read_at=clock.now()).returning(Message.id)).all())
