"""The to-do list and what surrounds it: look, filters, the next item, several at once, spreadsheets."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html
from openpyxl import load_workbook

from app.core import db
from app.core.db import unit_of_work
from app.runtime import services
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from tests.factories.site import token_in
from tests.integration.runtime.conftest import opened
from tests.web.inbox.conftest import two_steps

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def cases_(begin: Any, count: int) -> list[Case]:
    made = [begin(two_steps()) for _ in range(count)]
    with unit_of_work() as session:
        for number, case in enumerate(made, start=1):
            session.get_one(Case, case.id).title = f"项目{number}"
    db.close()
    return made


def send(browser: FlaskClient, address: str, page: str = "/desk/phrases", **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(address, data={"csrf_token": token, **fields})


def do(browser: FlaskClient, address: str, **fields: str) -> Any:
    shown = browser.get(address)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown.text)
    return browser.post(
        address, data={"csrf_token": token_in(shown), "idempotency_key": key[1] if key else "", **fields}
    )


def text_of(page: Any) -> str:
    return " ".join(html.fromstring(page.text).text_content().split())


def test_the_look_is_remembered(office: SimpleNamespace, begin: Any, enter: Any) -> None:
    cases_(begin, 2)
    browser = enter(office.clerks[0])
    assert 'class="zj-tasks"' in browser.get("/desk").text
    answer = send(browser, "/desk/view", view="table", due="overdue")
    assert answer.location == "/desk?due=overdue"
    page = browser.get("/desk")
    assert 'class="zj-tasks"' not in page.text
    tree = html.fromstring(page.text)
    assert len(tree.xpath("//tr[@data-item]")) == 2
    assert "街道经办 3 人" in text_of(page)
    assert "2026-03-02 起" in text_of(page)
    assert 'class="zj-tasks"' in enter(office.clerks[1]).get("/desk").text


def test_after_an_act_the_next_item_of_the_list_opens(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    first, second, third = cases_(begin, 3)
    browser = enter(office.clerks[0])
    numbers = [opened(case, "check").id for case in (first, second, third)]
    link = html.fromstring(browser.get("/desk?q=项目").text).xpath("//a[@data-open]")[0].get("href")
    assert link.startswith(f"/desk/tasks/{numbers[0]}?from=desk&q=")
    answer = do(browser, link, decision="agree")
    assert answer.location.startswith(f"/desk/tasks/{numbers[1]}?from=desk&q=")
    page = browser.get(answer.location)
    assert "已办理：“核稿”（项目1）。下一项：“核稿”（项目2）" in text_of(page)
    transferred = do(
        browser,
        f"/desk/tasks/{numbers[1]}/transfer?from=desk",
        person=str(office.clerks[1].person_id),
    )
    assert transferred.location == f"/desk/tasks/{numbers[2]}?from=desk"
    last = do(browser, transferred.location, decision="agree")
    assert last.location == "/desk"
    assert "这里的事项都办完了" in text_of(browser.get("/desk"))


def test_who_came_from_the_case_goes_back_to_it(office: SimpleNamespace, begin: Any, enter: Any) -> None:
    case, _ = cases_(begin, 2)
    answer = do(enter(office.clerks[0]), f"/desk/tasks/{opened(case, 'check').id}", decision="agree")
    assert answer.location == f"/cases/{case.no}"


def test_filters_are_saved_and_forgotten(office: SimpleNamespace, begin: Any, enter: Any) -> None:
    cases_(begin, 1)
    browser = enter(office.clerks[0])
    assert send(browser, "/desk/filters", page="desk", name="急的", due="soon").location == "/desk?due=soon"
    tree = html.fromstring(browser.get("/desk?due=soon").text)
    assert tree.xpath("//span[contains(@class, 'zj-savedf-on')]/a/text()") == ["急的"]
    drop = tree.xpath("//span[contains(@class, 'zj-savedf')]/form/@action")[0]
    assert send(browser, drop).location == "/desk"
    assert "急的" not in browser.get("/desk").text
    assert send(browser, "/desk/filters", page="desk", name="空的").status_code == 422


def test_several_are_decided_together_with_a_line_each(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    made = cases_(begin, 3)
    numbers = [opened(case, "check").id for case in made]
    browser = enter(office.clerks[0])
    send(browser, "/desk/view", view="table")
    boxes = html.fromstring(browser.get("/desk").text).xpath("//input[@name='task']/@value")
    assert boxes == [str(number) for number in numbers]
    address = "/desk/batch?" + "&".join(f"task={number}" for number in numbers)
    shown = browser.get(address)
    assert "共 3 项" in text_of(shown)
    services.claim(office.clerks[1], numbers[1])
    db.close()
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown.text)
    assert key
    fields = {"csrf_token": token_in(shown), "idempotency_key": key[1], "task": [str(n) for n in numbers]}
    wrong = browser.post("/desk/batch", data={**fields, "decision": "other"})
    assert wrong.status_code == 422
    done = browser.post("/desk/batch", data={**fields, "decision": "agree", "opinion": "都齐"})
    words = text_of(done)
    assert "办成 2 项，1 项没有办成" in words
    assert "认领" in words
    assert [tasks_of(case.id, "open")[0].element for case in made] == ["decide", "check", "decide"]


def test_what_may_not_be_batched_has_no_box_and_no_page(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    case = begin(two_steps(acts="send_back"))
    browser = enter(office.clerks[0])
    send(browser, "/desk/view", view="table")
    page = browser.get("/desk")
    assert "data-batchbar" not in page.text
    assert browser.get(f"/desk/batch?task={opened(case, 'check').id}").status_code == 422
    assert browser.get("/desk/batch").status_code == 422
    assert enter(office.other).get(f"/desk/batch?task={opened(case, 'check').id}").status_code == 404


def test_the_lists_as_spreadsheets_hold_what_is_chosen(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    cases_(begin, 3)
    with unit_of_work() as session:
        session.query(Case).filter_by(title="项目2").one().title = "=HYPERLINK(1)"
    browser = enter(office.clerks[0])
    answer = browser.get("/desk/list.xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
    assert rows[0][:3] == ("事项", "项目", "编号")
    assert [row[1] for row in rows[1:]] == ["项目1", "'=HYPERLINK(1)", "项目3"]
    assert rows[1][6] == "街道经办 3 人"
    only = list(load_workbook(io.BytesIO(browser.get("/desk/list.xlsx?q=项目3").data)).worksheets[0].values)
    assert [row[1] for row in only[1:]] == ["项目3"]
    whole = list(load_workbook(io.BytesIO(browser.get("/cases/list.xlsx").data)).worksheets[0].values)
    assert len(whole) == 4
    assert whole[1][6] == "进行中"
    assert whole[1][9] == "街道经办 3 人"
    other = enter(office.other)
    assert len(list(load_workbook(io.BytesIO(other.get("/cases/list.xlsx").data)).worksheets[0].values)) == 1


def test_stock_phrases_by_page_and_by_script(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.clerks[0])
    assert "还没有常用意见" in text_of(browser.get("/desk/phrases"))
    assert send(browser, "/desk/phrases", text="材料齐全，同意。").status_code == 302
    token = token_in(browser.get("/desk/phrases"))
    answer = browser.post(
        "/desk/phrases",
        data={"csrf_token": token, "text": "请补充。"},
        headers={"Accept": "application/json"},
    )
    assert answer.json == {"phrases": ["材料齐全，同意。", "请补充。"]}
    tree = html.fromstring(browser.get("/desk/phrases").text)
    up = tree.xpath("//form[contains(@action, '/up')]/@action")[1]
    assert send(browser, up).status_code == 302
    assert browser.get("/desk/phrases.json").json == {"phrases": ["请补充。", "材料齐全，同意。"]}
    drop = html.fromstring(browser.get("/desk/phrases").text).xpath(
        "//form[contains(@action, '/drop')]/@action"
    )
    send(browser, drop[0])
    assert browser.get("/desk/phrases.json").json == {"phrases": ["材料齐全，同意。"]}
    assert send(browser, "/desk/phrases", text=" ").status_code == 422


def test_what_a_colleague_was_quicker_with_leaves_the_typed_words_on_the_page(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    case = begin(two_steps())
    task = opened(case, "check").id
    browser = enter(office.clerks[0])
    address = f"/desk/tasks/{task}"
    shown = browser.get(address)
    send(browser, f"{address}/draft", page=address, opinion="我写了很久的意见")
    services.complete_task(office.clerks[1], task, {"decision": "agree"})
    db.close()
    late = browser.post(
        address, data={"csrf_token": token_in(shown), "decision": "refuse", "opinion": "我写了很久的意见"}
    )
    assert late.status_code == 409
    assert "已经由经办2办理" in text_of(late)
    assert "您填写但没有提交的内容" in text_of(late)
    assert "我写了很久的意见" in text_of(late)
    again = browser.get(address)
    assert "我写了很久的意见" in text_of(again), "the draft outlives the colleague's act"
    assert "我写了很久的意见" not in enter(office.clerks[1]).get(address).text


def test_a_step_says_what_comes_next_and_can_be_printed(
    office: SimpleNamespace, begin: Any, enter: Any
) -> None:
    case = begin(two_steps())
    task = opened(case, "check").id
    browser = enter(office.clerks[0])
    assert "签发（街道领导）" in text_of(browser.get(f"/desk/tasks/{task}"))
    paper = browser.get(f"/desk/tasks/{task}/print.pdf")
    assert paper.data.startswith(b"%PDF-")
    assert enter(office.leader).get(f"/desk/tasks/{task}/print.pdf").status_code == 403
    assert enter(office.other).get(f"/desk/tasks/{task}/print.pdf").status_code == 404
    services.complete_task(office.clerks[0], task, {"decision": "agree", "opinion": "齐"})
    db.close()
    assert browser.get(f"/desk/tasks/{task}/print.pdf").status_code == 200
    assert db.session().get_one(Task, task).state == "done"
