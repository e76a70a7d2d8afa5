"""The form of a bid: not a step of a diagram, so it lies here and not in the pack."""

from __future__ import annotations

import orjson

from app.ui.forms import Form, load

SCHEMA = {
    "type": "object",
    "title": "提交响应文件",
    "required": ["amount", "plan"],
    "properties": {
        "amount": {"type": "integer", "format": "fen", "title": "报价", "minimum": 1},
        "plan": {"type": "string", "title": "服务方案", "minLength": 10, "maxLength": 8000},
        "files": {"type": "array", "title": "附件", "items": {"type": "integer"}, "maxItems": 20},
    },
}
LOOK = {
    "ui:intro": "截止之前可以修改或撤回。开启之前，任何人（包括街道）都看不到您的报价和方案。",
    "ui:submit": "提交响应文件",
    "amount": {"ui:width": 6, "ui:help": "不超过最高限价"},
    "plan": {"ui:widget": "textarea", "ui:rows": 10},
    "files": {"ui:widget": "file"},
}


def bid_form() -> Form:
    """The form of a bid."""
    return load(orjson.dumps(SCHEMA), orjson.dumps(LOOK), "procurement.bid")
