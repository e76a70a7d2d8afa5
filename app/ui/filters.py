"""How values read on a page: money, days, moments, what is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from app.core import clock

WEEKDAYS = "一二三四五六日"
DIGITS = "零一二三四五六七八九"
SOON = 1
"""Days before the end on which a deadline is shown as near."""


def yuan(fen: int | None) -> str:
    """Fen as yuan: 14800000 → 148,000.00; nothing for None."""
    if fen is None:
        return ""
    sign, whole = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"


def day(value: date | datetime | str | None) -> str:
    """A day: 2026-03-02. Moments are read in Shanghai; ISO texts too."""
    if not value:
        return ""
    if isinstance(value, str):
        return day(datetime.fromisoformat(value)) if len(value) > 10 else value
    if isinstance(value, datetime):
        value = clock.local(value).date()
    return value.isoformat()


def weekday(value: date | datetime) -> str:
    """A day as people say it: 3月2日 星期一."""
    local = clock.local(value).date() if isinstance(value, datetime) else value
    return f"{local.month}月{local.day}日 星期{WEEKDAYS[local.weekday()]}"


def moment(value: datetime | str | None) -> str:
    """A moment in Shanghai: 2026-03-02 09:05."""
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return clock.local(value).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class Due:
    """How a deadline stands: `tone` is late, soon, ok or none; `text` says it in words."""

    tone: str
    text: str
    until: str
    used_pct: int


def due_state(due: datetime | None, since: datetime | None = None, provisional: bool = False) -> Due:
    """How near a deadline is now, counted in calendar days as people see them.

    Args:
        since: when the time began; gives the share already used.
        provisional: the working-day calendar of that year is not announced yet (预计).
    """
    if due is None:
        return Due("none", "不限时", "", 0)
    now = clock.now()
    left = (clock.local(due).date() - clock.local(now).date()).days
    used = 0
    if since is not None and due > since:
        used = max(0, min(100, round((now - since) / (due - since) * 100)))
    until = ("预计 " if provisional else "") + moment(due)
    if now > due:
        late = -left
        return Due("late", f"已超时 {late} 天" if late else "今天已超时", until, 100)
    if left == 0:
        return Due("soon", "今天到期", until, used)
    return Due("soon" if left <= SOON else "ok", f"还剩 {left} 天", until, used)


def waited(since: datetime) -> str:
    """How long something has been with somebody, in calendar days: 今天, 3 天."""
    days = (clock.local(clock.now()).date() - clock.local(since).date()).days
    return f"{days} 天" if days > 0 else "今天"


CAPITALS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")


def in_capitals(fen: int) -> str:
    """An amount as it is written on a cheque: 14800050 → 人民币壹拾肆万捌仟元伍角整."""
    sign, size = ("负" if fen < 0 else ""), abs(fen)
    yuan_, jiao, rest = size // 100, size // 10 % 10, size % 10
    text = f"{_whole(yuan_)}元" if yuan_ else ""
    if not jiao and not rest:
        return f"人民币{sign}{text or '零元'}整"
    text += f"{CAPITALS[jiao]}角" if jiao else ("零" if yuan_ else "")
    text += f"{CAPITALS[rest]}分" if rest else "整"
    return f"人民币{sign}{text}"


def _whole(number: int) -> str:
    """Whole yuan; a gap of zeros inside is one 零."""
    text, gap = "", False
    digits = str(number)
    for index, one in enumerate(digits):
        place = len(digits) - 1 - index
        if one == "0":
            gap = True
        else:
            text += ("零" if gap and text else "") + CAPITALS[int(one)] + PLACES[place % 4]
            gap = False
        if place % 4 == 0 and place and int(digits[max(0, index - 3) : index + 1]):
            text += GROUPS[place // 4]
    return text


def chinese_number(number: int) -> str:
    """1–99 in Chinese numerals, for articles: 19 → 十九."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else ("十" if tens == 1 else DIGITS[tens] + "十")
    return head + (DIGITS[ones] if ones or not tens else "")


def source(rule: str) -> str:
    """A requirement id in words: ZH-19-2a → 《办法》第十九条第二项; other ids stay as they are."""
    found = re.fullmatch(r"(?:ZH)-0?(\d{1,2})(?:-(\d{1,2}))?[a-z0-9-]*", rule)
    if not found:
        return rule
    text = f"《办法》第{chinese_number(int(found[1]))}条"
    return text + (f"第{chinese_number(int(found[2]))}项" if found[2] else "")


def lines(text: str | None) -> Markup:
    """A text people typed, with its line breaks."""
    return Markup("<br>").join((text or "").splitlines())


def file_size(size: int) -> str:
    """820 KB, 3.4 MB."""
    return f"{max(1, round(size / 1024))} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def is_numeric(value: object) -> bool:
    """Whether a cell reads better on the right: 148,000.00 or 40 %."""
    return bool(re.fullmatch(r"-?[\d,]+(\.\d+)?( ?(%|元|分|人|天))?", str(value).strip()))


FILTERS = {
    "yuan": yuan,
    "day": day,
    "weekday": weekday,
    "moment": moment,
    "due_state": due_state,
    "source": source,
    "lines": lines,
    "file_size": file_size,
    "waited": waited,
    "in_capitals": in_capitals,
}
