"""A change on its whole way through the pages: begun, tried, compared, approved, published, cases moved, taken back."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.core import db
from app.runtime import definitions, services
from app.studio import checking, drafts, moving
from app.studio.checking import Report
from tests.factories.site import MOST_ASKED, token_in
from tests.factories.studio import SMALL, begin, make_studio, small
from workflows.types import Verdict

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def studio(app: Flask) -> SimpleNamespace:
    del app
    return make_studio()


def post(browser: FlaskClient, page: str, action: str, **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(action, data={"csrf_token": token, **fields}, follow_redirects=True)


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def findings(browser: FlaskClient, page: str) -> str:
    """The part of the draft's page that tells what is wrong, asked for again until the check is through."""
    for _ in range(MOST_ASKED):
        told = words(browser.get(f"{page}/findings"))
        if "用时" in told:
            return told
    raise AssertionError("the check never ends")


def test_a_change_from_draft_to_moved_cases_and_back(studio: SimpleNamespace, enter: Any) -> None:
    case = services.start_case(
        studio.clerk, pack_key="zhuhai", process_key="small", title="在办的", street_id=studio.street_id,
        community_id=studio.community_id, owner_id=studio.clerk.person_id, data={},
    )  # fmt: skip
    draft = begin(studio)
    page = f"/studio/drafts/{draft.id}"
    designer, publisher = enter(studio.designer), enter(studio.publisher)
    upload = (io.BytesIO(small("9")), "small.bpmn")
    assert "已导入 1 个文件" in words(post(designer, page, f"{page}/import", file=upload))
    assert "审定”办理时限由 5 个工作日改为 9 个工作日" in words(designer.get(page))
    compared = designer.get(f"{page}/compare").text
    assert '"decide": "changed"' in compared
    assert "必须改正" not in findings(designer, page)
    assert "写明改了什么" in words(post(designer, page, f"{page}/submit", notes=" "))
    assert "已提交审批" in words(post(designer, page, f"{page}/submit", notes="时限改为 9 天"))
    assert publisher.get(page).text.count("/approve")
    assert post(designer, page, f"{page}/approve").status_code == 403
    assert "已退回" in words(post(publisher, page, f"{page}/send-back", reason="请写明依据"))
    post(designer, page, f"{page}/submit", notes="时限改为 9 天，依据会议纪要")
    assert "已同意" in words(post(publisher, page, f"{page}/approve", opinion="同意"))
    assert "已发布" in words(post(publisher, page, f"{page}/publish", when="now"))
    version = definitions.in_force("zhuhai", "small")
    process = "/studio/processes/zhuhai/small"
    listed = words(publisher.get(process))
    assert "时限改为 9 天，依据会议纪要" in listed
    assert "设计员 / 发布员 / 发布员" in listed
    looked = words(publisher.get(f"/studio/versions/{version}"))
    assert "小流程 · 第 2 版" in looked
    assert "审定街道领导意见" in looked
    assert publisher.get(f"/studio/versions/{version}?name=pack.yaml").status_code == 404
    plan = f"/studio/versions/{studio.definition.id}/move"
    assert "可以迁移 1 个" in words(publisher.get(plan))
    shown = post(publisher, plan, plan, to=str(version), reason="统一时限")
    assert "迁移中" in words(shown)
    moving.run()
    place = shown.request.path
    assert "已迁移" in words(publisher.get(place))
    assert post(designer, place, f"{place}/undo").status_code == 403
    post(publisher, place, f"{place}/undo")
    moving.run()
    assert "已撤销" in words(publisher.get(place))
    db.close()
    rolled = post(
        publisher, process, f"/studio/versions/{studio.definition.id}/roll-back", reason="第二版有误"
    )
    assert "已回退到第 1 版" in words(rolled)
    assert definitions.in_force("zhuhai", "small") == studio.definition.id
    del case


def test_a_day_can_be_chosen_and_the_plan_taken_back(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, SMALL, small("9"), 1)
    page = f"/studio/drafts/{draft.id}"
    designer, publisher = enter(studio.designer), enter(studio.publisher)
    post(designer, page, f"{page}/submit", notes="改")
    post(publisher, page, f"{page}/approve")
    assert "须在今天之后" in words(
        post(publisher, page, f"{page}/publish", when="later", valid_from="2026-03-02")
    )
    undated = words(post(publisher, page, f"{page}/publish", when="later", valid_from=""))
    assert "请选择生效日期" in undated
    assert "待发布" in undated
    assert "2026-03-10 零时起生效" in words(
        post(publisher, page, f"{page}/publish", when="later", valid_from="2026-03-10")
    )
    process = "/studio/processes/zhuhai/small"
    assert "待生效" in words(publisher.get(process))
    made = drafts.find(draft.id).definition_id
    assert "已撤销" in words(post(publisher, process, f"/studio/versions/{made}/cancel"))


def test_a_try_on_one_page(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    page = f"/studio/drafts/{draft.id}"
    browser = enter(studio.designer)
    shown = post(browser, page, f"{page}/tries", title="试一个")
    place = shown.request.path
    assert "试办：试一个" in words(shown)
    assert "区级购买服务专项资金" in words(shown)
    task = re.search(r"/tasks/(\d+)/fill", shown.text)
    assert task
    form = html.fromstring(shown.text).xpath(f"//form[@action='{place}/tasks/{task[1]}']")[0]
    fields = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden']")}
    wrong = browser.post(form.get("action"), data=fields)
    assert wrong.status_code == 422
    done = browser.post(form.get("action"), data={**fields, "decision": "refuse"}, follow_redirects=True)
    assert "不同意" in words(done)
    assert "审定" in words(done)
    moved = post(browser, place, f"{place}/clock", span="5")
    assert "这里的时间 2026-03-09" in words(moved)
    assert "已录制" in words(post(browser, place, f"{place}/keep", title="不同意也走到审定"))
    assert enter(studio.colleague).get(place).status_code == 404
    assert post(browser, place, f"{place}/end").request.path == page
    assert browser.get(place).status_code == 404


def test_what_happened_is_shown_and_its_log_kept_to_auditors(studio: SimpleNamespace, enter: Any) -> None:
    services.start_case(
        studio.clerk, pack_key="zhuhai", process_key="small", title="在办的", street_id=studio.street_id,
        community_id=studio.community_id, owner_id=studio.clerk.person_id, data={},
    )  # fmt: skip
    place = f"/studio/versions/{studio.definition.id}"
    shown = enter(studio.designer).get(f"{place}/insight")
    assert "现在在等谁" in words(shown)
    assert "街道经办" in words(shown)
    assert enter(studio.designer).get(f"{place}/log.csv").status_code == 403
    auditor = enter(studio.auditor)
    assert "拟稿" not in auditor.get(f"{place}/log.xes").text
    assert "在办的" in auditor.get(f"{place}/log.xes").text
    assert auditor.get(f"{place}/log.csv").text.startswith("\ufeffcase,")
    assert auditor.get(f"{place}/export.zip").data[:2] == b"PK"
    assert auditor.get(f"{place}/insight?since=x").status_code == 422


def test_the_mend_endpoint(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    browser = enter(studio.designer)
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/studio").text)
    assert token
    split = small().replace(
        b"</bpmn:process>", b'<bpmn:sequenceFlow id="x" sourceRef="write" targetRef="end" /></bpmn:process>'
    )
    drafts.save_file(studio.designer, draft.id, SMALL, split, 1)
    headers = {"X-CSRFToken": token[1]}
    place = f"/studio/drafts/{draft.id}/mend"
    answer = browser.post(place, json={"file": SMALL, "keys": ["split-gateway"]}, headers=headers)
    assert (answer.status_code, answer.json["rev"]) == (200, 3)
    assert answer.json["notes"][0]["fix"] == "split-gateway"
    assert browser.post(place, json={"file": 1}, headers=headers).status_code == 422
    assert browser.post(place, json={"file": "form/no.json", "keys": []}, headers=headers).status_code == 404
    assert [one.kind for one in drafts.saves_of(draft.id)] == ["mended", "edited"]


def test_what_only_the_drawing_allows_is_accepted_by_a_second_person_with_a_reason_only(
    studio: SimpleNamespace, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Verdict(
        "ZH-10", "ZH-23a", "签订合同以前不得付款", "broken", ("start", "pay"), "drawing-only", process="small"
    )
    monkeypatch.setattr(checking, "judge", lambda *_: Report((), (said,), 0.1, 42))
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, SMALL, small("11"), 1)
    page = f"/studio/drafts/{draft.id}"
    designer, publisher = enter(studio.designer), enter(studio.publisher)
    told = findings(designer, page)
    assert "图形上可能，按数据不会发生" in told
    assert "看过 42 种情形" in told
    post(designer, page, f"{page}/submit", notes="改时限")
    assert 'name="accept-ZH-10"' not in designer.get(page).text
    assert 'name="accept-ZH-10"' in publisher.get(page).text
    assert "逐条写明理由" in words(post(publisher, page, f"{page}/approve"))
    post(publisher, page, f"{page}/approve", **{"accept-ZH-10": "金额为零时才会走到，实际不会发生"})
    assert drafts.find(draft.id).state == "approved"
