"""The ledger in the browser: who sees which money, who may add to it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.core import db
from app.core.identity import SYSTEM, Role
from app.funds import services
from app.funds.models import CaseFund, Pot
from app.policy import services as policy
from app.policy.packs import Pack
from tests.factories.cases import make_case
from tests.factories.money import make_pot
from tests.factories.people import actor_of, make_person
from tests.factories.projects import make_office
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def office(app: Flask, pack: Pack) -> SimpleNamespace:
    policy.store(SYSTEM, pack)
    return make_office(pack)


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def post(browser: FlaskClient, page: str, **fields: Any) -> Any:
    return browser.post(page, data={"csrf_token": token_in(browser.get(page)), **fields})


@pytest.mark.requirement("ZH-06-a", "accept")
def test_the_district_registers_and_fills_a_pot(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.treasurer)
    fields = {
        "street_id": str(office.units.street.id),
        "year": "2026",
        "source": "fiscal",
        "name": "居家养老专项资金",
        "level": "市级",
        "purposes": ["basic.elder_care"],
    }
    made = post(browser, "/desk/funds/new", **fields)
    assert made.status_code == 302
    assert (
        post(browser, f"{made.location}/allot", amount="800,000.5", ref="珠民〔2026〕8 号").status_code == 302
    )
    page = words(browser.get(made.location))
    assert "拨入 800,000.50 元" in page
    assert "居家养老" in page
    assert "珠民〔2026〕8 号" in page
    assert "居家养老专项资金" in words(browser.get(f"/desk/funds?street={office.units.street.id}"))


def test_the_streets_finance_registers_social_money_only(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.finance)
    shown = html.fromstring(browser.get("/desk/funds/new").text)
    assert "fiscal" not in shown.xpath("//input[@name='source']/@value")
    fields = {
        "street_id": str(office.units.street.id),
        "year": "2026",
        "name": "企业捐赠",
        "source": "charity",
    }
    answer = post(browser, "/desk/funds/new", **fields, donor="某企业")
    assert answer.status_code == 422
    assert "慈善资金须登记捐赠协议" in words(answer)
    assert post(browser, "/desk/funds/new", **fields, donor="某企业", agreement="协议 1").status_code == 302
    assert browser.get(f"/desk/funds/{office.pot.id}/allot").status_code == 403


def test_an_amount_with_three_decimals_is_refused(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.treasurer)
    answer = post(browser, f"/desk/funds/{office.pot.id}/allot", amount="1.234", ref="文件")
    assert answer.status_code == 422
    assert "两位小数" in words(answer)
    assert 'value="1.234"' in answer.text


def test_other_streets_money_is_not_there(office: SimpleNamespace, enter: Any) -> None:
    other = make_pot(office.treasurer, office.units.other_street.id, 1_00).id
    own, street = office.pot.id, office.units.street.id
    stranger = enter(actor_of(make_person("外街财务", Role.STREET_FINANCE, office.units.other_street)))
    assert stranger.get(f"/desk/funds/{own}").status_code == 404
    assert stranger.get(f"/desk/funds?street={street}").status_code == 404
    assert stranger.get(f"/desk/funds/{other}").status_code == 200
    assert "区级购买服务资金" not in words(stranger.get("/desk/funds"))


def test_communities_do_not_read_the_ledger(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.member)
    case = make_case(office.units)
    for page in ("/desk/funds", f"/desk/funds/{office.pot.id}", f"/cases/{case.no}/funds", "/desk/funds/new"):
        assert browser.get(page).status_code == 403


@pytest.mark.requirement("ZH-15", "accept")
def test_the_composition_of_a_project_and_a_street(office: SimpleNamespace, enter: Any) -> None:
    case = make_case(office.units)
    social = make_pot(office.finance, office.units.street.id, 40_00, "charity", name="企业捐赠资金")
    lines = [{"pot_id": social.id, "amount": 40_00}, {"pot_id": office.pot.id, "amount": 60_00}]
    services.reserve(office.finance, case, lines, budget=100_00, categories=["basic"])
    services.encumber(office.clerk, case, 90_00)
    browser = enter(office.leader)
    rows = html.fromstring(browser.get(f"/cases/{case.no}/funds").text).xpath(
        "//section[@id='shares']//tbody/tr"
    )
    assert [[cell.text_content() for cell in row] for row in rows] == [
        ["企业捐赠资金", "慈善资金", "0.00", "40.00", "0.00"],
        ["区级购买服务资金", "财政资金", "0.00", "50.00", "0.00"],
    ]
    rows = html.fromstring(browser.get("/desk/funds").text).xpath("//section[@id='shares']//tbody/tr")
    assert [[cell.text_content() for cell in row] for row in rows] == [
        ["财政资金", "0.00", "50.00", "0.00", "50.00"],
        ["慈善资金", "0.00", "40.00", "0.00", "40.00"],
    ]


def test_the_ledger_goes_on_over_pages(office: SimpleNamespace, enter: Any) -> None:
    for number in range(51):
        services.allot(office.treasurer, office.pot.id, 1_00, f"第 {number} 号")
    browser = enter(office.treasurer)
    page = html.fromstring(browser.get(f"/desk/funds/{office.pot.id}").text)
    (more,) = page.xpath("//nav[@aria-label='翻页']//a/@href")
    assert "第 0 号" in words(browser.get(more))
    assert browser.get(f"/desk/funds/{office.pot.id}?before={'9' * 30}").status_code == 200


@pytest.mark.requirement("ZH-14-2", "accept")
def test_discipline_decides_on_a_keeper_who_is_the_provider(office: SimpleNamespace, enter: Any) -> None:
    provider = office.units.other_community
    pot = make_pot(office.finance, office.units.street.id, 500, "community_fund", keeper=provider.name)
    case = make_case(office.units, provider_id=provider.id)
    services.reserve(
        office.finance, case, [{"pot_id": pot.id, "amount": 500}], budget=500, categories=["basic"]
    )
    page = f"/cases/{case.no}/funds"
    assert "须先由纪检监督处理" in words(enter(office.clerk).get(page))
    assert enter(office.clerk).get(f"{page}/{pot.id}/conflict").status_code == 403
    browser = enter(office.discipline)
    assert browser.get(f"{page}/{office.pot.id}/conflict").status_code == 404
    assert post(browser, f"{page}/{pot.id}/conflict", reason=" ").status_code == 422
    assert post(browser, f"{page}/{pot.id}/conflict", reason="已改由专户管理。").status_code == 302
    assert "已处理：已改由专户管理。" in words(browser.get(page))
    services.encumber(office.clerk, case, 500)
    assert db.session().query(CaseFund).one().encumbered == 500
    assert db.session().get_one(Pot, pot.id).free == 0
