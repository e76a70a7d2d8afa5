"""An approver's morning of fifty items, by keyboard alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import Delegation
from app.core import db
from app.core.db import session, unit_of_work
from app.runtime import services
from app.runtime.desk_queries import desk
from app.runtime.models import Case, History, Task
from tests.browser.desk.conftest import enter, sign_in, tab_to
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import opened

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLERK, LEADER = "街道经办", "街道领导"
USUAL = "transfer,add_signer,send_back,withdraw,urge,copy,comment"


def model(key: str, title: str, acts: str = USUAL) -> Diagram:
    """The leader asks, a clerk checks, the leader decides."""
    made = Diagram(key, title, lanes=[CLERK, LEADER])
    made.start("start", lane=LEADER)
    made.user("write", "交办", LEADER, 1, form="act")
    made.user("check", title, CLERK, 2, form="act", props={"acts": acts})
    made.user("decide", "签发", LEADER, 3, form="act")
    made.end("end", "办结", LEADER, col=4)
    for pair in (("start", "write"), ("write", "check"), ("check", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def arrange(office: SimpleNamespace, begin: Any) -> list[Case]:
    """Fifty items on the first clerk's desk: five kinds for batches, three to return, two to hand on, the rest."""
    kinds = [(f"b{n}", f"核对材料{n}", f"{USUAL},batch", 4) for n in range(1, 6)]
    kinds += [("back", "初核", USUAL, 3), ("pass", "复核", USUAL, 2)]
    kinds += [("one", "审阅", USUAL, 10), ("two", "会审", USUAL, 9), ("three", "备案", USUAL, 6)]
    made = []
    for key, title, acts, count in kinds:
        for number in range(count):
            case = begin(model(key, title, acts))
            with unit_of_work() as work:
                work.get_one(Case, case.id).title = f"{title}第{number + 1}件"
            services.complete_task(office.leader, opened(case, "write").id, {"decision": "agree"})
            made.append(case)
    db.close()
    return made


def send_back(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("r")
    tab_to(page, "[name=target]")
    page.keyboard.press("Space")
    tab_to(page, "[name=reason]")
    page.keyboard.type("请补充会议纪要。")
    tab_to(page, "#task-form [type=submit]")
    enter(page)


def hand_on(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("t")
    tab_to(page, "[name=person]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#task-form [type=submit]")
    enter(page)


def agree(page: Page) -> None:
    page.keyboard.press("a")
    expect(page.locator("#task-form [type=submit]")).to_be_focused()
    enter(page)


def decide_four_together(page: Page) -> None:
    for _ in range(4):
        page.keyboard.press("j")
        page.keyboard.press("x")
    with page.expect_navigation():
        page.keyboard.press("b")
    agree(page)
    expect(page.locator(".zj-table tbody tr")).to_have_count(4)
    expect(page.locator("h1 ~ p")).to_contain_text("办成 4 项")
    enter(page)  # the way on has the focus


def delegate(page: Page) -> None:
    tab_to(page, ".zj-top .zj-me summary")
    page.keyboard.press("Enter")
    tab_to(page, "a[href='/desk/delegations/list']")
    enter(page)
    tab_to(page, "main a[href='/desk/delegations']")
    enter(page)
    tab_to(page, "[name=delegate_id]")
    page.keyboard.press("ArrowDown")
    for name in ("first", "last"):
        tab_to(page, f"[name={name}]", most=12)
        page.keyboard.type("2026")
        page.keyboard.press("ArrowRight")
        page.keyboard.type("0303")
    tab_to(page, "#task-form [type=submit]")
    enter(page)


@pytest.mark.timeout(240)
def test_fifty_items_by_keyboard(office: SimpleNamespace, begin: Any, base: str, page: Page) -> None:
    cases = arrange(office, begin)
    clerk = office.clerks[0]
    assert len(desk(clerk, limit=99)) == 50
    db.close()
    sign_in(page, base, clerk)
    tab_to(page, "button[name=view][value=table]")
    enter(page)
    assert page.locator("tr[data-item]").count() == 50
    for _ in range(5):
        decide_four_together(page)
    assert page.locator("tr[data-item]").count() == 30
    page.keyboard.press("j")
    enter(page)
    for _ in range(3):
        send_back(page)
    for _ in range(2):
        hand_on(page)
    for _ in range(25):
        agree(page)
    expect(page).to_have_url(f"{base}/desk")
    expect(page.locator("main")).to_contain_text("现在没有需要您办理的事项")
    delegate(page)
    db.close()
    ids = [case.id for case in cases]
    rows = session().scalars(select(Task).where(Task.case_id.in_(ids), Task.element == "check")).all()
    assert len([task for task in rows if task.done_by == clerk.person_id]) == 45
    assert len([task for task in rows if task.claimed_by and task.state == "open"]) == 2
    kinds = session().scalars(select(History.kind).where(History.case_id.in_(ids))).all()
    assert (kinds.count("sent_back"), kinds.count("transferred")) == (3, 2)
    assert session().scalars(select(Delegation.person_id)).all() == [clerk.person_id]


def test_from_the_list_agreeing_takes_three_keys_and_one_page(
    office: SimpleNamespace, begin: Any, base: str, page: Page
) -> None:
    case = begin(model("one", "审阅"))
    services.complete_task(office.leader, opened(case, "write").id, {"decision": "agree"})
    db.close()
    sign_in(page, base, office.clerks[0])
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator("#task-form [type=submit]")).to_be_focused()
    assert len(loads) == 1
    enter(page)
    expect(page.locator(".zj-flash")).to_contain_text("已办理")
    db.close()
    assert opened(case, "decide")


def test_keys_are_shown_rest_while_one_types_and_can_be_switched_off(
    office: SimpleNamespace, begin: Any, base: str, page: Page
) -> None:
    case = begin(model("one", "审阅"))
    services.complete_task(office.leader, opened(case, "write").id, {"decision": "agree"})
    db.close()
    sign_in(page, base, office.clerks[0])
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="快捷键")
    expect(dialog).to_contain_text("下一项")
    dialog.get_by_role("button", name="知道了").press("Enter")
    page.keyboard.press("/")
    expect(page.locator("#f-q")).to_be_focused()
    page.keyboard.type("jax?")
    expect(page.locator("#f-q")).to_have_value("jax?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="快捷键").click()
    dialog.get_by_text("使用快捷键").click()
    dialog.get_by_role("button", name="知道了").click()
    page.keyboard.press("j")
    assert page.locator(".zj-current").count() == 0
