"""Forms about money that belong to no step of a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.funds.rules import LARGEST, SOURCE_NAMES
from app.ui.forms import Form

Options = Sequence[tuple[Any, str]]


def pot_form(streets: Options, sources: Sequence[str], categories: Options, year: int) -> Form:
    """Register a source of money with the papers its kind needs."""
    text = {"type": "string"}
    social = {"field": "source", "in": ["community_fund", "residents"]}
    schema = {
        "type": "object",
        "title": "登记资金来源",
        "properties": {
            "street_id": {"type": "integer", "title": "镇街", "oneOf": _choice(streets)},
            "year": {"type": "integer", "title": "年度", "minimum": 2020, "maximum": 2100},
            "source": {
                "type": "string",
                "title": "种类",
                "oneOf": _choice([(key, SOURCE_NAMES[key]) for key in sources]),
            },
            "name": {**text, "title": "名称", "minLength": 2, "maxLength": 120},
            "level": {**text, "title": "资金层级", "maxLength": 40},
            "purposes": {
                "type": "array",
                "title": "只能用于的类别",
                "items": {"type": "string", "oneOf": _choice(categories)},
                "uniqueItems": True,
            },
            "donor": {**text, "title": "捐赠企业或机构", "maxLength": 120},
            "agreement": {**text, "title": "捐赠协议编号或名称", "maxLength": 200},
            "keeper": {**text, "title": "基金管理人", "maxLength": 120},
            "public_fundraising": {"type": "boolean", "title": "是否公开募捐所得？"},
            "certificate_no": {**text, "title": "慈善组织公开募捐资格证书编号", "maxLength": 60},
            "resolution": {**text, "title": "使用决议或会议纪要", "maxLength": 200},
        },
        "required": ["street_id", "year", "source", "name"],
    }
    ui = {
        "ui:intro": "财政资金由区级登记和拨入；慈善资金、社区基金、居民自筹资金由街道财务登记。",
        "ui:prepare": "拨款文件，或捐赠协议、基金使用决议、居民会议纪要。",
        "ui:next": "登记后再拨入金额；项目审议时从这里预留。",
        "ui:submit": "登记",
        "street_id": {"ui:width": 6},
        "year": {"ui:width": 6},
        "source": {"ui:widget": "radio", "ui:rule": "ZH-12"},
        "name": {"ui:width": 8},
        "level": {
            "ui:width": 4,
            "ui:placeholder": "如：区级",
            "ui:visibleIf": {"field": "source", "in": ["fiscal"]},
        },
        "purposes": {
            "ui:widget": "checkboxes",
            "ui:help": "专项资金请勾选规定的类别；不勾选表示不限用途。",
            "ui:rule": "ZH-13",
        },
        "donor": {"ui:visibleIf": {"field": "source", "in": ["charity"]}, "ui:rule": "ZH-14-1"},
        "agreement": {"ui:visibleIf": {"field": "source", "in": ["charity"]}, "ui:rule": "ZH-14-1"},
        "keeper": {"ui:visibleIf": {"field": "source", "in": ["community_fund"]}, "ui:rule": "ZH-14-2"},
        "public_fundraising": {"ui:visibleIf": {"field": "source", "in": ["residents"]}},
        "certificate_no": {
            "ui:visibleIf": {"field": "public_fundraising", "in": [True]},
            "ui:rule": "L-43",
        },
        "resolution": {"ui:visibleIf": social, "ui:rule": "L-41"},
    }
    return Form("funds.pot", schema, ui, {"year": year})


def allot_form(pot_name: str, free: str) -> Form:
    """Put money into a source."""
    schema = {
        "type": "object",
        "title": "拨入资金",
        "properties": {
            "amount": {
                "type": "integer",
                "format": "fen",
                "title": "金额",
                "minimum": 1,
                "maximum": LARGEST,
            },
            "ref": {"type": "string", "title": "拨款文件或入账凭证", "minLength": 1, "maxLength": 120},
        },
        "required": ["amount", "ref"],
    }
    ui = {
        "ui:intro": "登记已经到账或已经下达的资金。登记后不能修改，只能另行登记。",
        "ui:submit": "确认拨入",
        "amount": {"ui:width": 6},
        "ref": {"ui:help": "写明文件名称、文号或凭证编号。"},
    }
    return Form("funds.allot", schema, ui).add_facts(("资金来源", pot_name), ("现在可用", f"{free} 元"))


def conflict_form(pot_name: str, keeper: str, provider: str) -> Form:
    """Decide on a fund whose keeper is the provider (ZH-14-2)."""
    schema = {
        "type": "object",
        "title": "处理利益冲突",
        "properties": {
            "reason": {
                "type": "string",
                "title": "处理意见和理由",
                "minLength": 1,
                "maxLength": 500,
                "x-messages": {"required": "请写明处理意见和理由。"},
            }
        },
        "required": ["reason"],
    }
    ui = {
        "ui:intro": "这项资金的管理人就是本项目的承接方。核实没有不当利益后，写明理由，合同才能签订。",
        "ui:submit": "已核实，可以使用这项资金",
        "reason": {"ui:widget": "textarea", "ui:rule": "ZH-14-2"},
    }
    return Form("funds.conflict", schema, ui).add_facts(
        ("资金来源", pot_name), ("管理人", keeper), ("承接方", provider)
    )


def _choice(options: Options) -> list[dict[str, Any]]:
    return [{"const": const, "title": title} for const, title in options]
