"""Who writes down what residents ask for, and what has to be said about it. Knows no database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core import clock
from app.core.errors import YES, Decision, no
from app.core.identity import Actor, Role
from app.needs.models import CHANNELS, Need

GROUPS = (
    "老年人",
    "儿童青少年",
    "残疾人",
    "困难家庭",
    "妇女",
    "外来务工人员",
    "全体居民",
    "其他人群",
)
"""Whom a need is for: one word each, so that needs can be counted by group (ZH-09a)."""
COMMUNITY = (Role.COMMITTEE_MEMBER, Role.SECRETARY)
READERS = (
    *COMMUNITY,
    Role.RESIDENT_REPRESENTATIVE,
    Role.STREET_CLERK,
    Role.STREET_LEADER,
    Role.STREET_DISCIPLINE,
    Role.DISTRICT_OFFICER,
    Role.CITY_OFFICER,
    Role.AUDITOR,
)
"""Who follows what residents ask for, each in the units below his own."""
LONGEST = 2000
LONGEST_REASON = 500
MOST_VOICES = 100_000
HOUR = timedelta(hours=1)
FROM_DEVICE, FROM_ADDRESS = 5, 30
"""Needs an hour that are taken in unseen: from one device (ZH-09a), and from one address, which many may share."""


def may_read(actor: Actor) -> Decision:
    """Needs are read by those who answer for a place, not by those who sell to it."""
    if any(actor.has(role) for role in READERS):
        return YES
    return no("居民需求由社区、镇街和民政部门查看，您的岗位没有这项权限。", "ZH-09a")


def may_register(actor: Actor, community_id: int, street_id: int | None) -> Decision:
    """A community writes down its own residents' needs, a street clerk those of the street (ZH-09a)."""
    if actor.is_system or any(actor.has(role, community_id) for role in COMMUNITY):
        return YES
    if actor.has(Role.STREET_CLERK, community_id) or (
        street_id is not None and actor.has(Role.STREET_CLERK, street_id)
    ):
        return YES
    return no("只能登记本社区（本镇街）居民的需求，请重新选择社区。", "ZH-09a", "unit_id")


def need_allowed(
    *, channel: str, group: str, text: str, anonymous: bool, said_by: str | None, voices: int
) -> list[Decision]:
    """A need says what is missing, for whom and how it was heard; who wants no name gets none (ZH-09a)."""
    return [
        YES if channel in CHANNELS else no("请选择需求是怎样反映上来的。", "ZH-09a", "channel"),
        YES if group in GROUPS else no("请选择需求是为哪一类居民提的。", "ZH-09a", "beneficiaries"),
        text_allowed(text),
        no("居民要求匿名的，不能登记姓名，请清空“反映人”。", "ZH-09a", "said_by")
        if anonymous and said_by
        else no("请写明反映人；居民不愿留名的，请选择匿名。", "ZH-09a", "said_by")
        if not anonymous and not said_by
        else YES,
        YES
        if 0 < voices <= MOST_VOICES
        else no(f"提出的人数应在 1 到 {MOST_VOICES} 之间。", "ZH-09a", "voices"),
    ]


def digest_of(secret: str, kind: str, value: str) -> str:
    """A keyed digest of a device or an address: enough to count for an hour, not enough to find a person."""
    return hmac.new(secret.encode(), f"need|{kind}|{value}".encode(), hashlib.sha256).hexdigest()


def is_flood(from_device: int, from_address: int) -> bool:
    """Whether the next need is looked at before it is taken in, after so many in the last hour (ZH-09a)."""
    return from_device >= FROM_DEVICE or from_address >= FROM_ADDRESS


def decision_allowed(take: bool, reason: str) -> list[Decision]:
    """What waits is taken in, or set aside with a reason (ZH-09a)."""
    found = []
    if not take and not reason.strip():
        found.append(no("请写明不予收下的原因。", "ZH-09a", "reason"))
    if len(reason) > LONGEST_REASON:
        found.append(no(f"原因最多 {LONGEST_REASON} 个字，现在 {len(reason)} 个字。", "ZH-09a", "reason"))
    return found


def likeness(one: str, other: str) -> float:
    """How much two texts say the same, from 0 to 1: the pairs of characters they share."""
    mine, theirs = ({text[at : at + 2] for at in range(max(len(text) - 1, 1))} for text in (one, other))
    return len(mine & theirs) / len(mine | theirs)


def merge_allowed(lead: Need, others: Sequence[Need], chosen: int) -> list[Decision]:
    """Needs of one community that say the same are put together; none disappears (ZH-09b).

    Args:
        chosen: how many were chosen; fewer are found when some are not there.
    """
    if not others or len(others) != chosen:
        return [no("请选择要并入的需求；页面上的已有变化的，请刷新后再选。", "ZH-09b", "ids")]
    if lead.state != "taken" or lead.merged_into_id is not None:
        return [no("这项需求已经并入别的需求，或还没有收下，不能再合并。", "ZH-09b")]
    return [
        YES
        if one.unit_id == lead.unit_id and one.state == "taken" and one.merged_into_id is None
        else no(f"“{one.text[:20]}”不在同一个社区、还没有收下或已经并入别处，请另选。", "ZH-09b", "ids")
        for one in others
    ]


def month_span(month: str) -> tuple[datetime, datetime] | None:
    """From the first moment of a month ("2026-03") to the first of the next, in Shanghai; None when it is none."""
    if len(month) != len("2026-03"):
        return None
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=clock.SHANGHAI)
    except ValueError:
        return None
    return first, (first + timedelta(days=31)).replace(day=1)


def may_sign(actor: Actor, unit_id: int) -> Decision:
    """A community's summary is signed by its secretary, a street's by its leader (ZH-09b)."""
    if actor.has(Role.SECRETARY, unit_id) or actor.has(Role.STREET_LEADER, unit_id):
        return YES
    return no("月度小结由社区党组织书记（镇街由领导）签字。", "ZH-09b")


def summary_allowed(month: str, now: datetime, text: str) -> list[Decision]:
    """A month is summed up in words after it is over (ZH-09b)."""
    span = month_span(month)
    found = []
    if span is None or now < span[1]:
        found.append(no("这个月还没有结束，下个月起才能签小结。", "ZH-09b"))
    if not text.strip():
        found.append(no("请写明这个月居民主要缺什么、打算怎么办。", "ZH-09b", "text"))
    if len(text) > LONGEST:
        found.append(no(f"最多填写 {LONGEST} 个字，现在 {len(text)} 个字。", "ZH-09b", "text"))
    return found


def text_allowed(text: str) -> Decision:
    """A need is put in words, not too many of them (ZH-09a)."""
    if not text.strip():
        return no("请写明居民需要什么服务。", "ZH-09a", "text")
    if len(text) > LONGEST:
        return no(f"最多填写 {LONGEST} 个字，现在 {len(text)} 个字。", "ZH-09a", "text")
    return YES
