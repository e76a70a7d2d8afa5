"""The form of a district's yearly list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.ui.forms import Form


def list_form(year: int, categories: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, Any]]) -> Form:
    """Draw up a list: what may be bought this year."""
    text = {"type": "string"}
    schema = {
        "type": "object",
        "title": f"编制 {year} 年项目清单",
        "properties": {
            "items": {
                "type": "array",
                "title": "清单项目",
                "minItems": 1,
                "maxItems": 200,
                "items": {
                    "type": "object",
                    "properties": {
                        "code": {**text, "title": "编号", "minLength": 1, "maxLength": 40},
                        "category": {
                            **text,
                            "title": "类别",
                            "oneOf": [{"const": key, "title": name} for key, name in categories],
                        },
                        "name": {**text, "title": "名称", "minLength": 2, "maxLength": 120},
                        "unit": {**text, "title": "计量单位", "minLength": 1, "maxLength": 20},
                        "reference_price": {
                            "type": "integer",
                            "format": "fen",
                            "title": "参考价",
                            "minimum": 0,
                        },
                    },
                    "required": ["code", "category", "name", "unit"],
                },
            },
            "replace": {"type": "boolean", "title": "替换本年度已经公布的清单", "default": False},
        },
        "required": ["items"],
    }
    ui = {
        "ui:intro": "先按政策包的类别列出全部项目，可以增删。公布后，社区和街道按这个清单申报。",
        "ui:submit": "保存并公布",
        "items": {"ui:rule": "ZH-07", "ui:addLabel": "添加一项", "ui:columns": {"name": {"ui:width": 4}}},
        "replace": {"ui:widget": "checkbox"},
    }
    return Form("catalogue.list", schema, ui, {"items": list(rows)})
