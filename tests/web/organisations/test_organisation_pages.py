"""Pages of the register: find, register, mend one's own, and keep one's hands off one's credit."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.core.identity import SYSTEM, Role
from app.files import services as files
from app.organisations import queries
from app.policy import services as policy
from app.policy.packs import Pack
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.procurement import code, make_organisation, member_of
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def world(app: Flask, pack: Pack) -> SimpleNamespace:
    policy.store(SYSTEM, pack)
    units = make_units()
    found = make_organisation("安康社会工作服务中心", phone="0756-1")
    other = make_organisation("博爱服务中心")
    return SimpleNamespace(
        street=str(units.street.id),
        district=str(units.district.id),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        number=found.id,
        other=f"/organisations/{other.id}",
        rival=member_of(other),
        member=member_of(found),
        page=f"/organisations/{found.id}",
    )


def words(response: Any) -> str:
    return " ".join(html.fromstring(response.text).text_content().split())


def post(browser: FlaskClient, page: str, **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(page, data={"csrf_token": token, **fields})


def test_the_register_is_searched_by_initials_and_kind(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.member)
    assert "博爱服务中心" in words(browser.get("/organisations"))
    found = words(browser.get("/organisations?q=akshgz"))
    assert "安康社会工作服务中心" in found
    assert "博爱服务中心" not in found
    assert "没有找到" in words(browser.get("/organisations?kind=foundation"))


def test_the_register_goes_on_over_pages(world: SimpleNamespace, enter: Any) -> None:
    for number in range(queries.PAGE):
        make_organisation(f"长青服务中心{number:02d}")
    browser = enter(world.clerk)
    first = html.fromstring(browser.get("/organisations").text)
    (more,) = first.xpath("//nav[@aria-label='翻页']//a/@href")
    second = words(browser.get(more))
    assert "长青服务中心19" in second
    assert "安康社会工作服务中心" not in second


@pytest.mark.requirement("ZH-03", "accept")
def test_a_clerk_registers_an_organisation(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.clerk)
    answer = post(
        browser, "/organisations/new", kind="social_service", name="长青养老服务中心", uscc=code(500).lower()
    )
    assert answer.status_code == 302
    shown = words(browser.get(answer.location))
    assert code(500) in shown
    assert "未列入失信名单" in shown


@pytest.mark.requirement("ZH-03", "reject")
def test_a_wrong_code_stands_beside_its_field(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.clerk)
    wrong = code(500)[:-1] + ("0" if code(500)[-1] != "0" else "1")
    answer = post(browser, "/organisations/new", kind="social_service", name="长青养老服务中心", uscc=wrong)
    assert answer.status_code == 422
    page = html.fromstring(answer.text)
    assert "请核对 18 位代码" in page.xpath("string(//*[@id='f-uscc-err'])")
    assert page.xpath("//input[@id='f-uscc']/@value") == [wrong]
    company = post(
        browser, "/organisations/new", kind="social_service", name="某公司", uscc="91110000600037341L"
    )
    assert "企业不能作为承接主体" in words(company)


def test_a_filed_organisation_is_registered_with_its_street(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.clerk)
    form = {"kind": "filed", "name": "教育社区互助会", "filing_no": "备1", "filing_date": "2026-01-15"}
    assert post(browser, "/organisations/new", **form).status_code == 422
    answer = post(browser, "/organisations/new", **form, filing_street_id=world.street)
    assert answer.status_code == 302
    assert "狮山街道" in words(browser.get(answer.location))


def test_organisations_have_no_way_to_register(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.member)
    assert browser.get("/organisations/new").status_code == 403
    assert "/organisations/new" not in browser.get("/organisations").text


def test_a_member_mends_the_own_profile_and_no_other(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.member)
    answer = post(
        browser,
        f"{world.page}/edit",
        phone="0756-2221111",
        scope=["basic.elder_care"],
        areas=[world.district],
    )
    assert answer.status_code == 302
    shown = words(browser.get(world.page))
    assert "0756-2221111" in shown
    assert "居家养老" in shown
    assert "香洲区" in shown
    assert browser.get(f"{world.other}/edit").status_code == 403
    assert browser.get("/organisations/999").status_code == 404


def test_a_capacity_is_shown_with_its_proof(world: SimpleNamespace, enter: Any) -> None:
    paper = files.store(world.member, "社工证.pdf", io.BytesIO(PDF))
    browser = enter(world.member)
    bare = post(browser, f"{world.page}/capacity", kind="staff", text="持证社工 6 名")
    assert bare.status_code == 422
    done = post(browser, f"{world.page}/capacity", kind="staff", text="持证社工 6 名", files=str(paper.id))
    assert done.status_code == 302
    assert "持证社工 6 名" in words(browser.get(world.page))
    link = f"{world.page}/files/{paper.id}"
    assert enter(world.clerk).get(link).data == PDF
    assert enter(world.rival).get(link).status_code == 404


@pytest.mark.requirement("ZH-24c", "reject")
def test_a_member_has_no_page_for_credit(world: SimpleNamespace, enter: Any) -> None:
    browser = enter(world.member)
    token = token_in(browser.get(f"{world.page}/edit"))
    fields = {"kind": "honour", "text": "十佳社会组织", "source": "本单位"}
    answer = browser.post(f"{world.page}/credit", data={"csrf_token": token, **fields})
    assert answer.status_code == 403
    assert "不能修改自己的信用记录" in words(answer)
    assert queries.credit_of(world.number) == []


def test_a_clerk_enters_a_listing_that_everybody_sees(world: SimpleNamespace, enter: Any) -> None:
    clerk = enter(world.clerk)
    answer = post(
        clerk,
        f"{world.page}/credit",
        kind="listing",
        list_kind="national",
        text="列入严重违法失信名单",
        source="信用中国",
        since="2026-01-01",
    )
    assert answer.status_code == 302
    assert "列入严重违法失信名单" in words(enter(world.member).get(world.page))
    assert queries.credit_snapshot(world.number, queries.credit_of(world.number)[0].since).list_kind == "national"  # fmt: skip
