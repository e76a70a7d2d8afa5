"""Forms that start and end a project: they belong to no step of a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.projects.rules import LONGEST_TITLE, ORIGINS
from app.ui.forms import Form

Options = Sequence[tuple[Any, str]]
ABOUT = {
    "street_plan": "街道结合政策要求和居民需求统筹设置",
    "community": "两委牵头、议事、民主表决后报街道",
    "library": "从街道同意入库的项目中选用",
}


def start_form(origins: Sequence[str], communities: Options, needs: Options) -> Form:
    """Where a project comes from, where it is for, what it is called.

    Args:
        needs: needs the project may rest on; () when there are none.
    """
    properties: dict[str, Any] = {
        "origin": {
            "type": "string",
            "title": "项目从哪里来",
            "oneOf": [{"const": key, "title": f"{ORIGINS[key]}：{ABOUT[key]}"} for key in origins],
        },
        "community_id": {"type": "integer", "title": "所在社区", "oneOf": _choice(communities)},
        "title": {"type": "string", "title": "项目名称", "minLength": 1, "maxLength": LONGEST_TITLE},
    }
    if needs:
        properties["need_id"] = {"type": "integer", "title": "对应的居民需求", "oneOf": _choice(needs)}
    ui: dict[str, Any] = {
        "ui:intro": "先定项目从哪里来、在哪个社区、叫什么名字。",
        "ui:next": "发起后直接进入第一步，其余内容在那里填写；写到一半可以离开，内容会保留。",
        "ui:submit": "发起并填写",
        "ui:order": ["origin", "community_id", "need_id", "title"],
        "origin": {"ui:widget": "radio", "ui:rule": "ZH-19"},
        "title": {"ui:help": "写明社区和服务内容，例如“某某社区居家养老助餐服务”。"},
    }
    if needs:
        ui["need_id"] = {
            "ui:help": "有对应需求的请选择，项目和需求会互相连到对方。"
            + ("街道规划没有对应需求的，下一步须填写政策依据。" if "street_plan" in origins else ""),
        }
    else:
        ui["ui:order"].remove("need_id")
    schema = {
        "type": "object",
        "title": "发起项目",
        "properties": properties,
        "required": ["origin", "community_id", "title"],
    }
    values: dict[str, Any] = {"origin": origins[0]} if origins else {}
    if len(communities) == 1:
        values["community_id"] = communities[0][0]
    return Form("projects.start", schema, ui, values)


def copy_form(title: str, no: str) -> Form:
    """What the project that repeats an earlier one is called."""
    schema = {
        "type": "object",
        "title": "复制为新提案",
        "properties": {
            "title": {"type": "string", "title": "新项目名称", "minLength": 1, "maxLength": LONGEST_TITLE}
        },
        "required": ["title"],
    }
    ui = {
        "ui:intro": "以这个项目的内容、预算和绩效指标为底稿，发起一个新项目。新项目重新议事、表决、审议，原项目不变。",
        "ui:prepare": ["今年的服务人数和单价有没有变化", "议事和表决要重新进行，会议材料要重新上传"],
        "ui:next": "进入新项目的第一步，带入的内容都可以修改。",
        "ui:submit": "发起新项目",
        "title": {"ui:help": "建议写明年度或期次，避免与原项目混淆。"},
    }
    return Form("projects.copy", schema, ui, {"title": title}).add_facts(("原项目", title), ("编号", no))


def end_form(act: str, case_title: str) -> Form:
    """Why a project is taken back ("withdraw") or ended ("cancel"), and on what ground."""
    word = "撤回" if act == "withdraw" else "终止"
    properties: dict[str, Any] = {
        "reason": {
            "type": "string",
            "title": f"{word}原因",
            "minLength": 1,
            "maxLength": 1000,
            "x-messages": {"required": f"请写明{word}原因。"},
        }
    }
    if act == "cancel":
        properties["basis"] = {
            "type": "string",
            "title": "依据（合同条款或文件）",
            "minLength": 1,
            "maxLength": 500,
            "x-messages": {"required": "请写明终止依据（合同条款或文件）。"},
        }
    title = "撤回申报" if act == "withdraw" else "终止项目"
    ui = {
        "ui:intro": "流程会立即结束，不能恢复。",
        "ui:next": "预留、占用而未支付的资金退回各资金来源，已经支付的不受影响。",
        "ui:submit": f"确认{title}",
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    schema = {"type": "object", "title": title, "properties": properties, "required": list(properties)}
    return Form(f"projects.{act}", schema, ui).add_facts(("项目", case_title))


def _choice(options: Options) -> list[dict[str, Any]]:
    return [{"const": const, "title": title} for const, title in options]
