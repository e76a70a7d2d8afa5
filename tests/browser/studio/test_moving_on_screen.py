"""Running cases moved to a new version on the pages: plan, order, progress, what stays and why, undone as one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.core import db
from app.core.identity import SYSTEM
from app.runtime import definitions, services
from app.runtime.models import Case
from app.runtime.queries import tasks_of
from app.studio import moving
from tests.browser.studio.conftest import Studio
from tests.browser.studio.hands import sure
from tests.factories.bpmn import Diagram
from tests.factories.studio import FORM

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLERK, LEADER = "街道经办", "街道领导"


def start(studio: Studio, title: str, *, written: bool = False) -> int:
    people = studio.people
    case = services.start_case(
        people.clerk, pack_key="zhuhai", process_key="small", title=title, street_id=people.street_id,
        community_id=people.community_id, owner_id=people.clerk.person_id, data={},
    )  # fmt: skip
    if written:
        services.complete_task(people.clerk, tasks_of(case.id, "open")[0].id, {"decision": "agree"})
    return case.id


def worker() -> None:
    """What the worker does every few seconds: one batch."""
    db.close()
    moving.run()
    db.close()


def without_decision() -> None:
    """A second version whose first step has another name and that has no decision any more."""
    made = Diagram("small", "小流程", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("write", "起草", CLERK, 1, form="act", props={"dueWorkingDays": "9"})
    made.user("check", "核对", LEADER, 2, form="act")
    made.end("end", "办结", LEADER, 3)
    for pair in (("start", "write"), ("write", "check"), ("check", "end")):
        made.flow(*pair)
    definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="small", title="小流程", publish=True,
        files={"process/small.bpmn": made.xml().encode(), "form/act.json": FORM},
    )  # fmt: skip


def test_cases_are_moved_in_view_and_taken_back_as_one(small_studio: Studio) -> None:
    studio = small_studio
    cases = [start(studio, f"助餐服务{number}") for number in range(24)]
    start(studio, "等着审定", written=True)
    deadline = tasks_of(cases[0], "open")[0].due_at
    without_decision()
    db.close()
    page = studio.enter(studio.people.publisher)
    page.goto(f"{studio.base}/studio/processes/zhuhai/small")
    page.get_by_role("link", name="迁移在办项目").click()
    plan = page.locator("#plan")
    expect(plan).to_contain_text("25 个项目，可以迁移 24 个")
    expect(plan).to_contain_text("“拟稿”继续办理，时限和草稿不变，改名为“起草”")
    row = plan.locator("tbody tr").filter(has_text="等着审定")
    expect(row).to_contain_text("“审定”正在办理，而新版本里没有这一步")
    db.close()
    assert {db.session().get_one(Case, one).definition_id for one in cases} == {studio.people.definition.id}

    page.fill("#b-reason", "按新规定办理")
    page.get_by_role("button", name="开始迁移").click()
    sure(page)
    expect(page.locator("main")).to_contain_text("迁移中")
    expect(page.locator("#done")).to_contain_text("0 / 25")
    worker()
    expect(page.locator("#done")).to_contain_text("20 / 25")
    worker()
    expect(page.locator("#done")).to_contain_text("25 / 25")
    expect(page.locator("#moved")).to_contain_text("已完成")
    refused = page.locator("#cases tbody tr").filter(has_text="没有迁移")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("“审定”正在办理，而新版本里没有这一步")
    db.close()
    task = tasks_of(cases[0], "open")[0]
    assert (task.title, task.due_at) == ("起草", deadline)

    services.complete_task(studio.people.clerk, tasks_of(cases[1], "open")[0].id, {"decision": "agree"})
    db.close()
    page.get_by_role("button", name="撤销迁移").click()
    sure(page)
    expect(page.locator("main")).to_contain_text("撤销中")
    worker()
    worker()
    expect(page.locator("#moved")).to_contain_text("已撤销")
    expect(page.locator("#cases")).to_contain_text("迁移以后已经办理过，不能退回原来的版本")
    db.close()
    assert [tasks_of(one, "open")[0].title for one in (cases[0], cases[1])] == ["拟稿", "核对"]
    page.goto(f"{studio.base}/studio/processes/zhuhai/small")
    expect(page.locator("#moves")).to_contain_text("按新规定办理")
    studio.clean(page)
