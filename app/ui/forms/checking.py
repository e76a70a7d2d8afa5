"""Whether answers are acceptable, told in Chinese beside each field, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, TypeChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from app.core.errors import Refusal, Refusals
from app.ui.filters import source
from app.ui.forms.casting import CONTROL
from app.ui.forms.messages import message
from app.ui.forms.model import Column, Form

FORMATS = FormatChecker(formats=("date", "email", "time"))
LARGEST = 10**15
"""No amount or count is larger; a database's integer would be the next to complain."""


def _whole(_checker: TypeChecker, value: object) -> bool:
    """Numbers are whole: money is fen, and 1.0 of a JSON body is a float that must not slip in."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _whole, "number": _whole}),
)


def check(form: Form, answers: Mapping[str, Any]) -> None:
    """Accept the answers or say everything that has to be mended.

    Raises:
        Refusals: one refusal per field (`field`) or cell (`field-0-column`), in the order of the form.
    """
    faults = faults_of(form, answers)
    if faults:
        rules = {one.key: one.ui.get("ui:rule") for one in form.fields}
        raise Refusals(
            [Refusal(text, field=name, rule=rules.get(name.split("-")[0])) for name, text in faults.items()]
        )


def faults_of(form: Form, answers: Mapping[str, Any]) -> dict[str, str]:
    """What `check` refuses, as {field name: message}."""
    found: dict[str, str] = {}
    fields = {one.key: one for one in form.fields}
    for key, value in answers.items():
        if (text := _unasked(form, fields, key, value, answers)) is not None:
            found[key] = text
    asked = {key: value for key, value in answers.items() if key in fields}
    for error in Validator(_effective(form, asked), format_checker=FORMATS).iter_errors(asked):
        name, column = _place(fields, error)
        if name is not None and column is not None:
            found.setdefault(name, message(column, error))
    for one in fields.values():
        for name, text in (*_texts(one, asked.get(one.key)), *_rows(form, one, asked)):
            found.setdefault(name, text)
    return dict(sorted(found.items(), key=lambda item: _rank(list(fields), item[0])))


def errors_by_field(refusal: Refusal) -> dict[str, str]:
    """What a refused form shows: {field name: message}; what belongs to no field stands under ""."""
    found: dict[str, list[str]] = {}
    for one in refusal.errors:
        basis = f"（依据：{source(one.rule)}）" if one.rule else ""
        found.setdefault(one.field or "", []).append(one.message + basis)
    return {name: "；".join(texts) for name, texts in found.items()}


def _effective(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with `required` only for what is asked now."""
    required = [key for key in form.schema.get("required") or () if form.visible(key, answers)]
    return {**form.schema, "required": required}


def _unasked(
    form: Form, fields: Mapping[str, Column], key: str, value: Any, answers: Mapping[str, Any]
) -> str | None:
    one = fields.get(key)
    if one is None:
        return f"表单中没有“{key}”这一项，请刷新页面后重新填写。"
    if one.read_only and value != form.values.get(key):
        return f"“{one.title}”由系统填写，不能修改，请刷新页面后重新提交。"
    if not form.visible(key, answers):
        return f"按您前面的选择，“{one.title}”不需要填写。"
    return None


def _place(fields: Mapping[str, Column], error: ValidationError) -> tuple[str | None, Column | None]:
    """The field name of an error and the property it speaks about."""
    path = [str(part) for part in error.absolute_path]
    if error.validator in ("required", "dependentRequired"):
        missing = re.findall(r"'([^']+)' is a", error.message)
        path += missing[:1]
    one = fields.get(path[0]) if path else None
    if one is None:
        return None, None
    if one.kind == "rows" and len(path) >= 3:
        column = next((column for column in one.columns if column.key == path[2]), None)
        return "-".join(path[:3]), column
    if one.kind == "rows" and len(path) == 2:
        return one.key, one
    return path[0], one


def _texts(one: Column, value: Any) -> Iterator[tuple[str, str]]:
    """What a schema does not say about texts: they end, and they can be stored."""
    if one.kind == "rows":
        rows = value if isinstance(value, list) else []
        for number, row in enumerate(row for row in rows if isinstance(row, dict)):
            for column in one.columns:
                for name, text in _texts(column, row.get(column.key)):
                    yield f"{one.key}-{number}-{name}", text
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and CONTROL.search(text):
            yield one.key, "内容中有无法识别的字符，请删去后重新填写"
        elif isinstance(text, str) and len(text) > one.max_length:
            yield one.key, f"最多填写 {one.max_length} 个字，现在 {len(text)} 个字"


def _rows(form: Form, one: Column, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = answers.get(one.key)
    if one.kind != "rows" or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return
    columns = {column.key: column for column in one.columns}
    given = form.values.get(one.key) or []
    if one.fixed and len(rows) != len(given):
        yield one.key, f"“{one.title}”应有 {len(given)} 行，不能增减，请刷新页面后重新填写。"
        return
    for number, row in enumerate(rows):
        for key, value in row.items():
            if key not in columns:
                yield one.key, f"“{one.title}”中没有“{key}”这一列，请刷新页面后重新填写。"
            elif columns[key].read_only and value != given[number].get(key):
                yield f"{one.key}-{number}-{key}", f"“{columns[key].title}”由系统填写，不能修改。"
    if (text := _sum_fault(one, rows, answers)) is not None:
        yield one.key, text


def _sum_fault(one: Column, rows: list[dict[str, Any]], answers: Mapping[str, Any]) -> str | None:
    """The rule of `ui:sum`: a total that must be reached exactly, or not exceeded."""
    rule: Mapping[str, Any] = one.ui.get("ui:sum") or {}
    total = row_total(rule, rows)
    column = next((column for column in one.columns if column.key == rule.get("column")), None)
    if total is None or column is None:
        return None
    label = str(rule.get("label") or f"{column.title}合计")
    exact: Any = rule.get("total") if "total" in rule else answers.get(rule.get("equalsField", ""))
    most: Any = answers.get(rule.get("limitField", ""))
    if _number(exact) and total != exact:
        way = "少" if total < exact else "多"
        gap = _amount(column, abs(exact - total))
        return f"{label}为 {_amount(column, total)}，应为 {_amount(column, exact)}，现{way} {gap}，请调整。"
    if _number(most) and total > most:
        return f"{label} {_amount(column, total)}，超过 {_amount(column, most)}，请调整。"
    return None


def row_total(rule: Mapping[str, Any], rows: list[dict[str, Any]]) -> int | None:
    """The total a `ui:sum` speaks of; None when a cell is not yet a number."""
    if not rule:
        return None
    total = 0
    for row in rows:
        factors = [row.get(rule["column"], 0), row.get(rule["times"], 0) if rule.get("times") else 1]
        if not all(_number(factor) for factor in factors):
            return None
        total += int(factors[0]) * int(factors[1])
    return total


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _amount(column: Column, value: int) -> str:
    if column.kind == "fen":
        return f"{value // 100:,}.{value % 100:02d} 元"
    return f"{value:,} {column.ui.get('ui:unit', '')}".rstrip()


def _rank(order: list[str], name: str) -> tuple[int, int]:
    """Where a fault stands in the form."""
    parts = name.split("-")
    place = order.index(parts[0]) if parts[0] in order else len(order)
    row = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else -1
    return place, row
