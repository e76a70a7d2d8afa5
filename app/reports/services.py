"""The reports, built for one reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import urlencode

from app.accounts.queries import names_of_people, names_of_units
from app.contracts.payments import KIND_NAMES
from app.core import clock
from app.core.db import session
from app.core.identity import Actor
from app.policy import queries as policy
from app.reports import queries
from app.reports.tables import Cell, Chart, Column, Report
from app.runtime.rules import STAGES, role_name

MOST = 50
"""Lines of a report on the page; the heaviest come first."""
AGES = ((30, "30 天以内"), (60, "31—60 天"), (None, "60 天以上"))
PACK = "zhuhai"


def waiting(actor: Actor, _year: int) -> Report:
    """What waits with whom and how long (待办在谁手里)."""
    rows = queries.waiting(actor, MOST)
    units = names_of_units({row[1] for row in rows})
    people = names_of_people({row[2] for row in rows})
    now = clock.now()
    cells = []
    for role, unit_id, holder, count, late, oldest in rows:
        behind = {"role": role or "", "unit": unit_id or "", "holder": holder or 0}
        post = f"{units.get(unit_id, '')} {role_name(role)}".strip()
        cells.append(
            [
                Cell(f"{post} · {people.get(holder) or '未认领'}"),
                Cell(count, _list(**behind)),
                Cell(late, _list(**behind, late=1) if late else ""),
                Cell((now - oldest).days),
            ]
        )
    return Report(
        "waiting",
        "待办在谁手里",
        "按岗位和经手人统计还没有办的事项；同一岗位没有人认领的算在一起。",
        (
            Column("岗位和经手人"),
            Column("待办", "count"),
            Column("其中超时", "count"),
            Column("最久已等", "days"),
        ),
        cells,
        Chart("bar", (1, 2)),
        "现在没有待办。",
    )


def stages(actor: Actor, _year: int) -> Report:
    """Cases, open and late steps by stage (各阶段进度和超时; ZH-05-3)."""
    steps, cases = queries.open_by_stage(actor), queries.running_by_stage(actor)
    cells = []
    for key, name in STAGES:
        count, late = steps.get(key, (0, 0))
        cells.append(
            [
                Cell(name),
                Cell(cases.get(key, 0), f"/cases?{urlencode({'status': 'running', 'stage': key})}"),
                Cell(count, _list(stage=key)),
                Cell(late, _list(stage=key, late=1) if late else ""),
            ]
        )
    return Report(
        "stages",
        "各阶段进度和超时",
        "在办项目停在哪个阶段，每个阶段有多少事项还没有办、多少已经超时。",
        (
            Column("阶段"),
            Column("在办项目", "count"),
            Column("待办事项", "count"),
            Column("其中超时", "count"),
        ),
        cells,
        Chart("bar", (1, 2, 3)),
    )


def time_taken(actor: Actor, year: int) -> Report:
    """How long steps took by stage (各阶段办理时长; ZH-05-3)."""
    found = {row[0]: row for row in queries.time_taken(actor, year)}
    cells = []
    for key, name in STAGES:
        if key in found:
            _, count, mean, longest, late = found[key]
            rate = round(100 * int(late or 0) / count)
            whole, part = (_behind("steps", year=year, stage=key, late=one) for one in ("", 1))
            cells.append(
                [
                    Cell(name), Cell(count, whole), Cell(round(mean, 1), whole), Cell(round(longest, 1), whole),
                    Cell(rate, part),
                ]
            )  # fmt: skip
    return Report(
        "time",
        "各阶段办理时长",
        f"{year} 年办完的事项，从到手到办完用了多少天。",
        (
            Column("阶段"), Column("办完事项", "count"), Column("平均用时", "days"), Column("最长用时", "days"),
            Column("超时比例", "percent"),
        ),
        cells,
        Chart("bar", (2, 3)),
        f"{year} 年还没有办完的事项。",
    )  # fmt: skip


def pots(actor: Actor, year: int) -> Report:
    """The budget by pot (资金来源执行情况)."""
    found = queries.pots(actor, year)
    cells = [
        [
            Cell(value, f"/desk/funds/{pot.id}")
            for value in (
                pot.name, pot.allotted, pot.paid, pot.encumbered, pot.reserved, pot.free,
                round(100 * pot.paid / pot.allotted) if pot.allotted else 0,
            )
        ]
        for pot in found
    ]  # fmt: skip
    money = [Column(label, "fen") for label in ("安排", "已支付", "合同占用", "立项预留", "可用")]
    return Report(
        "pots",
        "资金来源执行情况",
        f"{year} 年每一笔资金安排了多少、付了多少、还能用多少。",
        (Column("资金来源"), *money, Column("支付进度", "percent")),
        cells,
        Chart("stack", (2, 3, 4, 5)),
        f"{year} 年还没有登记资金。",
    )


def quarters(actor: Actor, year: int) -> Report:
    """What was paid by quarter and kind (分季度支付)."""
    found = queries.paid_by_quarter(actor, year)
    cells = []
    for quarter in (1, 2, 3, 4):
        amounts = {kind: found.get((kind, quarter), 0) for kind in KIND_NAMES}
        whole = _behind("payments", year=year, quarter=quarter)
        parts = [Cell(one, f"{whole}&kind={kind}") for kind, one in amounts.items()]
        cells.append([Cell(f"第 {quarter} 季度"), *parts, Cell(sum(amounts.values()), whole)])
    return Report(
        "quarters",
        "分季度支付",
        f"{year} 年各季度支付的预付款、进度款和尾款，按凭证日期统计。",
        (Column("季度"), *(Column(name, "fen") for name in KIND_NAMES.values()), Column("合计", "fen")),
        cells,
        Chart("stack", (1, 2, 3)),
    )


def arrears(actor: Actor, _year: int) -> Report:
    """Payments that are late, by age (久拖不付; ZH-23c)."""
    today = clock.today()
    cells = []
    for payment, case, contract in session().execute(queries.unpaid(actor).limit(MOST)):
        due = payment.due_day or today
        over = (today - due).days
        if over > 0:
            age = next(name for limit, name in AGES if limit is None or over <= limit)
            cells.append(
                [
                    Cell(case.title, f"/cases/{case.no}"), Cell(contract.organisation_name),
                    Cell(KIND_NAMES[payment.kind]), Cell(payment.amount), Cell(due.isoformat()),
                    Cell(over), Cell(age),
                ]
            )  # fmt: skip
    return Report(
        "arrears",
        "超过期限还没有支付的款项",
        "财务已经审核、过了付款期限还没有登记支付凭证的款项。",
        (
            Column("项目"), Column("收款单位"), Column("款项"), Column("金额", "fen"), Column("应付日"),
            Column("已超", "days"), Column("账龄"),
        ),
        cells,
        None,
        "没有拖欠的款项。",
    )  # fmt: skip


def rush(actor: Actor, year: int) -> Report:
    """What share of a year was paid in its last days (突击支付; ZH-23c)."""
    pack = policy.active(PACK, clock.today())
    days, share = pack.parameter("rush_days"), pack.parameter("rush_share")
    last = date(year, 12, 31)
    first = last - timedelta(days=int(days.value) - 1)
    whole, end = queries.paid_between(actor, date(year, 1, 1), last), queries.paid_between(actor, first, last)
    part = round(100 * end / whole) if whole else 0
    late, count = queries.paid_late(actor, year)
    verdict = f"超过 {share.value}%，需要说明" if part > share.value else "正常"
    cells = [
        [Cell("全年已支付"), Cell(whole, _behind("payments", year=year)), Cell("")],
        [
            Cell(f"其中 {first.month} 月 {first.day} 日以后"),
            Cell(end, _behind("payments", year=year, since=first.isoformat())),
            Cell(f"占 {part}%，{verdict}"),
        ],
        [
            Cell("晚于应付日支付"), Cell(None),
            Cell(f"{late} 笔，共 {count} 笔", _behind("payments", year=year, late=1)),
        ],
    ]  # fmt: skip
    return Report(
        "rush",
        "年底突击支付和按时支付",
        f"年底最后 {days.value} 天支付超过全年 {share.value}% 时提示（{days.source_text}）。",
        (Column("项目"), Column("金额", "fen"), Column("说明")),
        cells,
    )


def organisations(actor: Actor, _year: int) -> Report:
    """Organisations with running contracts (在服务的社会组织)."""
    cells = [
        [
            Cell(name, f"/organisations/{number}"),
            *(
                Cell(one, _behind("contracts", running=1, organisation=number))
                for one in (count, amount, paid)
            ),
        ]
        for number, name, count, amount, paid in queries.in_work(actor, MOST)
    ]
    return Report(
        "organisations",
        "正在服务的社会组织",
        "已签合同、正在实施的社会组织。",
        (
            Column("社会组织"), Column("在履行合同", "count"), Column("合同金额", "fen"), Column("已支付", "fen"),
        ),
        cells,
        Chart("bar", (2, 3)),
        "现在没有正在履行的合同。",
    )  # fmt: skip


REPORTS: dict[str, Callable[[Actor, int], Report]] = {
    "waiting": waiting,
    "stages": stages,
    "time": time_taken,
    "pots": pots,
    "quarters": quarters,
    "arrears": arrears,
    "rush": rush,
    "organisations": organisations,
}
"""All of them, in the order of the page."""


def _behind(key: str, **asked: object) -> str:
    return f"/reports/list/{key}?{urlencode({name: value for name, value in asked.items() if value != ''})}"


def _list(**behind: object) -> str:
    return f"/reports/tasks?{urlencode({key: value for key, value in behind.items() if value != ''})}"
