"""A drawing of another tool: opened, told what cannot run, rewritten where that is safe, nothing of it lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import expect

from app.core import db
from app.studio import checking, drafts
from tests.browser.studio.conftest import Studio
from tests.browser.studio.hands import choose, condition

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:acme="https://acme.example/ext" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="Definitions_1" targetNamespace="http://bpmn.io/schema/bpmn" exporter="Camunda Modeler" exporterVersion="5.11.0">
<bpmn:collaboration id="c1"><bpmn:participant id="pool" name="外来流程" processRef="small" /></bpmn:collaboration>
<bpmn:process id="small" name="外来流程" isExecutable="false">
<bpmn:documentation>由科室在别的工具里画的。</bpmn:documentation>
<bpmn:laneSet id="ls"><bpmn:lane id="lane" name="科员"><bpmn:flowNodeRef>write</bpmn:flowNodeRef><bpmn:flowNodeRef>decide</bpmn:flowNodeRef><bpmn:flowNodeRef>tell</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
<bpmn:userTask id="write" name="拟稿" camunda:assignee="li" camunda:formKey="embedded:act.html">
<bpmn:documentation>先和社区商量。</bpmn:documentation>
<bpmn:extensionElements><acme:colour shade="warm" /><camunda:inputOutput><camunda:inputParameter name="a">1</camunda:inputParameter></camunda:inputOutput></bpmn:extensionElements>
<bpmn:outgoing>f1</bpmn:outgoing><bpmn:outgoing>f2</bpmn:outgoing></bpmn:userTask>
<bpmn:userTask id="decide" name="审定"><bpmn:incoming>f1</bpmn:incoming></bpmn:userTask>
<bpmn:userTask id="tell" name="告知社区"><bpmn:incoming>f2</bpmn:incoming></bpmn:userTask>
<bpmn:sequenceFlow id="f1" sourceRef="write" targetRef="decide"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${decision == 'agree'}</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="f2" sourceRef="write" targetRef="tell"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${decision != 'agree'}</bpmn:conditionExpression></bpmn:sequenceFlow>
</bpmn:process>
<bpmndi:BPMNDiagram id="D"><bpmndi:BPMNPlane id="P" bpmnElement="c1">
<bpmndi:BPMNShape id="pool_di" bpmnElement="pool" isHorizontal="true"><dc:Bounds x="160" y="80" width="900" height="360" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="lane_di" bpmnElement="lane" isHorizontal="true"><dc:Bounds x="190" y="80" width="870" height="360" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="write_di" bpmnElement="write"><dc:Bounds x="311" y="207" width="100" height="80" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="decide_di" bpmnElement="decide"><dc:Bounds x="613" y="149" width="100" height="80" /></bpmndi:BPMNShape>
<bpmndi:BPMNShape id="tell_di" bpmnElement="tell"><dc:Bounds x="613" y="283" width="100" height="80" /></bpmndi:BPMNShape>
<bpmndi:BPMNEdge id="f1_di" bpmnElement="f1"><di:waypoint x="411" y="247" /><di:waypoint x="613" y="189" /></bpmndi:BPMNEdge>
<bpmndi:BPMNEdge id="f2_di" bpmnElement="f2"><di:waypoint x="411" y="247" /><di:waypoint x="613" y="323" /></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
DI = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"


def test_another_tools_drawing_is_rewritten_with_notes_and_keeps_all_it_said(
    small_studio: Studio, tmp_path: Path
) -> None:
    studio = small_studio
    page = studio.enter(studio.people.designer)
    upload = tmp_path / "camunda.bpmn"
    upload.write_text(FOREIGN, encoding="utf-8")
    page.goto(f"{studio.base}/studio/drafts/{studio.draft_id}")
    page.set_input_files("#i-file", upload)
    page.get_by_role("button", name="导入").click()
    expect(page.locator("main")).to_contain_text("已导入 1 个文件")
    expect(page.locator("#findings")).to_contain_text("必须改正")

    page.locator("#files-1").get_by_role("link", name="外来流程").click()
    page.wait_for_selector("[data-checked]", timeout=60_000)
    page.click("#tab-check")
    told: list[str] = []
    for _ in range(12):
        fix = page.locator("[data-findings]").get_by_role("button", name="修复").first
        if not fix.count():
            break
        checked = page.locator("[data-checked]").get_attribute("data-checked")
        fix.click()
        expect(page.locator("[data-checked]")).not_to_have_attribute(
            "data-checked", str(checked), timeout=60_000
        )
        told.append(page.locator(".zj-toast").last.inner_text())
    said = "\n".join(told)
    for words in ("可执行", "补上开始事件", "补上结束事件", "包容网关", "请放进相应的泳道"):
        assert words in said, told
    page.click("#tab-panel")
    page.locator('.djs-element[data-element-id="tell"] .djs-hit').first.click()
    page.locator("[data-panel]").get_by_label("名称", exact=True).fill("告知居民")
    choose(page, "lane")
    page.locator("[data-panel]").get_by_label("这条泳道是谁").select_option("街道经办")
    condition(
        page, "f2", ""
    )  # of the lines that the rewriting put behind a gateway, the one for all other cases
    studio.stored(page, "process/small.bpmn", 'default="f2"')
    kept = studio.file("process/small.bpmn")
    for part in (
        "由科室在别的工具里画的。", "先和社区商量。", 'acme:colour shade="warm"', 'camunda:assignee="li"',
        "<camunda:inputParameter", "告知居民", "审定", "decision == 'agree'",
    ):  # fmt: skip
        assert part in kept.replace("&#39;", "'"), part
    root = etree.fromstring(kept.encode())
    places = {(one.get("x"), one.get("y")) for one in root.iter(DI)}
    assert {("311", "207"), ("613", "149"), ("613", "283")} <= places
    db.close()
    report = checking.judge(drafts.files_of(studio.draft_id), drafts.find(studio.draft_id))
    assert [one.message for one in report.errors] == []
    page.goto(f"{studio.base}/studio/drafts/{studio.draft_id}/history")
    expect(page.locator("#saves")).to_contain_text("自动修正")
    studio.clean(page)
