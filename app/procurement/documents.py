"""The call document, to the letter: what everybody gets is one text with one fingerprint (ZH-16a)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.core import clock
from app.procurement.rules import METHODS, TIE_RULE


def text_of(
    *,
    case_no: str,
    title: str,
    buyer: str,
    round_no: int,
    method: str,
    basis: str,
    ceiling: int,
    requirements: str,
    criteria: Sequence[Mapping[str, Any]],
    scoring: Sequence[Mapping[str, Any]],
    until: datetime,
    invited: Sequence[str],
    papers: Sequence[tuple[str, str]],
) -> str:
    """The document as people read it.

    Args:
        papers: name and fingerprint of each attachment: whoever changes one changes the text.
    """
    who = "、".join(invited) if invited else "所有符合条件的社会组织"
    conditions = [
        f"{number}. {row['text']}（{'必须' if row['mandatory'] else '非必须'}）"
        for number, row in enumerate(criteria, start=1)
    ]
    points = [f"{number}. {row['name']}：{row['weight']} 分" for number, row in enumerate(scoring, start=1)]
    attached = [f"{name}  SHA-256 {digest}" for name, digest in papers] or ["无"]
    lines = [
        f"{title}采购文件",
        "",
        f"项目编号：{case_no}（第 {round_no} 次采购）",
        f"采购单位：{buyer}",
        f"采购方式：{METHODS[method]}（{basis}）",
        f"参加对象：{who}",
        f"最高限价：{ceiling // 100:,}.{ceiling % 100:02d} 元",
        f"响应截止：{clock.local(until):%Y-%m-%d %H:%M:%S}（北京时间）",
        "",
        "一、采购需求",
        requirements.strip(),
        "",
        "二、资格条件",
        *conditions,
        "",
        "三、评分办法（满分 100 分）",
        *points,
        "价格分 = 最低有效报价 ÷ 报价 × 价格权重，四舍五入到百分之一分。",
        TIE_RULE,
        "",
        "四、附件",
        *attached,
        "",
    ]
    return "\n".join(lines)


def fingerprint(text: str) -> str:
    """The SHA-256 of the document as it is downloaded."""
    return hashlib.sha256(text.encode()).hexdigest()
