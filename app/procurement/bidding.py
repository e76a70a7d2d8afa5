"""Take, seal, open and check bids."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor, Role
from app.files import queries as stored
from app.organisations.queries import organisation_of_unit
from app.policy import queries as policy
from app.policy.packs import Pack
from app.procurement import rules
from app.procurement.models import Bid, Procurement
from app.procurement.queries import bidding_unit, bids, call, current, own_bid, reads_bids
from app.procurement.services import SERVICE
from app.runtime.models import Case


def submit_bid(actor: Actor, procurement_id: int, answers: Mapping[str, Any]) -> Bid:
    """Hand in or replace a bid before the deadline (提交响应文件; ZH-16a).

    Audit holds only the fingerprints, one per version.

    Raises:
        Forbidden: not a member of an organisation.
        Refusals: too late, above the ceiling, not invited, not able to bear liability.
    """
    bidder = bidding_unit(actor)
    organisation = organisation_of_unit(bidder)
    if organisation is None or bidder is None or actor.person_id is None:
        raise Forbidden("只有登记的社会组织可以提交响应文件。", rule="ZH-03")
    with unit_of_work() as db:
        found, case = _locked_call(procurement_id)
        pack, now = policy.pack(case.pack_version_id), clock.now()
        above = found.ceiling >= pack.value("procurement_limit")
        form = pack.decide("bidder_form", {"kind": organisation.kind, "above_limit": above})["form"]
        require_all(
            [
                *rules.bid_allowed(
                    answers["amount"], found.ceiling, found.bid_until, now, _closed(found, case)
                ),
                *rules.bidder_allowed(str(form), organisation.id, found.invited),
            ]
        )
        bid = own_bid(actor, found.id)
        papers = list(answers.get("files") or [])
        _require_own(actor, papers, bid.file_ids if bid else [])
        if bid is None:
            bid = Bid(
                city=case.city,
                case_id=case.id,
                procurement_id=found.id,
                organisation_id=organisation.id,
                unit_id=bidder,
                version=0,
            )
        bid.amount, bid.plan, bid.file_ids = answers["amount"], answers["plan"], papers
        bid.submitted_by, bid.submitted_at, bid.withdrawn_at = actor.person_id, now, None
        bid.version, bid.nonce = bid.version + 1, secrets.token_hex(16)
        bid.sha256 = seal_of(bid)
        db.add(bid)
        db.flush()
        record(
            f"procurement:{found.id}",
            "procurement.bid",
            actor=actor,
            subject=f"organisation:{organisation.id}",
            after={"sha256": bid.sha256, "version": bid.version},
        )
        return bid


def seal_of(bid: Bid) -> str:
    """The fingerprint on the receipt: with the nonce the bidder can prove it, without it nobody can guess it."""
    papers = [[paper.name, paper.sha256] for paper in stored.describe(bid.file_ids)]
    content = [bid.nonce, bid.procurement_id, bid.organisation_id, bid.amount, bid.plan, papers]
    return hashlib.sha256(orjson.dumps([*content, bid.submitted_at.isoformat()])).hexdigest()


def withdraw_bid(actor: Actor, procurement_id: int) -> None:
    """Take a bid back before the deadline (撤回响应文件)."""
    with unit_of_work():
        found, case = _locked_call(procurement_id)
        bid = own_bid(actor, procurement_id)
        if bid is None or bid.withdrawn_at is not None:
            raise NotFound
        now = clock.now()
        require_all(rules.bid_allowed(0, found.ceiling, found.bid_until, now, _closed(found, case)))
        bid.withdrawn_at = now
        record(
            f"procurement:{found.id}",
            "procurement.bid_withdrawn",
            actor=actor,
            subject=f"organisation:{bid.organisation_id}",
            after={"sha256": bid.sha256},
        )


def unseal(actor: Actor, procurement_id: int) -> list[Bid]:
    """Open the bids after the deadline, once (开启); from now on the street can read them.

    Raises:
        Forbidden: not by the street's discipline.
        Refusal: the deadline has not passed.
    """
    with unit_of_work():
        found, case = _locked_call(procurement_id)
        if not reads_bids(actor, case):
            raise NotFound
        if not actor.has(Role.STREET_DISCIPLINE, case.street_id):
            raise Forbidden("响应文件由本街道纪检监督人员开启。", rule="ZH-16a")
        if found.bid_until is None or clock.now() <= found.bid_until:
            raise Refusal("响应截止时间未到，不能开启。", rule="ZH-16a")
        if found.opened_at is None:
            found.opened_at, found.opened_by = clock.now(), actor.person_id
            opened = bids(found)
            if broken := [bid.id for bid in opened if seal_of(bid) != bid.sha256]:
                raise Fault(f"响应文件 {broken} 与封存时的指纹不一致，请立即联系系统管理人员。")
            record(
                f"procurement:{found.id}",
                "procurement.open",
                actor=actor,
                subject=case.no,
                after={"bids": [bid.sha256 for bid in opened]},
            )
        return bids(found)


def check_bids(
    actor: Actor, case: Case, pack: Pack, rows: Sequence[Mapping[str, Any]]
) -> tuple[int, str, str]:
    """Record who meets the conditions and whether enough do (资格审查; L-03, L-32).

    Returns:
        Number of valid bids, "continue" or "terminate", and the reason.

    Raises:
        Refusals: a bid without finding, or found wanting without saying why.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        opened = {bid.id: bid for bid in unseal(actor, found.id)}
        given = {int(row["bid_id"]): row for row in rows}
        if set(given) != set(opened):
            raise Refusal("请对每一份响应文件作出资格审查结论。", field="checks", rule="ZH-16a")
        require_all(rules.checks_allowed(rows))
        for bid_id, row in given.items():
            opened[bid_id].qualified = bool(row["qualified"])
            opened[bid_id].qualified_reason = row.get("reason") or ""
        valid = sum(1 for bid in opened.values() if bid.qualified)
        ruling = pack.decide("continue_with_n", {"method": found.method, "object": SERVICE, "valid": valid})
        found.state = "opened"
        return valid, str(ruling["outcome"]), str(ruling["reason"])


def _locked_call(procurement_id: int) -> tuple[Procurement, Case]:
    """A published call, its case and round locked: in this order, as completing a step locks them."""
    db = session()
    found, case = call(procurement_id)
    db.refresh(case, with_for_update=True)
    db.refresh(found, with_for_update=True)
    return found, case


def _closed(found: Procurement, case: Case) -> bool:
    return found.state != "published" or found.opened_at is not None or case.status != "running"


def _require_own(actor: Actor, ids: Sequence[int], before: Sequence[int]) -> None:
    """Attachments are the actor's own uploads, or were in the bid before: nobody hands in another's paper."""
    known = stored.describe(ids)
    mine = {paper.id for paper in known if paper.uploaded_by == actor.person_id and paper.case_id is None}
    if set(ids) - mine - set(before):
        raise Refusal("有附件不是由您上传的，请重新上传。", field="files")
