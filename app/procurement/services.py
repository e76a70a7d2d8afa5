"""Choose the method, write and publish the call; take, open and check bids."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from app.accounts.queries import unit
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor, Role
from app.files import queries as stored
from app.files import services as files
from app.notices import services as notices
from app.organisations.queries import by_id, organisation_of_unit
from app.policy import queries as policy
from app.policy.calendar import add_working_days, is_working_day
from app.policy.packs import Pack
from app.procurement import documents, rules
from app.procurement.models import Bid, DocumentAccess, Procurement
from app.procurement.queries import bidding_unit, bids, call, current, find, own_bid, reads_bids
from app.projects.queries import project_of
from app.runtime.models import Case
from app.runtime.rules import sees

SERVICE = "service"
"""What is bought: the packs' tables also know goods, which this platform does not buy."""


def allowed_methods(pack: Pack, amount: int, ground: str, approval: bool) -> tuple[list[str], str]:
    """The methods the law allows for these facts, and its words (ZH-21)."""
    ruling = pack.decide(
        "choose_method",
        {
            "object": SERVICE,
            "amount": amount,
            "limit": pack.value("procurement_limit"),
            "open_threshold": pack.value("open_tender_threshold"),
            "ground": ground,
            "approval": approval,
        },
    )
    return ruling["methods"].split(","), ruling["basis"]


def choose_method(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Procurement:
    """Fix how to buy, with the facts it rests on (确定采购方式; ZH-21).

    Raises:
        Refusal: the law does not allow this method here.
    """
    with unit_of_work() as db:
        budget = project_of(case.id).budget_fen
        ground, approval = answers.get("ground") or "none", (answers.get("approval_no") or "").strip()
        methods, basis = allowed_methods(pack, budget, ground, bool(approval))
        threshold = pack.value("open_tender_threshold")
        rules.method_allowed(
            answers["method"],
            methods,
            basis,
            ground=ground,
            approval=bool(approval),
            above_open=budget >= threshold,
        ).require()
        last = find(case.id)
        made = last if last is not None and last.published_at is None else None
        if made is None:
            made = Procurement(
                city=case.city,
                case_id=case.id,
                round=(last.round if last else 0) + 1,
                criteria=list(last.criteria) if last else [],
                scoring=list(last.scoring) if last else [],
                requirements=last.requirements if last else None,
                file_ids=list(last.file_ids) if last else [],
                invited=[],
            )
            db.add(made)
        made.method, made.basis, made.ground = answers["method"], basis, ground
        made.approval_no, made.ceiling, made.state = approval or None, budget, "planned"
        made.facts = {
            "object": SERVICE,
            "amount": budget,
            "limit": pack.value("procurement_limit"),
            "open_threshold": threshold,
            "ground": ground,
            "approval_no": approval,
            "allowed": methods,
            "reason": answers.get("opinion") or "",
        }
        db.flush()
        return made


def write_document(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Procurement:
    """Write the call: conditions, scoring, time to answer (编制采购文件; ZH-16a, ZH-16b).

    Raises:
        Refusals: forbidden conditions, weights that do not fit, too little time, too few invited.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        if found.published_at is not None:
            raise Refusal("采购文件已经发布，不能再改；确需更正请重新采购。", rule="ZH-16a")
        numbers = pack.decide("method_numbers", {"method": found.method})
        criteria = list(answers["criteria"])
        verdicts = [
            str(pack.decide("eligibility_kind", {"kind": c["kind"], "mandatory": c["mandatory"]})["result"])
            for c in criteria
        ]
        invited, note = list(answers.get("invited") or []), answers.get("invited_note") or ""
        require_all(
            [
                *rules.criteria_allowed(criteria, verdicts, pack.value("qualification_forbidden_patterns")),
                *rules.scoring_allowed(answers["scoring"], numbers["price_min"], numbers["price_max"]),
                *rules.invitation_allowed(found.method, invited, numbers["min_suppliers"], note),
            ]
        )
        if answers["response_days"] < numbers["response_days"]:
            raise Refusal(
                f"响应时间不少于 {numbers['response_days']} {day_words(numbers['day_kind'])}（{numbers['ref']}）。",
                field="response_days",
                rule=str(numbers["ref"]).split()[0],
            )
        found.criteria, found.scoring = criteria, list(answers["scoring"])
        found.requirements, found.response_days = answers["requirements"], answers["response_days"]
        found.invited, found.invited_note = invited, note or None
        found.file_ids, found.state = list(answers.get("files", [])), "drafted"
        found.drafted_by, found.cleared_by = actor.person_id, None
        files.attach(found.file_ids, case.id, actor)
        return found


def suspects(found: Procurement, pack: Pack) -> list[tuple[int, str]]:
    """Conditions whose words a second person has to clear before anything is published (ZH-16b)."""
    return rules.to_clear(found.criteria, pack.value("qualification_forbidden_patterns"))


def publish_call(
    actor: Actor, case: Case, pack: Pack, clearances: Sequence[Mapping[str, Any]] = ()
) -> datetime:
    """Approve and publish the call; from now on it is the same for everybody (发布采购文件; ZH-16a, ZH-16b).

    Args:
        clearances: `index`, `cleared`, `cleared_reason` of each suspect condition.

    Returns:
        The last moment for bids.

    Raises:
        Refusals: by whoever wrote it, or with a suspect condition that was not cleared.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        if found.state != "drafted":
            raise Refusal("采购文件还没有编制完成。")
        if actor.person_id == found.drafted_by:
            raise Refusal("采购文件的编制人不能批准自己编制的文件，请由其他领导批准。", rule="ZH-16b")
        open_questions = suspects(found, pack)
        cleared = {int(row["index"]): row for row in clearances}
        require_all(rules.clearing_allowed(open_questions, cleared))
        if open_questions:
            found.cleared_by = actor.person_id
            found.criteria = [
                {**row, "cleared_reason": cleared[index]["cleared_reason"]} if index in cleared else row
                for index, row in enumerate(found.criteria)
            ]
        until = bid_deadline(clock.today(), int(found.response_days or 0), _day_kind(pack, found.method))
        found.document_text = documents.text_of(
            case_no=case.no,
            title=case.title,
            buyer=unit(case.street_id).name,
            round_no=found.round,
            method=found.method,
            basis=found.basis,
            ceiling=found.ceiling,
            requirements=found.requirements or "",
            criteria=found.criteria,
            scoring=found.scoring,
            until=until,
            invited=[by_id(number).name for number in found.invited],
            papers=[(paper.name, paper.sha256) for paper in stored.describe(found.file_ids)],
        )
        found.document_sha256 = documents.fingerprint(found.document_text)
        notice = notices.publish(
            actor,
            case,
            "call",
            f"{case.title}采购公告",
            found.requirements or case.title,
            until,
            {
                "采购方式": rules.METHODS[found.method],
                "最高限价": f"{found.ceiling / 100:,.2f} 元",
                "响应截止": f"{clock.local(until):%Y-%m-%d %H:%M}",
                "采购文件指纹": found.document_sha256,
            },
        )
        found.notice_id, found.published_at, found.bid_until = notice.id, clock.now(), until
        found.state = "published"
        return until


def bid_deadline(today: date, days: int, day_kind: str) -> datetime:
    """The last moment for bids: periods begin the day after and do not end on a day of rest (L-01, L-28)."""
    if day_kind == "working":
        return clock.end_of_day(add_working_days(today, days).day)
    last = today + timedelta(days=days)
    return clock.end_of_day(last if is_working_day(last) else add_working_days(last, 1).day)


def day_words(day_kind: str) -> str:
    """How days of a kind are called."""
    return "个工作日" if day_kind == "working" else "天"


def read_document(actor: Actor, procurement_id: int) -> tuple[Procurement, Case]:
    """Give the call document and note which organisation took it (领取采购文件; ZH-16a).

    Raises:
        NotFound: not published, or the actor is neither an organisation nor of this case's units.
    """
    found, case = call(procurement_id)
    bidder = bidding_unit(actor)
    if bidder is None and not sees(actor, case):
        raise NotFound
    if bidder is not None and actor.person_id is not None:
        with unit_of_work() as db:
            db.add(
                DocumentAccess(
                    procurement_id=found.id,
                    unit_id=bidder,
                    person_id=actor.person_id,
                    at=clock.now(),
                    sha256=documents.fingerprint(found.document_text or ""),
                )
            )
    return found, case


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


def case_ended(case: Case, _actor: Actor, _at: datetime, _status: str) -> None:
    """A case that ends takes no more bids (终止采购)."""
    with unit_of_work():
        found = find(case.id)
        if found is not None and found.state not in ("awarded", "failed"):
            found.state = "cancelled"


def _day_kind(pack: Pack, method: str) -> str:
    return str(pack.decide("method_numbers", {"method": method})["day_kind"])


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
