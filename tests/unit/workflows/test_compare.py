"""What changes between two versions, in words and on the drawing."""

from __future__ import annotations

import pytest

from workflows.model.compare import Change, compare, marks
from workflows.model.xml import BPMN

SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"


def diagram(
    *,
    days: str = "5",
    lane: str = "街道领导",
    extra: str = "",
    when: str = "amount > 1",
    name: str = "立项审议",
    signing: str = "one",
    y: str = "1",
) -> bytes:
    return f"""<definitions xmlns="{BPMN}" xmlns:s="{SPIFF}" xmlns:x="urn:x"><process id="p" name="审议">
    <laneSet id="ls"><lane id="l1" name="{lane}"><flowNodeRef>decide</flowNodeRef></lane>
    <lane id="l2" name="纪检监督"><flowNodeRef>sign</flowNodeRef></lane></laneSet>
    <userTask id="decide" name="{name}"><extensionElements><s:properties>
      <s:property name="dueWorkingDays" value="{days}"/><s:property name="formJsonSchemaFilename" value="review.decide.json"/>
      <s:property name="signing" value="{signing}"/></s:properties></extensionElements></userTask>
    <exclusiveGateway id="g" name="金额？" default="f2"/><endEvent id="end" name="完成"/>{extra}
    <sequenceFlow id="f1" sourceRef="g" targetRef="end"><conditionExpression>{when}</conditionExpression></sequenceFlow>
    <sequenceFlow id="f2" sourceRef="decide" targetRef="g"/></process>
    <x:layout y="{y}"/></definitions>""".encode()


SIGN = """<userTask id="sign" name="纪检会签"><extensionElements><s:properties>
  <s:property name="dueWorkingDays" value="3"/></s:properties></extensionElements></userTask>
  <sequenceFlow id="f3" sourceRef="g" targetRef="sign"><conditionExpression>amount >= 300000</conditionExpression></sequenceFlow>"""
NAME = "process/review.bpmn"


def said(old: bytes | None, new: bytes | None, name: str = NAME) -> list[tuple[str, str, str]]:
    before = {name: old} if old is not None else {}
    after = {name: new} if new is not None else {}
    return [(one.who, one.kind, one.text) for one in compare(before, after)]


def test_nothing_changes() -> None:
    assert compare({NAME: diagram()}, {NAME: diagram()}) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"days": "7"}, ("街道领导", "changed", "“立项审议”办理时限由 5 个工作日改为 7 个工作日")),
        ({"lane": "街道经办"}, ("街道经办", "changed", "“立项审议”由“街道领导”改由“街道经办”办理")),
        ({"name": "立项决定"}, ("街道领导", "changed", "“立项审议”改名为“立项决定”")),
        (
            {"signing": "count:2"},
            ("街道领导", "changed", "“立项审议”签署方式由“一人办理”改为“同意达到 2 人”"),
        ),
        ({"when": "amount > 9"}, ("", "changed", "“金额？”走到“完成”的条件由“amount > 1”改为“amount > 9”")),
        ({"y": "2"}, ("", "changed", "“审议”只调整了图形位置或说明，办理方式不变")),
    ],
)
def test_a_change_is_said_for_whom(change: dict[str, str], expected: tuple[str, str, str]) -> None:
    assert said(diagram(), diagram(**change)) == [expected]


def test_a_new_step_is_marked_with_its_way() -> None:
    found = compare({NAME: diagram()}, {NAME: diagram(extra=SIGN)})
    assert [(one.who, one.kind, one.text) for one in found] == [
        ("纪检监督", "added", "新增步骤“纪检会签”（办理时限 3 个工作日）"),
        ("", "added", "“金额？”之后新增去“纪检会签”的路线，条件：amount >= 300000"),
    ]
    assert marks(found) == {NAME: {"sign": "added", "f3": "added"}}
    back = compare({NAME: diagram(extra=SIGN)}, {NAME: diagram()})
    assert [(one.who, one.kind) for one in back] == [("纪检监督", "removed"), ("", "removed")]
    assert back[0].text == "取消步骤“纪检会签”"


def test_whole_diagrams_come_and_go() -> None:
    assert [kind for _, kind, _ in said(None, diagram())] == ["added"] * 5
    assert [kind for _, kind, _ in said(diagram(), None)] == ["removed"] * 5


def test_what_cannot_be_read_is_still_told() -> None:
    assert said(diagram(), b"<broken") == [("", "changed", "修改文件“review.bpmn”")]
    assert said(None, b"{}", "tests/a.json") == [("", "added", "新增文件“a.json”")]


def table(*rows: str, policy: str = "UNIQUE") -> bytes:
    return f"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"><decision id="days" name="公示天数">
    <decisionTable id="t" hitPolicy="{policy}"><input id="i" label="预算"><inputExpression id="ie"><text>budget</text></inputExpression></input>
    <output id="o" name="days" label="天数"/>{"".join(rows)}</decisionTable></decision></definitions>""".encode()


def rule(key: str, given: str, then: str) -> str:
    return f'<rule id="{key}"><inputEntry id="{key}i"><text>{given}</text></inputEntry><outputEntry id="{key}o"><text>{then}</text></outputEntry></rule>'


def test_a_table_is_compared_row_by_row() -> None:
    old = table(rule("a", "&lt; 300000", "5"), rule("b", ">= 300000", "5"), rule("c", "> 9", "1"))
    new = table(rule("a", "&lt; 300000", "5"), rule("b", ">= 300000", "7"), rule("d", "-", "9"))
    assert [text for _, _, text in said(old, new, "decision/days.dmn")] == [
        "决策表“公示天数”第 2 行由“预算 >= 300000 → 天数 5”改为“预算 >= 300000 → 天数 7”",
        "决策表“公示天数”新增第 3 行：任何情况 → 天数 9",
        "决策表“公示天数”删去原第 3 行：预算 > 9 → 天数 1",
    ]


def test_a_form_is_compared_field_by_field() -> None:
    old = b"""{"title": "x", "required": ["a"], "properties": {"a": {"title": "A", "type": "string"}, "b": {"title": "B"},
      "n": {"title": "N", "minimum": 5, "oneOf": [{"const": 1, "title": "one"}]},
      "r": {"title": "R", "type": "array", "items": {"properties": {"p": {"title": "P", "maximum": 1}}}}}}"""
    new = b"""{"title": "x", "required": ["c"], "properties": {"a": {"title": "A", "type": "string"}, "c": {"title": "C"},
      "n": {"title": "N", "minimum": 7, "oneOf": [{"const": 1, "title": "one"}, {"const": 2, "title": "two"}]},
      "r": {"title": "R", "type": "array", "items": {"properties": {"p": {"title": "P", "maximum": 2}}}}}}"""
    found = compare({"form/x.json": old}, {"form/x.json": new})
    assert [one.text for one in found] == [
        "表单“x”的“A”改为选填",
        "表单“x”删去“B”",
        "表单“x”的“N”最小值由“5”改为“7”",
        "表单“x”的“N”选项由“one”改为“one、two”",
        "表单“x”的“P”最大值由“1”改为“2”",
        "表单“x”新增“C”（必填）",
    ]
    assert found[0] == Change("form/x.json", "a", "changed", "", found[0].text)
