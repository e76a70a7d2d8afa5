"""Reads of procurement. Bids answer only after the opening, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import session
from app.core.errors import Fault, Forbidden, NotFound
from app.core.identity import Actor, Role
from app.organisations.models import Organisation
from app.procurement.documents import fingerprint
from app.procurement.models import Award, Bid, DocumentAccess, Procurement, Score, TieDeclaration
from app.runtime.models import Case

READERS = (Role.STREET_CLERK, Role.STREET_LEADER, Role.STREET_DISCIPLINE, Role.STREET_SCORER)
"""Who at the street reads bids once they are open."""
LIST = 100


@dataclass(frozen=True, slots=True)
class Access:
    """One organisation's taking of the call document."""

    organisation: str
    at: datetime
    sha256: str


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


def rounds(case_id: int) -> list[Procurement]:
    """All rounds of a case, the first one first."""
    query = select(Procurement).where(Procurement.case_id == case_id).order_by(Procurement.round)
    return list(session().scalars(query))


def award_of(case_id: int) -> Award | None:
    """The award that stands: that of the latest round, None while nothing is awarded or it was given up."""
    found = find(case_id)
    if found is None or found.state != "awarded":
        return None
    return session().scalar(select(Award).where(Award.procurement_id == found.id))


def open_calls() -> list[tuple[Procurement, Case]]:
    """Calls that still take bids, the nearest deadline first."""
    query = (
        select(Procurement, Case)
        .join(Case, Case.id == Procurement.case_id)
        .where(
            Procurement.state == "published",
            Procurement.bid_until >= clock.now(),
            Case.status == "running",
        )
        .order_by(Procurement.bid_until, Procurement.id)
    )
    return [(found, case) for found, case in session().execute(query.limit(LIST))]


def calls_of_streets(actor: Actor) -> list[tuple[Procurement, Case]]:
    """Published rounds of the streets whose bids the actor may read one day, newest first."""
    streets = sorted({grant.unit_id for grant in actor.grants if grant.role in READERS})
    query = (
        select(Procurement, Case)
        .join(Case, Case.id == Procurement.case_id)
        .where(Case.street_id.in_(streets), Procurement.published_at.is_not(None))
        .order_by(Procurement.id.desc())
    )
    return [(found, case) for found, case in session().execute(query.limit(LIST))]


def call(procurement_id: int) -> tuple[Procurement, Case]:
    """A published call with its case.

    Raises:
        NotFound: not published.
        Fault: the document is not the one that was published (ZH-16a).
    """
    row = (
        session()
        .execute(
            select(Procurement, Case)
            .join(Case, Case.id == Procurement.case_id)
            .where(Procurement.id == procurement_id, Procurement.published_at.is_not(None))
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound
    found, case = row
    if fingerprint(found.document_text or "") != found.document_sha256:
        raise Fault("采购文件与发布时的指纹不一致，请立即联系系统管理人员。")
    return found, case


def bidding_unit(actor: Actor) -> int | None:
    """The unit for which the actor can bid."""
    units = sorted(g.unit_id for g in actor.grants if g.role == Role.ORGANISATION_MEMBER)
    return units[0] if units else None


def reads_bids(actor: Actor, case: Case) -> bool:
    """Whether the actor is one of those at the buying street who read bids."""
    return any(actor.has(role, case.street_id) for role in READERS)


def own_bid(actor: Actor, procurement_id: int) -> Bid | None:
    """The bid of the actor's own organisation: nobody else's, at no time."""
    unit = bidding_unit(actor)
    if unit is None:
        return None
    return session().scalar(select(Bid).where(Bid.procurement_id == procurement_id, Bid.unit_id == unit))


def bids(procurement: Procurement) -> list[Bid]:
    """All bids of a round, in the order they came.

    Raises:
        Forbidden: before the opening nobody reads them (ZH-16a).
    """
    if procurement.opened_at is None:
        raise Forbidden("响应文件开启之前任何人都不能查看。", rule="ZH-16a")
    query = select(Bid).where(Bid.procurement_id == procurement.id, Bid.withdrawn_at.is_(None))
    return list(session().scalars(query.order_by(Bid.submitted_at, Bid.id)))


def bids_for(actor: Actor, procurement_id: int) -> tuple[Procurement, Case, list[Bid]]:
    """The opened bids, for those at the street who read them.

    Raises:
        NotFound: not published, or not for these eyes: competitors never read each other's bids.
        Forbidden: before the opening.
    """
    found, case = call(procurement_id)
    if not reads_bids(actor, case):
        raise NotFound
    return found, case, bids(found)


def bid_file(actor: Actor, bid_id: int, file_id: int) -> int:
    """The id of an attachment of a bid, for the bidder always, for the street after the opening.

    Raises:
        NotFound: no such attachment for these eyes.
        Forbidden: before the opening.
    """
    bid = session().get(Bid, bid_id)
    if bid is None or file_id not in bid.file_ids:
        raise NotFound
    if bidding_unit(actor) != bid.unit_id:
        _, _, opened = bids_for(actor, bid.procurement_id)
        if bid_id not in {one.id for one in opened}:
            raise NotFound
    return file_id


def names_of_organisations(ids: list[int]) -> dict[int, str]:
    """Names by id, in one statement."""
    rows = session().execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {number: name for number, name in rows}


def access_log(procurement_id: int) -> list[Access]:
    """Who took the document, when, and which one: the same for all (ZH-16a)."""
    rows = session().execute(
        select(Organisation.name, DocumentAccess.at, DocumentAccess.sha256)
        .join(Organisation, Organisation.unit_id == DocumentAccess.unit_id)
        .where(DocumentAccess.procurement_id == procurement_id)
        .order_by(DocumentAccess.id)
    )
    return [Access(*row) for row in rows]


def own_scores(actor: Actor, procurement_id: int) -> list[Score]:
    """The points the actor gave."""
    return list(
        session().scalars(
            select(Score)
            .where(Score.procurement_id == procurement_id, Score.scorer_id == actor.person_id)
            .order_by(Score.id)
        )
    )


def scores(procurement: Procurement) -> list[Score]:
    """All points of a round.

    Raises:
        Forbidden: before all are in nobody reads another's points.
    """
    if procurement.ranking is None:
        raise Forbidden("所有评审人员交齐之前，不能查看他人的评分。", rule="ZH-16a")
    return list(session().scalars(select(Score).where(Score.procurement_id == procurement.id)))


def ties_of(person_id: int | None, case_id: int) -> set[int]:
    """Ids of the organisations with which a person has declared a tie in a case, in whatever round."""
    query = select(TieDeclaration.organisation_id).where(
        TieDeclaration.person_id == person_id, TieDeclaration.case_id == case_id
    )
    return set(session().scalars(query))
