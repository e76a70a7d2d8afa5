"""Choose the method, write and publish the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.accounts.queries import unit
from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import NotFound, Refusal, require_all
from app.core.identity import Actor
from app.files import queries as stored
from app.files import services as files
from app.notices import services as notices
from app.organisations.queries import by_id
from app.policy.calendar import add_working_days, is_working_day
from app.policy.packs import Pack
from app.procurement import documents, rules
from app.procurement.models import DocumentAccess, Procurement
from app.procurement.queries import bidding_unit, call, current, find
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


def case_ended(case: Case, _actor: Actor, _at: datetime, _status: str) -> None:
    """A case that ends takes no more bids (终止采购)."""
    with unit_of_work():
        found = find(case.id)
        if found is not None and found.state not in ("awarded", "failed"):
            found.state = "cancelled"


def _day_kind(pack: Pack, method: str) -> str:
    return str(pack.decide("method_numbers", {"method": method})["day_kind"])
