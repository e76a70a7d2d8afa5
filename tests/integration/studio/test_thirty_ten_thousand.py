"""The change an office asked for: from 300 000 yuan on discipline signs with the leader, the notice lasts seven days."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask

from app.cli import world as worlds
from app.cli.player import Plan, Player
from app.cli.proposals import PROPOSALS
from app.core import db
from app.core.clock import MovableClock
from app.core.db import session
from app.core.errors import Refusal
from app.core.identity import Role
from app.notices.queries import latest
from app.runtime import definitions
from app.runtime.models import Case, History
from app.runtime.queries import incidents_of
from app.studio import checking, compare, drafts, publishing, sandbox
from tests.factories.people import actor_of, make_person

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
REVIEW, DELIVERY = "process/review.bpmn", "process/zhuhai_project.bpmn"
LIMIT = 30_000_000
FORM = """{"type": "object", "title": "纪检会签", "required": ["decision"], "properties": {
 "decision": {"type": "string", "title": "意见", "oneOf": [
   {"const": "agree", "title": "同意"}, {"const": "refuse", "title": "不同意"}]},
 "opinion": {"type": "string", "title": "说明", "maxLength": 500}}}""".encode()
TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d_notice_days" name="公示天数" namespace="zhenjie">
<decision id="notice_days" name="公示天数"><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i" label="预算（分）"><inputExpression id="e" typeRef="integer"><text>budget_fen</text></inputExpression></input>
<output id="o" name="notice_days" label="公示天数" typeRef="integer" />
<rule id="r1"><inputEntry id="a1"><text>&lt; 30000000</text></inputEntry><outputEntry id="b1"><text>5</text></outputEntry></rule>
<rule id="r2"><inputEntry id="a2"><text>&gt;= 30000000</text></inputEntry><outputEntry id="b2"><text>7</text></outputEntry></rule>
</decisionTable></decision></definitions>""".encode()
NODES = """
<bpmn:businessRuleTask id="days" name="确定公示天数"><bpmn:extensionElements><spiffworkflow:calledDecisionId>notice_days</spiffworkflow:calledDecisionId></bpmn:extensionElements></bpmn:businessRuleTask>
<bpmn:exclusiveGateway id="g_amount" name="30 万元以上？" default="f_small" />
<bpmn:userTask id="both" name="纪检会签"><bpmn:extensionElements><spiffworkflow:properties>
<spiffworkflow:property name="formJsonSchemaFilename" value="review.both.json" /><spiffworkflow:property name="stage" value="review" />
<spiffworkflow:property name="dueWorkingDays" value="3" /></spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>
<bpmn:exclusiveGateway id="g_both" name="会签结论？" default="f_refused" />
<bpmn:sequenceFlow id="f_days" sourceRef="days" targetRef="g_amount" />
<bpmn:sequenceFlow id="f_small" sourceRef="g_amount" targetRef="end" />
<bpmn:sequenceFlow id="f_large" sourceRef="g_amount" targetRef="both"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">budget_fen &gt;= 30000000</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="f_both" sourceRef="both" targetRef="g_both" />
<bpmn:sequenceFlow id="f_agreed" sourceRef="g_both" targetRef="end"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">decision == 'agree'</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="f_refused" sourceRef="g_both" targetRef="release_reject" />
</bpmn:process>"""


def redrawn(raw: bytes) -> bytes:
    """The review with the rule, the gateway and the second signature."""
    text = raw.decode()
    for old, new in (
        ('sourceRef="g_dec" targetRef="end"', 'sourceRef="g_dec" targetRef="days"'),
        (
            "<bpmn:flowNodeRef>decide</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>decide</bpmn:flowNodeRef><bpmn:flowNodeRef>days</bpmn:flowNodeRef><bpmn:flowNodeRef>g_amount</bpmn:flowNodeRef>",
        ),
        (
            "<bpmn:flowNodeRef>cosign</bpmn:flowNodeRef>",
            "<bpmn:flowNodeRef>cosign</bpmn:flowNodeRef><bpmn:flowNodeRef>both</bpmn:flowNodeRef><bpmn:flowNodeRef>g_both</bpmn:flowNodeRef>",
        ),
        ("<bpmn:incoming>f_g_dec_end</bpmn:incoming>", ""),
        ("</bpmn:process>", NODES),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text.encode()


@pytest.fixture
def office(app: Flask, clock: MovableClock) -> Iterator[SimpleNamespace]:
    del app
    world = worlds.build(everything=False)
    city = worlds.unit_by_code(worlds.CITY)
    made = SimpleNamespace(
        world=world,
        clock=clock,
        designer=actor_of(make_person("设计员", Role.DESIGNER, city)),
        publisher=actor_of(make_person("发布员", Role.PUBLISHER, city)),
    )
    db.close()
    yield made
    db.close()


def player(office: SimpleNamespace, *, large: bool) -> Player:
    """Proposals of 60 000 or of far more than 300 000 yuan."""
    answers = dict(PROPOSALS[0][1])
    if large:
        answers["budget"] = [{**row, "price": row["price"] * 4} for row in answers["budget"]]
    return Player(office.world, Plan(answers), office.clock)


def steps(case: Case) -> list[str]:
    rows = session().query(History).filter_by(case_id=case.id, kind="completed").order_by(History.seq)
    return [row.element or "" for row in rows]


def test_a_new_case_walks_the_new_way_while_an_old_one_finishes_the_old_way(office: SimpleNamespace) -> None:
    old = player(office, large=True)
    old_case = old.start("community", "老项目")
    old.play(old_case, until="review.decide")
    draft = drafts.create(
        office.designer,
        pack_key="zhuhai",
        process_key="zhuhai_project",
        title="30 万元以上纪检会签，公示 7 天",
    )
    drafts.save_files(
        office.designer,
        draft.id,
        {
            REVIEW: redrawn(drafts.file_of(draft.id, REVIEW)),
            "form/review.both.json": FORM,
            "decision/notice_days.dmn": TABLE,
        },
        "edited",
    )
    report = checking.judge(drafts.files_of(draft.id), draft)
    assert report.errors == []
    assert report.broken == []
    said = dict(compare.of_draft(draft).by_person)
    assert "新增步骤“纪检会签”（办理时限 3 个工作日）" in said["纪检监督"]
    token = sandbox.begin(office.designer, draft.id, "试办")
    sandbox.end(office.designer, token)
    publishing.submit(office.designer, draft.id, "依据街道党工委会议纪要")
    publishing.approve(office.publisher, draft.id, "同意")
    publishing.publish(office.publisher, draft.id)
    new = player(office, large=True)
    new_case = session().get_one(Case, new.start("community", "新项目"))
    new.play(new_case.id, until="notice.close")
    assert steps(new_case)[-3:] == ["decide", "both", "publish"]
    assert incidents_of(new_case.id) == []
    notice = latest(new_case.id, "project")
    assert notice is not None
    assert notice.facts["公示天数"] == "7 个工作日"
    small = player(office, large=False)
    small_case = session().get_one(Case, small.start("community", "小项目"))
    small.play(small_case.id, until="notice.close")
    assert "both" not in steps(small_case)
    assert latest(small_case.id, "project").facts["公示天数"] == "5 个工作日"  # type: ignore[union-attr]
    old.play(old_case, until="notice.close")
    case = session().get_one(Case, old_case)
    assert definitions.bundle(case.definition_id).no == 1
    assert steps(case)[-2:] == ["decide", "publish"]


def test_the_final_payment_cannot_be_moved_before_the_evaluation(office: SimpleNamespace) -> None:
    draft = drafts.create(office.designer, pack_key="zhuhai", process_key="zhuhai_project", title="先付尾款")
    raw = drafts.file_of(draft.id, DELIVERY).decode()
    swapped = (
        raw.replace('calledElement="evaluation"', 'calledElement="#"')
        .replace('calledElement="settlement"', 'calledElement="evaluation"')
        .replace('calledElement="#"', 'calledElement="settlement"')
    )
    assert swapped != raw
    drafts.save_file(office.designer, draft.id, DELIVERY, swapped.encode(), 1)
    report = checking.judge(drafts.files_of(draft.id), draft)
    broken = [one for one in report.broken if one.path]
    assert broken
    assert any("评价" in one.text or "评估" in one.text for one in broken)
    assert all(one.path for one in broken)
    assert "real" in {one.replay for one in broken}
    with pytest.raises(Refusal):
        publishing.submit(office.designer, draft.id, "先付尾款")
    assert definitions.bundle(definitions.in_force("zhuhai", "zhuhai_project")).no == 1
