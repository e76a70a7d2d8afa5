"""Forms of the acts beside doing a step: pass on, sign together, send back, remind, copy, comment, stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.accounts.models import Person
from app.runtime.acts import PLACES
from app.runtime.models import Case, Task
from app.runtime.returning import Target
from app.runtime.rules import role_name
from app.ui.filters import moment
from app.ui.forms import Form

People = Sequence[tuple[Person, str]]
ROLES_ALL = "all"


def _form(key: str, title: str, properties: dict[str, Any], required: list[str], ui: dict[str, Any]) -> Form:
    schema = {"type": "object", "title": title, "properties": properties, "required": required}
    return Form(f"act.{key}", schema, {"ui:order": list(properties), **ui})


def _words(title: str, *, needed: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string", "title": title, "maxLength": 500}
    if needed:
        made |= {"minLength": 1, "x-messages": {"required": needed, "minLength": needed}}
    return made


def _person(title: str, people: People, ask: str) -> dict[str, Any]:
    options = [{"const": one.id, "title": f"{one.name}（{unit}）"} for one, unit in people]
    return {
        "type": "integer",
        "title": title,
        "oneOf": options,
        "x-messages": {"required": ask, "oneOf": ask},
    }


def transfer_form(task: Task, people: People) -> Form:
    """To whom a step is handed (转办)."""
    properties = {"person": _person("转给谁", people, "请选择转给谁。"), "reason": _words("说明")}
    ui = {
        "ui:intro": "转办后这一步由对方办理，您不再负责。只能转给同一单位、同一岗位的同事；请假期间请用“代理”。",
        "ui:submit": "转办",
        "reason": {"ui:widget": "textarea", "ui:rows": 2},
    }
    return _form("transfer", "转办", properties, ["person"], ui).add_facts(("事项", task.title))


def signer_form(task: Task, people: People) -> Form:
    """Who signs besides oneself, and when (加签)."""
    properties = {
        "person": _person("请谁签署", people, "请选择请谁签署。"),
        "place": {
            "type": "string",
            "title": "次序",
            "oneOf": [{"const": key, "title": name} for key, name in PLACES.items()],
            "x-messages": {"required": "请选择加签的次序。"},
        },
        "reason": _words("说明"),
    }
    ui = {
        "ui:intro": "加签的同事提出意见，这一步仍由您决定。全部签完才进入下一步。",
        "ui:submit": "加签",
        "place": {"ui:widget": "radio"},
        "reason": {"ui:widget": "textarea", "ui:rows": 2},
    }
    form = _form("add_signer", "加签", properties, ["person", "place"], ui).with_values(place="before")
    return form.add_facts(("事项", task.title))


def opinion_form(task: Task, asked_by: str, why: str = "") -> Form:
    """What an added signer says (加签意见).

    Args:
        why: what the colleague who asked said, "" for nothing.
    """
    said = f"说明：{why}\n" if why else ""
    properties = {
        "agrees": {
            "type": "boolean",
            "title": "您的意见是",
            "oneOf": [{"const": True, "title": "同意"}, {"const": False, "title": "不同意"}],
            "x-messages": {"required": "请选择同意或不同意。"},
        },
        "opinion": _words("意见内容", needed="请填写意见。"),
    }
    ui = {
        "ui:intro": f"{asked_by}请您对“{task.title}”签署意见。\n{said}您的意见会记入办理经过，由{asked_by}作出决定。",
        "ui:submit": "签署",
        "agrees": {"ui:widget": "radio"},
        "opinion": {"ui:widget": "textarea", "ui:rows": 3},
    }
    return _form("opinion", "签署意见", properties, ["agrees", "opinion"], ui)


def back_form(task: Task, targets: Sequence[Target], people: dict[int | None, str]) -> Form:
    """Where to send a step back to, why, and how it comes again (退回); what cannot be reached says why."""
    options = [
        {
            "const": one.task.id,
            "title": f"{one.task.title}（{people.get(one.task.done_by) or role_name(one.task.role)}，{moment(one.task.done_at)}）",
        }
        for one in targets
        if one.why_not is None
    ]
    properties = {
        "target": {
            "type": "integer",
            "title": "退回到哪一步",
            "oneOf": options,
            "x-messages": {"required": "请选择退回到哪一步。", "oneOf": "请选择退回到哪一步。"},
        },
        "reason": _words("退回原因", needed="请写明退回原因，让对方知道怎么改。"),
        "straight": {
            "type": "boolean",
            "title": "对方办好以后",
            "oneOf": [
                {"const": False, "title": "按流程重新逐步办理"},
                {"const": True, "title": "直接回到我这里（中间各步的结果不变）"},
            ],
        },
    }
    ui: dict[str, Any] = {
        "ui:intro": "退回后，从所选步骤起重新办理；所填内容都保留，办理经过不会删除。中间步骤产生的结果（如预留的资金）会自动撤销。",
        "ui:submit": "确定退回",
        "target": {"ui:widget": "radio"},
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
        "straight": {"ui:widget": "radio"},
    }
    if task.group_id is not None:
        ui["ui:intro"] += (
            "\n这一步每人办理一份：按流程重新办理的，同事已办的各份也要重办；直接回到您这里的，已办的各份不变。"
        )
    form = _form("send_back", "退回", properties, ["target", "reason", "straight"], ui).with_values(
        straight=False
    )
    blocked = [one for one in targets if one.why_not is not None]
    if blocked:
        rows = [[one.task.title, one.why_not or ""] for one in blocked]
        form = form.add_table("不能退回的步骤", ["步骤", "原因"], rows)
    return form.add_facts(("事项", task.title))


def reject_form(task: Task, case: Case) -> Form:
    """Why a case is refused and ends (否决)."""
    properties = {"reason": _words("否决理由", needed="请写明否决的理由。")}
    ui = {
        "ui:intro": "否决是对整个项目的决定。只是材料不齐的，请用“退回”。",
        "ui:submit": "否决并结束",
        "reason": {"ui:widget": "textarea", "ui:rows": 3},
    }
    form = _form("reject", "否决", properties, ["reason"], ui)
    form = form.add_effect(f"“{case.title}”就此结束，不能恢复；预留的资金退回各资金来源。")
    return form.add_facts(("项目", case.title), ("事项", task.title))


def urge_form(task: Task, names: str) -> Form:
    """Remind those who have a step (催办)."""
    properties = {"words": _words("想说的话")}
    ui = {
        "ui:intro": f"向{names}发一条提醒；四小时内只能催办一次，催办会记入办理经过。",
        "ui:submit": "催办",
        "words": {"ui:widget": "textarea", "ui:rows": 2},
    }
    return _form("urge", "催办", properties, [], ui).add_facts(("事项", task.title))


def copy_form(case: Case, people: People) -> Form:
    """Who is told of a case (抄送)."""
    options = [{"const": one.id, "title": f"{one.name}（{unit}）"} for one, unit in people]
    properties = {
        "people": {
            "type": "array",
            "title": "抄送给谁",
            "items": {"type": "integer", "oneOf": options},
            "minItems": 1,
            "x-messages": {"required": "请至少选择一人。", "minItems": "请至少选择一人。"},
        },
        "words": _words("说明"),
    }
    ui = {
        "ui:intro": "对方收到消息，可以查看这个项目，不用办理。",
        "ui:submit": "抄送",
        "people": {"ui:widget": "checkboxes"},
        "words": {"ui:widget": "textarea", "ui:rows": 2},
    }
    return _form("copy", "抄送", properties, ["people"], ui).add_facts(("项目", case.title))


def comment_form(case: Case) -> Form:
    """Something to say about a case, with papers (补充意见)."""
    properties = {
        "words": {**_words("意见", needed="请填写意见。"), "maxLength": 2000},
        "files": {"type": "array", "title": "附件", "items": {"type": "integer"}, "maxItems": 6},
    }
    ui = {
        "ui:intro": "意见和附件记入办理经过，能看到这个项目的人都能看到。",
        "ui:submit": "提交意见",
        "words": {"ui:widget": "textarea", "ui:rows": 4},
        "files": {"ui:widget": "file"},
    }
    return _form("comment", "补充意见", properties, ["words"], ui).add_facts(("项目", case.title))


def delegate_form(people: Sequence[Person], roles: Sequence[str]) -> Form:
    """Who stands in, from when to when, for what (设置代理)."""
    properties: dict[str, Any] = {
        "delegate_id": _person("由谁代理", [(one, one.login) for one in people], "请选择代理人。"),
        "first": {
            "type": "string",
            "format": "date",
            "title": "从哪天起",
            "x-messages": {"required": "请填写开始日期。"},
        },
        "last": {
            "type": "string",
            "format": "date",
            "title": "到哪天止",
            "x-messages": {"required": "请填写结束日期。"},
        },
        "role": {
            "type": "string",
            "title": "代理哪些岗位",
            "oneOf": [
                {"const": ROLES_ALL, "title": "我的全部岗位"},
                *({"const": role, "title": role_name(role)} for role in roles),
            ],
        },
    }
    ui = {
        "ui:intro": "代理期间，对方可以办理您的事项，办理经过同时写明两人的姓名。首尾两天都算在内，到期自动停止。",
        "ui:submit": "设置代理",
        "first": {"ui:width": 6},
        "last": {"ui:width": 6},
        "role": {"ui:widget": "radio"},
    }
    form = _form("delegate", "设置代理", properties, ["delegate_id", "first", "last", "role"], ui)
    return form.with_values(role=ROLES_ALL)
