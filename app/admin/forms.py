"""Forms of the administration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.accounts.rules import AREA_NAMES, KIND_NAMES
from app.ui.forms import Form

Options = Sequence[tuple[Any, str]]
TEXT: dict[str, Any] = {"type": "string"}
REASON: dict[str, Any] = {
    "type": "string",
    "title": "理由",
    "minLength": 2,
    "maxLength": 200,
    "x-messages": {"required": "请写明理由，理由会记入审计。"},
}
MADE_HERE = ("city", "district", "street", "community", "department")


def unit_form(parents: Options, kinds: Sequence[str]) -> Form:
    """Add a unit."""
    areas = [(key, AREA_NAMES[key]) for key in ("district", "functional_zone", "town", "subdistrict")]
    schema = {
        "type": "object",
        "title": "新增单位",
        "properties": {
            "parent_id": {"type": "integer", "title": "上级单位", "oneOf": _choice(parents)},
            "kind": {
                "type": "string",
                "title": "单位类别",
                "oneOf": _choice([(kind, KIND_NAMES[kind]) for kind in kinds]),
            },
            "area_kind": {"type": "string", "title": "区域性质", "oneOf": _choice(areas)},
            "name": {**TEXT, "title": "全称", "minLength": 2, "maxLength": 120},
            "short_name": {**TEXT, "title": "简称", "maxLength": 60},
            "code": {**TEXT, "title": "行政区划代码", "maxLength": 20, "pattern": "^[0-9]{4,12}$"},
        },
        "required": ["parent_id", "kind", "name"],
    }
    ui = {
        "ui:intro": "功能区（如高新区、保税区）按“区”登记，没有行政区划代码，代码留空。",
        "ui:submit": "新增",
        "kind": {"ui:widget": "radio"},
        "area_kind": {"ui:visibleIf": {"field": "kind", "in": ["district", "street"]}, "ui:rule": "ZH-29"},
        "name": {"ui:width": 8},
        "short_name": {"ui:width": 4, "ui:help": "列表中显示的名称，不填与全称相同。"},
        "code": {"ui:width": 6, "ui:help": "没有代码的单位留空。"},
    }
    return Form("admin.unit", schema, ui)


def unit_edit_form(values: dict[str, Any]) -> Form:
    """Mend a unit."""
    schema = {
        "type": "object",
        "title": "修改单位",
        "properties": {
            "name": {**TEXT, "title": "全称", "minLength": 2, "maxLength": 120},
            "short_name": {**TEXT, "title": "简称", "maxLength": 60},
            "code": {**TEXT, "title": "行政区划代码", "maxLength": 20, "pattern": "^[0-9]{4,12}$"},
        },
        "required": ["name"],
    }
    ui = {
        "ui:submit": "保存",
        "name": {"ui:width": 8},
        "short_name": {"ui:width": 4},
        "code": {"ui:width": 6, "ui:help": "功能区等没有代码的单位留空。"},
    }
    return Form("admin.unit_edit", schema, ui, values)


def move_form(parents: Options, current: int | None) -> Form:
    """Hang a unit elsewhere."""
    schema = {
        "type": "object",
        "title": "调整隶属关系",
        "properties": {"parent_id": {"type": "integer", "title": "新的上级单位", "oneOf": _choice(parents)}},
        "required": ["parent_id"],
    }
    ui = {
        "ui:intro": "本单位连同下级单位一起移动。新的上级单位从此可以看到这些单位的项目；进行中的项目仍由原来的镇街办完。",
        "ui:submit": "移到这里",
    }
    return Form("admin.move", schema, ui, {"parent_id": current})


def person_form(units: Options, roles: Options, values: dict[str, Any]) -> Form:
    """Add a person."""
    schema = {
        "type": "object",
        "title": "新增人员",
        "properties": {
            "unit_id": {"type": "integer", "title": "所在单位", "oneOf": _choice(units)},
            "login": {**TEXT, "title": "用户名", "minLength": 3, "maxLength": 40},
            "name": {**TEXT, "title": "姓名", "minLength": 1, "maxLength": 40},
            "roles": {
                "type": "array",
                "title": "申请岗位",
                "items": {"type": "string", "oneOf": _choice(roles)},
                "uniqueItems": True,
            },
        },
        "required": ["unit_id", "login", "name"],
    }
    ui = {
        "ui:intro": "新增后显示一次性密码，只显示一次。岗位由安全管理员授予，这里只提出申请。",
        "ui:submit": "新增并生成一次性密码",
        "login": {"ui:width": 6, "ui:help": "登录时使用，可用小写字母、数字、点、短横线，例如 zhangsan。"},
        "name": {"ui:width": 6},
        "roles": {"ui:widget": "checkboxes"},
    }
    return Form("admin.person", schema, ui, values)


def person_edit_form(units: Options, values: dict[str, Any]) -> Form:
    """Mend a person or move him."""
    schema = {
        "type": "object",
        "title": "修改资料、调动",
        "properties": {
            "name": {**TEXT, "title": "姓名", "minLength": 1, "maxLength": 40},
            "unit_id": {"type": "integer", "title": "所在单位", "oneOf": _choice(units)},
        },
        "required": ["name", "unit_id"],
    }
    ui = {
        "ui:intro": "调动只改变所在单位。原单位的岗位由安全管理员收回，新单位的岗位另行授予；手上的工作请先交接。",
        "ui:submit": "保存",
        "name": {"ui:width": 6},
        "unit_id": {"ui:width": 6},
    }
    return Form("admin.person_edit", schema, ui, values)


def handover_form(people: Options) -> Form:
    """Give all of somebody's work to a successor."""
    schema = {
        "type": "object",
        "title": "工作交接",
        "properties": {
            "successor_id": {"type": "integer", "title": "接手人", "oneOf": _choice(people)},
            "switch_off": {"type": "boolean", "title": "交接后停用原账号", "default": True},
            "reason": REASON,
        },
        "required": ["successor_id", "reason", "switch_off"],
    }
    ui = {
        "ui:intro": "一次办完：要么全部交接，要么都不变。接手人没有相应岗位的待办，退回本岗位由同事办理。",
        "ui:submit": "确认交接",
        "reason": {"ui:placeholder": "例如：调离本单位"},
    }
    return Form("admin.handover", schema, ui)


def reason_form(title: str, intro: str, submit: str) -> Form:
    """An act that only wants its reason."""
    schema = {"type": "object", "title": title, "properties": {"reason": REASON}, "required": ["reason"]}
    ui = {"ui:intro": intro, "ui:submit": submit}
    return Form("admin.reason", schema, ui)


def _choice(options: Options) -> list[dict[str, Any]]:
    return [{"const": const, "title": title} for const, title in options]
