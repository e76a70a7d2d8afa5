"""Reads of procurement. Bids answer only after the opening, whoever asks."""

from __future__ import annotations

from sqlalchemy import select

from app.core import clock
from app.core.db import session
from app.core.errors import Fault, Forbidden, NotFound
from app.core.identity import Actor, Role
from app.procurement.models import Award, Bid, Procurement, Score
from app.runtime.models import Case


def current(case_id: int, *, lock: bool = False) -> Procurement:
    """The latest round of a case.

    Raises:
        Fault: procurement has not begun.
    """
    query = (
        select(Procurement).where(Procurement.case_id == case_id).order_by(Procurement.round.desc()).limit(1)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise Fault("采购还没有开始")
    return found


def find(case_id: int) -> Procurement | None:
    """The latest round of a case, None before procurement."""
    query = select(Procurement).where(Procurement.case_id == case_id).order_by(Procurement.round.desc())
    return session().scalar(query.limit(1))


def award_of(case_id: int) -> Award | None:
    """The award of the latest round, None while nothing is awarded."""
    found = find(case_id)
    if found is None:
        return None
    return session().scalar(select(Award).where(Award.procurement_id == found.id))


def open_calls() -> list[tuple[Procurement, Case]]:
    """Calls that still take bids, the nearest deadline first."""
    query = (
        select(Procurement, Case)
        .join(Case, Case.id == Procurement.case_id)
        .where(
            Procurement.state == "published",
            Procurement.bid_until > clock.now(),
            Case.status == "running",
        )
        .order_by(Procurement.bid_until)
    )
    return [(found, case) for found, case in session().execute(query)]


def call(procurement_id: int) -> tuple[Procurement, Case]:
    """A published call with its case.

    Raises:
        NotFound: not published.
    """
    row = session().execute(
        select(Procurement, Case)
        .join(Case, Case.id == Procurement.case_id)
        .where(Procurement.id == procurement_id, Procurement.published_at.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


def own_bid(actor: Actor, procurement_id: int) -> Bid | None:
    """The bid of the actor's own organisation: nobody else's, at no time."""
    units = [g.unit_id for g in actor.grants if g.role == Role.ORGANISATION_MEMBER]
    return session().scalar(
        select(Bid).where(Bid.procurement_id == procurement_id, Bid.unit_id.in_(units))
    )


def bids(procurement: Procurement) -> list[Bid]:
    """All bids of a round, in the order they came.

    Raises:
        Forbidden: before the opening nobody reads them (ZH-16a).
    """
    if procurement.opened_at is None:
        raise Forbidden("响应文件开启之前任何人都不能查看。", rule="ZH-16a")
    query = select(Bid).where(Bid.procurement_id == procurement.id, Bid.withdrawn_at.is_(None))
    return list(session().scalars(query.order_by(Bid.submitted_at, Bid.id)))


def scores(procurement_id: int) -> list[Score]:
    """All points of a round, for the ranking alone."""
    return list(session().scalars(select(Score).where(Score.procurement_id == procurement_id)))
