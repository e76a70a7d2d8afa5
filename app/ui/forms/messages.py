"""What a person reads when an answer is not acceptable: what to do, not what is wrong with the data."""

from __future__ import annotations

import re
from typing import Any

from jsonschema.exceptions import ValidationError

from app.ui.forms.model import Column

AMOUNT = "金额最多保留两位小数，例如 1234.56"
TOO_LONG = re.compile(r"-?[\d,]{13,}(?:\.\d{1,2})?")
CHOOSING = ("choice", "choices", "yesno", "day")


def message(one: Column, error: ValidationError) -> str:
    """The message for one failed rule of one field; `x-messages` of the schema goes first."""
    rule = str(error.validator)
    own = one.prop.get("x-messages") or {}
    if rule in own:
        return str(own[rule])
    if error.absolute_path and one.kind == "rows" and error.validator in ("type", "required"):
        return f"请检查“{one.title}”各行的内容。"
    limit = error.validator_value
    match rule:
        case "required" | "dependentRequired":
            return missing(one)
        case "type":
            return _wrong_type(one, error.instance)
        case "format":
            return "请填写正确的日期，例如 2026-03-02" if limit == "date" else "格式不正确，请检查后重新填写"
        case "oneOf" | "enum" | "anyOf":
            return "请在列出的选项中选择"
        case "const":
            return f"请勾选“{one.title}”" if limit is True else "此项内容不符合要求，请检查"
        case "minLength":
            return (
                missing(one) if limit == 1 else f"至少填写 {limit} 个字，现在 {len(str(error.instance))} 个字"
            )
        case "maxLength":
            return f"最多填写 {limit} 个字，现在 {len(str(error.instance))} 个字"
        case "minimum":
            return f"不能小于 {_limit(one, limit)}"
        case "exclusiveMinimum":
            return f"必须大于 {_limit(one, limit)}"
        case "maximum":
            return f"不能大于 {_limit(one, limit)}"
        case "exclusiveMaximum":
            return f"必须小于 {_limit(one, limit)}"
        case "minItems":
            return missing(one) if limit == 1 else _count("至少", one, limit)
        case "maxItems":
            return _count("最多", one, limit)
        case "uniqueItems":
            return "有重复的内容，请删去重复项"
        case "pattern":
            return "格式不正确，请检查后重新填写"
        case _:
            return "填写有误，请检查"


def missing(one: Column) -> str:
    """What to do about an empty field."""
    match one.kind:
        case "files":
            return f"请上传“{one.title}”"
        case "rows":
            return f"请至少填写一行“{one.title}”"
        case "yesno" if one.ui.get("ui:widget") == "checkbox":
            return f"请勾选“{one.title}”"
        case kind if kind in CHOOSING:
            return f"请选择“{one.title}”"
        case _:
            return f"请填写“{one.title}”"


def _wrong_type(one: Column, given: Any) -> str:
    match one.kind:
        case "fen" | "integer" if type(given) is int or TOO_LONG.fullmatch(str(given)):
            return "数字过大，请检查是否多输入了几位"
        case "fen":
            return AMOUNT
        case "integer":
            return "请填写整数，例如 12"
        case "yesno" | "choice" | "choices":
            return f"请选择“{one.title}”"
        case "files":
            return "附件没有上传成功，请重新上传"
        case _:
            return "格式不正确，请检查后重新填写"


def _limit(one: Column, limit: Any) -> str:
    if one.kind == "fen" and isinstance(limit, int):
        return f"{limit // 100:,}.{limit % 100:02d} 元"
    unit = str(one.ui.get("ui:unit") or "")
    return f"{limit:,} {unit}".rstrip()


def _count(word: str, one: Column, limit: Any) -> str:
    match one.kind:
        case "rows":
            return f"{word}填写 {limit} 行"
        case "files":
            return f"{word}上传 {limit} 个文件"
        case _:
            return f"{word}选择 {limit} 项"
