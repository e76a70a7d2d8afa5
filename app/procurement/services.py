"""Choose the method, write and publish the call, take bids, open, score, rank, award."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, select

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import YES, Decision, Fault, Forbidden, NotFound, Refusal, no, require_all
from app.core.identity import Actor, Role
from app.files import services as files
from app.notices import services as notices
from app.organisations.queries import by_id, credit_snapshot, organisation_of_unit
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.procurement import rules
from app.procurement.models import Award, Bid, DocumentAccess, Procurement, Score
from app.procurement.queries import bids, call, current, find, own_bid, scores
from app.projects.queries import project_of
from app.runtime.models import Case


def allowed_methods(pack: Pack, amount: int, ground: str, approval: bool) -> tuple[list[str], str]:
    """The methods the law allows for these facts, and its words (ZH-21)."""
    ruling = pack.decide(
        "choose_method",
        {
            "object": "service",
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
        rules.method_allowed(answers["method"], methods, basis).require()
        last = find(case.id)
        made = last if last is not None and last.published_at is None else None
        if made is None:
            made = Procurement(
                city=case.city, case_id=case.id, round=(last.round if last else 0) + 1,
                criteria=list(last.criteria) if last else [], scoring=list(last.scoring) if last else [],
                requirements=last.requirements if last else None, file_ids=[],
            )  # fmt: skip
            db.add(made)
        made.method, made.basis, made.ground = answers["method"], basis, ground
        made.approval_no, made.ceiling, made.state = approval or None, budget, "planned"
        made.facts = {"amount": budget, "ground": ground, "allowed": methods}
        db.flush()
        return made


def write_document(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> Procurement:
    """Write the call: conditions, scoring, time to answer (编制采购文件; ZH-16a, ZH-16b).

    Raises:
        Refusals: forbidden conditions, weights that do not fit, too little time.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        if found.published_at is not None:
            raise Refusal("采购文件已经发布，不能再改；确需更正请重新采购。", rule="ZH-16a")
        numbers = pack.decide("method_numbers", {"method": found.method})
        decisions = [
            *rules.criteria_allowed(answers["criteria"], pack.value("qualification_forbidden_patterns")),
            *rules.scoring_allowed(answers["scoring"], numbers["price_min"], numbers["price_max"]),
        ]
        require_all(decisions)
        if answers["response_days"] < numbers["response_days"]:
            raise Refusal(
                f"响应时间不少于 {numbers['response_days']} 天（{numbers['ref']}）。",
                field="response_days",
                rule=str(numbers["ref"]).split()[0],
            )
        found.criteria, found.scoring = list(answers["criteria"]), list(answers["scoring"])
        found.requirements, found.response_days = answers["requirements"], answers["response_days"]
        found.file_ids, found.state = list(answers.get("files", [])), "drafted"
        found.drafted_by = actor.person_id
        content = [found.requirements, found.criteria, found.scoring, found.ceiling, found.file_ids]
        found.document_sha256 = hashlib.sha256(orjson.dumps(content)).hexdigest()
        files.attach(found.file_ids, case.id, actor)
        return found


def publish_call(actor: Actor, case: Case, pack: Pack) -> datetime:
    """Approve and publish the call; from now on it is the same for everybody (发布采购文件; ZH-16a).

    Returns:
        The last moment for bids.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        if found.state != "drafted":
            raise Refusal("采购文件还没有编制完成。")
        if actor.person_id == found.drafted_by:
            raise Refusal("采购文件的编制人不能批准自己编制的文件，请由领导批准。")
        numbers = pack.decide("method_numbers", {"method": found.method})
        today, days = clock.today(), int(found.response_days or 0)
        last_day = (
            add_working_days(today, days).day
            if numbers["day_kind"] == "working"
            else today + timedelta(days=days)
        )
        until = clock.end_of_day(last_day)
        notice = notices.publish(
            actor,
            case,
            "call",
            f"{case.title}采购公告",
            found.requirements or "",
            until,
            {
                "采购方式": rules.METHODS[found.method],
                "最高限价": f"{found.ceiling / 100:,.2f} 元",
                "响应截止": f"{clock.local(until):%Y-%m-%d %H:%M}",
                "采购文件指纹": (found.document_sha256 or "")[:16],
            },
        )
        found.notice_id, found.published_at, found.bid_until = notice.id, clock.now(), until
        found.state = "published"
        return until


def read_document(actor: Actor, procurement_id: int) -> tuple[Procurement, Case]:
    """Give the call document to an organisation and note that it took it (领取采购文件; ZH-16a)."""
    found, case = call(procurement_id)
    unit = next((g.unit_id for g in actor.grants if g.role == Role.ORGANISATION_MEMBER), None)
    if unit is not None and actor.person_id is not None:
        with unit_of_work() as db:
            db.add(
                DocumentAccess(
                    procurement_id=found.id,
                    unit_id=unit,
                    person_id=actor.person_id,
                    at=clock.now(),
                    sha256=found.document_sha256 or "",
                )
            )
    return found, case


def submit_bid(actor: Actor, procurement_id: int, answers: Mapping[str, Any]) -> Bid:
    """Hand in or replace a bid before the deadline (提交响应文件; ZH-16a).

    Audit holds only the bid's fingerprint.

    Raises:
        Forbidden: not a member of an organisation.
        Refusals: too late, above the ceiling.
    """
    unit = next((g.unit_id for g in actor.grants if g.role == Role.ORGANISATION_MEMBER), None)
    organisation = organisation_of_unit(unit)
    if organisation is None or unit is None or actor.person_id is None:
        raise Forbidden("只有登记的社会组织可以提交响应文件。", rule="ZH-03")
    with unit_of_work() as db:
        found, case = call(procurement_id)
        db.refresh(found, with_for_update=True)
        now = clock.now()
        require_all(
            rules.bid_allowed(
                answers["amount"], found.ceiling, found.bid_until, now, found.state != "published"
            )
        )
        bid = own_bid(actor, found.id)
        if bid is None:
            bid = Bid(
                city=case.city,
                case_id=case.id,
                procurement_id=found.id,
                organisation_id=organisation.id,
                unit_id=unit,
            )
            db.add(bid)
        bid.amount, bid.plan, bid.file_ids = answers["amount"], answers["plan"], answers.get("files", [])
        bid.submitted_by, bid.submitted_at, bid.withdrawn_at = actor.person_id, now, None
        content = [procurement_id, organisation.id, bid.amount, bid.plan, bid.file_ids, now.isoformat()]
        bid.sha256 = hashlib.sha256(orjson.dumps(content)).hexdigest()
        db.flush()
        record(
            f"procurement:{found.id}",
            "procurement.bid",
            actor=actor,
            subject=f"organisation:{organisation.id}",
            after={"sha256": bid.sha256},
        )
        return bid


def withdraw_bid(actor: Actor, procurement_id: int) -> None:
    """Take a bid back before the deadline (撤回响应文件)."""
    with unit_of_work():
        found, _ = call(procurement_id)
        bid = own_bid(actor, procurement_id)
        if bid is None:
            raise NotFound
        require_all(
            rules.bid_allowed(1, found.ceiling, found.bid_until, clock.now(), found.state != "published")
        )
        bid.withdrawn_at = clock.now()
        record(
            f"procurement:{found.id}",
            "procurement.bid_withdrawn",
            actor=actor,
            subject=f"organisation:{bid.organisation_id}",
            after={"sha256": bid.sha256},
        )


def unseal(case: Case) -> list[Bid]:
    """Open the bids after the deadline (开启); from now on they can be read.

    Raises:
        Refusal: the deadline has not passed.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        if found.bid_until is None or clock.now() <= found.bid_until:
            raise Refusal("响应截止时间未到，不能开启。", rule="L-03")
        if found.opened_at is None:
            found.opened_at = clock.now()
        return bids(found)


def check_bids(actor: Actor, case: Case, pack: Pack, rows: Sequence[Mapping[str, Any]]) -> tuple[int, str, str]:
    """Record who meets the conditions and whether enough do (资格审查; L-03, L-32).

    Returns:
        Number of valid bids, "continue" or "terminate", and the reason.
    """
    with unit_of_work():
        opened = {bid.id: bid for bid in unseal(case)}
        given = {int(row["bid_id"]): row for row in rows}
        if set(given) != set(opened):
            raise Refusal("请对每一份响应文件作出资格审查结论。", field="checks")
        for bid_id, row in given.items():
            opened[bid_id].qualified = bool(row["qualified"])
            opened[bid_id].qualified_reason = row.get("reason") or ""
            if not row["qualified"] and not (row.get("reason") or "").strip():
                raise Refusal("不合格的请写明不符合哪一条资格条件。", field="checks", rule="ZH-16b")
        found = current(case.id)
        valid = sum(1 for bid in opened.values() if bid.qualified)
        ruling = pack.decide(
            "continue_with_n", {"method": found.method, "object": "service", "valid": valid}
        )
        found.state = "opened"
        return valid, str(ruling["outcome"]), str(ruling["reason"])


def record_failure(actor: Actor, case: Case, decision: str, reason: str) -> None:
    """Announce that the round failed (采购失败公告; L-03)."""
    with unit_of_work():
        found = current(case.id, lock=True)
        found.state = "failed"
        until = clock.end_of_day(add_working_days(clock.today(), 1).day)
        after = "将重新采购" if decision == "retender" else "终止采购"
        notices.publish(
            actor, case, "failed", f"{case.title}采购失败公告", f"{reason}。{after}。", until,
            {"采购方式": rules.METHODS[found.method], "后续安排": after},
        )  # fmt: skip


def score(actor: Actor, case: Case, rows: Sequence[Mapping[str, Any]], ties: Sequence[int]) -> None:
    """One scorer's points, alone; bids of organisations with a declared tie are left out (独立评分).

    Args:
        rows: bid_id, criterion, points (whole points).
        ties: bids whose organisation the scorer has a tie with.

    Raises:
        Refusals: points outside their criterion.
    """
    if actor.person_id is None:
        raise Fault("评分须由人完成")
    with unit_of_work() as db:
        found = current(case.id)
        weights = {r["name"]: int(r["weight"]) for r in found.scoring if r["kind"] != "price"}
        kept = [row for row in rows if int(row["bid_id"]) not in ties]
        require_all(rules.points_allowed(kept, weights))
        valid = {bid.id for bid in bids(found) if bid.qualified}
        wanted = {(bid_id, name) for bid_id in valid - set(ties) for name in weights}
        if {(int(row["bid_id"]), row["criterion"]) for row in kept} != wanted:
            raise Refusal("请对每一份有效响应的每一个评分项打分。", field="scores")
        db.add_all(
            Score(
                city=case.city,
                case_id=case.id,
                procurement_id=found.id,
                bid_id=int(row["bid_id"]),
                scorer_id=actor.person_id,
                criterion=row["criterion"],
                points=int(row["points"]) * 100,
            )
            for row in kept
        )
        db.flush()


def rank(case: Case) -> bool:
    """Add the points up once all are in (汇总排名); answers whether there is a ranking."""
    with unit_of_work():
        found = current(case.id, lock=True)
        points: dict[int, dict[int, dict[str, int]]] = {}
        for row in scores(found.id):
            points.setdefault(row.bid_id, {}).setdefault(row.scorer_id, {})[row.criterion] = row.points
        offers = [
            rules.Offer(bid.id, bid.amount, points.get(bid.id, {})) for bid in bids(found) if bid.qualified
        ]
        found.ranking, found.state = rules.rank(offers, found.scoring), "ranked"
        return bool(found.ranking)


def award(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> tuple[Award, datetime]:
    """Choose the best bid, look up its credit, announce the award (确定成交; ZH-16a, ZH-24c, L-24, L-30).

    Raises:
        Refusal: not the first of the ranking, or barred by the credit gate.
    """
    if actor.person_id is None:
        raise Fault("成交须由人确定")
    with unit_of_work() as db:
        found = current(case.id, lock=True)
        ranking = found.ranking or []
        first = next((row for row in ranking if row["bid_id"] == answers["bid_id"]), None)
        if first is None or ranking.index(first) != 0:
            if not (answers.get("opinion") or "").strip() or first is None:
                raise Refusal("应当选择排名第一的响应；不选第一名的须写明法定理由。", field="bid_id", rule="ZH-16a")
        if session().scalar(
            select(func.count()).select_from(Score).where(
                Score.procurement_id == found.id, Score.scorer_id == actor.person_id
            )
        ):
            raise Refusal("您参加了评分，不能同时确定成交。")
        bid = next(b for b in bids(found) if b.id == answers["bid_id"])
        organisation = by_id(bid.organisation_id)
        credit = credit_snapshot(organisation.id, clock.today())
        gate = pack.decide("credit_gate", {"list_kind": credit.list_kind})
        if gate["result"] == "block":
            raise Refusal(
                f"“{organisation.name}”在严重违法失信名单中，不能成交。", field="bid_id", rule="L-24"
            )
        until = clock.end_of_day(add_working_days(clock.today(), pack.value("award_notice_days")).day)
        notice = notices.publish(
            actor, case, "award", f"{case.title}成交公告",
            f"“{case.title}”经评审确定成交，现予公告。", until,
            {
                "成交单位": organisation.name,
                "成交金额": f"{bid.amount / 100:,.2f} 元",
                "采购方式": rules.METHODS[found.method],
                "综合得分": f"{first['total'] / 100:.2f}" if first else "",
            },
        )  # fmt: skip
        made = Award(
            city=case.city,
            case_id=case.id,
            procurement_id=found.id,
            bid_id=bid.id,
            organisation_id=organisation.id,
            unit_id=bid.unit_id,
            amount=bid.amount,
            reason=answers.get("opinion") or "排名第一",
            credit={"list_kind": credit.list_kind, "result": gate["result"], "entries": list(credit.entries)},
            awarded_by=actor.person_id,
            awarded_at=clock.now(),
            notice_id=notice.id,
        )
        db.add(made)
        found.state = "awarded"
        case.provider_id = bid.unit_id
        db.flush()
        return made, until


def reopen(case: Case) -> None:
    """Give up an award after an upheld challenge; a new round follows (重新采购)."""
    with unit_of_work():
        current(case.id, lock=True).state = "failed"
        case.provider_id = None


def sealed_count(procurement_id: int) -> int:
    """How many bids lie sealed; nothing else is told before the opening."""
    return len(sealed_rows(procurement_id))


def sealed_rows(procurement_id: int) -> list[tuple[int, int]]:
    """Ids of sealed bids and of their organisations, for the opening record; no content.

    Raises:
        Forbidden: the deadline has not passed, not even names may be known.
    """
    found, _ = call(procurement_id)
    if found.bid_until is None or clock.now() <= found.bid_until:
        raise Forbidden("响应截止时间未到，不能查看有谁参加。", rule="ZH-16a")
    query = select(Bid.id, Bid.organisation_id).where(
        Bid.procurement_id == procurement_id, Bid.withdrawn_at.is_(None)
    )
    return [(row.id, row.organisation_id) for row in session().execute(query.order_by(Bid.id))]


def closing_allowed(decision: str, upheld: bool) -> Decision:
    """An upheld challenge cannot be passed over (L-10, L-23)."""
    if upheld and decision == "confirmed":
        return no("有质疑成立，不能确认成交，请重新采购。", "L-23", "decision")
    return YES
