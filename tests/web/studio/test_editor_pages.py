"""The editors' pages and what they ask while one draws."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Person
from app.core import db
from app.core.identity import Actor
from config import ROOT
from tests.factories.site import PASSWORD, checked_by, sign_in
from tests.factories.studio import begin, make_studio

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GRADE = (ROOT / "bpmn/zhuhai/decision/evaluation_grade.dmn").read_text()


@pytest.fixture
def studio(app: Flask) -> SimpleNamespace:
    del app
    return make_studio(whole=True)


@pytest.fixture
def enter(app: Flask) -> Any:
    def _enter(actor: Actor) -> FlaskClient:
        browser = app.test_client()
        login = db.session().get_one(Person, actor.person_id).login
        assert sign_in(browser, login, PASSWORD).status_code == 302
        token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/desk").text)
        browser.environ_base["HTTP_X_CSRFTOKEN"] = token[1] if token else ""
        return browser

    return _enter


def data_of(page: Any) -> dict[str, Any]:
    found = re.search(r'id="island-data">(.*?)</script>', page.text, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_the_drawing_board_knows_what_can_be_chosen(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    page = enter(studio.designer).get(f"/studio/drafts/{draft.id}/diagram/review")
    assert page.status_code == 200
    data = data_of(page)
    assert {"name": "街道领导", "role": "street.leader", "title": "街道领导"} in data["lanes"]
    forms = {one["key"]: one for one in data["forms"]}
    assert forms["review.decide"]["handled"]
    assert "review_decision" in forms["review.decide"]["outputs"]
    (close,) = [one for one in data["operators"] if one["name"] == "case.close"]
    (status,) = close["parameters"]
    assert (status["kind"], ["rejected", "不予立项"] in status["choices"]) == ("choice", True)
    (revision,) = [one for one in data["processes"] if one["id"] == "revision"]
    assert (revision["file"], revision["stem"]) == ("process/revision.bpmn", "revision")
    assert [one["file"] for one in data["decisions"] if one["id"] == "credit_gate"] == ["credit_gate"]
    variables = {one["name"]: one for one in data["variables"]}
    assert ["approve", "同意"] in [[v, w[:2]] for v, w in variables["review_decision"]["values"]]
    assert variables["vote_passed"]["kind"] == "boolean"
    assert variables["notice_until"]["kind"] == "date"
    assert ["review", "审议"] in data["stages"]
    assert data["calls"]["zhuhai_project"]["review"] == "review"
    assert data["labels"]["review"]["decide"] == "审议决定"
    assert data["acts"][0] == ["transfer", "转办"]
    assert data["names"]["process/review.bpmn"] == "街道审议"


def test_only_designer_pages_loosen_the_style_policy(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    browser = enter(studio.designer)
    for place, loose in (
        ("diagram/review", True),
        ("decision/credit_gate", True),
        ("form/review.decide", False),
    ):
        page = browser.get(f"/studio/drafts/{draft.id}/{place}")
        policy = page.headers["Content-Security-Policy"]
        assert ("style-src-attr 'unsafe-inline'" in policy) is loose
        assert "script-src 'self';" in policy
        assert page.status_code == 200


def test_who_may_look_and_who_may_not(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    base = f"/studio/drafts/{draft.id}"
    clerk = enter(studio.clerk)
    assert clerk.get(f"{base}/diagram/review").status_code == 403
    assert clerk.post("/studio/expressions", json={"source": "1"}).status_code == 403
    looking = enter(studio.publisher)
    assert data_of(looking.get(f"{base}/diagram/review"))["mayDesign"] is False
    assert looking.get(f"{base}/diagram/nothing").status_code == 404
    assert looking.get("/studio/drafts/999/diagram/review").status_code == 404


def test_an_expression_is_judged(studio: SimpleNamespace, enter: Any) -> None:
    browser = enter(studio.designer)

    def ask(source: str, mode: str = "eval") -> Any:
        return browser.post("/studio/expressions", json={"source": source, "mode": mode}).json

    assert ask("amount >= 30000000 and origin == 'x'") == {"error": "", "names": ["amount", "origin"]}
    assert "写法有误" in ask("amount >=")["error"]
    assert "不能使用" in ask("a.__class__")["error"]
    assert "写法有误" in ask("total = 1")["error"]
    assert ask("total = 1", "exec")["error"] == ""
    assert browser.post("/studio/expressions", data="no json").status_code == 422


def test_a_table_is_analysed_and_its_tests_run(studio: SimpleNamespace, enter: Any) -> None:
    browser = enter(studio.designer)
    holey = GRADE.replace("? &gt;= 8000 and ? &lt; 9000", "? &gt;= 8500 and ? &lt; 9500")
    tests = [{"name": "", "inputs": {"total": 9999}, "expected": {"grade": "优"}}]
    found = browser.post("/studio/tables/analyse", json={"xml": holey, "tests": tests}).json
    assert [one["words"] for one in found["gaps"]] == [["8000 至 8499"]]
    assert [one["rules"] for one in found["overlaps"]] == [["evaluation_grade_r1", "evaluation_grade_r2"]]
    assert [one["ok"] for one in found["tests"]] == [True]
    assert found["variables"] == ["total"]
    broken = browser.post("/studio/tables/analyse", json={"xml": "<x/>", "tests": []}).json
    assert broken["error"]
    hostile = '<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>'
    assert "DOCTYPE" in browser.post("/studio/tables/analyse", json={"xml": hostile}).json["error"]


def test_a_form_is_previewed_with_its_rules_and_tried(studio: SimpleNamespace, enter: Any) -> None:
    browser = enter(studio.designer)
    schema = {
        "type": "object",
        "title": "会签意见",
        "required": ["sum", "why"],
        "properties": {
            "sum": {"type": "integer", "format": "fen", "title": "金额", "minimum": 100, "maximum": 20000},
            "agree": {"type": "boolean", "title": "同意"},
            "why": {"type": "string", "title": "理由", "minLength": 4, "pattern": "^[^0-9]+$"},
        },
    }
    ui = {"why": {"ui:visibleIf": {"field": "agree", "in": [False]}}}
    asked = {"key": "x.y", "schema": schema, "ui": ui}
    found = browser.post("/studio/forms/preview", json=asked).json
    assert "会签意见" in found["page"]
    rules = {one["field"]: one["rules"] for one in found["rules"]}
    assert rules["sum"] == ["必填", "不少于 1.00 元", "不超过 200.00 元"]
    assert rules["why"] == ["必填", "4 至 200 字", "格式：^[^0-9]+$", "只在“同意”为“否”时填写"]
    assert "答案保存在项目记录里" in found["handling"]
    tried = browser.post(
        "/studio/forms/preview", json={**asked, "answers": [["sum", "0.5"], ["agree", "false"]]}
    ).json
    assert tried["faults"] == 2
    assert "zj-errors" in tried["page"]
    wrong = browser.post("/studio/forms/preview", json={**asked, "ui": {"nothing": {"ui:width": 3}}}).json
    assert "nothing" in wrong["error"]


def test_what_can_be_mended_is_mended_with_a_note_and_kept(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    base = f"/studio/drafts/{draft.id}"
    browser = enter(studio.designer)
    name = "process/procurement.bpmn"
    wrong = browser.get(f"{base}/files/{name}").data.replace(b">bid_until<", b">2026-12-01<")
    assert browser.put(f"{base}/files/{name}", data=wrong, headers={"If-Match": "1"}).status_code == 200
    (found,) = [one for one in checked_by(browser, base)["findings"] if one["rule"] == "timer"]
    assert (found["file"], found["element"]) == (name, "wait")
    mended = browser.post(f"{base}/mend", json={"file": name, "keys": [found["fix"]]}).json
    assert mended["rev"] == 3
    assert len(mended["notes"]) == 1
    assert b"2026-12-01" in browser.get(f"{base}/files/{name}").data
    rules = [one["rule"] for one in checked_by(browser, base)["findings"]]
    assert "timer" not in rules
    again = browser.post(f"{base}/mend", json={"file": name, "keys": [found["fix"]]}).json
    assert (again["rev"], again["notes"]) == (3, [])
    assert browser.post(f"{base}/mend", json={"file": "process/none.bpmn", "keys": []}).status_code == 404
    assert enter(studio.publisher).post(f"{base}/mend", json={"file": name, "keys": []}).status_code == 403
