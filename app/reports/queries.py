"""Sums over the cases of the units somebody may look into; each report is one or two statements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, extract, func, select
from sqlalchemy import case as sql_case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float

from app.contracts.models import Contract, Instalment, Payment
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.funds.models import Pot
from app.organisations.models import Organisation
from app.runtime.models import Case, Task

DAY = 86400.0


class seconds_between(FunctionElement[float]):  # noqa: N801 - it reads like the SQL functions beside it
    """Seconds from the first moment to the second, on both databases."""

    type = Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(seconds_between)
def _postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    first, second = (compiler.process(one, **kw) for one in element.clauses)
    return f"extract(epoch from ({second} - {first}))"


@compiles(seconds_between, "sqlite")
def _sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    first, second = (compiler.process(one, **kw) for one in element.clauses)
    return f"((julianday({second}) - julianday({first})) * 86400.0)"


def within(actor: Actor) -> ColumnElement[bool]:
    """Cases of the streets an actor may look into (ZH-24a)."""
    return Case.street_id.in_(sorted(actor.scope))


def _late() -> ColumnElement[int]:
    return func.coalesce(func.sum(sql_case((Task.due_at < clock.now(), 1), else_=0)), 0)


def waiting(actor: Actor, limit: int) -> list[Any]:
    """Open steps by post, unit and holder: how many, how many late, the oldest."""
    count = func.count()
    query = (
        select(Task.role, Task.unit_id, Task.claimed_by, count, _late(), func.min(Task.created_at))
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", within(actor))
        .group_by(Task.role, Task.unit_id, Task.claimed_by)
        .order_by(count.desc(), Task.role, Task.unit_id)
    )
    return list(session().execute(query.limit(limit)).all())


def open_by_stage(actor: Actor) -> dict[str | None, tuple[int, int]]:
    """Open steps of each stage: how many, how many late."""
    query = (
        select(Task.stage, func.count(), _late())
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", within(actor))
        .group_by(Task.stage)
    )
    return {stage: (count, late) for stage, count, late in session().execute(query)}


def running_by_stage(actor: Actor) -> dict[str | None, int]:
    """Running cases by the stage they are in."""
    query = select(Case.stage, func.count()).where(Case.status == "running", within(actor))
    return {stage: count for stage, count in session().execute(query.group_by(Case.stage))}


def time_taken(actor: Actor, year: int) -> list[Any]:
    """Steps done in a year by stage: how many, days on average and at most, how many after their time."""
    days = seconds_between(Task.created_at, Task.done_at) / DAY
    first, last = year_span(year)
    query = (
        select(
            Task.stage,
            func.count(),
            func.avg(days),
            func.max(days),
            func.sum(sql_case((Task.done_at > Task.due_at, 1), else_=0)),
        )
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "done", Task.done_at >= first, Task.done_at < last, within(actor))
        .group_by(Task.stage)
    )
    return list(session().execute(query).all())


def pots(actor: Actor, year: int) -> list[Pot]:
    """The pots of a year."""
    query = select(Pot).where(Pot.street_id.in_(sorted(actor.scope)), Pot.year == year)
    return list(session().scalars(query.order_by(Pot.street_id, Pot.id)))


def paid_by_quarter(actor: Actor, year: int) -> dict[tuple[str, int], int]:
    """What was paid in a year, by kind of payment and quarter, in fen."""
    month_of = extract("month", Payment.paid_on)
    query = (
        select(Payment.kind, month_of, func.sum(Payment.amount))
        .join(Case, Case.id == Payment.case_id)
        .where(Payment.state == "paid", _in_year(year), within(actor))
        .group_by(Payment.kind, month_of)
    )
    found: dict[tuple[str, int], int] = {}
    for kind, month, amount in session().execute(query):
        key = (kind, (int(month) + 2) // 3)
        found[key] = found.get(key, 0) + int(amount)
    return found


def _in_year(year: int) -> ColumnElement[bool]:
    return Payment.paid_on.between(date(year, 1, 1), date(year, 12, 31))


def unpaid(actor: Actor) -> Select[Payment, Case, Contract]:
    """Payments that finance has checked and not yet paid, longest due first."""
    return (
        select(Payment, Case, Contract)
        .join(Case, Case.id == Payment.case_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .where(Payment.state.in_(("checked", "approved")), Payment.due_day.is_not(None), within(actor))
        .order_by(Payment.due_day, Payment.id)
    )


def paid_late(actor: Actor, year: int) -> tuple[int, int]:
    """Of what was paid in a year: how many after the due day, how many in all."""
    late = func.sum(sql_case((Payment.paid_on > Payment.due_day, 1), else_=0))
    query = (
        select(func.coalesce(late, 0), func.count())
        .join(Case, Case.id == Payment.case_id)
        .where(Payment.state == "paid", _in_year(year), within(actor))
    )
    row = session().execute(query).one()
    return int(row[0]), int(row[1])


def paid_between(actor: Actor, first: date, last: date) -> int:
    """What was paid from one day to another, in fen."""
    query = (
        select(func.coalesce(func.sum(Payment.amount), 0))
        .join(Case, Case.id == Payment.case_id)
        .where(Payment.state == "paid", Payment.paid_on.between(first, last), within(actor))
    )
    return int(session().scalar(query) or 0)


def in_work(actor: Actor, limit: int) -> list[Any]:
    """Organisations with contracts that run: how many, for how much, how much paid."""
    amount = func.sum(Contract.amount)
    query = (
        select(Organisation.id, Organisation.name, func.count(), amount, func.sum(Contract.paid))
        .join(Contract, Contract.organisation_id == Organisation.id)
        .join(Case, Case.id == Contract.case_id)
        .where(Contract.state.in_(("signed", "published")), Case.status == "running", within(actor))
        .group_by(Organisation.id, Organisation.name)
        .order_by(amount.desc(), Organisation.id)
    )
    return list(session().execute(query.limit(limit)).all())


def year_in_short(actor: Actor, year: int) -> dict[str, int]:
    """Spending, organisations and residents served in a year; a cancelled project is not counted (ZH-01)."""
    counted = (Case.status != "cancelled", within(actor))
    paid = (
        select(func.coalesce(func.sum(Payment.amount), 0))
        .join(Case, Case.id == Payment.case_id)
        .where(Payment.state == "paid", _in_year(year), *counted)
    )
    first, last = year_span(year)
    served = (
        select(func.coalesce(func.sum(Instalment.served), 0))
        .join(Case, Case.id == Instalment.case_id)
        .where(Instalment.accepted_at >= first, Instalment.accepted_at < last, *counted)
    )
    organisations = (
        select(func.count(Contract.organisation_id.distinct()))
        .join(Case, Case.id == Contract.case_id)
        .where(Contract.signed_on.between(date(year, 1, 1), date(year, 12, 31)), *counted)
    )
    return {
        "paid": int(session().scalar(paid) or 0),
        "served": int(session().scalar(served) or 0),
        "organisations": int(session().scalar(organisations) or 0),
    }


def tasks(
    actor: Actor,
    *,
    stage: str = "",
    role: str = "",
    unit_id: int | None = None,
    holder: int | None = None,
    late: bool = False,
    after: int | None = None,
    limit: int,
) -> list[Any]:
    """The open steps behind a figure, in the order they were opened.

    Args:
        holder: who has claimed them; 0 for nobody.
    """
    query = (
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", within(actor))
        .order_by(Task.id)
    )
    if stage:
        query = query.where(Task.stage == stage)
    if role:
        query = query.where(Task.role == role)
    if unit_id is not None:
        query = query.where(Task.unit_id == unit_id)
    if holder is not None:
        query = query.where(Task.claimed_by == holder if holder else Task.claimed_by.is_(None))
    if late:
        query = query.where(Task.due_at < clock.now())
    if after is not None:
        query = query.where(Task.id > after)
    return list(session().execute(query.limit(limit)).all())


def year_span(year: int) -> tuple[datetime, datetime]:
    """The first moment of a year, and the first after it."""
    first = clock.end_of_day(date(year - 1, 12, 31))
    return first, clock.end_of_day(date(year, 12, 31))
