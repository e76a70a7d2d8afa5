"""Forms about a pack's figures and the calendar."""

from __future__ import annotations

from typing import Any

from app.policy.packs import TERM, Parameter
from app.ui.forms import Form

TEXT: dict[str, Any] = {"type": "string"}
WORDS = {
    "contract_amount": "合同金额",
    "inform": "提示，由评审人决定",
    "residents_meeting": "居民会议规则",
    "03-31": "3 月 31 日",
}
"""Values that are names of ways in the programs, as people read them."""


def parameter_form(known: Parameter, shown: str, today: str) -> Form:
    """Propose a value for a parameter."""
    value: dict[str, Any] = {"title": "取值"}
    ui: dict[str, Any] = {"ui:width": 6}
    if known.name == TERM:
        value |= {"type": "string", "title": "延续文件的名称和文号", "minLength": 4, "maxLength": 200}
        ui = {"ui:rule": "ZH-30"}
    elif isinstance(known.value, list):
        value |= {"type": "string", "maxLength": 2000, "title": "用词，每行一个"}
        ui = {"ui:widget": "textarea", "ui:rows": 6}
    elif known.unit == "分":
        value |= {"type": "integer", "format": "fen", "minimum": 0, "title": "金额"}
    else:
        value |= {"type": "integer", "minimum": 0}
        ui["ui:unit"] = known.unit
    required = ["value", "decided_by", "decided_on", "ref"]
    schema = {
        "type": "object",
        "title": f"提出取值：{known.label}",
        "properties": {
            "value": value,
            "ref": {**TEXT, "title": "依据文件或会议纪要", "minLength": 2, "maxLength": 200},
            "decided_by": {**TEXT, "title": "决定的单位或会议", "minLength": 2, "maxLength": 120},
            "decided_on": {**TEXT, "format": "date", "title": "决定日期"},
            "note": {**TEXT, "title": "说明", "maxLength": 500},
        },
        "required": required,
    }
    appearance = {
        "ui:intro": "由另一位有权人员确认后，成为政策包的下一个版本。进行中的项目仍按原来的版本办理。",
        "ui:submit": "提出，等待确认",
        "value": ui,
        "ref": {"ui:width": 8, "ui:help": "写明文件名称和文号，或会议名称和日期。"},
        "decided_by": {"ui:width": 6},
        "decided_on": {"ui:width": 6},
    }
    given = "\n".join(known.value) if isinstance(known.value, list) else known.value
    form = Form("admin.parameter", schema, appearance, {"value": given, "decided_on": today})
    form = form.add_facts(("现在的取值", shown), ("来源", known.source_text))
    limit = {"max": "上限，只能更低", "min": "下限，只能更高"}.get(known.dir)
    if limit:
        form = form.add_facts(("性质", limit))
    return form.add_notes(known.note) if known.note else form


def answer_of(known: Parameter, value: Any) -> Any:
    """The value as the pack keeps it."""
    if isinstance(known.value, list) and isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    return value


def shown(value: Any, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return "未确定"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        words = [one if isinstance(one, str) else str(one.get("text", "")) for one in value]
        return "、".join(words)
    if unit == "分" and isinstance(value, int):
        return f"{value // 100:,}.{value % 100:02d} 元"
    return WORDS.get(value) or f"{value} {unit}".strip()


def day_form(title: str, working: bool, words: str) -> Form:
    """Say of one day whether it is worked."""
    schema = {
        "type": "object",
        "title": title,
        "properties": {
            "working": {
                "type": "string",
                "title": "这一天",
                "oneOf": [{"const": "yes", "title": "上班"}, {"const": "no", "title": "休息"}],
            },
            "source": {**TEXT, "title": "依据的通知名称和文号", "minLength": 2, "maxLength": 200},
        },
        "required": ["working", "source"],
    }
    ui = {
        "ui:intro": "保存后，按工作日计算的期限随之重新计算，并通知有关人员。",
        "ui:submit": "保存",
        "working": {"ui:widget": "radio"},
    }
    return Form("admin.day", schema, ui, {"working": "yes" if working else "no"}).add_facts(("现在", words))
