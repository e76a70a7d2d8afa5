"""The page of a case tells its story to each reader what that reader may know."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.demo import PASSWORD
from app.accounts.models import Person
from app.accounts.queries import actor
from app.cli import demo
from app.cli import world as worlds
from app.cli.player import PAPER, Player
from app.cli.proposals import PROPOSALS
from app.contracts.models import Contract
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.files import services as files
from app.projects.models import Project
from app.runtime import acts
from app.runtime.models import Case
from tests.databases import SQLiteTemplate
from tests.factories.played import Played, opened, play
from tests.factories.site import token_in


@pytest.fixture(scope="module")
def played(sqlite_template: SQLiteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A case whose provider has reported the first milestone; another stands at its beginning."""

    def both(world: worlds.World, clock: time.MovableClock) -> None:
        title, proposal = PROPOSALS[0]
        player = Player(world, demo.plan_for("returned", proposal), clock)
        case_id = player.start("community", f"{world.communities[0].name}{title}")
        player.play(case_id, until="delivery.community_accept")
        player.start("community", "暑期学堂")

    return play(sqlite_template, tmp_path_factory.mktemp("story"), both)


@pytest.fixture
def office(played: Played, tmp_path: Path, clock: time.MovableClock) -> Iterator[Flask]:
    """The application on a copy of it."""
    with opened(played, tmp_path, clock) as flask:
        yield flask


def enter(office: Flask, login: str) -> FlaskClient:
    client = office.test_client()
    page = client.get("/login")
    client.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": token_in(page)})
    return client


def number(office: Flask, nth: int = 0) -> str:
    with office.app_context():
        return list(session().scalars(select(Case.no).order_by(Case.id)))[nth]


def read(office: Flask, login: str, path: str = "", nth: int = 0) -> str:
    answer = enter(office, login).get(f"/cases/{number(office, nth)}{path}")
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_somebody_who_never_saw_the_case_reads_all_of_it(office: Flask) -> None:
    html = read(office, "jingban")
    page = plain(html)
    for words in (
        "社区确认",  # where it stands
        "胡湾社区两委成员",  # who has it
        "收到",
        "退回修改",  # what was decided …
        "预算测算依据不足，请补充。",  # … and why
        "已付款 30%",  # the money, the delivery and the time beside each other
        "已交付 0%",
        "时间已过",
        "逐日看怎么算的",
        "成交公告",
        "未列入失信名单",
        "各步骤用时",
    ):
        assert words in page, words
    anchors = set(re.findall(r'id="([a-z0-9-]+)"', html))
    for link in re.findall(r'href="#([a-z-]+)"', html.partition("zj-onpage")[2].partition("</nav>")[0]):
        assert link in anchors, link
    assert {"stage-review", "stage-contract"} <= anchors


def test_each_day_of_a_deadline_is_told(office: Flask) -> None:
    told = read(office, "jingban").partition('id="deadlines"')[2].partition("<b>社区确认</b>")[2]
    days = told.partition("</ol>")[0]
    assert days.count("，不计") == len(re.findall("星期[六日]", days)) > 0
    assert [f"第 {n} 天" in days for n in (1, 5, 6)] == [True, True, False]


def test_the_provider_reads_its_own_part_only(office: Flask) -> None:
    own, official = read(office, "zuzhi3"), read(office, "jingban")
    assert "承接方确认合同" in plain(own)
    assert "已付款 30%" in plain(own)
    for words in ("预算测算依据不足", "联合审议 ", "狮山街道联审人员一", "资金构成", "各步骤用时"):
        assert words in plain(official) + official, words
        assert words not in plain(own), words
    assert "/copy" in official
    assert "/copy" not in own
    for path in ("/approval", "/why"):
        assert "预算测算依据不足" not in read(office, "zuzhi3", path)
    loser = enter(office, "zuzhi1")
    other_street = enter(office, "jida-jingban")
    for path in ("", "/approval", "/approval.pdf", "/why", "/diagram", "/record.pdf"):
        assert loser.get(f"/cases/{number(office)}{path}").status_code == 404
        assert other_street.get(f"/cases/{number(office)}{path}").status_code == 404


def test_times_on_the_diagram_are_for_the_offices(office: Flask) -> None:
    no = number(office)
    inside = enter(office, "jingban").get(f"/cases/{no}/diagram?path=publicity").get_json()
    assert inside["spans"]["publish"] == "20 分钟"
    assert inside["spans"]["wait"].startswith("等待 ")
    assert enter(office, "zuzhi3").get(f"/cases/{no}/diagram?path=publicity").get_json()["spans"] == {}


def test_the_approval_sheet_bears_names_and_days_in_order(office: Flask) -> None:
    sheet = plain(read(office, "lingdao", "/approval"))
    assert sheet.index("退回修改") < sheet.index("同意立项") < sheet.index("同意支付")
    assert "签名： 狮山街道领导" in sheet
    assert "演示合同-0001" in sheet  # a signature without opinion tells what was signed
    answer = enter(office, "lingdao").get(f"/cases/{number(office)}/approval.pdf")
    assert answer.data.startswith(b"%PDF-")


def test_why_not_answers_with_the_rules_own_words_and_whom_to_ask(office: Flask) -> None:
    page = plain(read(office, "jingban", "/why"))
    assert "这一步由胡湾社区的“两委成员”办理，您没有这个岗位。" in page
    assert "胡湾社区两委成员（胡湾社区两委成员）" in page
    assert "终止项目" in page
    assert "街道领导（狮山街道领导）" in page
    fragment = enter(office, "jingban").get(f"/cases/{number(office)}/why", headers={"HX-Request": "true"})
    assert "<html" not in fragment.get_data(as_text=True)
    starter = plain(read(office, "liangwei", "/why", nth=1))
    assert "两委牵头确认" not in starter.replace("否决“两委牵头确认”", "")  # it is theirs to do
    assert "撤回申报" not in starter


def test_papers_stand_under_their_stage_and_closed_ones_are_counted_not_named(office: Flask) -> None:
    with office.app_context():
        case = session().scalars(select(Case).order_by(Case.id)).first()
        assert case is not None
        clerk = actor(session().scalars(select(Person.id).where(Person.login == "jingban")).one())
        paper = files.store(clerk, "受助人员名单.pdf", io.BytesIO(PAPER))
        acts.comment(clerk, case.id, "补充名单", [paper.id])
        db.close()
    assert "受助人员名单.pdf" in read(office, "daibiao")
    with office.app_context(), db.unit_of_work():
        session().scalars(select(Project).order_by(Project.id)).first().category = "special"  # type: ignore[union-attr]
    assert "受助人员名单.pdf" in read(office, "shuji")
    closed = read(office, "daibiao")
    assert "受助人员名单" not in closed
    assert "另有 1 份材料只供经办人员查阅" in closed
    assert "当时填写的内容" not in closed
    assert "查看全部材料" in read(office, "daibiao", "/why")


def test_a_provider_opens_its_own_papers_and_those_of_its_steps_but_none_of_the_offices(
    office: Flask,
) -> None:
    with office.app_context():
        case = session().scalars(select(Case).order_by(Case.id)).first()
        contract = session().scalars(select(Contract)).one()
        assert case is not None
        people = {
            login: actor(session().scalars(select(Person.id).where(Person.login == login)).one())
            for login in ("jingban", "zuzhi3")
        }
        made = {}
        for login, name in (("jingban", "内部意见.pdf"), ("jingban", "合同.pdf"), ("zuzhi3", "成果.pdf")):
            made[name] = files.store(people[login], name, io.BytesIO(PAPER)).id
            with db.unit_of_work():
                files.attach([made[name]], case.id, people[login])
        with db.unit_of_work():
            session().get_one(Contract, contract.id).file_ids = [made["合同.pdf"]]
        db.close()
    page = read(office, "zuzhi3")
    assert "合同.pdf" in page
    assert "成果.pdf" in page
    assert "内部意见" not in page
    provider = enter(office, "zuzhi3")
    assert provider.get(f"/files/{made['合同.pdf']}").status_code == 200
    assert provider.get(f"/files/{made['内部意见.pdf']}").status_code == 404
    assert enter(office, "jingban").get(f"/files/{made['内部意见.pdf']}").status_code == 200


def test_an_earlier_project_of_the_community_is_tied_to_the_new_one(office: Flask) -> None:
    with office.app_context(), db.unit_of_work():
        first, second = session().scalars(select(Project).order_by(Project.id)).all()
        second.category = first.category
    page = read(office, "jingban", nth=1)
    assert f"/cases/{number(office)}" in page.partition("本社区同类项目")[2]
    assert "本社区同类项目" not in read(office, "zuzhi3")  # the provider has nothing to do with the other


def test_who_may_start_the_like_again_finds_the_way_on_the_page(office: Flask) -> None:
    no = session().scalars(select(Case.no).where(Case.title == "暑期学堂")).one()
    for login, shown in (("liangwei", True), ("liangwei2", False), ("jingban", False), ("lingdao", False)):
        assert ("复制为新提案" in enter(office, login).get(f"/cases/{no}").text) is shown, login
