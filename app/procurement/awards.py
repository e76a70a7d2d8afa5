"""Score, rank, award, announce; or say that the round failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.queries import people_with
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Refusal, require_all
from app.core.identity import Actor, Role
from app.messages.services import notify
from app.notices import services as notices
from app.organisations.queries import by_id, credit_snapshot
from app.policy.calendar import add_working_days
from app.policy.packs import Pack
from app.procurement import rules
from app.procurement.models import Award, Bid, Procurement, Score, TieDeclaration
from app.procurement.queries import bids, current, own_scores, ties_of
from app.runtime.models import Case


def record_failure(actor: Actor, case: Case, decision: str, reason: str) -> None:
    """Announce that the round failed (采购失败公告; L-03)."""
    with unit_of_work():
        found = current(case.id, lock=True)
        found.state = "failed"
        _announce_end(actor, case, found, reason, again=decision == "retender")


def declare_ties(actor: Actor, case: Case, organisation_ids: Iterable[int]) -> None:
    """Keep a person's ties with bidders; what was declared is not taken back (申报回避; L-19)."""
    if actor.person_id is None:
        raise Fault("回避须由本人申报")
    with unit_of_work() as db:
        found = current(case.id)
        for organisation_id in sorted(set(organisation_ids) - ties_of(actor.person_id, case.id)):
            db.add(
                TieDeclaration(
                    city=case.city,
                    case_id=case.id,
                    procurement_id=found.id,
                    person_id=actor.person_id,
                    organisation_id=organisation_id,
                    at=clock.now(),
                )
            )
        db.flush()


def barred(actor: Actor, case: Case, opened: Sequence[Bid]) -> set[int]:
    """Bids the actor has to leave alone: a tie declared before, or his own organisation's."""
    ties = ties_of(actor.person_id, case.id)
    own = {grant.unit_id for grant in actor.grants}
    return {bid.id for bid in opened if bid.organisation_id in ties or bid.unit_id in own}


def score(actor: Actor, case: Case, rows: Sequence[Mapping[str, Any]], ties: Sequence[int]) -> None:
    """One scorer's points, alone; bids of organisations with a declared tie are left out (独立评分; L-19).

    Args:
        rows: bid_id, criterion, points (whole points).
        ties: bids whose organisation the scorer declares a tie with now; rows about them do not count.

    Raises:
        Refusals: points outside their criterion, for a bid that is not to be scored, or missing ones.
    """
    if actor.person_id is None:
        raise Fault("评分须由人完成")
    with unit_of_work() as db:
        found = current(case.id)
        valid = {bid.id: bid for bid in bids(found) if bid.qualified}
        if found.state != "opened" or own_scores(actor, found.id):
            raise Refusal("您已经提交过评分，或评分已经结束。", rule="ZH-16a")
        if not set(ties) <= set(valid):
            raise Refusal("回避的单位不在有效响应之中，请重新选择。", field="ties", rule="L-19")
        before = barred(actor, case, list(valid.values()))
        weights = {r["name"]: int(r["weight"]) for r in found.scoring if r["kind"] != "price"}
        kept = [
            (place, row) for place, row in enumerate(rows) if int(row["bid_id"]) not in set(ties) - before
        ]
        require_all(
            rules.points_allowed([row for _, row in kept], weights, before, [place for place, _ in kept])
        )
        wanted = {(bid_id, name) for bid_id in set(valid) - set(ties) - before for name in weights}
        given = [(int(row["bid_id"]), str(row["criterion"])) for _, row in kept]
        if set(given) != wanted or len(given) != len(wanted):
            raise Refusal("请对每一份有效响应的每一个评分项打分。", field="scores", rule="ZH-16a")
        declare_ties(actor, case, [valid[bid_id].organisation_id for bid_id in ties])
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
            for _, row in kept
        )
        db.flush()


def rank(case: Case, pack: Pack) -> bool:
    """Add the points up once all are in (汇总排名); answers whether there is a ranking.

    Raises:
        Refusal: a bid that nobody could score because all declared a tie.
    """
    with unit_of_work():
        found = current(case.id, lock=True)
        points: dict[int, dict[int, dict[str, int]]] = {}
        for row in session().scalars(select(Score).where(Score.procurement_id == found.id)):
            points.setdefault(row.bid_id, {}).setdefault(row.scorer_id, {})[row.criterion] = row.points
        valid = [bid for bid in bids(found) if bid.qualified]
        for bid in valid:
            if bid.id not in points:
                name = by_id(bid.organisation_id).name
                raise Refusal(
                    f"所有评审人员都对“{name}”申报了回避，没有人给它评分，请更换评审人员。", rule="L-19"
                )
        low = rules.LowPrice(
            pack.value("low_price_mean_pct"),
            pack.value("low_price_second_pct"),
            pack.value("low_price_ceiling_pct"),
        )
        offers = [rules.Offer(bid.id, bid.amount, points[bid.id]) for bid in valid]
        found.ranking = rules.rank(offers, found.scoring, found.ceiling, low)
        found.state = "ranked"
        return bool(found.ranking)


def gate_of(pack: Pack, organisation_id: int) -> tuple[str, dict[str, Any]]:
    """What the credit gate says of an organisation today, and the look-up to keep (K-06)."""
    credit = credit_snapshot(organisation_id, clock.today())
    gate = pack.decide("credit_gate", {"list_kind": credit.list_kind})
    kept = {
        "list_kind": credit.list_kind,
        "result": gate["result"],
        "ref": gate["ref"],
        "entries": list(credit.entries),
        "looked_up_at": clock.now().isoformat(),
    }
    return str(gate["result"]), kept


def award(actor: Actor, case: Case, pack: Pack, answers: Mapping[str, Any]) -> tuple[Award, datetime]:
    """Choose the best bid, look up its credit, announce the award (确定成交; ZH-16a, ZH-24c, L-24, L-30).

    Args:
        answers: `bid_id`; `skip_ground` and `opinion` when not the first; `low_price_reason` when flagged.

    Raises:
        Refusals: not the first of the ranking, barred by the credit gate, or the actor is not free of ties.
    """
    if actor.person_id is None:
        raise Fault("成交须由人确定")
    with unit_of_work() as db:
        found = current(case.id, lock=True)
        if found.state != "ranked" or not found.ranking:
            raise Refusal("还没有评审排名，不能确定成交。", rule="ZH-16a")
        opened = {bid.id: bid for bid in bids(found)}
        gates = {row["bid_id"]: gate_of(pack, opened[row["bid_id"]].organisation_id) for row in found.ranking}
        opinion = answers.get("opinion") or ""
        rules.choice_allowed(
            found.ranking,
            answers["bid_id"],
            {bid_id for bid_id, (result, _) in gates.items() if result == "block"},
            answers.get("skip_ground"),
            opinion,
        ).require()
        chosen = next(row for row in found.ranking if row["bid_id"] == answers["bid_id"])
        bid, (result, credit) = opened[chosen["bid_id"]], gates[chosen["bid_id"]]
        name = by_id(bid.organisation_id).name
        require_all(
            rules.award_allowed(
                name=name,
                gate=result,
                low=bool(chosen["low_price"]),
                low_reason=answers.get("low_price_reason") or "",
                opinion=opinion,
                tied=bid.id in barred(actor, case, [bid]),
                scored=bool(own_scores(actor, found.id)),
            )
        )
        until = clock.end_of_day(add_working_days(clock.today(), pack.value("award_notice_days")).day)
        notice = notices.publish(
            actor,
            case,
            "award",
            f"{case.title}成交公告",
            f"“{case.title}”经评审确定成交，现予公告。对结果有疑问的，可以询问或者质疑。",
            until,
            {
                "成交单位": name,
                "成交金额": f"{bid.amount / 100:,.2f} 元",
                "采购方式": rules.METHODS[found.method],
                "有效响应": f"{len(found.ranking)} 家",
                "综合得分": f"{chosen['total'] / 100:.2f}",
            },
        )
        made = Award(
            city=case.city,
            case_id=case.id,
            procurement_id=found.id,
            bid_id=bid.id,
            organisation_id=bid.organisation_id,
            unit_id=bid.unit_id,
            amount=bid.amount,
            reason=opinion or "排名第一",
            low_price_reason=answers.get("low_price_reason"),
            credit=credit,
            awarded_by=actor.person_id,
            awarded_at=clock.now(),
            notice_id=notice.id,
        )
        db.add(made)
        found.state, case.provider_id = "awarded", bid.unit_id
        db.flush()
        _tell_bidders(case, found, opened.values(), f"“{case.title}”成交结果已公告")
        return made, until


def reopen(actor: Actor, case: Case, reason: str) -> None:
    """Give up an award after an upheld challenge, in public; a new round follows (重新采购; L-23)."""
    with unit_of_work():
        found = current(case.id, lock=True)
        found.state, case.provider_id = "failed", None
        _announce_end(actor, case, found, f"原成交结果无效：{reason}", again=True)


def _announce_end(actor: Actor, case: Case, found: Procurement, reason: str, *, again: bool) -> None:
    after = "将重新采购" if again else "终止采购"
    notices.publish(
        actor,
        case,
        "failed",
        f"{case.title}采购终止公告",
        f"{reason.rstrip('。')}。{after}。",
        clock.end_of_day(add_working_days(clock.today(), 1).day),
        {"采购方式": rules.METHODS[found.method], "采购次数": f"第 {found.round} 次", "后续安排": after},
    )
    if found.opened_at is not None:
        _tell_bidders(case, found, bids(found), f"“{case.title}”本次采购终止，{after}")


def _tell_bidders(case: Case, found: Procurement, opened: Iterable[Bid], title: str) -> None:
    people = [p.id for bid in opened for p in people_with(Role.ORGANISATION_MEMBER, bid.unit_id)]
    notify(people, "award", title, f"/procurement/{found.id}", case.id)
