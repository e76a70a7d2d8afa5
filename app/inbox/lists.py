"""What the desk's lists show: the choice made in the address, the way on after an act, rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import flash, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.accounts.queries import names_of_units
from app.core.identity import Actor
from app.documents.sheets import Column, Value
from app.inbox import stories
from app.runtime import desk_queries, queries
from app.runtime.holders import holdings
from app.runtime.models import Case, Task
from app.runtime.rules import STAGES
from app.search.queries import cases_holding
from app.ui.filters import due_state

CASE_STATUS = {
    "running": "进行中",
    "completed": "已办结",
    "rejected": "不予立项",
    "withdrawn": "已撤回",
    "cancelled": "已终止",
}
PAGE_SIZE = {"cards": queries.PAGE, "table": 50}
MOST_ROWS = 5000
"""Rows of a spreadsheet: more are not read by people, and a request must end."""
LONGEST_WORD = 60
NAMES = {"desk": ("due", "stage", "q"), "cases": ("status", "stage", "q")}
"""What may be chosen in each list."""
DESK_COLUMNS = (
    Column("事项", 22), Column("项目", 36), Column("编号", 24), Column("社区", 16), Column("镇街", 16),
    Column("预算（元）", 16, money=True), Column("现在由谁办理", 20), Column("到达时间", 18), Column("办理期限", 18),
    Column("期限情况", 14),
)  # fmt: skip
CASE_COLUMNS = (
    Column("项目", 36), Column("编号", 24), Column("社区", 16), Column("镇街", 16), Column("承接单位", 26),
    Column("预算（元）", 16, money=True), Column("状态", 10), Column("阶段", 10), Column("当前事项", 24),
    Column("现在由谁办理", 20), Column("自何时起", 18), Column("发起时间", 18),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen in a list, as the address says it."""

    page: str
    values: Mapping[str, str]

    @classmethod
    def of(cls, page: str, args: Mapping[str, str]) -> Chosen:
        """Read it from the address."""
        return cls(page, {name: args.get(name, "").strip()[:LONGEST_WORD] for name in NAMES[page]})

    @property
    def query(self) -> str:
        """The address' part that chooses the same again, "" when everything is shown."""
        return urlencode({name: value for name, value in self.values.items() if value})

    def desk(self, actor: Actor, *, after: str | None = None, limit: int) -> list[desk_queries.DeskItem]:
        """The to-do list so chosen."""
        due, stage, text = (self.values[name] for name in NAMES["desk"])
        place = stories.read_cursor(after)
        few = cases_holding(text) if text else None
        return desk_queries.desk(actor, due=due, stage=stage, text=text, among=few, after=place, limit=limit)

    def cases(self, actor: Actor, *, mine: bool = False, before: int | None = None, limit: int) -> list[Case]:
        """The cases so chosen."""
        status, stage, text = (self.values[name] for name in NAMES["cases"])
        few = cases_holding(text) if text else None
        return queries.cases(
            actor, mine=mine, status=status, stage=stage, text=text, among=few, before=before, limit=limit
        )


def carried(args: Mapping[str, str]) -> str:
    """What an address carries of the to-do list it was reached from, "" when it was reached otherwise."""
    if args.get("from") != "desk":
        return ""
    query = Chosen.of("desk", args).query
    return f"from=desk&{query}" if query else "from=desk"


def with_carried(url: str, args: Mapping[str, str]) -> str:
    """An address that leads back into the same list."""
    carry = carried(args)
    return f"{url}?{carry}" if carry else url


def following(actor: Actor, task: Task, args: Mapping[str, str]) -> desk_queries.DeskItem | None:
    """The item after this one in the list it was reached from; the first when it was the last."""
    chosen = Chosen.of("desk", args)
    others = chosen.desk(actor, after=stories.cursor(task), limit=1) or chosen.desk(actor, limit=2)
    return next((item for item in others if item.task.id != task.id), None)


def onward(actor: Actor, task: Task, case: Case, done: str, args: Mapping[str, str]) -> Response:
    """After an act: to the next item of the list, or to the case when one did not come from a list."""
    about = Markup('{}：“{}”（<a href="{}">{}</a>）').format(
        done, task.title, url_for("inbox.case", no=case.no), case.title
    )
    if not carried(args):
        flash(about, "success")
        return redirect(url_for("inbox.case", no=case.no))
    item = following(actor, task, args)
    if item is None:
        flash(about + Markup("。这里的事项都办完了。"), "success")
        return redirect(url_for("inbox.desk"))
    flash(about + Markup("。下一项：“{}”（{}）。").format(item.task.title, item.case.title), "success")
    return redirect(with_carried(url_for("inbox.task", task_id=item.task.id), args))


def desk_rows(items: list[desk_queries.DeskItem]) -> Iterator[list[Value]]:
    """The to-do list, a row an item, as `DESK_COLUMNS` names them."""
    units = names_of_units({i.case.community_id for i in items} | {i.case.street_id for i in items})
    money = stories.money_of([item.case.id for item in items])
    held = holdings([item.task for item in items])
    for item in items:
        task, case = item.task, item.case
        yield [
            task.title, case.title, case.no, units.get(case.community_id, ""), units.get(case.street_id, ""),
            money.get(case.id), held[task.id].who, held[task.id].since, task.due_at,
            due_state(task.due_at).text,
        ]  # fmt: skip


def case_rows(cases: list[Case]) -> Iterator[list[Value]]:
    """Cases, a row each, as `CASE_COLUMNS` names them."""
    units = names_of_units(
        {one for case in cases for one in (case.community_id, case.street_id, case.provider_id)}
    )
    money = stories.money_of([case.id for case in cases])
    waiting = queries.open_task_count([case.id for case in cases])
    held = holdings([task for tasks in waiting.values() for task in tasks])
    stages = dict(STAGES)
    for case in cases:
        tasks = waiting.get(case.id, [])
        yield [
            case.title, case.no, units.get(case.community_id, ""), units.get(case.street_id, ""),
            units.get(case.provider_id, ""), money.get(case.id), CASE_STATUS[case.status],
            stages.get(case.stage or "", "") if case.status == "running" else "",
            "、".join(dict.fromkeys(task.title for task in tasks)),
            "；".join(dict.fromkeys(held[task.id].who for task in tasks)),
            min((held[task.id].since for task in tasks), default=None), case.started_at,
        ]  # fmt: skip
