"""A small application that shows every part of the face of the house, for the tests of pages and islands."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, flash, jsonify, render_template_string, request
from flask_wtf.csrf import CSRFProtect

from app.core import clock
from app.core.errors import Conflict, Fault, Forbidden, NotFound, Refusal, Refusals
from app.core.identity import Actor
from app.ui import forms
from app.ui.assets import Assets
from app.ui.forms import Form
from app.ui.navigation import NavItem
from app.ui.security import allow_designer_styles, csp_nonce
from app.ui.setup import init_ui

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "控件一览",
    "required": ["name", "category", "groups", "amount", "start", "tie", "why", "lines", "papers", "agree"],
    "properties": {
        "name": {"type": "string", "title": "项目名称", "minLength": 4, "maxLength": 60},
        "category": {
            "type": "string",
            "title": "服务类别",
            "oneOf": [{"const": "elder", "title": "为老服务"}, {"const": "other", "title": "其他"}],
        },
        "category_note": {"type": "string", "title": "类别说明"},
        "groups": {
            "type": "array",
            "title": "服务对象",
            "uniqueItems": True,
            "items": {
                "type": "string",
                "oneOf": [{"const": "old", "title": "老年人"}, {"const": "young", "title": "未成年人"}],
            },
        },
        "pot": {
            "type": "integer",
            "title": "资金来源",
            "oneOf": [{"const": 7, "title": "福利彩票公益金"}, {"const": 9, "title": "街道自筹"}],
        },
        "amount": {"type": "integer", "format": "fen", "title": "申请金额", "minimum": 1},
        "people": {"type": "integer", "title": "服务人数", "minimum": 1},
        "start": {"type": "string", "format": "date", "title": "开始日期"},
        "phone": {"type": "string", "title": "联系电话", "pattern": r"^1\d{10}$"},
        "cap": {"type": "integer", "format": "fen", "title": "预算上限", "readOnly": True},
        "round": {"type": "integer", "title": "轮次"},
        "reason": {"type": "string", "title": "项目必要性", "maxLength": 500},
        "lines": {
            "type": "array",
            "title": "预算明细",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "type": "object",
                "required": ["item", "count", "price"],
                "properties": {
                    "item": {"type": "string", "title": "支出内容"},
                    "count": {"type": "integer", "title": "数量", "minimum": 1},
                    "price": {"type": "integer", "format": "fen", "title": "单价", "minimum": 1},
                    "paid": {"type": "boolean", "title": "已垫付"},
                    "day": {"type": "string", "format": "date", "title": "日期"},
                    "kind": {
                        "type": "string",
                        "title": "类型",
                        "oneOf": [{"const": "food", "title": "餐费"}, {"const": "bus", "title": "交通"}],
                    },
                    "papers": {"type": "array", "title": "票据", "items": {"type": "integer"}},
                    "ref": {"type": "string", "title": "来源"},
                },
            },
        },
        "checks": {
            "type": "array",
            "title": "自查",
            "items": {
                "type": "object",
                "required": ["answer"],
                "properties": {
                    "question": {"type": "string", "title": "问题", "readOnly": True},
                    "answer": {"type": "boolean", "title": "回答"},
                },
            },
        },
        "tie": {"type": "boolean", "title": "有无利害关系"},
        "why": {"type": "string", "title": "利害关系说明"},
        "papers": {"type": "array", "title": "会议纪要", "items": {"type": "integer"}, "maxItems": 2},
        "agree": {"type": "boolean", "title": "我已核对", "const": True},
    },
}
UI: dict[str, Any] = {
    "ui:intro": "填写项目的基本情况。",
    "ui:prepare": ["会议纪要", "测算依据"],
    "ui:next": "提交后由书记报送。",
    "ui:submit": "提交申报",
    "ui:sections": [
        {
            "title": "基本信息",
            "help": "照实填写。",
            "fields": ["name", "category", "category_note", "groups"],
        },
        {"title": "金额", "fields": ["pot", "amount", "people", "start", "phone", "cap", "reason", "lines"]},
    ],
    "name": {"ui:help": "写明社区和服务内容。", "ui:rule": "ZH-19-1"},
    "category": {"ui:widget": "radio"},
    "category_note": {"ui:visibleIf": {"field": "category", "in": ["other"]}},
    "groups": {"ui:widget": "checkboxes"},
    "amount": {"ui:width": 6},
    "people": {"ui:unit": "人", "ui:width": 3},
    "phone": {"ui:inputmode": "tel"},
    "round": {"ui:widget": "hidden"},
    "reason": {"ui:widget": "textarea", "ui:rows": 3},
    "lines": {
        "ui:sum": {"column": "price", "times": "count", "equalsField": "amount", "label": "预算合计"},
        "ui:addLabel": "添加一项支出",
        "ui:columns": {
            "item": {"ui:widget": "textarea"},
            "papers": {"ui:widget": "file"},
            "ref": {"ui:widget": "hidden"},
        },
    },
    "why": {"ui:visibleIf": {"field": "tie", "in": [True]}},
    "papers": {"ui:widget": "file", "ui:accept": ".pdf,image/*", "ui:capture": True},
    "agree": {"ui:widget": "checkbox"},
}
ANSWERS: dict[str, Any] = {
    "name": "云山社区<助餐>",
    "category": "elder",
    "groups": ["old", "young"],
    "pot": 9,
    "amount": 148_000_00,
    "people": 30,
    "start": "2026-04-01",
    "round": 2,
    "reason": "第一行\n第二行",
    "lines": [{"item": "餐费", "count": 2, "price": 74_000_00, "paid": False, "kind": "food", "ref": "r1"}],
    "tie": True,
    "why": "亲属",
    "papers": [1],
    "agree": True,
}
NAV = [
    (
        "",
        [NavItem("desk", "我的待办", "checklist", "/", 12), NavItem("done", "已办", "circle-check", "/done")],
    ),
    ("管理", [NavItem("people", "人员", "users", "/people")]),
]
BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
 xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="gallery">
 <process id="p" isExecutable="true">
  <startEvent id="start"><outgoing>f1</outgoing></startEvent>
  <userTask id="apply" name="申报"><incoming>f1</incoming><outgoing>f2</outgoing></userTask>
  <exclusiveGateway id="gate"><incoming>f2</incoming><outgoing>f3</outgoing></exclusiveGateway>
  <callActivity id="review" name="审议" calledElement="r"><incoming>f3</incoming><outgoing>f4</outgoing></callActivity>
  <endEvent id="end"><incoming>f4</incoming></endEvent>
  <sequenceFlow id="f1" sourceRef="start" targetRef="apply"/>
  <sequenceFlow id="f2" sourceRef="apply" targetRef="gate"/>
  <sequenceFlow id="f3" sourceRef="gate" targetRef="review"/>
  <sequenceFlow id="f4" sourceRef="review" targetRef="end"/>
 </process>
 <bpmndi:BPMNDiagram id="g"><bpmndi:BPMNPlane id="pl" bpmnElement="p">
  <bpmndi:BPMNShape id="s1" bpmnElement="start"><dc:Bounds x="80" y="100" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="s2" bpmnElement="apply"><dc:Bounds x="170" y="78" width="110" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="s3" bpmnElement="gate" isMarkerVisible="true"><dc:Bounds x="330" y="93" width="50" height="50"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="s4" bpmnElement="review"><dc:Bounds x="440" y="78" width="110" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="s5" bpmnElement="end"><dc:Bounds x="620" y="100" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNEdge id="e1" bpmnElement="f1"><di:waypoint x="116" y="118"/><di:waypoint x="170" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge id="e2" bpmnElement="f2"><di:waypoint x="280" y="118"/><di:waypoint x="330" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge id="e3" bpmnElement="f3"><di:waypoint x="380" y="118"/><di:waypoint x="440" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge id="e4" bpmnElement="f4"><di:waypoint x="550" y="118"/><di:waypoint x="620" y="118"/></bpmndi:BPMNEdge>
 </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>
"""
FORM_PAGE = """{% extends "ui/desk.html" %}{% import "ui/forms.html" as forms %}
{% block title %}{{ form.title }}{% endblock %}{% block islands %}{{ assets("form") }}{% endblock %}
{% block main %}{{ ui.crumbs([("我的待办", "/")], "填写") }}{{ ui.head(form.title, "编号 1", [("申报", "brand")]) }}
{{ forms.render(form, answers, errors, files, draft_url="/draft", cancel="/", hidden={"key": "abc"}) }}{% endblock %}"""
SHOW_PAGE = """{% extends "ui/base.html" %}{% import "ui/forms.html" as forms %}{% block title %}内容{% endblock %}
{% block main %}<h1>项目</h1>{% call ui.card('填报内容', id='filled') %}{{ forms.show(form, answers, files) }}{% endcall %}{% endblock %}"""
PARTS_PAGE = """{% extends "ui/desk.html" %}{% block title %}部件{% endblock %}
{% block islands %}{{ assets("viewer") }}{% endblock %}
{% block main %}{% call ui.head("部件", facts=[("user", "何静怡"), ("x", "")]) %}<a class="btn" href="/">去</a>{% endcall %}
{{ ui.tag("加急", "bad") }}{{ ui.badge("通过", "good") }}{{ ui.rule("ZH-23a") }}{{ ui.money(14800050) }}{{ ui.money(none) }}
{{ ui.due(due, since) }}{{ ui.due(none) }}
{{ ui.kpis([{"label": "已超时", "value": 1, "note": "两天", "tone": "bad", "href": "/"}, {"label": "已办", "value": 2}]) }}
{{ ui.stages(stages) }}{{ ui.stage_bar(stages) }}
{{ ui.tabs([("a", "公示", "/", 3), ("b", "公告", "/", none)], "a") }}
{% call ui.card("资金", "合同价", "money") %}{{ ui.money_bar(100, [{"label": "预付款", "fen": 30, "tone": "paid"}], 40) }}{% endcall %}
{{ ui.table(["款项", "金额（元）"], [["预付款", "1,000.00"], ["尾款", "2,000.00"]], "付款") }}
{{ ui.timeline([{"title": "受理", "tone": "back", "badge": "退回", "text": "缺材料", "who": "赵敏", "at": "2026-03-01 09:00"}]) }}
{{ ui.facts([{"label": "预算", "value": "1 元", "tone": "good"}]) }}{{ ui.note("提醒", "warn") }}
{{ ui.empty("没有待办", href="/", action="返回") }}{{ ui.pager("共 3 项", "/?p=1", "/?p=3") }}{{ ui.files(files.values()) }}
{{ ui.act("终止", "/end", ic="x", tone="danger", ask="确定要终止吗？", fields={"reason": "1"}) }}
{{ ui.diagram(flow, "流程进度", text="当前步骤：审议。") }}{% endblock %}"""
CARD_PAGE = """{% extends "ui/card.html" %}{% block title %}登录{% endblock %}
{% block card %}<h1>登录</h1><label for="u">用户名</label><input id="u" class="form-control">{% endblock %}"""
ERRORS: dict[str, Exception] = {
    "refusal": Refusals(
        [Refusal("预付款不能超过 40%。", field="amount", rule="ZH-23a"), Refusal("请先上传发票。")]
    ),
    "conflict": Conflict("李建国刚刚办理了这一步。"),
    "forbidden": Forbidden("您没有这个岗位。"),
    "notfound": NotFound(),
    "fault": Fault("决策表没有匹配的行"),
    "broken": ZeroDivisionError(),
}


def gallery_form() -> Form:
    """The form with every widget, prepared as a handler would."""
    form = forms.load(json.dumps(SCHEMA), json.dumps(UI), "gallery.all")
    form = form.with_values(
        cap=200_000_00, checks=[{"question": "是否用于偿还债务"}, {"question": "是否现金投资"}]
    )
    form = form.add_facts(("可用额度", "620,000.00 元", "good")).add_notes("名单不对外公开。")
    return form.add_table("退回意见", ["时间", "金额（元）"], [["2026-02-26", "1,000.00"]])


def make_gallery(assets: Assets | None = None) -> Flask:
    """The application; it keeps what was posted in `gallery_drafts`, `gallery_answers`, `gallery_files`."""
    app = Flask("gallery", static_folder=None)
    app.config.update(SECRET_KEY="gallery", MAX_CONTENT_LENGTH=1024 * 1024)
    CSRFProtect(app)
    init_ui(app, assets)
    kept = SimpleNamespace(drafts=[], answers=[], files={})
    app.extensions["gallery"] = kept

    @app.context_processor
    def context() -> dict[str, Any]:
        return {
            "nav": NAV,
            "actor": Actor(5, "何静怡"),
            "unit_name": "云山街道",
            "role_names": "街道经办",
            "settings": SimpleNamespace(is_demo=True),
            "active": "desk",
            "search_url": "/search",
            "messages_url": "/messages",
            "unread": 2,
            "logout_url": "/logout",
            "account_items": [NavItem("password", "修改密码", "key", "/password")],
            "portal_nav": [NavItem("desk", "首页", "", "/")],
        }

    @app.route("/form", methods=["GET", "POST"])
    def form() -> Any:
        asked, errors = gallery_form(), {}
        answers = forms.defaults(asked)
        if request.method == "POST":
            answers = forms.cast(asked, request.form)
            try:
                forms.check(asked, answers)
            except Refusal as refusal:
                errors = forms.errors_by_field(refusal)
            else:
                kept.answers.append(answers)
                flash("已提交。", "success")
        page = render_template_string(FORM_PAGE, form=asked, answers=answers, errors=errors, files=kept.files)
        return page, 422 if errors else 200

    @app.post("/draft")
    def draft() -> Response:
        kept.drafts.append(forms.cast(gallery_form(), request.form))
        return jsonify(saved_at="10:32")

    @app.post("/files")
    def files() -> Response:
        upload = request.files["file"]
        name = upload.filename or ""
        if name.endswith(".exe"):
            raise Refusal("不能上传这种类型的文件。")
        number = len(kept.files) + 1
        kept.files[number] = SimpleNamespace(
            id=number, name=name, size=len(upload.read()), media_type="application/pdf"
        )
        return jsonify(id=number, name=name, size=kept.files[number].size)

    @app.get("/show")
    def show() -> str:
        known = {1: SimpleNamespace(id=1, name="纪要.pdf", size=2048, media_type="application/pdf")}
        answers = forms.complete(gallery_form(), ANSWERS)
        return render_template_string(SHOW_PAGE, form=gallery_form(), answers=answers, files=known)

    @app.get("/parts")
    def parts() -> str:
        flash("已提交“申报”。", "success")
        now = clock.now()
        return render_template_string(
            PARTS_PAGE,
            due=now - timedelta(days=2),
            since=now - timedelta(days=9),
            stages=[
                {"name": "申报", "state": "done", "note": "3月1日", "href": "/"},
                {"name": "审议", "state": "late"},
                {"name": "公示", "state": "todo"},
            ],
            files={1: SimpleNamespace(id=1, name="纪要.pdf", size=2048, media_type="application/pdf")},
            flow={**flow_config(), "calls": {"review": "/flow/review.json"}},
        )

    def flow_config() -> dict[str, Any]:
        states = {"apply": "done", "review": "late"}
        return {
            "xmlUrl": "/flow.bpmn",
            "states": states,
            "badges": {"review": {"text": "超时 2 天", "tone": "late"}},
            "calls": {"review": "/flow/review.json"},
            "trail": [{"name": "全流程", "url": "/flow.json"}],
        }

    @app.get("/flow.json")
    def flow_json() -> Response:
        return jsonify(flow_config())

    @app.get("/flow/review.json")
    def flow_review() -> Response:
        trail = [{"name": "全流程", "url": "/flow.json"}, {"name": "审议", "url": "/flow/review.json"}]
        return jsonify(xmlUrl="/flow.bpmn", states={"apply": "active"}, badges={}, calls={}, trail=trail)

    @app.get("/flow.bpmn")
    def flow() -> Response:
        return Response(BPMN, mimetype="application/xml")

    @app.get("/login")
    def login() -> str:
        return render_template_string(CARD_PAGE)

    @app.get("/designer")
    def designer() -> str:
        allow_designer_styles()
        return csp_nonce()

    @app.get("/error/<name>")
    @app.get("/api/error/<name>", endpoint="api_error")
    def error(name: str) -> str:
        raise ERRORS[name]

    @app.post("/end")
    def end() -> str:
        kept.answers.append(dict(request.form))
        return render_template_string(CARD_PAGE)

    return app
