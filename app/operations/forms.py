"""Forms of the cockpit: mend a variable, move a case, end it, close an incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.operations.rules import masked
from app.runtime.incidents import Variable, Way
from app.runtime.models import Case, Incident
from app.ui.forms import Form

SHOWN = frozenset({"userTask", "callActivity", "intermediateCatchEvent", "serviceTask"})
REASON = {
    "type": "string",
    "title": "原因",
    "minLength": 1,
    "maxLength": 500,
    "x-messages": {"required": "请写明原因。", "minLength": "请写明原因。"},
}


def _form(key: str, title: str, properties: dict[str, Any], ui: dict[str, Any], case: Case) -> Form:
    required = list(properties)
    schema = {"type": "object", "title": title, "properties": properties, "required": required}
    form = Form(f"operations.{key}", schema, {"ui:order": required, **ui})
    return form.add_facts(("项目", f"{case.title}（{case.no}）"))


def variable_form(case: Case, variable: Variable) -> Form:
    """A new value of the same kind for a variable (修改流程变量)."""
    value: dict[str, Any] = {"title": "新的值", "x-messages": {"required": "请填写新的值。"}}
    if isinstance(variable.value, bool):
        value |= {"type": "boolean"}
    elif isinstance(variable.value, int):
        value |= {"type": "integer"}
    else:
        value |= {"type": "string", "minLength": 1, "maxLength": 200}
    ui = {
        "ui:intro": "只改这一个流程变量，项目停在原处；改好后请重试。修改前后的值和原因记入项目的办理经过。",
        "ui:submit": "修改",
        "value": {"ui:widget": "radio"} if isinstance(variable.value, bool) else {},
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    form = _form("variable", f"修改流程变量 {variable.name}", {"value": value, "reason": REASON}, ui, case)
    return form.add_facts(("现在的值", masked(variable.name, variable.value)))


def new_variable_form(case: Case) -> Form:
    """A variable that the flow reads and nobody has set (补充流程变量)."""
    name = {
        "type": "string",
        "title": "变量名",
        "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$",
        "x-messages": {
            "required": "请填写变量名。",
            "pattern": "变量名以字母开头，只含字母、数字和下划线。",
        },
    }
    kind = {
        "type": "string",
        "title": "值的种类",
        "oneOf": [
            {"const": "text", "title": "文字"},
            {"const": "number", "title": "整数"},
            {"const": "flag", "title": "是否（填“是”或“否”）"},
        ],
        "x-messages": {"required": "请选择值的种类。"},
    }
    value = {
        "type": "string",
        "title": "值",
        "minLength": 1,
        "maxLength": 200,
        "x-messages": {"required": "请填写值。", "minLength": "请填写值。"},
    }
    ui = {
        "ui:intro": "流程图用到、而还没有值的变量，在这里补上；补好后请重试。",
        "ui:submit": "补充",
        "kind": {"ui:widget": "radio"},
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    properties = {"name": name, "kind": kind, "value": value, "reason": REASON}
    return _form("new_variable", "补充流程变量", properties, ui, case)


def move_form(case: Case, ways: Sequence[Way]) -> Form:
    """Where to take the case (移动到其他步骤); what is not possible says why."""
    free = [one for one in ways if one.why_not is None]
    several = len({one.token.id for one in ways}) > 1
    goal = {
        "type": "string",
        "title": "移到哪一步",
        "oneOf": [{"const": address(one), "title": _name(one, several)} for one in free],
        "x-messages": {"required": "请选择移到哪一步。", "oneOf": "请选择移到哪一步。"},
    }
    ui = {
        "ui:intro": "退回到已经过的步骤，会撤销其后的结果（如释放预留资金）；向前只能越过没有法定效力的步骤。移动后故障自动关闭。",
        "ui:submit": "移动",
        "goal": {"ui:widget": "radio"},
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    form = _form("move", "移动到其他步骤", {"goal": goal, "reason": REASON}, ui, case)
    here = "、".join(dict.fromkeys(one.token.place.title for one in ways))
    form = form.add_facts(("现在停在", here or "—"))
    rows = [
        [_name(one, several), one.why_not or ""] for one in ways if one.why_not and one.place.kind in SHOWN
    ]
    return form.add_table("不能移到的步骤", ["步骤", "原因"], rows) if rows else form


def cancel_form(case: Case) -> Form:
    """End the case on the street's written decision (终止项目)."""
    basis = {
        "type": "string",
        "title": "街道同意终止的文件或文号",
        "minLength": 1,
        "maxLength": 200,
        "x-messages": {"required": "请填写文件或文号。", "minLength": "请填写文件或文号。"},
    }
    ui = {
        "ui:intro": "故障无法修复、街道已书面同意终止时使用。终止后项目不能恢复，预留的资金退回各资金来源。",
        "ui:submit": "终止项目",
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    return _form("cancel", "终止项目", {"basis": basis, "reason": REASON}, ui, case)


def resolve_form(case: Case, incident: Incident) -> Form:
    """Close an incident with what was done (标为已解决)."""
    words = {
        **REASON,
        "title": "怎样解决的",
        "x-messages": {"required": "请写明怎样解决的。", "minLength": "请写明怎样解决的。"},
    }
    ui = {
        "ui:intro": "只关闭这条故障记录，不改变项目。说明会告知项目负责人。",
        "ui:submit": "标为已解决",
        "words": {"ui:widget": "textarea", "ui:rows": 3},
    }
    form = _form("resolve", "标为已解决", {"words": words}, ui, case)
    return form.add_facts(("故障", incident.message[:200]))


def address(way: Way) -> str:
    """The way as a form carries it."""
    return "|".join((way.token.id, "/".join(way.place.path), way.place.element))


def read_address(text: str) -> tuple[str, list[str], str]:
    """Token, path and element of a chosen way."""
    token, path, element = [*text.split("|"), "", ""][:3]
    return token, [part for part in path.split("/") if part], element


def _name(way: Way, several: bool) -> str:
    words = f"{'退回到' if way.back else '移到'}“{way.place.title}”"
    return f"从“{way.token.place.title}”{words}" if several else words
