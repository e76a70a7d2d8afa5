"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import case, func, select

from app.core.db import session
from app.funds.models import ACCOUNTS, CaseFund, Entry, Pot


def pots_of(street_id: int, year: int | None = None) -> list[Pot]:
    """The pots of a street."""
    query = select(Pot).where(Pot.street_id == street_id)
    if year is not None:
        query = query.where(Pot.year == year)
    return list(session().scalars(query.order_by(Pot.id)))


def case_funds(case_id: int) -> list[CaseFund]:
    """What a case holds, pot by pot in drawing order."""
    query = select(CaseFund).where(CaseFund.case_id == case_id).order_by(CaseFund.position)
    return list(session().scalars(query))


def pots_by_id(ids: Iterable[int]) -> dict[int, Pot]:
    """Pots by id."""
    return {pot.id: pot for pot in session().scalars(select(Pot).where(Pot.id.in_(sorted(set(ids)))))}


def free_of(street_id: int) -> int:
    """What a street may still reserve over all its pots, in fen."""
    free = Pot.allotted - Pot.reserved - Pot.encumbered - Pot.paid
    return session().scalar(select(func.coalesce(func.sum(free), 0)).where(Pot.street_id == street_id)) or 0


def imbalances() -> list[str]:
    """Pots and cases whose running sums differ from their entries: always empty."""
    db = session()
    problems = []
    sums: dict[int, dict[str, int]] = {}
    for account in ACCOUNTS:
        signed = case((Entry.to_account == account, Entry.amount), else_=-Entry.amount)
        rows = db.execute(
            select(Entry.pot_id, func.sum(signed))
            .where((Entry.to_account == account) | (Entry.from_account == account))
            .group_by(Entry.pot_id)
        )
        for pot_id, total in rows:
            sums.setdefault(pot_id, {})[account] = int(total)
    for pot in db.scalars(select(Pot)):
        own = sums.get(pot.id, {})
        shown = {"reserved": pot.reserved, "encumbered": pot.encumbered, "paid": pot.paid, "free": pot.free}
        problems += [
            f"pot {pot.id}: {name} {value} ≠ {own.get(name, 0)}"
            for name, value in shown.items()
            if own.get(name, 0) != value
        ]
        if sum(own.values()):
            problems.append(f"pot {pot.id}: entries do not sum to zero")
    held = db.execute(
        select(
            CaseFund.pot_id,
            func.sum(CaseFund.reserved),
            func.sum(CaseFund.encumbered),
            func.sum(CaseFund.paid),
        ).group_by(CaseFund.pot_id)
    )
    pots = {pot.id: pot for pot in db.scalars(select(Pot))}
    for pot_id, reserved, encumbered, paid in held:
        pot = pots[pot_id]
        if (int(reserved), int(encumbered), int(paid)) != (pot.reserved, pot.encumbered, pot.paid):
            problems.append(f"pot {pot_id}: cases hold other sums than the pot")
    return problems
