"""Who decides on a pack's figures, and what a figure can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.accounts.rules import OWNERS_OF_POLICY
from app.core.errors import YES, Decision, no
from app.core.identity import Actor, Role
from app.policy.packs import TERM, Parameter

LARGEST = 10**13


def may_decide(actor: Actor) -> Decision:
    """A pack's figures are its owners': city and district civil affairs, designers and publishers."""
    if any(actor.has(role) for role in OWNERS_OF_POLICY):
        return YES
    return no("政策取值由市、区民政和流程设计、发布人员提出和确认，您没有这些岗位。")


def may_confirm(actor: Actor, proposed_by: int) -> Decision:
    """Two people: nobody confirms what he has proposed."""
    if actor.person_id == proposed_by:
        return no("不能确认自己提出的取值，请由另一位有权人员确认。")
    return may_decide(actor)


def may_keep_calendar(actor: Actor) -> Decision:
    """The working-day calendar is the system administrator's."""
    if actor.has(Role.SYSTEM_ADMIN):
        return YES
    return no("工作日历由系统管理员维护，请联系系统管理员。")


def changeable(known: Parameter) -> bool:
    """Whether a figure can be decided by screens: numbers, lists of words, the continuation."""
    if known.name == TERM:
        return True
    if isinstance(known.value, list):
        return all(isinstance(one, str) for one in known.value)
    return isinstance(known.value, int) and not isinstance(known.value, bool)


def value_allowed(known: Parameter, value: Any) -> Decision:
    """A value of the kind the parameter has."""
    if known.name == TERM:
        good = isinstance(value, str) and len(value.strip()) >= 4
        return YES if good else no("请填写延续文件的名称和文号。", "ZH-30", "value")
    if isinstance(known.value, list):
        good = (
            isinstance(value, list) and bool(value) and all(isinstance(v, str) and v.strip() for v in value)
        )
        return YES if good else no("请每行填写一个用词，至少一个。", field="value")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        return no("请填写一个不小于 0 的整数。", field="value")
    if known.unit == "%" and value > 100:
        return no("百分比不能超过 100。", field="value")
    return YES


def decision_allowed(decided_by: str, decided_on: date, today: date) -> list[Decision]:
    """Who decided, and when: not in the future."""
    return [
        YES if decided_by.strip() else no("请填写作出决定的单位或会议。", field="decided_by"),
        YES if decided_on <= today else no("决定日期不能晚于今天。", field="decided_on"),
    ]


def days_allowed(days: Sequence[date], today: date) -> Decision:
    """Days of the calendar within reach: a slip of the year must not fill a century."""
    wrong = [day for day in days if not 2015 <= day.year <= today.year + 3]
    if wrong:
        return no(f"{wrong[0].isoformat()} 不在可以维护的年份之内，请核对。", field="file")
    return YES


def notice_given(source: str) -> Decision:
    """Why a day counts otherwise than the calendar says: the notice."""
    return YES if source.strip() else no("请填写依据的通知名称和文号。", field="source")
