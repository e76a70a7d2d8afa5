"""Allot → reserve → encumber → pay → release: every movement one ledger row, sums changed with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Forbidden, Refusal, require_all
from app.core.identity import Actor, Role
from app.funds import rules
from app.funds.models import CaseFund, Entry, Pot
from app.funds.queries import case_funds
from app.runtime.models import Case


def create_pot(actor: Actor, *, street_id: int, year: int, name: str, source: str, **papers: Any) -> Pot:
    """Register a source of money with its papers (登记资金来源; ZH-12, ZH-14-1…3).

    Args:
        papers: level, purposes, donor, agreement, keeper, resolution, public_fundraising, certificate_no.

    Raises:
        Refusals: papers that this kind of money needs are missing.
    """
    with unit_of_work() as db:
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
        record(f"pot:{pot.id}", "funds.create_pot", actor=actor, subject=name, after={"source": source})
        return pot


def allot(actor: Actor, pot_id: int, amount: int, ref: str) -> Entry:
    """Put money into a pot (拨入资金; ZH-06-a).

    Raises:
        Forbidden: the actor is neither of the district nor the street's finance.
    """
    may = (Role.DISTRICT_OFFICER, Role.DISTRICT_FINANCE)
    with unit_of_work() as db:
        pot = db.get_one(Pot, pot_id, with_for_update=True, populate_existing=True)
        own = actor.has(Role.STREET_FINANCE, pot.street_id) and pot.source != "fiscal"
        if not own and not (any(actor.has(role) for role in may) and pot.street_id in actor.scope):
            raise Forbidden("财政资金由区级拨入，社会资金由本街道财务登记；您没有这项权限。")
        if amount <= 0:
            raise Refusal("拨入金额必须大于 0。", field="amount")
        pot.allotted += amount
        entry = _enter(actor, pot, None, "allot", "outside", "free", amount, ref)
        record(f"pot:{pot.id}", "funds.allot", actor=actor, subject=pot.name, after={"amount": amount})
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
        release(actor, case)
        pots = _lock([line["pot_id"] for line in lines])
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
        held = {fund.pot_id: fund for fund in case_funds(case.id)}
        for position, (pot_id, amount) in enumerate(wanted.items(), start=1):
            fund = held.get(pot_id)
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
        funds = [fund for fund in case_funds(case.id) if fund.reserved or fund.encumbered]
        pots = _lock([fund.pot_id for fund in funds])
        total = 0
        for fund in funds:
            total += fund.reserved + fund.encumbered
            if fund.reserved:
                _move(actor, pots[fund.pot_id], fund, case, "unreserve", fund.reserved, f"case:{case.no}")
            if fund.encumbered:
                _move(actor, pots[fund.pot_id], fund, case, "disencumber", fund.encumbered, f"case:{case.no}")
        db.flush()
        return total


def encumber(actor: Actor, case: Case, amount: int) -> None:
    """Turn reserved money into a contract's commitment, pot by pot; what is left over goes back (占用).

    Raises:
        Refusal: less is reserved than the contract needs.
    """
    with unit_of_work() as db:
        funds = case_funds(case.id)
        pots = _lock([fund.pot_id for fund in funds])
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
        funds = case_funds(case.id)
        pots = _lock([fund.pot_id for fund in funds])
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


def _lock(pot_ids: Sequence[int]) -> dict[int, Pot]:
    """Lock pots in the order of their ids, so that two cases never wait for each other in a ring."""
    query = select(Pot).where(Pot.id.in_(sorted(set(pot_ids)))).order_by(Pot.id).with_for_update()
    return {pot.id: pot for pot in session().scalars(query.execution_options(populate_existing=True))}
