"""Allot → reserve → encumber → pay → release: every movement one ledger row, sums changed with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, NotFound, Refusal, require_all
from app.core.identity import Actor, Role
from app.funds import rules
from app.funds.models import CaseFund, Entry, Pot
from app.funds.queries import conflicts_of
from app.runtime.models import Case


def create_pot(actor: Actor, *, street_id: int, year: int, name: str, source: str, **papers: Any) -> Pot:
    """Register a source of money with its papers (登记资金来源; ZH-12, ZH-14-1…3).

    Args:
        papers: level, purposes, donor, agreement, keeper, resolution, public_fundraising, certificate_no.

    Raises:
        Forbidden: neither the district for its street nor, for social money, the street's finance.
        Refusals: papers that this kind of money needs are missing.
    """
    with unit_of_work() as db:
        _require_may_fund(actor, street_id, source)
        pot = Pot(
            street_id=street_id,
            year=year,
            name=name,
            source=source,
            **{"level": "", "purposes": [], "public_fundraising": False, **papers},
            allotted=0,
            reserved=0,
            encumbered=0,
            paid=0,
        )
        require_all(
            rules.pot_complete(
                rules.PotPapers(
                    name,
                    source,
                    pot.purposes,
                    pot.donor,
                    pot.agreement,
                    pot.keeper,
                    pot.resolution,
                    pot.public_fundraising,
                    pot.certificate_no,
                )
            )
        )
        db.add(pot)
        db.flush()
        record(
            f"pot:{pot.id}",
            "funds.create_pot",
            actor=actor,
            subject=name,
            after={"street": street_id, "year": year, "source": source, **papers},
        )
        return pot


def allot(actor: Actor, pot_id: int, amount: int, ref: str) -> Entry:
    """Put money into a pot (拨入资金; ZH-06-a).

    Raises:
        NotFound: no such pot for these eyes.
        Forbidden: the actor is neither of the district nor the street's finance.
        Refusals: an impossible amount, or no paper it rests on.
    """
    with unit_of_work() as db:
        pot = _lock([pot_id]).get(pot_id)
        if pot is None or pot.street_id not in actor.scope:
            raise NotFound
        _require_may_fund(actor, pot.street_id, pot.source)
        require_all([rules.amount_allowed(amount), rules.reference_allowed(ref)])
        before = pot.allotted
        pot.allotted += amount
        entry = _enter(actor, pot, None, "allot", "outside", "free", amount, ref.strip())
        db.flush()
        record(
            f"pot:{pot.id}",
            "funds.allot",
            actor=actor,
            subject=pot.name,
            before={"allotted": before},
            after={"allotted": pot.allotted, "amount": amount, "ref": entry.ref},
        )
        return entry


def reserve(
    actor: Actor, case: Case, lines: Sequence[Mapping[str, int]], *, budget: int, categories: Sequence[str]
) -> None:
    """Reserve a project's budget in its pots (预留资金; ZH-12, ZH-13a, ZH-13b, ZH-14-2, ZH-15).

    Args:
        lines: {"pot_id", "amount"} in the order in which payments will draw them.
        budget: what the lines have to add up to, in fen.
        categories: the project's category codes.

    Raises:
        Refusals: every line that breaks a rule, at its field.
    """
    with unit_of_work() as db:
        # What the case held before and what it wants now are locked together, in one order.
        pots, held = _lock_held(case, [line["pot_id"] for line in lines])
        _give_back(actor, case, pots, held)
        decisions = rules.lines_allowed([line["amount"] for line in lines], budget)
        wanted: dict[int, int] = {}
        for index, line in enumerate(lines):
            pot = pots.get(line["pot_id"])
            if pot is None or pot.street_id != case.street_id:
                raise Refusal("请选择本街道的资金来源。", field=f"funding-{index}-pot_id")
            if pot.id in wanted:
                raise Refusal("同一资金来源请合并成一行。", field=f"funding-{index}-pot_id")
            wanted[pot.id] = line["amount"]
            decisions.append(
                rules.purpose_allowed(pot.name, pot.purposes, categories, f"funding-{index}-pot_id")
            )
            decisions.append(
                rules.reserve_allowed(pot.name, pot.free, line["amount"], f"funding-{index}-amount")
            )
        require_all(decisions)
        by_pot = {fund.pot_id: fund for fund in held}
        for position, (pot_id, amount) in enumerate(wanted.items(), start=1):
            fund = by_pot.get(pot_id)
            if fund is None:
                fund = CaseFund(
                    city=case.city, case_id=case.id, pot_id=pot_id, position=position,
                    reserved=0, encumbered=0, paid=0,
                )  # fmt: skip
                db.add(fund)
            fund.position = position
            _move(actor, pots[pot_id], fund, case, "reserve", amount, f"case:{case.no}")
        db.flush()


def release(actor: Actor, case: Case) -> int:
    """Give back what a case holds and has not paid (释放预留资金; ZH-13b); answers the sum in fen."""
    with unit_of_work() as db:
        pots, funds = _lock_held(case)
        total = _give_back(actor, case, pots, funds)
        db.flush()
        return total


def encumber(actor: Actor, case: Case, amount: int) -> None:
    """Turn reserved money into a contract's commitment, pot by pot; what is left over goes back (占用).

    Raises:
        Refusal: less is reserved than the contract needs, or the provider keeps one of the funds and nobody
            has decided on that conflict (ZH-14-2).
    """
    with unit_of_work() as db:
        rules.amount_allowed(amount).require()
        pots, funds = _lock_held(case)
        require_all(
            rules.keeper_allowed(pots[fund.pot_id].name, fund.conflict_provider_id == case.provider_id)
            for fund in conflicts_of(case)
        )
        if sum(fund.reserved for fund in funds) < amount:
            raise Refusal("预留资金少于合同金额，请先由财务补足预留。", field="amount", rule="ZH-13b")
        left = amount
        for fund in funds:
            share = min(left, fund.reserved)
            if share:
                _move(actor, pots[fund.pot_id], fund, case, "encumber", share, f"case:{case.no}")
                left -= share
            if fund.reserved:
                _move(actor, pots[fund.pot_id], fund, case, "unreserve", fund.reserved, f"case:{case.no}")
        db.flush()


def pay(actor: Actor, case: Case, amount: int, ref: str) -> None:
    """Book a payment against the commitment, drawing the pots in their order (支付; ZH-15).

    Raises:
        Refusal: more than is committed.
    """
    with unit_of_work() as db:
        rules.amount_allowed(amount).require()
        pots, funds = _lock_held(case)
        if sum(fund.encumbered for fund in funds) < amount:
            raise Refusal("支付金额超过合同占用的资金，不能支付。", field="amount", rule="ZH-13b")
        left = amount
        for fund in funds:
            share = min(left, fund.encumbered)
            if share:
                _move(actor, pots[fund.pot_id], fund, case, "pay", share, ref)
                left -= share
        db.flush()


def settle(actor: Actor, case: Case) -> int:
    """Give back what a finished contract did not need (结余归还); answers the sum in fen."""
    return release(actor, case)


def clear_conflict(actor: Actor, case: Case, pot_id: int, reason: str) -> None:
    """Decide that a fund kept by the provider may pay all the same, with the reason (处理利益冲突; ZH-14-2).

    Raises:
        Forbidden: this is for the street's discipline officer.
        Refusals: there is no conflict, or no reason is given.
    """
    with unit_of_work() as db:
        if not actor.has(Role.STREET_DISCIPLINE, case.street_id):
            raise Forbidden("资金管理人与承接方相同的，由本街道纪检监督处理。", rule="ZH-14-2")
        fund = next((one for one in conflicts_of(case) if one.pot_id == pot_id), None)
        if fund is None:
            raise Refusal("这项资金没有需要处理的利益冲突。", field="pot_id", rule="ZH-14-2")
        rules.conflict_reason_allowed(reason).require()
        fund.conflict_provider_id, fund.conflict_cleared_by = case.provider_id, actor.person_id
        fund.conflict_reason = reason.strip()
        db.flush()
        record(
            f"case:{case.id}",
            "funds.clear_conflict",
            actor=actor,
            subject=case.no,
            after={"pot": pot_id, "reason": fund.conflict_reason},
        )


MOVES = {
    "reserve": ("free", "reserved"),
    "unreserve": ("reserved", "free"),
    "encumber": ("reserved", "encumbered"),
    "disencumber": ("encumbered", "free"),
    "pay": ("encumbered", "paid"),
}


def _move(actor: Actor, pot: Pot, fund: CaseFund, case: Case, kind: str, amount: int, ref: str) -> None:
    """One movement of a case: both running sums and the ledger row together."""
    source, target = MOVES[kind]
    for row in (pot, fund):
        if source != "free":
            setattr(row, source, getattr(row, source) - amount)
        if target != "free":
            setattr(row, target, getattr(row, target) + amount)
    _enter(actor, pot, case, kind, source, target, amount, ref)


def _enter(
    actor: Actor, pot: Pot, case: Case | None, kind: str, source: str, target: str, amount: int, ref: str
) -> Entry:
    entry = Entry(
        at=clock.now(),
        pot_id=pot.id,
        case_id=case.id if case else None,
        city=case.city if case else None,
        kind=kind,
        from_account=source,
        to_account=target,
        amount=amount,
        actor_id=actor.person_id,
        ref=ref,
    )
    session().add(entry)
    return entry


def _give_back(actor: Actor, case: Case, pots: Mapping[int, Pot], funds: Sequence[CaseFund]) -> int:
    total = 0
    for fund in funds:
        for kind, amount in (("unreserve", fund.reserved), ("disencumber", fund.encumbered)):
            if amount:
                _move(actor, pots[fund.pot_id], fund, case, kind, amount, f"case:{case.no}")
                total += amount
    return total


def _require_may_fund(actor: Actor, street_id: int, source: str) -> None:
    decision = rules.may_fund(actor, street_id, source)
    if not decision:
        raise Forbidden(decision.reason, rule=decision.ref)


def _lock_held(case: Case, more: Sequence[int] = ()) -> tuple[dict[int, Pot], list[CaseFund]]:
    """The pots a case holds money in (and more that it wants), locked; what it holds, in drawing order."""
    held = session().scalars(select(CaseFund.pot_id).where(CaseFund.case_id == case.id))
    pots = _lock([*held, *more])
    query = select(CaseFund).where(CaseFund.case_id == case.id).order_by(CaseFund.position, CaseFund.id)
    funds = session().scalars(query.with_for_update().execution_options(populate_existing=True))
    return pots, list(funds)


def _lock(pot_ids: Sequence[int]) -> dict[int, Pot]:
    """Lock pots in the order of their ids, so that two cases never wait for each other in a ring."""
    query = select(Pot).where(Pot.id.in_(sorted(set(pot_ids)))).order_by(Pot.id).with_for_update()
    return {pot.id: pot for pot in session().scalars(query.execution_options(populate_existing=True))}
