"""A new office: from an empty production database, by its pages alone, to its first project past its notice."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from werkzeug.test import TestResponse

import config
from app.accounts import directory
from app.accounts.models import Person
from app.accounts.queries import unit_by_code, units_below
from app.audit.services import verify
from app.cli.demo import plan_for
from app.cli.player import Player, Step
from app.cli.proposals import PROPOSALS
from app.cli.world import Place, World
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Refusal
from app.core.identity import ROLE_NAMES, Actor, Role
from app.funds.models import Pot
from app.policy import queries as policy
from app.policy.packs import TERM
from app.runtime import services
from app.runtime.models import Case, Task
from app.ui import forms, sheets
from app.web import create_app

SITE = "https://gov.example"
PASSWORD = "Zhuhai-2026-office"
STREET = "440402007"
ONE_TIME = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}")


@pytest.fixture
def office(tmp_path: Path, clock: time.MovableClock) -> Iterator[Flask]:
    """The production application on a database of one machine that has just been made."""
    settings = config.load(
        {
            "ZHENJIE_ENV": "production",
            "SECRET_KEY": "s" * 40,
            "AUDIT_KEY": "a" * 40,
            "PUBLIC_URL": SITE,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'office.sqlite3'}",
        }
    )
    policy.forget()
    flask = create_app(settings)
    early = flask.test_cli_runner().invoke(args=["accounts", "admin", "xitong"])
    assert early.exit_code == 1
    assert "db upgrade" in early.stderr
    assert flask.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    db.engine().dispose()
    flask = create_app(settings)
    yield flask
    db.engine().dispose()
    db.bind(None)
    policy.forget()


@dataclass
class Browser:
    """One person at a computer of his own."""

    client: FlaskClient
    last: TestResponse | None = None

    def get(self, path: str) -> TestResponse:
        self.last = self.client.get(path, base_url=SITE)
        return self.last

    def post(self, page: str, to: str = "", **fields: Any) -> TestResponse:
        """Open a page and send a form of it."""
        shown = self.get(page)
        assert shown.status_code == 200, (page, shown.status_code, words(shown))
        hidden = html.fromstring(shown.text)
        token = hidden.xpath("//meta[@name='csrf-token']/@content")[0]
        keys = hidden.xpath("//input[@name='idempotency_key']/@value")
        data = {"csrf_token": token, **({"idempotency_key": keys[0]} if keys else {}), **fields}
        self.last = self.client.post(
            to or page, base_url=SITE, data=data, headers={"Referer": f"{SITE}{page}"}
        )
        return self.last


@dataclass
class Office:
    """Everybody's way in: signs people in with their one-time password and has them choose their own."""

    flask: Flask
    secrets: dict[str, str]
    browsers: dict[str, Browser] = field(default_factory=dict)

    def __call__(self, login: str) -> Browser:
        if login not in self.browsers:
            made = Browser(self.flask.test_client())
            entered = made.post("/login", login=login, password=self.secrets[login])
            assert entered.status_code == 302, words(entered)
            assert made.get("/desk").location == "/password"
            changed = made.post(
                "/password", old_password=self.secrets[login], new_password=PASSWORD, repeat=PASSWORD
            )
            assert changed.status_code == 302, words(changed)
            self.browsers[login] = made
        return self.browsers[login]


def words(answer: TestResponse) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def sent(answer: TestResponse) -> TestResponse:
    """The form was taken."""
    assert answer.status_code == 302, words(answer)
    return answer


def encoded(form: forms.Form, answers: dict[str, Any]) -> dict[str, Any]:
    """Answers as a browser posts them."""

    def word(kind: str, value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        if kind == "fen":
            return f"{value // 100}.{value % 100:02d}"
        return [str(one) for one in value] if isinstance(value, list) else str(value)

    posted: dict[str, Any] = {}
    for one in form.fields:
        if one.key not in answers or one.read_only:
            continue
        if one.kind != "rows":
            posted[one.key] = word(one.kind, answers[one.key])
            continue
        for number, row in enumerate(answers[one.key]):
            for column in one.columns:
                if column.key in row and not column.read_only:
                    posted[f"{one.key}-{number}-{column.key}"] = word(column.kind, row[column.key])
    return posted


@dataclass
class Posting(Player):
    """A player whose people send the forms of the pages."""

    enter: Any = None

    def _complete(self, case: Case, task: Task) -> None:
        actor: Actor = self.actor_for(case, task)
        task_id = task.id
        form = services.prepared_form(actor, task_id)
        answers = self._answers(actor, form, task)
        login = session().get_one(Person, actor.person_id).login
        db.close()
        sent(self.enter(login).post(f"/desk/tasks/{task_id}", **encoded(form, answers)))
        db.close()
        done = session().get_one(Task, task_id)
        assert done.state == "done"
        self.steps.append(Step(done.stage or "", done.title, done.role or "", done.outcome or ""))


def first_administrators(office: Flask) -> dict[str, str]:
    """The commands of the first day: each prints a password once, to standard output alone."""
    run = office.test_cli_runner()
    secrets = {}
    for login, duty in (("xitong", "system"), ("anquan", "security"), ("shenji", "audit")):
        made = run.invoke(args=["accounts", "admin", login, "--duty", duty])
        assert made.exit_code == 0, made.stderr
        (secrets[login],) = ONE_TIME.findall(made.stdout)
    refused = run.invoke(args=["accounts", "admin", "another"])
    assert refused.exit_code == 1
    assert "已有系统管理员（xitong）" in refused.stderr
    both = run.invoke(args=["accounts", "admin", "xitong", "--duty", "audit"])
    assert both.exit_code == 1
    again = run.invoke(args=["accounts", "admin", "shenji", "--duty", "audit"])
    (secrets["shenji"],) = ONE_TIME.findall(again.stdout)
    refused = run.invoke(args=["seed"])
    assert refused.exit_code == 1
    assert "demo or test" in refused.stderr
    db.close()
    return secrets


def people(community: str) -> list[tuple[str, str, str, Role]]:
    """The people of the spreadsheet: login, name, unit, role."""
    return [
        ("shi", "周市民政", "4404", Role.CITY_OFFICER),
        ("fabu", "吴发布", "4404", Role.PUBLISHER),
        ("qumin", "郑区民政", "440402", Role.DISTRICT_OFFICER),
        ("caizheng", "王区财政", "440402", Role.DISTRICT_FINANCE),
        ("jingban", "冯经办", STREET, Role.STREET_CLERK),
        ("caiwu", "陈财务", STREET, Role.STREET_FINANCE),
        ("lingdao", "褚领导", STREET, Role.STREET_LEADER),
        ("jijian", "卫纪检", STREET, Role.STREET_DISCIPLINE),
        *((f"lianshen{n}", f"蒋联审{n}", STREET, Role.STREET_REVIEWER) for n in (1, 2, 3)),
        *((f"pingshen{n}", f"沈评审{n}", STREET, Role.STREET_SCORER) for n in (1, 2, 3)),
        ("liangwei", "韩两委", community, Role.COMMITTEE_MEMBER),
        ("shuji", "杨书记", community, Role.SECRETARY),
        ("daibiao", "朱代表", community, Role.RESIDENT_REPRESENTATIVE),
    ]


def bring_people(enter: Office, community: str) -> None:
    """The system administrator's spreadsheet, first tried, then imported; passwords are read off its page."""
    admin = enter("xitong")
    rows = [(login, name, unit, ROLE_NAMES[role]) for login, name, unit, role in people(community)]
    file = io.BytesIO(sheets.write("人员", [("用户名", "姓名", "单位", "岗位"), *rows]))
    trial = admin.post("/admin/people/import", file=(file, "人员.xlsx"))
    assert f"将新增 {len(rows)} 人" in words(trial)
    (kept,) = html.fromstring(trial.text).xpath("//input[@name='rows']/@value")
    done = admin.post("/admin/people/import", rows=kept)
    for row in html.fromstring(done.text).xpath("//tbody/tr"):
        enter.secrets[row.xpath("string(td[2])")] = row.xpath("string(.//code)")
    guard = enter("anquan")
    wishes = html.fromstring(guard.get("/admin/roles").text).xpath("//input[@name='request']/@value")
    assert len(wishes) == len(rows)
    sent(
        guard.post(
            "/admin/roles", "/admin/roles/requests", request=wishes, reason="首次授权", decision="grant"
        )
    )


def confirm_pack(enter: Office) -> None:
    """One person brings the pack in and proposes what is open, another confirms, a third publishes."""
    owner, second = enter("shi"), enter("qumin")
    sent(owner.post("/admin/policy", "/admin/policy/import", key="zhuhai"))
    pack = policy.latest("zhuhai")
    assert pack is not None
    with pytest.raises(Refusal, match="没有确认"):
        policy.active("zhuhai", time.today())
    for one in pack.waiting:
        value = "珠府办〔2024〕12 号延续通知" if one.name == TERM else one.value
        fen = one.unit == "分" and one.name != TERM
        page = f"/admin/policy/zhuhai/parameters/{one.name}"
        paper = {"ref": "珠民函〔2026〕8 号", "decided_by": "市民政局局务会", "decided_on": "2026-02-20"}
        sent(owner.post(page, value=f"{value // 100}.{value % 100:02d}" if fen else str(value), **paper))
    mine = html.fromstring(owner.get("/admin/policy/zhuhai").text)
    assert mine.xpath("//input[@name='proposal']") == []  # nobody confirms his own
    chosen = html.fromstring(second.get("/admin/policy/zhuhai").text).xpath(
        "//input[@name='proposal']/@value"
    )
    assert len(chosen) == len(pack.waiting)
    sent(
        second.post(
            "/admin/policy/zhuhai", "/admin/policy/zhuhai/confirm", proposal=chosen, decision="confirm"
        )
    )
    assert "所有取值都已确认" in words(second.get("/admin/policy/zhuhai"))
    publisher = enter("fabu")
    (way,) = html.fromstring(publisher.get("/admin/policy/zhuhai").text).xpath(
        "//form[contains(@action, '/publish/')]/@action"
    )
    assert owner.post("/admin/policy/zhuhai", way).status_code == 403
    sent(publisher.post("/admin/policy/zhuhai", way))


def bring_money_and_list(enter: Office, street: int) -> None:
    """District finance fills a pot, district civil affairs publishes the year's list."""
    treasurer = enter("caizheng")
    made = sent(
        treasurer.post(
            "/desk/funds/new",
            street_id=street,
            year=2026,
            source="fiscal",
            name="区级购买服务专项资金",
            level="区级",
        )
    )
    sent(treasurer.post(f"{made.location}/allot", amount="3000000.00", ref="香财〔2026〕5 号"))
    assert session().scalars(select(Pot.allotted)).all() == [300_000_000]
    db.close()
    officer = enter("qumin")
    shown = html.fromstring(officer.get("/desk/lists/new").text)
    rows = {
        one.get("name"): one.get("value") or ""
        for one in shown.xpath("//form[@id]//input[starts-with(@name, 'items-')]")
        if "__i__" not in one.get("name")
    }
    for one in shown.xpath("//select[starts-with(@name, 'items-')]"):
        if "__i__" not in one.get("name"):
            rows[one.get("name")] = one.xpath("string(option[@selected]/@value)")
    sent(officer.post("/desk/lists/new", **rows))
    assert "已公布的清单" in words(officer.get("/desk/lists"))


def left(enter: Office) -> list[str]:
    """What the set-up page still asks for."""
    page = html.fromstring(enter("xitong").get("/admin/setup").text)
    return [
        item.xpath("string(.//b)")
        for item in page.xpath("//ol[@class='zj-steps']/li")
        if "未完成" in item.text_content()
    ]


@pytest.mark.timeout(200)
@pytest.mark.requirement("ZH-30", "accept")
def test_a_new_office_takes_its_first_project_past_its_notice(
    office: Flask, clock: time.MovableClock
) -> None:
    enter = Office(office, first_administrators(office))
    admin = enter("xitong")
    assert admin.last is not None
    assert admin.last.location == "/admin"
    assert "接下来：单位" in words(admin.get("/admin"))
    assert left(enter) == ["单位", "人员", "岗位", "政策包", "流程", "资金", "项目清单"]
    sent(admin.post("/admin/units", "/admin/areas/4404"))
    assert [one.name for one in directory.children(None)] == ["珠海市"]
    street = unit_by_code(STREET)
    community = units_below(street.id, "community")[0]
    bring_people(enter, community.code or "")
    assert left(enter) == ["政策包", "流程", "资金", "项目清单"]
    assert "还没有启用的政策包" in words(enter("qumin").get("/desk/lists/new"))
    confirm_pack(enter)
    bring_money_and_list(enter, street.id)
    assert left(enter) == []
    assert "全部完成" in words(admin.get("/admin/setup"))

    title, proposal = PROPOSALS[0]
    world = World(Place(street.id, street.name), [Place(community.id, community.name)], [])
    player = Posting(world, plan_for("straight", proposal), clock, enter=enter)
    start = {"origin": "community", "community_id": community.id, "title": f"{community.short_name}{title}"}
    begun = sent(enter("liangwei").post("/desk/start", **start))
    db.close()
    case_id = session().scalars(select(Case.id)).one()
    assert begun.location.startswith("/desk/tasks/")
    case = player.play(case_id, until="procurement.method")
    assert case.stage == "procurement"
    assert list(dict.fromkeys(step.stage for step in player.steps)) == ["proposal", "review", "publicity"]
    live = policy.pack(case.pack_version_id)
    assert live.waiting == []
    assert "项目公示" in words(enter("lingdao").get(f"/cases/{case.no}"))
    shown = enter("shenji")
    found = words(shown.get("/admin/audit?person=周市民政&act=policy.propose"))
    assert "提出政策取值" in found
    assert "审计记录完整" in words(shown.post("/admin/audit", "/admin/audit/verify"))
    assert verify().ok
