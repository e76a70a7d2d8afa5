"""The figures' pages: who sees them, every number leads to its list, spreadsheets."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from lxml import html

from app.accounts.models import Person
from app.core import db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM, Role
from app.policy import services as policy
from app.policy.packs import Pack
from tests.bench.ours import Counter
from tests.factories.contracts import make_awarded, pay, sign
from tests.factories.people import actor_of, make_person
from tests.factories.site import PASSWORD, sign_in

MOST_STATEMENTS = 40
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def enter(app: Flask, pack: Pack, clock: MovableClock) -> Any:
    policy.store(SYSTEM, pack)
    world = make_awarded(pack, clock)
    sign(world)
    pay(world, "advance", 5_920_000, "凭证-1")
    auditor = actor_of(make_person("审计", Role.AUDITOR, world.units.city))

    def _enter(actor: Any) -> Any:
        browser = app.test_client()
        login = db.session().get_one(Person, actor.person_id).login
        assert sign_in(browser, login, PASSWORD).status_code == 302
        return browser

    _enter.world, _enter.auditor = world, auditor  # type: ignore[attr-defined]
    return _enter


def test_a_leader_reads_and_every_figure_leads_to_its_list(enter: Any) -> None:
    browser = enter(enter.world.leader)
    page = browser.get("/reports")
    assert page.status_code == 200
    assert "59,200.00" in page.text
    for href in set(html.fromstring(page.text).xpath("//main//td//a/@href")):
        assert browser.get(href).status_code == 200, href
    sheet = browser.get("/reports/quarters.xlsx")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")
    assert browser.get("/reports?year=1850").status_code == 404


def test_every_number_that_is_not_nothing_opens_its_list(enter: Any) -> None:
    browser = enter(enter.world.leader)
    tree = html.fromstring(browser.get("/reports").text)
    bare = [
        cell.text_content()
        for cell in tree.xpath("//main//td[contains(@class, 'zj-num')][not(a)]")
        if cell.text_content() not in ("0", "0.00", "0%", "0 天", "0.0 天", "—")
        and cell.get("data-label") != "最久已等"
    ]
    assert bare == []
    (place,) = {
        link.get("href") for link in tree.xpath("//section[@id='quarters']//td[@data-label='预付款']/a")
    }
    page = browser.get(place)
    assert "支付的预付款" in page.text
    assert "59,200.00" in page.text
    assert browser.get(place.replace("?", ".xlsx?")).data[:2] == b"PK"
    assert all("href" in one.attrib for one in tree.xpath("//main//ul[@class='zj-kpis']/li/*"))
    for wrong in ("quarter=7", "since=gestern"):
        assert browser.get(f"/reports/list/payments?{wrong}").status_code == 404


def test_the_leaders_page_asks_the_database_a_bounded_number_of_times(enter: Any) -> None:
    browser = enter(enter.world.leader)
    browser.get("/reports")
    with Counter(db.engine()) as counter:
        assert browser.get("/reports").status_code == 200
    assert len(counter.statements) <= MOST_STATEMENTS, "\n".join(counter.statements)


def test_those_who_have_nothing_to_lead_see_no_figures(enter: Any) -> None:
    for actor in (enter.world.committee, enter.world.provider):
        for page in ("/reports", "/reports/pots.xlsx", "/reports/tasks", "/reports/list/payments"):
            assert enter(actor).get(page).status_code == 403
    assert enter(enter.auditor).get("/reports").status_code == 200
