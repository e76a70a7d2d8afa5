"""Keep the working-day calendar: single days, and years as the State Council announces them."""

from __future__ import annotations

import calendar as months
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, select

from app.accounts.rules import permit
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Refusal, require_all
from app.core.identity import Actor
from app.policy import rules
from app.policy.calendar import is_working_day, why
from app.policy.models import WorkCalendarDay

Hook: TypeAlias = Callable[[Actor, Sequence[date]], object]
WORDS: Mapping[str, bool] = {
    "休": False,
    "放假": False,
    "休息": False,
    "班": True,
    "上班": True,
    "补班": True,
    "调休上班": True,
}
COLUMNS = ("日期", "类型")

_hooks: list[Hook] = []


@dataclass(frozen=True, slots=True)
class ShownDay:
    """A day of the year's picture.

    Attributes:
        own: kept by the office, not by the packaged calendar.
        special: works on a weekend, or rests on a weekday.
    """

    day: date
    working: bool
    provisional: bool
    own: bool
    special: bool
    why: str


def on_change(hook: Hook) -> None:
    """Let a room above know, in the same transaction, which days have changed."""
    if hook not in _hooks:  # building a second application must not count everything twice
        _hooks.append(hook)


def year_of(year: int) -> list[list[ShownDay]]:
    """A year month by month."""
    own = {row.day: row for row in session().scalars(select(WorkCalendarDay).where(_in_year(year)))}
    return [
        [_shown(date(year, month, n), own) for n in range(1, months.monthrange(year, month)[1] + 1)]
        for month in range(1, 13)
    ]


def reason(day: date) -> str:
    """Why a day counts as it does."""
    row = session().get(WorkCalendarDay, day)
    return row.source if row else why(day, is_working_day(day))


def set_day(actor: Actor, day: date, working: bool, source: str) -> None:
    """Say of one day whether it is worked, and by which notice (修改工作日).

    Raises:
        Forbidden: the actor does not keep the calendar.
        Refusals: no notice, or a day out of reach.
    """
    _write(actor, {day: working}, source)


def forget_day(actor: Actor, day: date) -> None:
    """Count a day again as the packaged calendar does (恢复默认)."""
    with unit_of_work() as db:
        permit(rules.may_keep_calendar(actor))
        found = db.get(WorkCalendarDay, day, with_for_update=True)
        if found is None:
            return
        before = {"working": found.working, "source": found.source}
        db.delete(found)
        db.flush()
        _record(actor, day.isoformat(), before, {"working": is_working_day(day).working})
        _tell(actor, [day])


def import_year(actor: Actor, year: int, listed: Mapping[date, bool], source: str) -> int:
    """Take over a year's announced calendar (导入放假安排); answers how many days count otherwise now.

    The notice names holidays and worked weekends; with it every other day of the year is certain too.
    """
    whole = {day: day.weekday() < 5 for day in _days(year)}
    return _write(actor, {**whole, **listed}, source)


def read(table: Sequence[Sequence[str]]) -> tuple[int, dict[date, bool]]:
    """The year and the special days of a table with the columns 日期 and 类型.

    Raises:
        Refusal: not such a table; the message names the row.
    """
    heads = [cell.strip() for cell in table[0]] if table else []
    if missing := [name for name in COLUMNS if name not in heads]:
        raise Refusal(f"第一行缺少列：{'、'.join(missing)}。", field="file")
    places = [heads.index(name) for name in COLUMNS]
    found: dict[date, bool] = {}
    for number, row in enumerate(table[1:], start=2):
        written, kind = (row[place].strip() for place in places)
        if not written and not kind:
            continue
        try:
            day = date.fromisoformat(written.replace("/", "-"))
        except ValueError as error:
            raise Refusal(
                f"第 {number} 行的日期“{written}”请写成 2027-01-01 的样子。", field="file"
            ) from error
        if kind not in WORDS:
            raise Refusal(f"第 {number} 行的类型“{kind}”请写“休”或“班”。", field="file")
        if found.get(day, WORDS[kind]) != WORDS[kind]:
            raise Refusal(f"第 {number} 行：{written} 在文件里既休又班，请核对。", field="file")
        found[day] = WORDS[kind]
    if not found:
        raise Refusal("文件里没有日期。", field="file")
    years = [day.year for day in found]
    return max(set(years), key=years.count), found


def preview(year: int, listed: Mapping[date, bool]) -> list[tuple[date, bool, bool]]:
    """Days that would count otherwise: day, now, then."""
    whole = {day: day.weekday() < 5 for day in _days(year)}
    rows = [(day, is_working_day(day).working, then) for day, then in sorted({**whole, **listed}.items())]
    return [row for row in rows if row[1] != row[2]]


def _write(actor: Actor, days: Mapping[date, bool], source: str) -> int:
    with unit_of_work() as db:
        permit(rules.may_keep_calendar(actor))
        decisions = [rules.days_allowed(sorted(days), clock.today()), rules.notice_given(source)]
        require_all(decisions)
        before = {day: is_working_day(day) for day in days}
        own = {
            row.day: row for row in db.scalars(select(WorkCalendarDay).where(WorkCalendarDay.day.in_(days)))
        }
        for day, working in days.items():
            row = own.get(day)
            if row is None:
                db.add(WorkCalendarDay(day=day, working=working, source=source.strip()))
            else:
                row.working, row.source = working, source.strip()
        db.flush()
        changed = sorted(day for day, working in days.items() if before[day].working != working)
        certain = sorted(day for day in days if before[day].provisional)
        first, last = min(days), max(days)
        subject = first.isoformat() if first == last else f"{first.isoformat()} — {last.isoformat()}"
        after = {
            "source": source.strip(),
            "changed": [f"{day} {'班' if days[day] else '休'}" for day in changed],
        }
        _record(actor, subject, {}, after)
        _tell(actor, sorted({*changed, *certain}))
        return len(changed)


def _tell(actor: Actor, days: Sequence[date]) -> None:
    if days:
        for hook in _hooks:
            hook(actor, days)


def _record(actor: Actor, subject: str, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    record(
        "work_calendar:0",
        "policy.calendar",
        actor=actor,
        subject=subject,
        before=before or None,
        after=after,
    )


def _shown(day: date, own: Mapping[date, WorkCalendarDay]) -> ShownDay:
    row, found = own.get(day), is_working_day(day)
    words = row.source if row else why(day, found)
    return ShownDay(
        day, found.working, found.provisional, row is not None, found.working != (day.weekday() < 5), words
    )


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range(365 + months.isleap(year))]


def _in_year(year: int) -> ColumnElement[bool]:
    return WorkCalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
