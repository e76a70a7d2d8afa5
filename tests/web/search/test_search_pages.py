"""The search box: its page, its suggestions, and what neither of them tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.demo import PASSWORD
from app.cli import demo
from app.cli import world as worlds
from app.cli.player import Player
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from app.core import db
from app.core.db import unit_of_work
from app.core.identity import SYSTEM
from app.needs import services as needs
from app.projects.models import Project
from app.runtime.models import Case
from tests.databases import SQLiteTemplate
from tests.factories.played import Played, opened, play
from tests.factories.site import token_in


@pytest.fixture(scope="module")
def played(sqlite_template: SQLiteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two cases of a street, one with a notice."""

    def both(world: worlds.World, clock: time.MovableClock) -> None:
        title, proposal = PROPOSALS[0]
        player = Player(world, demo.plan_for("straight", proposal), clock)
        player.play(player.start("community", f"胡湾社区{title}"), until="notice.close")
        player.start("community", "暑期学堂")

    return play(sqlite_template, tmp_path_factory.mktemp("search"), both)


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


def read(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def main(html: str) -> str:
    """What the page tells, without its head and the box that repeats what was typed."""
    return re.sub(r"<[^>]+>", "", html.partition("<main")[2].partition("</main>")[0])


def test_the_page_lists_marks_and_counts(office: Flask) -> None:
    clerk = enter(office, "jingban")
    html = read(clerk, "/search?q=养老")
    assert "<mark>养老</mark>" in html
    assert "/cases/XM2026-" in html
    assert re.search(r"项目 <span[^>]*>1</span>", html)
    assert re.search(r"公告 <span[^>]*>1</span>", html)
    only = read(clerk, "/search?q=养老&kind=notice")
    assert "/notices/" in only.partition("zj-hits")[2]
    assert "/cases/" not in only.partition("zj-hits")[2].partition("</main>")[0]
    assert "暑期学堂" in main(read(clerk, "/search?q=sqxt"))


def test_a_need_has_a_page_with_what_has_come_of_it(office: Flask) -> None:
    clerk = enter(office, "jingban")
    with unit_of_work():
        case = db.session().scalars(select(Case).where(Case.title == "暑期学堂")).one()
        need = needs.collect(
            SYSTEM, unit_id=case.community_id or 0, channel="visit", beneficiaries="儿童青少年", text="希望暑假有人看护"
        )  # fmt: skip
        db.session().scalars(select(Project).where(Project.case_id == case.id)).one().need_id = need.id
    page = read(clerk, f"/needs/{need.id}")
    for words in ("希望暑假有人看护", "入户走访", "儿童青少年", "暑期学堂"):
        assert words in main(page)
    assert f'href="/needs/{need.id}"' in read(clerk, "/search?q=看护&kind=need")
    assert "居民需求" in read(clerk, "/search/suggest?q=看护")
    for login in ("jida-jingban", "zuzhi1"):
        stranger = enter(office, login)
        assert stranger.get(f"/needs/{need.id}").status_code == 404
        assert "没有找到" in read(stranger, "/search/suggest?q=看护")
    story = read(clerk, f"/cases/{case.no}")
    assert f'href="/needs/{need.id}"' in story


def test_another_street_and_a_stranger_organisation_learn_nothing(office: Flask) -> None:
    for login in ("jida-jingban", "zuzhi1"):
        client = enter(office, login)
        for url in ("/search?q=暑期", "/search?q=暑期&kind=case", "/search?q=sqxt"):
            html = read(client, url)
            assert "暑期学堂" not in main(html)
            assert "没有找到" in main(html)
            assert "zj-tabs" not in html
        told = read(client, "/search/suggest?q=暑期")
        assert "学堂" not in told
        assert "没有找到" in told
        assert "看全部" not in told
        suggested = read(client, "/search/suggest?q=养老")  # the public notice is everybody's
        assert "/notices/" in suggested
        assert "/cases/" not in suggested


def test_suggestions_lead_to_the_thing_and_to_all_results(office: Flask) -> None:
    html = read(enter(office, "jingban"), "/search/suggest?q=养老")
    rows = re.findall(r'role="option"[^>]*href="([^"]+)"', html)
    assert rows[0].startswith("/cases/XM2026-")
    assert rows[-1].startswith("/search?q=")
    assert read(enter(office, "jingban"), "/search/suggest?q=%20").strip() == ""


def test_hostile_and_empty_questions_are_answered_plainly(office: Flask) -> None:
    clerk = enter(office, "jingban")
    html = read(clerk, "/search?q=<script>alert(1)</script>")
    assert "<script>alert" not in html
    assert "请在上面的搜索框输入" in main(read(clerk, "/search?q="))
    assert "没有找到" in main(read(clerk, "/search?q=养狗&kind=nonsense&page=-3"))
    assert read(clerk, "/search?q=养老&page=999")


def test_a_visitor_has_to_sign_in(office: Flask) -> None:
    client = office.test_client()
    for url in ("/search?q=养老", "/search/suggest?q=养老"):
        assert client.get(url).status_code == 302


def test_the_box_on_each_page_asks_the_search(office: Flask) -> None:
    html = read(enter(office, "jingban"), "/desk")
    box = html.partition('role="search"')[2].partition("</form>")[0]
    assert 'data-suggest="/search/suggest"' in html
    assert 'role="combobox"' in box
    assert 'action="/search"' in html
