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
from tests.factories.contracts import make_awarded, pay, sign
from tests.factories.people import actor_of, make_person
from tests.factories.site import PASSWORD, sign_in

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


def test_those_who_have_nothing_to_lead_see_no_figures(enter: Any) -> None:
    for actor in (enter.world.committee, enter.world.provider):
        for page in ("/reports", "/reports/pots.xlsx", "/reports/tasks"):
            assert enter(actor).get(page).status_code == 403
    assert enter(enter.auditor).get("/reports").status_code == 200
