"""What changes between two versions of a decision table or of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import orjson

from workflows.errors import DecisionError
from workflows.model import decision
from workflows.model.decision import DecisionTable, Rule

Found = tuple[str, Literal["added", "removed", "changed"], str]
LIMITS: Final[Mapping[str, str]] = {
    "type": "类型", "minimum": "最小值", "maximum": "最大值", "minLength": "最少字数", "maxLength": "最多字数",
    "pattern": "格式", "minItems": "最少条数", "maxItems": "最多条数", "title": "名称", "description": "说明", "const": "固定值",
    "format": "格式类型",
}  # fmt: skip


def compare_table(old: bytes | None, new: bytes | None) -> Iterator[Found]:
    """Differences of a decision table, rule by rule.

    Raises:
        ValueError: one of them cannot be read as a table.
    """
    before, after = _table(old), _table(new)
    if before is None and after is not None:
        yield "", "added", f"新增决策表“{after.name}”，共 {len(after.rules)} 行"
    elif after is None and before is not None:
        yield "", "removed", f"删去决策表“{before.name}”"
    elif before is not None and after is not None:
        yield from _rules(before, after)


def _table(data: bytes | None) -> DecisionTable | None:
    if data is None:
        return None
    try:
        return decision.read(data)
    except DecisionError as error:
        raise ValueError(str(error)) from error


def _rules(old: DecisionTable, new: DecisionTable) -> Iterator[Found]:
    name = f"决策表“{new.name}”"
    said = False
    if old.hit_policy != new.hit_policy:
        said = True
        yield new.id, "changed", f"{name}命中方式由 {old.hit_policy} 改为 {new.hit_policy}"
    for label, before, after in (("输入", old.inputs, new.inputs), ("输出", old.outputs, new.outputs)):
        if before != after:
            said = True
            words = ["、".join(one.label or one.source for one in columns) for columns in (before, after)]
            yield new.id, "changed", f"{name}{label}列由“{words[0]}”改为“{words[1]}”"
    rows = {rule.id: (number, rule) for number, rule in enumerate(old.rules, start=1)}
    kept = set()
    for number, rule in enumerate(new.rules, start=1):
        if rule.id not in rows:
            said = True
            yield rule.id, "added", f"{name}新增第 {number} 行：{_said(new, rule)}"
            continue
        kept.add(rule.id)
        was = rows[rule.id][1]
        if (was.inputs, was.outputs) != (rule.inputs, rule.outputs):
            said = True
            yield rule.id, "changed", f"{name}第 {number} 行由“{_said(old, was)}”改为“{_said(new, rule)}”"
    for key, (number, rule) in rows.items():
        if key not in kept:
            said = True
            yield key, "removed", f"{name}删去原第 {number} 行：{_said(old, rule)}"
    if not said:
        yield new.id, "changed", f"{name}只调整了说明或顺序，结果不变"


def _said(table: DecisionTable, rule: Rule) -> str:
    """A rule as a sentence: 预算 > 300000 → 公示天数 7."""
    given = "，".join(
        f"{column.label or column.source} {cell.strip()}"
        for column, cell in zip(table.inputs, rule.inputs, strict=True)
        if cell.strip() not in decision.ANY
    )
    then = "，".join(
        f"{column.label or column.source} {cell.strip()}"
        for column, cell in zip(table.outputs, rule.outputs, strict=True)
        if cell.strip()
    )
    return f"{given or '任何情况'} → {then}"


def compare_form(old: bytes | None, new: bytes | None) -> Iterator[Found]:
    """Differences of a form, field by field.

    Raises:
        ValueError: one of them is no form.
    """
    before, after = _schema(old), _schema(new)
    title = str((after or before).get("title") or "")
    if old is None:
        yield "", "added", f"新增表单“{title}”"
    elif new is None:
        yield "", "removed", f"删去表单“{title}”"
    else:
        yield from _fields(title, before, after, "")


def _schema(data: bytes | None) -> dict[str, Any]:
    read = orjson.loads(data) if data is not None else {}
    if isinstance(read, dict) and isinstance(read.get("properties", {}), dict):
        return read
    raise ValueError("not a form")


def _fields(title: str, old: Mapping[str, Any], new: Mapping[str, Any], above: str) -> Iterator[Found]:
    fields, fresh = old.get("properties") or {}, new.get("properties") or {}
    must, now_must = set(old.get("required") or ()), set(new.get("required") or ())
    said = False
    for key in (*fields, *(k for k in fresh if k not in fields)):
        place = f"{above}{key}"
        one, other = fields.get(key), fresh.get(key)
        name = f"表单“{title}”的“{_name(other or one, key)}”"
        if one is None:
            said = True
            yield (
                place,
                "added",
                f"表单“{title}”新增“{_name(other, key)}”{'（必填）' if key in now_must else ''}",
            )
        elif other is None:
            said = True
            yield place, "removed", f"表单“{title}”删去“{_name(one, key)}”"
        else:
            if (key in must) != (key in now_must):
                said = True
                yield place, "changed", f"{name}改为{'必填' if key in now_must else '选填'}"
            inner = _fields(title, one.get("items") or {}, other.get("items") or {}, f"{place}.")
            for found in (*_field(name, place, one, other), *inner):
                said = True
                yield found
    if not said and not above and old != new:
        yield "", "changed", f"表单“{title}”的规则有调整"


def _field(name: str, place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    for key, label in LIMITS.items():
        if old.get(key) != new.get(key):
            yield place, "changed", f"{name}{label}由“{_plain(old.get(key))}”改为“{_plain(new.get(key))}”"
    before, after = _choices(old), _choices(new)
    if before != after:
        yield place, "changed", f"{name}选项由“{'、'.join(before) or '无'}”改为“{'、'.join(after) or '无'}”"


def _name(field: Any, key: str) -> str:
    return str((field or {}).get("title") or key)


def _choices(field: Mapping[str, Any]) -> list[str]:
    return [
        str(one.get("title") or one.get("const")) for one in field.get("oneOf") or () if isinstance(one, dict)
    ]


def _plain(value: Any) -> str:
    return "无" if value is None else str(value)
