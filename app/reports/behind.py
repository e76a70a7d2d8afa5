"""The lists behind the figures: what a number on the page counts or adds up, line by line."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, extract, select

from app.accounts.queries import names_of_people
from app.contracts.models import Contract, Instalment, Payment
from app.contracts.payments import KIND_NAMES
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.reports.queries import within, year_span
from app.reports.tables import Cell, Column, Report
from app.runtime.models import Case, Task
from app.runtime.rules import STAGES, role_name

MOST = 500
"""Lines of a list; who needs more takes the year's ledger."""
PROJECT = Column("项目")


def payments(
    actor: Actor,
    year: int,
    *,
    quarter: int | None = None,
    kind: str = "",
    since: date | None = None,
    late: bool = False,
) -> Report:
    """Payments of a year (支付明细).

    Args:
        since: only those from this day on.
        late: only those paid after their due day.
    """
    wanted = [Payment.state == "paid", Payment.paid_on.between(since or date(year, 1, 1), date(year, 12, 31))]
    if quarter:
        wanted.append(extract("month", Payment.paid_on).between(3 * quarter - 2, 3 * quarter))
    if kind:
        wanted.append(Payment.kind == kind)
    if late:
        wanted.append(Payment.paid_on > Payment.due_day)
    rows = _rows(
        select(Payment, Case, Contract)
        .join(Case, Case.id == Payment.case_id)
        .join(Contract, Contract.id == Payment.contract_id)
        .order_by(Payment.paid_on, Payment.id),
        actor,
        *wanted,
    )
    when = f"第 {quarter} 季度" if quarter else (f"{since.month} 月 {since.day} 日以后" if since else "")
    title = f"{year} 年{when}{'晚于应付日' if late else ''}支付的{KIND_NAMES.get(kind, '款项')}"
    cells = [
        [
            Cell(case.title, f"/cases/{case.no}"), Cell(contract.organisation_name), Cell(KIND_NAMES[one.kind]),
            Cell(one.amount), Cell(one.due_day.isoformat() if one.due_day else ""), Cell(one.paid_on.isoformat()),
            Cell(one.voucher_no),
        ]
        for one, case, contract in rows
    ]  # fmt: skip
    columns = (
        PROJECT, Column("收款单位"), Column("款项"), Column("金额", "fen"), Column("应付日"), Column("支付日"),
        Column("凭证号"),
    )  # fmt: skip
    return Report("payments", title, _note(rows), columns, cells, None, "没有这样的款项。")


def steps(actor: Actor, year: int, *, stage: str = "", late: bool = False) -> Report:
    """Steps done in a year (办完事项明细)."""
    first, last = year_span(year)
    wanted = [Task.state == "done", Task.done_at >= first, Task.done_at < last]
    if stage:
        wanted.append(Task.stage == stage)
    if late:
        wanted.append(Task.done_at > Task.due_at)
    rows = _rows(
        select(Task, Case)
        .join(Case, Case.id == Task.case_id)
        .order_by((Task.done_at > Task.due_at).desc(), Task.id),
        actor,
        *wanted,
    )
    people = names_of_people({task.done_by for task, _ in rows})
    cells = [
        [
            Cell(task.title), Cell(case.title, f"/cases/{case.no}"), Cell(role_name(task.role)),
            Cell(people.get(task.done_by, "")), Cell(_day(task.created_at)), Cell(_day(task.done_at)),
            Cell(_day(task.due_at)),
            Cell("超时" if task.due_at and task.done_at and task.done_at > task.due_at else "按时"),
        ]
        for task, case in rows
    ]  # fmt: skip
    columns = (
        Column("事项"), PROJECT, Column("岗位"), Column("办理人"), Column("到手"), Column("办完"), Column("期限"),
        Column("情况"),
    )  # fmt: skip
    title = f"{year} 年办完的{dict(STAGES).get(stage, '')}事项{'（超时的）' if late else ''}"
    return Report("steps", title, _note(rows), columns, cells, None, "没有这样的事项。")


def contracts(actor: Actor, year: int, *, organisation: int | None = None, running: bool = False) -> Report:
    """Contracts signed in a year, or those that run now (合同明细)."""
    if running:
        wanted = [Contract.state.in_(("signed", "published")), Case.status == "running"]
    else:
        wanted = [
            Contract.signed_on.between(date(year, 1, 1), date(year, 12, 31)),
            Case.status != "cancelled",
        ]
    if organisation is not None:
        wanted.append(Contract.organisation_id == organisation)
    query = select(Contract, Case).join(Case, Case.id == Contract.case_id).order_by(Contract.signed_on)
    rows = _rows(query.order_by(Contract.id), actor, *wanted)
    cells = [
        [
            Cell(case.title, f"/cases/{case.no}"),
            Cell(one.organisation_name, f"/organisations/{one.organisation_id}"),
            Cell(one.signed_on.isoformat() if one.signed_on else ""), Cell(one.amount), Cell(one.paid),
        ]
        for one, case in rows
    ]  # fmt: skip
    columns = (
        PROJECT,
        Column("社会组织"),
        Column("签订日"),
        Column("合同金额", "fen"),
        Column("已支付", "fen"),
    )
    title = "正在履行的合同" if running else f"{year} 年签订的合同"
    return Report("contracts", title, _note(rows), columns, cells, None, "没有这样的合同。")


def served(actor: Actor, year: int) -> Report:
    """Residents served, by accepted stage of delivery (服务人次明细)."""
    first, last = year_span(year)
    rows = _rows(
        select(Instalment, Case)
        .join(Case, Case.id == Instalment.case_id)
        .order_by(Instalment.accepted_at, Instalment.id),
        actor,
        Instalment.accepted_at >= first,
        Instalment.accepted_at < last,
        Case.status != "cancelled",
        Instalment.served > 0,
    )
    cells = [
        [Cell(case.title, f"/cases/{case.no}"), Cell(one.name), Cell(_day(one.accepted_at)), Cell(one.served)]
        for one, case in rows
    ]
    columns = (PROJECT, Column("阶段"), Column("验收日"), Column("服务人次", "count"))
    return Report("served", f"{year} 年服务居民", _note(rows), columns, cells, None, "还没有验收的服务。")


def _rows(query: Any, actor: Actor, *wanted: ColumnElement[bool]) -> list[Any]:
    return list(session().execute(query.where(within(actor), *wanted).limit(MOST)).all())


def _note(rows: list[Any]) -> str:
    return f"共 {len(rows)} 条" if len(rows) < MOST else f"只列出前 {MOST} 条"


def _day(at: Any) -> str:
    return f"{clock.local(at):%Y-%m-%d}" if at is not None else ""
