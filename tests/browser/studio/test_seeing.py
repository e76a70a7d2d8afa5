"""Heat, who is waited for, ways back and two versions on the screen; the event log as files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from lxml import etree
from playwright.sync_api import Page, expect

from app.core import db
from app.core.identity import SYSTEM
from app.runtime import definitions, returning, services
from app.runtime.queries import tasks_of
from tests.browser.studio.conftest import Studio
from tests.factories.studio import FORM, SMALL, small

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
XES = "{http://www.xes-standard.org/}"


def start(studio: Studio, title: str) -> int:
    people = studio.people
    case = services.start_case(
        people.clerk, pack_key="zhuhai", process_key="small", title=title, street_id=people.street_id,
        community_id=people.community_id, owner_id=people.clerk.person_id, data={},
    )  # fmt: skip
    return case.id


def act(studio: Studio, case: int, hours: float) -> None:
    """The open step is done after so many hours."""
    studio.people.clock.advance(timedelta(hours=hours))
    (task,) = tasks_of(case, "open")
    actor = studio.people.leader if task.role == "street.leader" else studio.people.clerk
    services.complete_task(actor, task.id, {"decision": "agree"})
    db.close()


def send_back(studio: Studio, case: int, hours: float) -> None:
    studio.people.clock.advance(timedelta(hours=hours))
    (task,) = tasks_of(case, "open")
    (first, *_) = returning.targets(studio.people.leader, task.id)
    returning.send_back(studio.people.leader, task.id, first.task.id, "请补充依据")
    db.close()


def happened(studio: Studio) -> None:
    """Two cases of the first version, one sent back once; two of a second version, one of them waiting."""
    for title, back in (("助餐", True), ("托管", False)):
        case = start(studio, title)
        act(studio, case, 2)
        if back:
            send_back(studio, case, 1)
            act(studio, case, 3)
        act(studio, case, 30)
    definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="small", title="小流程", publish=True,
        files={SMALL: small("9"), "form/act.json": FORM},
    )  # fmt: skip
    done, waiting = start(studio, "探访"), start(studio, "讲座")
    act(studio, done, 4)
    act(studio, done, 5)
    act(studio, waiting, 1)
    db.close()


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.path().read_bytes()


def test_two_versions_beside_each_other_with_what_came_back(small_studio: Studio) -> None:
    studio = small_studio
    happened(studio)
    page = studio.enter(studio.people.auditor)
    page.goto(f"{studio.base}/studio/processes/zhuhai/small")
    page.locator("#versions tbody tr").nth(1).get_by_role("link", name="运行分析").click()
    whole = page.locator("#whole tbody tr")
    expect(whole.first).to_have_text("第 1 版 2 2 34.0 小时 1（50%） 0 0", use_inner_text=True)
    loops = page.locator("#loops-1 tbody tr")
    expect(loops).to_have_text("审定 拟稿 退回 1 1 3.0 小时", use_inner_text=True)
    page.locator("[data-side][data-ready]").wait_for()
    arrow = page.locator(".zj-loop")
    assert (arrow.get_attribute("data-from"), arrow.get_attribute("data-to")) == ("decide", "write")
    expect(page.locator(".zj-loop-badge")).to_have_text("1 次")
    expect(page.locator(".zj-side-badge").first).to_contain_text("小时")
    slow = page.locator('.djs-element[data-element-id="decide"] .djs-visual > rect')
    assert "249, 138, 120" in (slow.get_attribute("style") or "")

    page.get_by_label("对比").select_option(label="与第 2 版对比")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("[data-side][data-ready]")).to_have_count(2)
    expect(whole).to_have_count(2)
    expect(page.locator("#waiting")).to_have_count(0)
    expect(page.locator("figcaption")).to_have_text(["第 1 版", "第 2 版"])
    expect(page.locator(".zj-loop")).to_have_count(1)
    expect(page.locator("#spots tbody tr").first).to_contain_text("5.0 小时")
    page.get_by_label("从", exact=True).fill("2026-04-01")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("main")).to_contain_text("这段时间没有项目按这一版办理")

    page.goto(f"{studio.base}/studio/processes/zhuhai/small")
    page.locator("#versions tbody tr").first.get_by_role("link", name="运行分析").click()
    expect(page.locator("#waiting tbody tr")).to_contain_text("街道领导")
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "事件日志 CSV").decode("utf-8-sig"))))
    assert [row["activity"] for row in rows if row["lifecycle"] == "complete"].count("拟稿") == 2
    root = etree.fromstring(downloaded(page, "事件日志 XES"))
    assert root.tag == f"{XES}log"
    assert len(root.findall(f"{XES}trace")) == 2
    studio.clean(page)
