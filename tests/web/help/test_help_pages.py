"""Every page has its help; the tour is offered once; the training way exists in the demo only."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from app.core import db
from app.core.identity import SYSTEM, Role
from app.help import queries, training
from app.policy import services as policy
from app.policy.packs import Pack
from app.web import create_app
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.site import PASSWORD, sign_in, token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def people(app: Flask, pack: Pack) -> SimpleNamespace:
    policy.store(SYSTEM, pack)
    units = make_units()
    clerk = make_person("经办", Role.STREET_CLERK, units.street)
    member = make_person("两委", Role.COMMITTEE_MEMBER, units.community)
    return SimpleNamespace(
        clerk=clerk.login, member=member.login, actor=actor_of(clerk), street=units.street.id
    )


def enter(app: Flask, login: str) -> FlaskClient:
    browser = app.test_client()
    assert sign_in(browser, login, PASSWORD).status_code == 302
    return browser


def test_every_page_one_signs_in_for_has_help(app: Flask, people: SimpleNamespace) -> None:
    pages = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and getattr(app.view_functions[rule.endpoint], "access", "public") != "public"
        and not rule.rule.endswith((".pdf", ".xlsx", ".json", ".bpmn", ".txt"))
    ]
    assert len(pages) > 40
    assert [name for name in pages if queries.help_of(name) is None] == []
    browser = enter(app, people.clerk)
    shown = browser.get("/help/page/inbox.desk?fragment=1").text
    assert "最急的排在最前面" in shown
    assert "<html" not in shown
    assert 'href="/help/page/inbox.desk"' in browser.get("/desk").text
    assert browser.get("/help/page/nowhere.at_all").status_code == 404


def test_the_tour_is_offered_until_it_was_seen(app: Flask, people: SimpleNamespace) -> None:
    browser = enter(app, people.clerk)
    page = browser.get("/desk")
    assert "data-tour-offer" in page.text
    browser.post("/help/tour/end", data={"csrf_token": token_in(page)})
    assert "data-tour-offer" not in browser.get("/desk").text
    browser.post("/help/tour/again", data={"csrf_token": token_in(browser.get("/help"))})
    assert "data-tour-offer" in browser.get("/desk").text


def test_a_clerk_writes_the_offices_word_and_others_may_not(app: Flask, people: SimpleNamespace) -> None:
    assert enter(app, people.member).get("/help/steps").status_code == 403
    browser = enter(app, people.clerk)
    assert browser.get("/help/steps").status_code == 200
    assert browser.get("/help/steps/no.such").status_code == 404
    db.close()


def test_the_training_way_changes_places_with_one_click(
    app: Flask, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PASSWORD", PASSWORD)  # people of tests have another one than the demo's
    browser = app.test_client()
    page = browser.get("/demo/play")
    assert page.status_code == 200
    answer = browser.post(
        "/demo/become", data={"csrf_token": token_in(page), "login": people.clerk, "next": "/desk"}
    )
    assert (answer.status_code, answer.location) == (302, "/desk")
    assert "现在您是：经办" in browser.get("/desk").text
    again = token_in(browser.get("/demo/play"))
    away = {"csrf_token": again, "login": people.member, "next": "//elsewhere.example"}
    assert browser.post("/demo/become", data=away).location == "/desk"


def test_production_knows_no_training_way(app: Flask, people: SimpleNamespace) -> None:
    settings = config.load(
        {
            "ZHENJIE_ENV": "production", "SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40,
            "PUBLIC_URL": "https://gov.example", "DATABASE_URL": app.config["SETTINGS"].database_url,
        }
    )  # fmt: skip
    office = create_app(replace(settings, env="production"))
    office.testing = True
    browser = office.test_client()
    assert browser.get("/demo/play").status_code == 404
    assert browser.post("/demo/become", data={"login": people.clerk}).status_code in (400, 404)
