"""A new office in Chromium: from an empty production database, by its screens alone, to its first project's notice."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

import config
from app.accounts.models import Person
from app.accounts.queries import actor as actor_of
from app.accounts.queries import unit_by_code, units_below
from app.cli.demo import plan_for
from app.cli.proposals import PROPOSALS
from app.cli.world import Place, World
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import ROLE_NAMES, Actor
from app.policy import parameters
from app.policy import queries as policy
from app.policy.packs import TERM
from app.runtime.models import Case
from app.web import create_app
from tests.browser.flow.test_whole_flow import CLERK_DESK, WATCH, Clicking
from tests.web.admin.test_new_office import ONE_TIME, PASSWORD, STREET, first_administrators, people

PAPER = {"ref": "珠民函〔2026〕8 号", "decided_by": "市民政局局务会", "decided_on": "2026-02-20"}


@pytest.fixture
def office(tmp_path: Path, clock: time.MovableClock) -> Iterator[Flask]:
    """The production application on a database of one machine that has just been made."""
    del clock
    settings = config.load(
        {
            "ZHENJIE_ENV": "production",
            "SECRET_KEY": "s" * 40,
            "AUDIT_KEY": "a" * 40,
            "PUBLIC_URL": "https://gov.example",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'office.sqlite3'}",
        }
    )
    policy.forget()
    early = create_app(settings)
    assert early.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    db.engine().dispose()
    flask = create_app(settings)
    yield flask
    db.engine().dispose()
    db.bind(None)
    policy.forget()


@dataclass
class Office(Clicking):
    """Everybody at a computer of his own; who comes for the first time chooses his own password."""

    secrets: dict[str, str] = field(default_factory=dict)
    seats: dict[str, Page] = field(default_factory=dict)

    def __call__(self, login: str) -> Page:
        """The browser of a person, signed in."""
        if login not in self.seats:
            assert self.browser is not None
            context = self.browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", viewport=CLERK_DESK, accept_downloads=True
            )  # type: ignore[arg-type]
            page = context.new_page()
            page.set_default_timeout(10000)
            page.add_init_script(WATCH)
            page.on("pageerror", lambda error: self.errors.append(str(error)))
            page.goto(f"{self.base}/login")
            page.get_by_label("用户名").fill(login)
            page.get_by_label("密码").fill(self.secrets[login])
            press(page, "登录")
            expect(page.get_by_text("请先设置自己的密码")).to_be_visible()
            page.get_by_label("原密码").fill(self.secrets[login])
            page.get_by_label("新密码", exact=True).fill(PASSWORD)
            page.get_by_label("再输一遍新密码").fill(PASSWORD)
            press(page, "保存新密码")
            expect(page.locator(".zj-flash")).to_contain_text("密码已修改")
            self.seats[login] = page
        return self.seats[login]

    def page_of(self, actor: Actor, form: str) -> Page:
        """The same, for the steps of a case."""
        del form
        return self(session().get_one(Person, actor.person_id).login)

    def _refused_first(self, page: Page, form: Any, answers: dict[str, Any]) -> None:
        """Here every form is right at once."""


def press(page: Page, name: str, sure: bool = False) -> None:
    """Press a button that leads on; `sure` says yes to the question that comes first."""
    button = page.get_by_role("button", name=name, exact=True)
    if sure:
        button.first.click()
    with page.expect_navigation():
        page.locator("#zj-confirm [data-yes]").click() if sure else button.first.click()


def follow(page: Page, name: str) -> None:
    """Follow a way of the page or of the navigation."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.click()


def left(page: Page) -> list[str]:
    """What the set-up page still asks for."""
    follow(page, "管理首页")
    with page.expect_navigation():
        page.get_by_role("link", name="开始设置").click()
    return page.locator(".zj-steps li", has_text="未完成").locator("b").all_inner_texts()


def bring_units(admin: Page) -> None:
    with admin.expect_navigation():
        admin.locator(".zj-step-next a").click()
    press(admin, "导入珠海市的区划", sure=True)
    expect(admin.locator(".zj-flash")).to_contain_text("已导入")


def bring_people(enter: Office, admin: Page, community: str) -> None:
    """One by hand, the others from the filled-in template, in which one line is wrong."""
    (login, name, _, role), *others = people(community)
    follow(admin, "人员")
    follow(admin, "新增人员")
    admin.get_by_label("所在单位").select_option(label="珠海市")
    admin.get_by_label("用户名").fill(login)
    admin.get_by_label("姓名").fill(name)
    admin.get_by_label(ROLE_NAMES[role], exact=True).check()
    press(admin, "新增并生成一次性密码")
    enter.secrets[login] = admin.locator("#one-time").inner_text()
    follow(admin, "已经告知本人")
    follow(admin, "人员")
    follow(admin, "从表格导入")
    with admin.expect_download() as got:
        admin.get_by_role("link", name="下载模板").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(got.value.path()).read_bytes()))
    sheet = book.worksheets[0]
    for who, called, unit, post in others:
        sheet.append([who, called, unit, ROLE_NAMES[post]])
    sheet.append(["kongming", "孔明", "不知道的街道", ""])
    kept = io.BytesIO()
    book.save(kept)
    admin.get_by_label("XLSX 或 CSV 文件").set_input_files(
        {"name": "人员.xlsx", "mimeType": "application/octet-stream", "buffer": kept.getvalue()}
    )
    press(admin, "试导入")
    expect(admin.locator(".zj-note").first).to_contain_text(f"将新增 {len(others)} 人")
    wrong = admin.locator("#lines tbody tr", has_text="孔明")
    expect(wrong).to_contain_text("没有名称或代码为“不知道的街道”的单位")
    press(admin, f"确认导入 {len(others)} 行")
    expect(admin.locator(".zj-note").first).to_contain_text("没有导入 1 行")
    for row in admin.locator("#lines tbody tr").all():
        if ONE_TIME.search(text := row.locator("td").last.inner_text()):
            enter.secrets[row.locator("td").nth(1).inner_text()] = text.strip()
    assert len(enter.secrets) == len(others) + 4


def grant(guard: Page) -> None:
    with guard.expect_navigation():
        guard.get_by_role("link", name="岗位 谁在哪个单位").click()
    press_without_reason = guard.get_by_role("button", name="授予所选岗位")
    press_without_reason.click()
    assert guard.locator("#f-reason").evaluate("(one) => one.validity.valueMissing")
    guard.get_by_label("理由").fill("按单位分工文件首次授权")
    press(guard, "授予所选岗位")
    expect(guard.locator(".zj-flash")).to_contain_text("已授予")


def confirm_pack(enter: Office, whole: bool) -> None:
    """One person brings the pack in and proposes what is open, another confirms, a third publishes.

    Args:
        whole: every value by its page; else the first two, the others by the service behind it.
    """
    owner, second = enter("shi"), enter("qumin")
    expect(owner.locator("main")).to_contain_text("发起第一个项目之前，还有这些要由您办理")
    with owner.expect_navigation():  # the first page of the one who answers for the pack leads there
        owner.locator("main").get_by_role("link", name="政策包").press("Enter")
    owner.get_by_role("row", name="珠海").get_by_role("button", name="导入").click()
    expect(owner.locator(".zj-flash")).to_contain_text("政策包已导入")
    pack = policy.latest("zhuhai")
    assert pack is not None
    term_first = sorted(pack.waiting, key=lambda one: one.name != TERM)
    for number, one in enumerate(term_first):
        if number > 1 and not whole:
            with db.unit_of_work():
                shi = session().scalars(select(Person.id).where(Person.login == "shi")).one()
                paper = {**PAPER, "decided_on": date.fromisoformat(PAPER["decided_on"])}
                parameters.propose(actor_of(shi), pack.key, one.name, value=one.value, note="", **paper)
            continue
        with owner.expect_navigation():
            owner.get_by_role("link", name=f"{one.label}：提出取值", exact=True).click()
        if one.name == TERM:
            owner.locator("[name=value]").fill("珠府办〔2024〕12 号延续通知")
        for name, text in PAPER.items():
            owner.locator(f"[name={name}]").fill(text)
        press(owner, "提出，等待确认")
        expect(owner.locator(".zj-flash")).to_contain_text(one.label)
    owner.reload()
    expect(owner.locator("#proposals")).to_contain_text("须他人确认")
    expect(owner.locator("[name=proposal]")).to_have_count(0)
    follow(second, "政策包")
    follow(second, "查看和确认取值")
    expect(second.locator("[name=proposal]")).to_have_count(len(pack.waiting))
    press(second, "确认所选取值")
    expect(second.locator("main")).to_contain_text("所有取值都已确认")
    publisher = enter("fabu")
    follow(publisher, "政策包")
    follow(publisher, "查看和确认取值")
    press(publisher, "发布", sure=True)
    expect(publisher.locator(".zj-flash")).to_contain_text("已发布")


def bring_money_and_list(enter: Office, street: str) -> None:
    treasurer = enter("caizheng")
    with treasurer.expect_navigation():
        treasurer.locator("main").get_by_role("link", name="资金").press("Enter")
    follow(treasurer, "登记资金来源")
    treasurer.get_by_label("镇街").select_option(label=street)
    treasurer.get_by_label("财政资金").check()
    treasurer.get_by_label("名称", exact=False).first.fill("区级购买服务专项资金")
    treasurer.get_by_label("资金层级").fill("区级")
    press(treasurer, "登记")
    follow(treasurer, "拨入资金")
    treasurer.get_by_label("金额").fill("3000000")
    treasurer.get_by_label("拨款文件或入账凭证").fill("香财〔2026〕5 号")
    press(treasurer, "确认拨入")
    expect(treasurer.locator("#figures")).to_contain_text("3,000,000.00")
    officer = enter("qumin")
    follow(officer, "项目清单")
    follow(officer, "编制清单")
    press(officer, "保存并公布")
    expect(officer.locator(".zj-flash")).to_contain_text("已公布 2026 年项目清单")


def keep_calendar(admin: Page) -> None:
    """A day on which the whole town rests, by a notice of its own."""
    follow(admin, "工作日历")
    with admin.expect_navigation():
        admin.locator("a[href$='2026-12-22']").click()
    admin.get_by_label("休息").check()
    admin.get_by_label("依据的通知名称和文号").fill("珠府办〔2026〕3 号")
    press(admin, "保存")
    expect(admin.locator("main")).to_contain_text("本单位维护")


@pytest.mark.long
@pytest.mark.parametrize("whole", [False, True], ids=["short", "whole"])
@pytest.mark.timeout(600)
def test_a_new_office_is_set_up_and_takes_its_first_project(
    office: Flask, clock: time.MovableClock, browser: Browser, whole: bool
) -> None:
    """The whole way, past the first notice, takes more than a minute of clicking: the short one ends with the start."""
    secrets = first_administrators(office)
    server = make_server("127.0.0.1", 0, office, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    title, proposal = PROPOSALS[0]
    enter = Office(
        World(Place(0, ""), [], []),
        plan_for("straight", proposal),
        clock,
        base=f"http://127.0.0.1:{server.server_port}",
        browser=browser,
        secrets=secrets,
    )
    try:
        walk(enter, title, whole)
    finally:
        server.shutdown()
        thread.join()


def walk(enter: Office, title: str, whole: bool) -> None:
    admin = enter("xitong")
    expect(admin).to_have_url(f"{enter.base}/admin")
    assert left(admin) == ["单位", "人员", "岗位", "政策包", "流程", "资金", "项目清单"]
    expect(admin.locator("main")).to_contain_text("接下来：单位（系统管理员）")
    bring_units(admin)
    street = unit_by_code(STREET)
    community = units_below(street.id, "community")[0]
    enter.world = World(Place(street.id, street.name), [Place(community.id, community.name)], [])
    place = (street.short_name, community.short_name, community.code or "")
    db.close()
    bring_people(enter, admin, place[2])
    grant(enter("anquan"))
    assert left(admin) == ["政策包", "流程", "资金", "项目清单"]
    confirm_pack(enter, whole)
    keep_calendar(admin)
    assert left(admin) == ["资金", "项目清单"]
    bring_money_and_list(enter, place[0])
    admin.reload()
    expect(admin.locator("main")).to_contain_text("全部完成")

    member = enter("liangwei")
    follow(member, "发起项目")
    member.locator("[name=origin][value=community]").check()
    member.get_by_label("项目名称").fill(f"{place[1]}{title}")
    press(member, "发起并填写")
    expect(member).to_have_url(f"{enter.base}/desk/tasks/1")
    if whole:
        past_its_notice(enter)
    auditor = enter("shenji")
    follow(auditor, "审计")
    press(auditor, "验证完整性")
    expect(auditor.locator("main")).to_contain_text("审计记录完整")
    assert enter.errors == []
    assert [page.evaluate("window.violations") for page in enter.seats.values()] == [[]] * len(enter.seats)
    for one in enter.seats.values():
        one.context.close()


def past_its_notice(enter: Office) -> None:
    """Needs and vote, review, notice: each step on the screen of the one whose post it is."""
    db.close()
    case = enter.play(session().scalars(select(Case.id)).one(), until="procurement.method")
    assert list(dict.fromkeys(step.stage for step in enter.steps)) == ["proposal", "review", "publicity"]
    no, title = case.no, case.title
    db.close()
    leader = enter("lingdao")
    follow(leader, "项目台账")
    follow(leader, title)
    expect(leader).to_have_url(f"{enter.base}/cases/{no}")
    expect(leader.locator("main")).to_contain_text("项目公示")
