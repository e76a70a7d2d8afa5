"""The rules of a form in plain words: what the server will hold people to (表单规则说明)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.runtime import handlers
from app.ui.filters import yuan
from app.ui.forms import Form


def rules_of(form: Form) -> list[dict[str, Any]]:
    """Per field: name, title and its rules in words."""
    shown = [one for one in form.fields if not one.hidden]
    return [{"field": one.key, "title": one.title, "rules": _rules(form, one)} for one in shown]


def handling(form: Form) -> str:
    """What becomes of the answers."""
    handler = handlers.form_handler(form.key)
    if handler is None:
        return "答案保存在项目记录里，后面的条件可以用每个字段的名称取值。"
    given = f"，并给出：{'、'.join(handler.outputs)}" if handler.outputs else ""
    return f"提交后由系统按业务规则再核对一遍，登记到业务台账{given}。"


def _rules(form: Form, one: Any) -> list[str]:
    prop, said = one.prop, []
    if one.read_only:
        said.append("由系统填写，不能修改")
    elif one.required:
        said.append("必填")
    if prop.get("const") is True:
        said.append("必须勾选")
    if one.kind == "text":
        least = prop.get("minLength")
        said.append(f"{least} 至 {one.max_length} 字" if least else f"最多 {one.max_length} 字")
    if prop.get("pattern"):
        words = (prop.get("x-messages") or {}).get("pattern")
        said.append(str(words or f"格式：{prop['pattern']}"))
    for key, label in (("minimum", "不少于"), ("maximum", "不超过")):
        if key in prop:
            said.append(f"{label} {f'{yuan(prop[key])} 元' if one.kind == 'fen' else prop[key]}")
    for key, label in (("minItems", "至少"), ("maxItems", "最多")):
        if key in prop:
            said.append(f"{label} {prop[key]} {'行' if one.kind == 'rows' else '项'}")
    if one.ui.get("ui:visibleIf"):
        said.append(_condition(form, one.ui["ui:visibleIf"]))
    if one.ui.get("ui:sum"):
        said.append(_sum(form, one, one.ui["ui:sum"]))
    if one.kind == "rows":
        said += [f"列“{column.title}”：{'、'.join(_rules(form, column))}" for column in one.columns]
    return said


def _condition(form: Form, condition: Mapping[str, Any]) -> str:
    source = next((one for one in form.fields if one.key == condition["field"]), None)
    names: dict[Any, str] = {True: "是", False: "否", **(dict(source.options) if source else {})}
    wanted = "或".join(str(names.get(value, value)) for value in condition["in"])
    return f"只在“{source.title if source else condition['field']}”为“{wanted}”时填写"


def _sum(form: Form, one: Any, total: Mapping[str, Any]) -> str:
    titles = {column.key: column.title for column in one.columns}
    column = "×".join(str(titles.get(key, key)) for key in (total.get("column"), total.get("times")) if key)
    names = {each.key: each.title for each in form.fields}
    if "total" in total:
        return f"“{column}”合计必须等于 {total['total']}"
    if "equalsField" in total:
        return f"“{column}”合计必须等于“{names.get(total['equalsField'], total['equalsField'])}”"
    if "limitField" in total:
        return f"“{column}”合计不能超过“{names.get(total['limitField'], total['limitField'])}”"
    return f"显示“{column}”的合计"
