"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, union_all

from app.accounts.models import OrgUnit
from app.accounts.queries import unit
from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.funds import rules
from app.funds.models import CaseFund, Entry, Pot
from app.runtime.models import Case


@dataclass(frozen=True, slots=True)
class Share:
    """What one source gives to a project, or to all projects of a street, in fen."""

    name: str
    source: str
    reserved: int
    encumbered: int
    paid: int

    @property
    def total(self) -> int:
        """All that the source has committed and paid."""
        return self.reserved + self.encumbered + self.paid


def pots_of(street_id: int, year: int | None = None) -> list[Pot]:
    """The pots of a street with their figures."""
    query = select(Pot).where(Pot.street_id == street_id)
    if year is not None:
        query = query.where(Pot.year == year)
    return list(session().scalars(query.order_by(Pot.id)))


def streets_of(actor: Actor) -> list[OrgUnit]:
    """The streets whose money the actor may look into."""
    query = select(OrgUnit).where(OrgUnit.kind == "street", OrgUnit.id.in_(sorted(actor.scope)))
    return list(session().scalars(query.order_by(OrgUnit.code, OrgUnit.id)))


def pot_for(actor: Actor, pot_id: int) -> Pot:
    """A pot.

    Raises:
        NotFound: no such pot for these eyes.
    """
    found = session().get(Pot, pot_id)
    if found is None or found.street_id not in actor.scope:
        raise NotFound
    return found


def case_funds(case_id: int) -> list[CaseFund]:
    """What a case holds, pot by pot in drawing order."""
    query = select(CaseFund).where(CaseFund.case_id == case_id).order_by(CaseFund.position, CaseFund.id)
    return list(session().scalars(query))


def pots_by_id(ids: Iterable[int]) -> dict[int, Pot]:
    """Pots by id."""
    return {pot.id: pot for pot in session().scalars(select(Pot).where(Pot.id.in_(sorted(set(ids)))))}


def free_of(street_id: int) -> int:
    """What a street may still reserve over all its pots, in fen."""
    free = Pot.allotted - Pot.reserved - Pot.encumbered - Pot.paid
    return session().scalar(select(func.coalesce(func.sum(free), 0)).where(Pot.street_id == street_id)) or 0


def composition(case_id: int) -> list[Share]:
    """Which sources a project is paid from, in drawing order (ZH-15)."""
    rows = session().execute(
        select(Pot.name, Pot.source, CaseFund.reserved, CaseFund.encumbered, CaseFund.paid)
        .join(Pot, Pot.id == CaseFund.pot_id)
        .where(CaseFund.case_id == case_id, CaseFund.reserved + CaseFund.encumbered + CaseFund.paid > 0)
        .order_by(CaseFund.position, CaseFund.id)
    )
    return [Share(*row) for row in rows]


def street_composition(street_id: int, year: int) -> list[Share]:
    """How a street's projects are paid for in a year, by kind of money (ZH-15)."""
    rows = session().execute(
        select(Pot.source, func.sum(Pot.reserved), func.sum(Pot.encumbered), func.sum(Pot.paid))
        .where(Pot.street_id == street_id, Pot.year == year)
        .group_by(Pot.source)
    )
    found = {source: [int(one) for one in sums] for source, *sums in rows}
    return [Share(name, key, *found[key]) for key, name in rules.SOURCE_NAMES.items() if key in found]


def ledger(pot_id: int, before: int | None = None, limit: int = 50) -> list[tuple[Entry, str | None]]:
    """The movements of a pot with the case they belong to, newest first."""
    query = select(Entry, Case.no).outerjoin(Case, Case.id == Entry.case_id).where(Entry.pot_id == pot_id)
    if before is not None:
        query = query.where(Entry.id < before)
    return [(entry, no) for entry, no in session().execute(query.order_by(Entry.id.desc()).limit(limit))]


def entries_of(case_id: int) -> list[tuple[Entry, str]]:
    """The movements of a case with the pot's name, oldest first."""
    rows = session().execute(
        select(Entry, Pot.name)
        .join(Pot, Pot.id == Entry.pot_id)
        .where(Entry.case_id == case_id)
        .order_by(Entry.id)
    )
    return [(entry, name) for entry, name in rows]


def conflicts_of(case: Case, parties: Collection[str] = ()) -> list[CaseFund]:
    """What a case holds in funds whose keeper would be paid from them (ZH-14-2).

    Args:
        parties: names of those who would be paid; by default the case's provider, when it has one.
    """
    names = set(parties)
    if not names and case.provider_id is not None:
        provider = unit(case.provider_id)
        names = {provider.name, provider.short_name}
    held = [fund for fund in case_funds(case.id) if fund.reserved or fund.encumbered]
    pots = pots_by_id(fund.pot_id for fund in held)
    return [fund for fund in held if rules.conflicts(pots[fund.pot_id].keeper, names)]


def imbalances() -> list[str]:
    """Pots and cases whose running sums differ from their entries: always empty."""
    db = session()
    booked = _booked((Entry.pot_id,))
    problems = []
    for pot in db.scalars(select(Pot).order_by(Pot.id)):
        own = booked.get((pot.id,), {})
        shown = {
            "outside": -pot.allotted,
            "free": pot.free,
            "reserved": pot.reserved,
            "encumbered": pot.encumbered,
            "paid": pot.paid,
        }
        problems += [
            f"pot {pot.id}: {name} {value} ≠ {own.get(name, 0)}"
            for name, value in shown.items()
            if own.get(name, 0) != value
        ]
    by_case = _booked((Entry.case_id, Entry.pot_id), Entry.case_id.is_not(None))
    held: dict[tuple[int, ...], CaseFund] = {
        (fund.case_id, fund.pot_id): fund for fund in db.scalars(select(CaseFund))
    }
    for key in sorted(by_case.keys() | held.keys()):
        own, fund = by_case.get(key, {}), held.get(key)
        for name in ("reserved", "encumbered", "paid"):
            value = getattr(fund, name) if fund else 0
            if own.get(name, 0) != value:
                problems.append(f"case {key[0]}, pot {key[1]}: {name} {value} ≠ {own.get(name, 0)}")
    return problems


def _booked(keys: Sequence[Any], *where: Any) -> dict[tuple[int, ...], dict[str, int]]:
    """What the entries put into each account, by the given columns."""
    into = select(*keys, Entry.to_account.label("account"), Entry.amount.label("amount")).where(*where)
    out_of = select(*keys, Entry.from_account, -Entry.amount).where(*where)
    moved = union_all(into, out_of).subquery()
    columns = [moved.c[key.key] for key in keys]
    rows = session().execute(
        select(*columns, moved.c.account, func.sum(moved.c.amount)).group_by(*columns, moved.c.account)
    )
    sums: dict[tuple[int, ...], dict[str, int]] = {}
    for *key, account, total in rows:
        sums.setdefault(tuple(key), {})[account] = int(total)
    return sums
