"""The two forms of the public platform: what one says about a notice, and the satisfaction questionnaire."""

from __future__ import annotations

from app.ballots.survey_models import Survey
from app.ballots.survey_rules import LONGEST as LONGEST_COMMENT
from app.ballots.survey_rules import SCALE
from app.notices.models import OBJECTION_KINDS, Notice
from app.notices.rules import LONGEST, REPLIES
from app.ui.forms import Form

WHAT = {
    "objection": "异议：对公示的内容有不同意见",
    "question": "询问：有不清楚的地方，请采购人说明",
    "challenge": "质疑：供应商认为自己的权益受到损害",
}


def objection_form(notice: Notice) -> Form:
    """How to say something about a notice: only the ways that fit its kind are offered."""
    kinds = REPLIES[notice.kind]
    form = Form(
        key="portal.objection",
        schema={
            "type": "object",
            "title": "提出意见",
            "properties": {
                "kind": {
                    "type": "string",
                    "title": "类别",
                    "oneOf": [{"const": kind, "title": WHAT[kind]} for kind in kinds],
                },
                "text": {"type": "string", "title": "意见和理由", "maxLength": LONGEST},
                "contact": {"type": "string", "title": "联系方式", "maxLength": 100},
            },
            "required": ["kind", "text"],
        },
        ui={
            "ui:submit": "提交意见",
            "kind": {"ui:widget": "radio" if len(kinds) > 1 else "hidden", "ui:rule": "L-10"},
            "text": {
                "ui:widget": "textarea",
                "ui:rows": 5,
                "ui:help": "写清楚哪一点不对、为什么。有依据的请写明来源。",
            },
            "contact": {
                "ui:help": "选填，只有负责答复的人能看到。提出质疑的供应商须写明单位名称、联系人和电话。",
                "ui:autocomplete": "tel",
            },
        },
    )
    return form.with_values(kind=kinds[0]) if len(kinds) == 1 else form


def survey_form(survey: Survey) -> Form:
    """The questionnaire: one choice of five for each question, and room for words."""
    properties = {
        question["key"]: {
            "type": "integer",
            "title": question["text"],
            "oneOf": [{"const": value, "title": words} for value, words in SCALE],
        }
        for question in survey.questions
    }
    return Form(
        key="portal.survey",
        schema={
            "type": "object",
            "title": survey.title,
            "properties": {
                **properties,
                "comment": {"type": "string", "title": "您还想说什么？", "maxLength": LONGEST_COMMENT},
            },
            "required": list(properties),
        },
        ui={
            "ui:submit": "提交问卷",
            **{key: {"ui:widget": "radio"} for key in properties},
            "comment": {
                "ui:widget": "textarea",
                "ui:rows": 3,
                "ui:help": f"选填，最多 {LONGEST_COMMENT} 字。",
            },
        },
    )


def replies(notice: Notice) -> str:
    """The kinds of reply a notice takes, in words."""
    return "、".join(OBJECTION_KINDS[kind] for kind in REPLIES[notice.kind])
