"""The forms of needs: they belong to no step of a diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.needs.models import CHANNELS, Need
from app.needs.rules import GROUPS, LONGEST, LONGEST_REASON, MOST_VOICES
from app.ui.forms import Form

SHOWN = 80


def need_form(communities: Sequence[tuple[int, str]]) -> Form:
    """Write down what residents ask for (登记需求).

    Args:
        communities: id and name of the places the person may register for.
    """
    form = Form(
        key="needs.collect",
        schema={
            "type": "object",
            "title": "登记需求",
            "properties": {
                "unit_id": {"type": "integer", "title": "哪个社区", "oneOf": _choice(communities)},
                "channel": {
                    "type": "string",
                    "title": "怎样反映上来的",
                    "oneOf": _choice([one for one in CHANNELS.items() if one[0] != "poster"]),
                },
                "beneficiaries": {
                    "type": "string",
                    "title": "为谁提的",
                    "oneOf": _choice([(group, group) for group in GROUPS]),
                },
                "text": {
                    "type": "string",
                    "title": "需要什么服务",
                    "maxLength": LONGEST,
                    "x-messages": {"required": "请写明居民需要什么服务。"},
                },
                "voices": {
                    "type": "integer",
                    "title": "有多少位居民提出",
                    "minimum": 1,
                    "maximum": MOST_VOICES,
                },
                "anonymous": {"type": "boolean", "title": "居民要求匿名"},
                "said_by": {
                    "type": "string",
                    "title": "反映人",
                    "maxLength": 60,
                    "x-messages": {"required": "请写明反映人；居民不愿留名的，请选择匿名。"},
                },
                "unlisted": {"type": "boolean", "title": "清单以外的新增需求"},
            },
            "required": ["unit_id", "channel", "beneficiaries", "text", "voices", "anonymous", "said_by"],
        },
        ui={
            "ui:intro": "把居民的话记下来：哪里、为谁、缺什么。",
            "ui:prepare": ["会议记录、走访记录或书面材料", "居民愿不愿意留名"],
            "ui:next": "登记后，本社区和所属镇街都能看到，可以据此提出项目。",
            "ui:submit": "登记",
            "ui:order": ["unit_id", "channel", "beneficiaries", "voices", "text"],
            "unit_id": {"ui:width": 6},
            "channel": {"ui:width": 6, "ui:rule": "ZH-09a"},
            "text": {
                "ui:widget": "textarea",
                "ui:rows": 4,
                "ui:help": "尽量用居民自己的话。不要写身份证号、电话、门牌号。",
                "ui:rule": "ZH-09a",
            },
            "beneficiaries": {"ui:width": 6, "ui:rule": "ZH-09a"},
            "voices": {"ui:width": 6, "ui:unit": "位"},
            "anonymous": {"ui:help": "选“是”，不登记姓名。"},
            "said_by": {"ui:visibleIf": {"field": "anonymous", "in": [False]}},
            "unlisted": {
                "ui:widget": "checkbox",
                "ui:help": "本区项目清单里没有的服务，勾选后供修订下一年清单时参考。",
                "ui:rule": "ZH-09c",
            },
        },
    )
    start: dict[str, Any] = {"voices": 1, "anonymous": True}
    if len(communities) == 1:
        start["unit_id"] = communities[0][0]
    return form.with_values(**start)


def voice_form() -> Form:
    """What a resident without an account writes (反映需求)."""
    return Form(
        key="portal.need",
        schema={
            "type": "object",
            "title": "反映需求",
            "properties": {
                "text": {
                    "type": "string",
                    "title": "缺什么服务",
                    "maxLength": LONGEST,
                    "x-messages": {"required": "请写一写缺什么服务，再提交。"},
                },
                "beneficiaries": {
                    "type": "string",
                    "title": "主要为谁提的",
                    "oneOf": _choice([(group, group) for group in GROUPS]),
                },
            },
            "required": ["text", "beneficiaries"],
        },
        ui={
            "text": {
                "ui:widget": "textarea",
                "ui:rows": 4,
                "ui:help": "例如：希望有老人助餐点，周末有人带孩子做作业。请不要写姓名、电话、身份证号、门牌号。",
            },
            "beneficiaries": {"ui:widget": "radio"},
        },
    )


def aside_form(text: str) -> Form:
    """Why a need that waited is not taken in (不予收下)."""
    return Form(
        key="needs.aside",
        schema={
            "type": "object",
            "title": "不予收下",
            "properties": {
                "reason": {
                    "type": "string",
                    "title": "原因",
                    "maxLength": LONGEST_REASON,
                    "x-messages": {"required": "请写明不予收下的原因。"},
                }
            },
            "required": ["reason"],
        },
        ui={
            "ui:intro": "重复刷屏、广告、与社区服务无关的，可以不予收下。原文和原因一直保留。",
            "ui:next": "不再列入需求，随时可以在“不予收下的”里查到。",
            "ui:submit": "不予收下",
            "reason": {"ui:widget": "textarea", "ui:rows": 3, "ui:rule": "ZH-09a"},
        },
    ).add_facts(("居民写的话", text))


def merge_form(lead: Need, others: Sequence[Need]) -> Form:
    """Which needs say the same as this one (合并相似需求)."""
    choices = [(one.id, f"{one.text[:SHOWN]}（{one.beneficiaries}，{one.voices} 位）") for one in others]
    return Form(
        key="needs.merge",
        schema={
            "type": "object",
            "title": "合并相似需求",
            "properties": {
                "ids": {
                    "type": "array",
                    "title": "哪些说的是同一件事",
                    "items": {"type": "integer", "oneOf": _choice(choices)},
                    "uniqueItems": True,
                    "minItems": 1,
                    "x-messages": {"required": "请选择要并入的需求。"},
                }
            },
            "required": ["ids"],
        },
        ui={
            "ui:intro": "同一社区里说同一件事的，并到一起看，人数相加。最像的排在前面。",
            "ui:next": "每一条原话、渠道、日期都保留，可以随时拆出。",
            "ui:submit": "并入",
            "ids": {"ui:widget": "checkboxes", "ui:rule": "ZH-09b"},
        },
    ).add_facts(("并到这一项", lead.text))


def summary_form(month: str, place: str, needs: int, voices: int, by_group: Mapping[str, int]) -> Form:
    """What a month's needs come to (月度小结)."""
    return Form(
        key="needs.summary",
        schema={
            "type": "object",
            "title": "需求月度小结",
            "properties": {
                "text": {
                    "type": "string",
                    "title": "居民主要缺什么，打算怎么办",
                    "maxLength": LONGEST,
                    "x-messages": {"required": "请写明这个月居民主要缺什么、打算怎么办。"},
                }
            },
            "required": ["text"],
        },
        ui={
            "ui:intro": "核对本月的数字，写几句话，签字。",
            "ui:next": "签字后不能修改，本单位和上级都能看到。",
            "ui:submit": "签字",
            "text": {"ui:widget": "textarea", "ui:rows": 5, "ui:rule": "ZH-09b"},
        },
    ).add_facts(
        ("单位", place),
        ("月份", month),
        ("需求", f"{needs} 项，{voices} 位居民提出"),
        ("按人群", "、".join(f"{group} {count} 位" for group, count in by_group.items()) or "没有"),
    )


def _choice(options: Sequence[tuple[Any, str]]) -> list[dict[str, Any]]:
    return [{"const": const, "title": title} for const, title in options]
