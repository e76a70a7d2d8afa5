"""Forms of the register: they belong to no step of a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.organisations.models import Organisation
from app.organisations.rules import CAPACITY_NAMES, CREDIT_NAMES, NAMES
from app.ui.forms import Form

Options = Sequence[tuple[Any, str]]


def _choice(options: Options) -> list[dict[str, Any]]:
    return [{"const": const, "title": title} for const, title in options]


def registration_form(streets: Options) -> Form:
    """Take an organisation into the register."""
    return Form(
        key="organisations.register",
        schema={
            "type": "object",
            "title": "登记社会组织",
            "properties": {
                "kind": {"type": "string", "title": "类别", "oneOf": _choice(list(NAMES.items()))},
                "name": {"type": "string", "title": "全称", "minLength": 2, "maxLength": 120},
                "uscc": {"type": "string", "title": "统一社会信用代码", "maxLength": 24},
                "filing_no": {"type": "string", "title": "备案编号", "maxLength": 60},
                "filing_street_id": {"type": "integer", "title": "备案的镇街", "oneOf": _choice(streets)},
                "filing_date": {"type": "string", "format": "date", "title": "备案日期"},
                "registration_valid_until": {"type": "string", "format": "date", "title": "登记有效期至"},
                "contact": {"type": "string", "title": "联系人", "maxLength": 80},
                "phone": {"type": "string", "title": "联系电话", "maxLength": 40},
                "is_evaluator": {"type": "boolean", "title": "登记为评估机构（不参加项目承接）"},
            },
            "required": ["kind", "name", "uscc", "filing_no", "filing_street_id", "filing_date"],
        },
        ui={
            "ui:intro": "登记在册的社会组织可以参加本市各镇街的采购。企业不能登记。",
            "ui:prepare": "登记证书或备案证明。",
            "ui:submit": "登记",
            "kind": {"ui:widget": "radio", "ui:rule": "ZH-03"},
            "uscc": {
                "ui:visibleIf": {"field": "kind", "in": ["social_group", "social_service", "foundation"]},
                "ui:help": "18 位，在登记证书上，最后一位是校验码。",
                "ui:rule": "ZH-03",
            },
            "filing_no": {"ui:visibleIf": {"field": "kind", "in": ["filed"]}, "ui:rule": "ZH-03"},
            "filing_street_id": {"ui:visibleIf": {"field": "kind", "in": ["filed"]}, "ui:width": 6},
            "filing_date": {"ui:visibleIf": {"field": "kind", "in": ["filed"]}, "ui:width": 6},
            "registration_valid_until": {"ui:width": 6},
            "contact": {"ui:width": 6},
            "phone": {"ui:width": 6, "ui:inputmode": "tel"},
            "is_evaluator": {"ui:widget": "checkbox"},
        },
    )


def profile_form(found: Organisation, categories: Options, areas: Options) -> Form:
    """What an organisation may change about itself."""
    form = Form(
        key="organisations.profile",
        schema={
            "type": "object",
            "title": "更正基本资料",
            "properties": {
                "contact": {"type": "string", "title": "联系人", "maxLength": 80},
                "phone": {"type": "string", "title": "联系电话", "maxLength": 40},
                "address": {"type": "string", "title": "办公地址", "maxLength": 200},
                "scope": {
                    "type": "array",
                    "title": "承接范围",
                    "items": {"type": "string", "oneOf": _choice(categories)},
                    "uniqueItems": True,
                },
                "areas": {
                    "type": "array",
                    "title": "服务区域",
                    "items": {"type": "integer", "oneOf": _choice(areas)},
                    "uniqueItems": True,
                },
            },
            "required": [],
        },
        ui={
            "ui:intro": "名称、代码、登记信息以登记机关为准；信用记录由镇街和民政部门登记，本组织不能修改。",
            "ui:submit": "保存",
            "contact": {"ui:width": 6},
            "phone": {"ui:width": 6, "ui:inputmode": "tel"},
            "scope": {"ui:widget": "checkboxes", "ui:rule": "ZH-24c"},
            "areas": {"ui:widget": "checkboxes"},
        },
    )
    known = {
        "contact": found.contact,
        "phone": found.phone,
        "address": found.address,
        "scope": found.scope,
        "areas": found.areas,
    }
    return form.with_values(**{key: value for key, value in known.items() if value})


def capacity_form() -> Form:
    """What an organisation can do, with its proof."""
    return Form(
        key="organisations.capacity",
        schema={
            "type": "object",
            "title": "登记承接能力",
            "properties": {
                "kind": {"type": "string", "title": "类别", "oneOf": _choice(list(CAPACITY_NAMES.items()))},
                "text": {"type": "string", "title": "具体能力", "maxLength": 500},
                "files": {"type": "array", "title": "证明材料", "items": {"type": "integer"}, "maxItems": 10},
            },
            "required": ["kind", "text", "files"],
        },
        ui={
            "ui:submit": "登记",
            "kind": {"ui:width": 4},
            "text": {"ui:widget": "textarea", "ui:rows": 3, "ui:help": "例如：持证社工 6 名。"},
            "files": {"ui:widget": "file", "ui:rule": "ZH-24c", "ui:help": "没有证明材料的不能登记。"},
        },
    )


def credit_form() -> Form:
    """A line of credit, by a street or civil affairs."""
    kinds = [(key, name) for key, name in CREDIT_NAMES.items() if key not in ("evaluation", "lifted")]
    listed = {"field": "kind", "in": ["listing"]}
    return Form(
        key="organisations.credit",
        schema={
            "type": "object",
            "title": "登记信用记录",
            "properties": {
                "kind": {"type": "string", "title": "类别", "oneOf": _choice(kinds)},
                "list_kind": {
                    "type": "string",
                    "title": "名单",
                    "oneOf": _choice([("local", "本地失信名单"), ("national", "全国严重违法失信名单")]),
                },
                "text": {"type": "string", "title": "内容", "minLength": 2, "maxLength": 1000},
                "source": {"type": "string", "title": "信息来源", "minLength": 2, "maxLength": 200},
                "document_no": {"type": "string", "title": "文书号", "maxLength": 80},
                "since": {"type": "string", "format": "date", "title": "起始日期"},
                "until": {"type": "string", "format": "date", "title": "截止日期"},
            },
            "required": ["kind", "list_kind", "text", "source", "since"],
        },
        ui={
            "ui:intro": "登记以后不能修改或删除。登记错了的，另登一条说明。",
            "ui:submit": "登记",
            "kind": {"ui:widget": "radio", "ui:rule": "ZH-24c"},
            "list_kind": {"ui:widget": "radio", "ui:visibleIf": listed},
            "text": {"ui:widget": "textarea", "ui:rows": 3},
            "source": {"ui:width": 8, "ui:help": "例如：信用中国、市民政局通报。"},
            "document_no": {"ui:width": 4},
            "since": {"ui:width": 6},
            "until": {"ui:width": 6, "ui:help": "长期有效的不填。"},
        },
    )
