"""Every approval act by hand where several work on one step: its screen, its line in the history, its right."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core import db
from app.core.db import session
from app.core.identity import Actor
from app.runtime import services
from app.runtime.models import Case, Task
from tests.browser.desk.test_nothing_lost import PNG
from tests.factories.bpmn import Diagram

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLERK, LEADER = "街道经办", "街道领导"
REFUSED = (403, 409, 422)
ACTS = "transfer,add_signer,send_back,withdraw,urge,copy,comment,reject"


def reviewed() -> Diagram:
    """Written, looked at by one, reviewed by three side by side as the diagram draws it, decided."""
    made = Diagram("reviewed", "联合评审流程", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    steps = [("write", "拟稿", CLERK), ("check", "初核", CLERK), ("review", "联合评审", CLERK)]
    for col, (key, name, lane) in enumerate([*steps, ("decide", "签发", LEADER)], start=1):
        many = {"kind": "parallel", "cardinality": "3"} if key == "review" else None
        made.user(key, name, lane, col, form="act", props={"acts": ACTS}, mi=many)
    made.end("end", "办结", LEADER, col=5)
    return chain(made, "start", "write", "check", "review", "decide", "end")


def signed() -> Diagram:
    """Four steps that several sign, each by a rule of its own."""
    made = Diagram("signed", "签署流程", lanes=[CLERK])
    made.start("start", lane=CLERK)
    rules = [("all", "会签", "all"), ("any", "或签", "one"), ("some", "票签", "count:2")]
    for col, (key, name, rule) in enumerate([*rules, ("turns", "依次签署", "ordered")], start=1):
        made.user(key, name, CLERK, col, form="act", props={"signing": rule, "acts": ACTS})
    made.end("end", "办结", CLERK, col=5)
    return chain(made, "start", "all", "any", "some", "turns", "end")


def chain(made: Diagram, *steps: str) -> Diagram:
    for source, target in itertools.pairwise(steps):
        made.flow(source, target)
    return made


@dataclass
class Desk:
    """People who work on one case by clicking."""

    base: str
    page_of: Callable[[Actor], Page]
    case_id: int
    no: str

    def tasks(self, element: str) -> list[int]:
        """The open steps, or parts, of an element."""
        db.close()
        query = select(Task.id).where(
            Task.case_id == self.case_id, Task.element == element, Task.state == "open"
        )
        return list(session().scalars(query.order_by(Task.id)))

    def done(self, actor: Actor, element: str) -> int:
        """The last step of an element that a person has done."""
        db.close()
        query = select(Task.id).where(
            Task.case_id == self.case_id, Task.element == element, Task.done_by == actor.person_id
        )
        return session().scalars(query.order_by(Task.id.desc())).first() or 0

    def open(self, actor: Actor, task_id: int) -> Page:
        """A person looks at a step."""
        page = self.page_of(actor)
        page.goto(f"{self.base}/desk/tasks/{task_id}")
        return page

    def choose(self, actor: Actor, task_id: int, act: str) -> Page:
        """A person opens a step and chooses an act from those offered."""
        page = self.open(actor, task_id)
        menu = page.get_by_text("更多办理", exact=True)
        if menu.count():
            menu.click()
        follow(page, act)
        return page

    def complete(self, actor: Actor, element: str, words: str = "", decision: str = "agree") -> None:
        """A person finds a step on the desk and does it."""
        page = self.page_of(actor)
        page.goto(f"{self.base}/desk")
        title = page.locator("a[href^='/desk/tasks/']:not([href*='print'])").filter(has_text=NAMES[element])
        with page.expect_navigation():
            title.first.click()
        page.select_option("[name=decision]", decision)
        page.fill("[name=opinion]", words)
        send(page)

    def told(self, actor: Actor, *words: str) -> Page:
        """The history on the page of the case says so."""
        page = self.page_of(actor)
        page.goto(f"{self.base}/cases/{self.no}")
        more = page.locator("#history").get_by_text("显示全部", exact=False)
        if more.count():
            more.click()
        for one in words:
            expect(page.locator("#history")).to_contain_text(one)
        return page

    def without(self, actor: Actor, task_id: int, *acts: str) -> None:
        """A person is offered none of these acts on a step, and sending them all the same is refused."""
        page = self.open(actor, task_id)
        for act in acts:
            named = re.compile(rf"^\s*{WORDS[act]}\s*$")
            expect(page.locator("main a, main button").filter(has_text=named)).to_have_count(0)
            assert self.post(actor, f"/desk/tasks/{task_id}/{act}", **FORMS.get(act, {})) in REFUSED, act

    def post(self, actor: Actor, address: str, **fields: str) -> int:
        """What a request written by hand is answered."""
        page = self.page_of(actor)
        token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
        form = {"csrf_token": token, **fields}
        return page.request.post(self.base + address, form=form, max_redirects=0).status


ADDED = {"before": "在我之前", "beside": "与我同时", "after": "在我之后"}
NAMES = {"write": "拟稿", "check": "初核", "review": "联合评审", "decide": "签发"} | {
    "all": "会签", "any": "或签", "some": "票签", "turns": "依次签署"
}  # fmt: skip
WORDS = {
    "claim": "认领", "release": "退回认领", "transfer": "转办", "add-signer": "加签", "send-back": "退回",
    "withdraw": "撤回", "reject": "否决",
}  # fmt: skip
FORMS = {
    "transfer": {"person": "1"},
    "add-signer": {"person": "1", "place": "beside"},
    "send-back": {"target": "1", "reason": "退", "straight": "false"},
    "reject": {"reason": "否"},
}


def follow(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.locator("main").get_by_role("link", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    """Press a button; where it asks whether one is sure, one is."""
    button = page.locator("main").get_by_role("button", name=name, exact=True)
    asks = (
        page.locator("main form[data-confirm]")
        .filter(has=page.get_by_role("button", name=name, exact=True))
        .count()
    )
    if not asks:
        with page.expect_navigation():
            button.click()
        return
    button.click()
    with page.expect_navigation():
        page.get_by_role("dialog", name="请确认").get_by_role("button", name=name).click()


def send(page: Page) -> None:
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").click()
    expect(page.locator(".zj-flash")).to_be_visible()


def begun(base: str, at_desk: Callable[[Actor], Page], case: Case) -> Desk:
    db.close()
    return Desk(base, at_desk, case.id, case.no)


@pytest.fixture
def review(office: SimpleNamespace, begin: Any, base: str, at_desk: Callable[[Actor], Page]) -> Desk:
    """The review has begun."""
    case = begin(reviewed())
    desk = begun(base, at_desk, case)
    for element in ("write", "check"):
        services.complete_task(office.clerks[0], desk.tasks(element)[0], {"decision": "agree"})
    db.close()
    return desk


@pytest.mark.long
@pytest.mark.timeout(400)  # on a machine with much else to do
def test_taking_handing_on_and_standing_in(office: SimpleNamespace, review: Desk) -> None:
    one, two, three = office.clerks
    first, _, third = review.tasks("review")
    # 认领, 退回认领
    press(review.open(one, first), "认领")
    expect(review.page_of(one).locator(".zj-flash")).to_contain_text("已认领")
    review.without(two, first, "claim", "transfer", "add-signer", "send-back", "reject")
    expect(review.page_of(two).locator("main")).to_contain_text("已由同事认领")
    press(review.open(one, first), "退回认领")
    review.told(one, "认领“联合评审”", "退回认领“联合评审”")
    # 转办
    page = review.choose(one, first, "转办")
    page.select_option("[name=person]", str(two.person_id))
    page.fill("[name=reason]", "请您评审")
    send(page)
    review.told(two, "转办“联合评审”给经办2", "请您评审")
    review.without(one, first, "transfer", "send-back")
    review.complete(two, "review", "可行")
    expect(review.open(two, third).locator("main")).to_contain_text("每人只能提交一次")
    review.without(two, third, "claim", "transfer", "add-signer", "send-back")
    # 代理
    page = review.page_of(three)
    page.goto(f"{review.base}/desk/delegations")
    page.select_option("[name=delegate_id]", str(office.leader.person_id))
    for name in ("first", "last"):
        page.fill(f"[name={name}]", "2026-03-02")
    send(page)
    expect(page.locator("main")).to_contain_text("代理中")
    review.complete(office.leader, "review", "代为评审")
    page = review.told(three, "领导（代经办3）", "代为评审")
    expect(page.locator("#decisions")).to_contain_text("领导（代经办3）")
    page = review.open(office.other, third)
    expect(page.locator("main")).to_contain_text("没有找到")
    review.complete(one, "review")
    assert review.tasks("decide")


@pytest.mark.timeout(400)  # on a machine with much else to do
def test_signing_together(
    office: SimpleNamespace, review: Desk, begin: Any, base: str, at_desk: Callable[[Actor], Page]
) -> None:
    leader = office.leader
    # 加签, in each of its places: each of the three asks the leader to sign their own part
    for clerk, task_id, place in zip(office.clerks, review.tasks("review"), ADDED, strict=True):
        page = review.choose(clerk, task_id, "加签")
        page.select_option("[name=person]", str(leader.person_id))
        page.check(f"[name=place][value={place}]")
        page.fill("[name=reason]", "请把关")
        send(page)
        expect(page.locator("main")).to_contain_text(ADDED[place])
        assert review.post(leader, f"/desk/tasks/{task_id}/transfer", person="1") == 403
        order = (leader, clerk) if place == "before" else (clerk, leader)
        for person in order:
            if person is clerk:
                review.complete(clerk, "review", "同意")
            else:
                page = review.open(leader, task_id)
                expect(page).to_have_url(f"{base}/desk/tasks/{task_id}/opinion")
                expect(page.locator("main")).to_contain_text("请把关")
                page.locator("[name=agrees][value=true]").check()
                page.fill("[name=opinion]", f"{ADDED[place]}签署")
                send(page)
        review.told(leader, f"加签“联合评审”：领导（{ADDED[place]}）", f"{ADDED[place]}签署")
    assert review.tasks("decide")
    # 会签, 或签, 票签, 依次
    one, two, three = office.clerks
    many = begun(base, at_desk, begin(signed()))
    for person in (three, one, two):
        many.without(leader, many.tasks("all")[0], "claim", "transfer")
        many.complete(person, "all", f"{person.name}会签")
    many.complete(two, "any", "一人即可")
    many.complete(three, "some", "不妥", decision="refuse")
    task = many.tasks("some")[0]
    shown = many.open(three, task).locator("main")
    for words in ("票签，2 人同意即通过", "您已经签署", "不同意"):
        expect(shown).to_contain_text(words)
    for person in (one, two):
        many.complete(person, "some", "同意")
    expect(many.open(two, many.tasks("turns")[0]).locator("main")).to_contain_text("没有轮到您")
    for person in (one, two, three):
        many.complete(person, "turns", f"{person.name}依次签")
    assert many.tasks("turns") == []
    many.told(one, "签署“会签”", "经办3会签", "一人即可", "不妥", "经办2依次签")


@pytest.mark.long
@pytest.mark.timeout(400)  # on a machine with much else to do
def test_going_back_and_what_may_be_done_at_any_time(office: SimpleNamespace, review: Desk) -> None:
    one, two, three = office.clerks
    leader = office.leader
    # 撤回 of one's own part while nobody has acted since
    review.complete(two, "review", "点错了")
    page = review.told(two)
    press(page, "撤回“联合评审”")
    expect(page.locator(".zj-flash")).to_contain_text("已撤回")
    assert len(review.tasks("review")) == 3
    review.complete(two, "review", "同意")
    review.complete(one, "review", "同意")
    done = review.done(two, "review")
    expect(review.open(two, done).get_by_role("button", name="撤回")).to_have_count(0)
    assert review.post(two, f"/desk/tasks/{done}/withdraw") in REFUSED
    review.told(leader, "撤回到“联合评审”")
    # 退回 out of the shared step to the one who began; from there it goes on
    page = review.choose(three, review.tasks("review")[0], "退回")
    page.get_by_label("拟稿", exact=False).check()
    page.fill("[name=reason]", "数据要重新核对")
    send(page)
    expect(review.told(leader, "退回到“拟稿”", "数据要重新核对").locator("#now")).to_contain_text("拟稿")
    shown = review.open(one, review.tasks("write")[0]).locator(".zj-note")
    expect(shown).to_contain_text("由经办3退回重办")
    review.complete(one, "write", "已核对")
    review.complete(one, "check")
    # 退回 to a passed step and straight back, with what the others have given
    review.complete(two, "review", "仍同意")
    asked = review.tasks("review")[0]
    page = review.choose(three, asked, "退回")
    page.get_by_label("初核", exact=False).check()
    page.get_by_label("直接回到我这里", exact=False).check()
    page.fill("[name=reason]", "补一份附件")
    send(page)
    review.complete(one, "check", "已补")
    assert len(review.tasks("review")) == 2
    assert asked in review.tasks("review")
    # 催办, 抄送, 意见 with a paper
    review.without(leader, asked, "send-back", "reject", "transfer", "add-signer")
    page = review.told(leader)
    with page.expect_navigation():
        page.locator("#now").get_by_role("link", name="催办").first.click()
    page.fill("[name=words]", "请今天评完")
    send(page)
    page = review.told(leader, "催办“联合评审”", "请今天评完")
    follow(page, "抄送")
    page.get_by_label("经办2", exact=False).check()
    page.fill("[name=words]", "供参考")
    send(page)
    page = review.told(leader, "抄送给经办2", "供参考")
    follow(page, "补充意见")
    page.fill("[name=words]", "注意预算口径")
    field = page.locator("[data-upload-field=files]")
    field.locator("input[type=file]").first.set_input_files(
        {"name": "口径.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(field.locator("input[type=hidden]")).to_have_count(1)
    send(page)
    page = review.told(two, "补充意见", "注意预算口径", "口径.png")
    page.goto(f"{review.base}/desk/copies")
    expect(page.locator("main")).to_contain_text(review.no)
    for address in ("copy", "comment"):
        page = review.page_of(office.other)
        page.goto(f"{review.base}/cases/{review.no}/{address}")
        expect(page.locator("main")).to_contain_text("没有找到")
        assert review.post(office.other, f"/cases/{review.no}/{address}", words="x") == 404
    # 否决 ends it
    page = review.choose(three, asked, "否决")
    page.fill("[name=reason]", "不符合条件")
    page.locator("#task-form .zj-formbar [type=submit]").click()
    with page.expect_navigation():  # it cannot be taken back: one is asked first
        page.get_by_role("dialog", name="请确认").get_by_role("button", name="确定").click()
    review.told(three, "否决", "不符合条件")
    assert review.tasks("review") == []
    review.without(one, asked, "claim", "transfer", "send-back", "reject")
