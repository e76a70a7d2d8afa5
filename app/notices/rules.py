"""When something may be published, objected to, answered and closed. Knows no database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from app.core import clock
from app.core.errors import YES, Decision, no

REPLIES: Mapping[str, tuple[str, ...]] = {
    "project": ("objection",),
    "evaluation": ("objection",),
    "correction": ("objection",),
    "call": ("question", "challenge"),
    "award": ("question", "challenge"),
    "failed": ("question", "challenge"),
    "contract": ("question",),
}
"""What may be said about which notice: purchases have the law's own steps (采购法 52)."""
LONGEST = 2000
"""Most characters of an objection, and of an answer."""


def fingerprint(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a notice's content, the same whoever computes it from the published page."""
    return hashlib.sha256(orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS)).hexdigest()


def source_of(secret: str, address: str) -> str:
    """A keyed digest of an address: enough to count, not enough to find a person."""
    return hmac.new(secret.encode(), f"objection|{address}".encode(), hashlib.sha256).hexdigest()


def publication_allowed(title: str, body: str, now: datetime, until_at: datetime) -> list[Decision]:
    """A notice says something and lasts beyond today."""
    found: list[Decision] = []
    if not title.strip():
        found.append(no("请填写公示标题。", "ZH-24d", "title"))
    if not body.strip():
        found.append(no("请填写公示内容。", "ZH-24d", "body"))
    if until_at <= now:
        found.append(no("公示截止时间必须晚于现在。", "ZH-24d"))
    return found


def days_allowed(days: int, floor: int | None) -> Decision:
    """A notice period no shorter than the pack says (ZH-24d).

    Args:
        floor: working days the pack asks for; None when the pack leaves it to the person.
    """
    if floor is not None and days < floor:
        return no(f"公示期不能少于 {floor} 个工作日。", "ZH-24d", "days")
    return YES


def objection_allowed(
    *, notice_kind: str, kind: str, text: str, contact: str, now: datetime, until_at: datetime, ended: bool
) -> list[Decision]:
    """An objection comes in time, says something, and takes the way the law gives it (ZH-24d, L-10)."""
    found: list[Decision] = []
    if ended or now > until_at:
        when = f"{clock.local(until_at):%Y年%m月%d日}"
        found.append(
            no(f"这份公告的期限已于 {when} 结束，不能再提交。您仍可以向发布单位书面反映。", "ZH-24d")
        )
    if kind not in REPLIES[notice_kind]:
        found.append(no("这份公告不接受这一类意见，请重新选择。", "L-10", "kind"))
    if not text.strip():
        found.append(no("请写明您的意见和理由，再提交。", "ZH-24d", "text"))
    elif len(text) > LONGEST:
        found.append(no(f"最多填写 {LONGEST} 个字，现在 {len(text)} 个字。", None, "text"))
    if kind == "challenge" and not contact.strip():
        found.append(no("提出质疑须留下单位名称和联系方式，以便书面答复。", "L-10", "contact"))
    return found


def rate_allowed(recent: int, limit: int) -> Decision:
    """Not more than the pack's number of submissions from one address in an hour."""
    if recent >= limit:
        return no(f"同一网络一小时内最多提交 {limit} 次，请一小时后再试，或直接向发布单位反映。")
    return YES


def answer_allowed(state: str, answer: str, field: str = "answer") -> Decision:
    """An answer says something, and is given once."""
    if state != "open":
        return no("这条意见已经答复，不能重复答复。", "ZH-24d", field)
    if not answer.strip():
        return no("请写明答复内容，让提出的人看得明白。", "ZH-24d", field)
    return YES


def close_allowed(*, now: datetime, until_at: datetime, ended: bool, waiting: int) -> list[Decision]:
    """A notice ends after its whole period, and after every objection has been answered (ZH-24d)."""
    if ended:
        return [no("这份公告已经结束，不能重复办理。", "ZH-24d")]
    found: list[Decision] = []
    if now < until_at:
        when = f"{clock.local(until_at):%Y年%m月%d日 %H:%M}"
        found.append(no(f"期限还没有届满（{when} 截止），不能提前结束。", "ZH-24d"))
    if waiting:
        found.append(no(f"还有 {waiting} 条意见没有答复，答复后才能结束。", "ZH-24d", "objections"))
    return found


def result_allowed(result: str, upheld: Iterable[bool], opinion: str) -> list[Decision]:
    """A result that fits the answers: what was found right has a consequence, a consequence its reason."""
    found: list[Decision] = []
    if result == "confirmed" and any(upheld):
        found.append(no("有异议成立，不能直接确认通过，请选择修改或终止。", "ZH-24d", "decision"))
    if result != "confirmed" and not opinion.strip():
        found.append(no("请写明需要修改或终止的理由。", "ZH-24d", "opinion"))
    return found
