"""The real change made by clicking: drawn, checked, proved, tried, compared, approved, published, and walked."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

import config
from app.accounts.demo import PASSWORD
from app.accounts.queries import actor as actor_of
from app.accounts.queries import people_with
from app.cli import world as worlds
from app.cli.player import Plan, Player
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import Actor, Role
from app.notices.queries import latest
from app.runtime.models import Case
from tests.browser.studio.conftest import Studio, served
from tests.browser.studio.hands import choose, condition, connect, drag, lines, made, point, put, sure

pytestmark = [pytest.mark.long, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
LIMIT = 30_000_000
TITLE = "30 万元以上纪检会签，公示七个工作日"


def person(role: Role, unit_id: int) -> Actor:
    """Who holds a post."""
    return actor_of(people_with(role, unit_id)[0].id)


def office() -> SimpleNamespace:
    """The demo's world with its designer and publisher."""
    world = worlds.build(everything=False)
    city = worlds.unit_by_code(worlds.CITY)
    return SimpleNamespace(world=world, draft_id=0, city_id=city.id)


@pytest.fixture
def desk(
    database: Engine, clock: time.MovableClock, settings: config.Settings, browser: Browser
) -> Iterator[Studio]:
    with served(database, settings, browser, office, PASSWORD) as made:
        made.people.clock = clock
        yield made


def answers(*, large: bool) -> dict[str, object]:
    """A proposal of 60 000 yuan, or of far more than 300 000."""
    given = dict(PROPOSALS[0][1])
    if large:
        given["budget"] = [{**row, "price": row["price"] * 4} for row in given["budget"]]
    return given


def player(desk: Studio, *, large: bool) -> Player:
    return Player(desk.people.world, Plan(answers(large=large)), desk.people.clock)


def draw(desk: Studio, page: Page) -> None:
    """Rule, branch, second signature and its result, each bound and conditioned by the panel."""
    page.locator("#files-1").get_by_role("link", name="街道审议").click()
    page.wait_for_selector("[data-island][data-ready]")
    panel = page.locator("[data-panel]")
    choose(page, "lane_review_5")  # the lane of discipline gets a second row
    grip = page.locator(".djs-resizer-lane_review_5.djs-resizer-s").bounding_box()
    assert grip is not None
    foot = (grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    drag(page, foot, (foot[0], foot[1] + 110))
    choose(page, "end")  # and what comes after the decision moves to the right
    page.click('.djs-palette [data-action="space-tool"]')
    drag(page, point(page, 2120, 740), point(page, 2540, 740))
    page.keyboard.press("Escape")

    choose(page, "f_g_dec_end")
    put(page, "create.rule-task", 2220, 602, "确定公示天数")
    made(page, "新建决策表…", name="公示天数", id="notice_days")
    expect(panel.get_by_label("按哪张表判断")).to_have_value("notice_days")
    before = lines(page)
    gate = put(page, "create.gateway", 2420, 602, "30 万元以上？")
    (small,) = lines(page) - before  # dropped on a line, it is put between its two ends
    choose(page, "close")
    both = put(page, "create.user-task", 2420, 990, "纪检会签")
    expect(panel).to_contain_text("纪检监督")
    made(page, "新建表单…", title="纪检会签", key="review.both")
    expect(panel.get_by_label("填哪张表单")).to_have_value("review.both")
    panel.get_by_label("办理时限").fill("3")
    panel.get_by_label("属于哪个阶段").select_option("review")
    result = put(page, "create.gateway", 2540, 990, "会签结论？")
    large = connect(page, gate, both)
    connect(page, both, result)
    agreed, refused = connect(page, result, "end"), connect(page, result, "release_reject")
    condition(page, large, f"budget_fen >= {LIMIT}")
    condition(page, agreed, "both_decision == 'yes'")
    condition(page, refused, "")
    condition(page, small, "")
    desk.saved(page)


def make_form(desk: Studio, page: Page) -> None:
    """Agree or not, before the words."""
    desk.open(page, "form/review.both")
    page.locator("[data-palette] [data-kind=radio] button").click()
    props = page.locator("[data-props]")
    props.get_by_label("标题", exact=True).first.fill("会签意见")
    props.get_by_label("必填").first.check()
    for number, words in enumerate(("同意", "不同意")):
        props.get_by_label("显示").nth(number).fill(words)
    props.get_by_text("字段名和依据").click()
    props.get_by_label("字段名", exact=True).fill("both_decision")
    props.get_by_label("字段名", exact=True).blur()
    expect(page.locator(".zj-d-item").last).to_contain_text("both_decision")
    desk.saved(page)


def make_table(desk: Studio, page: Page) -> None:
    """Two rules and a test of the border between them."""
    desk.open(page, "decision/notice_days")
    page.locator("th.input-cell").first.dblclick()
    page.get_by_label("输入的名称").fill("预算（分）")
    page.get_by_label("取哪个变量").fill("budget_fen")
    page.keyboard.press("Escape")
    page.locator("th.output-cell").first.dblclick()
    page.get_by_label("结果的名称").fill("公示天数")
    page.get_by_label("结果变量").fill("notice_days")
    page.get_by_label("类型").fill("number")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.click("#tab-cover")
    for row, cells in enumerate(((f"< {LIMIT}", "5"), (f">= {LIMIT}", "7"))):
        if row:
            expect(page.locator("[data-gap]")).to_contain_text("预算（分）")  # told as soon as there is one
            page.locator(".add-rule").first.click()
        for kind, words in zip(("input", "output"), cells, strict=True):
            page.locator(f"td.{kind}-cell").nth(row).click()
            page.keyboard.press("Control+a")
            page.keyboard.type(words)
    expect(page.locator("[data-gap]")).to_have_count(0)
    expect(page.locator("[data-cover]")).to_contain_text("所有输入都有规则，没有重叠")
    page.click("#tab-tests")
    page.locator("[data-act=add-test]").click()
    tests = page.locator("[data-tests]")
    tests.get_by_label("名称").fill("正好三十万元")
    tests.get_by_label("预算（分）").fill(str(LIMIT))
    tests.get_by_label("公示天数").fill("7")
    expect(tests.locator(".zj-x-result")).to_have_text("✓ 符合")
    desk.saved(page)


def attempt(desk: Studio, page: Page, title: str) -> None:
    """Play the draft to the second signature of a large project, and keep the run as a test."""
    page.fill("#t-title", title)
    page.get_by_role("button", name="开始试办").click(timeout=120_000)
    page.wait_for_url("**/tries/*", timeout=120_000)
    step, form = page.locator("#step h2"), page.locator("#task-form")
    with page.expect_navigation():  # the community's committees say yes first
        page.locator("#step").get_by_role("button", name="用演示答案办理这一步").click()
    expect(step).to_have_text("填写项目提案")
    page.locator("#step").get_by_role("button", name="填入演示答案").click()
    price = form.locator("[name='budget-1-price']")
    expect(price).to_have_value("18.00")
    price.fill("200.00")  # 2 400 meals: 480 000 yuan
    with page.expect_navigation():
        form.locator(".zj-formbar button[type=submit]").click()
    for _ in range(12):
        if step.inner_text() == "纪检会签":
            break
        with page.expect_navigation():
            page.locator("#step").get_by_role("button", name="用演示答案办理这一步").click()
    expect(page.locator("#steps")).to_contain_text("纪检监督")
    form.get_by_text("同意", exact=True).click()
    form.get_by_label("办理意见").fill("程序完备，同意。")
    with page.expect_navigation():
        form.locator(".zj-formbar button[type=submit]").click()
    expect(page.locator("#history li").filter(has_text="纪检会签")).to_have_count(1)
    expect(step).to_have_text("发布项目公示")
    found = Axe().run(page, context={"exclude": [[".zj-canvas"]]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
    page.fill("#k-title", "三十万元以上要会签")
    with page.expect_navigation():
        page.get_by_role("button", name="录制", exact=True).click()
    expect(page.locator("main")).to_contain_text("已录制")


@pytest.mark.timeout(600)
def test_from_the_first_line_drawn_to_the_first_case_that_walks_it(desk: Studio) -> None:
    old = player(desk, large=True)
    old_case = old.start("community", "老项目")
    old.play(old_case, until="review.decide")

    city = desk.people.city_id
    designer = person(Role.DESIGNER, city)
    page = desk.enter(designer)
    page.goto(f"{desk.base}/studio")
    page.locator("#processes").get_by_role("link").first.click()
    page.fill("#n-title", TITLE)
    page.get_by_role("button", name="修改这个流程").click()
    page.wait_for_url("**/drafts/*")
    place = page.url
    desk.draft_id = int(place.rsplit("/", 1)[1])
    draw(desk, page)
    make_form(desk, page)
    make_table(desk, page)
    desk.open(page, "diagram/review")
    page.wait_for_selector("[data-checked]", timeout=90_000)
    page.click("#tab-check")
    expect(page.locator("[data-findings]")).to_contain_text("没有发现问题", timeout=90_000)
    expect(page.locator("[data-findings]")).to_contain_text("已证明的要求")
    desk.clean(page)

    page.goto(place)
    attempt(desk, page, "大项目")
    page.goto(place)
    expect(page.locator("#try")).to_contain_text("三十万元以上要会签")
    expect(page.locator("#findings")).to_contain_text("没有发现问题", timeout=90_000)
    page.get_by_role("link", name="比较图形").click()
    changes = page.locator("#changes")
    expect(changes).to_contain_text("新增步骤“纪检会签”（办理时限 3 个工作日）")
    side = page.locator("[data-side][data-ready]").nth(1)
    expect(side.locator(".zj-marked .djs-visual > rect[style*='229, 244, 235']")).not_to_have_count(0)
    page.goto(place)
    page.fill("#s-notes", "依据街道党工委会议纪要")
    page.get_by_role("button", name="提交审批").click(timeout=90_000)
    expect(page.locator("main")).to_contain_text("已提交审批", timeout=90_000)
    expect(page.get_by_role("button", name="同意")).to_have_count(0)

    second = desk.enter(person(Role.PUBLISHER, city))
    second.goto(place)
    second.fill("#a-opinion", "同意")
    second.get_by_role("button", name="同意", exact=True).click(timeout=90_000)
    second.get_by_role("button", name="发布", exact=True).click()
    sure(second)
    expect(second.locator("main")).to_contain_text("已成为第 2 版")

    new, small = player(desk, large=True), player(desk, large=False)
    new_case, small_case = new.start("community", "新项目"), small.start("community", "小项目")
    for one, case in ((new, new_case), (small, small_case), (old, old_case)):
        one.play(case, until="notice.close")
    leader = desk.enter(person(Role.STREET_LEADER, desk.people.world.street.id))
    for case, both, days in ((new_case, 1, 7), (small_case, 0, 5), (old_case, 0, 5)):
        db.close()
        no, notice = session().get_one(Case, case).no, latest(case, "project")
        assert notice is not None
        leader.goto(f"{desk.base}/cases/{no}")
        expect(leader.locator("main")).to_contain_text("审议决定")
        assert ("纪检会签" in leader.locator("main").inner_text()) == bool(both), no
        leader.goto(f"{desk.base}/notices/{notice.no}")
        expect(leader.locator("main")).to_contain_text(f"{days} 个工作日")
    desk.clean(second)
