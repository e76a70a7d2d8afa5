"""The list of needs, the form to write one down, and the page of one."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from openpyxl import load_workbook

from app.core.clock import MovableClock
from app.core.identity import SYSTEM, Role
from app.needs import queries, services
from app.needs.queries import Chosen
from app.policy import services as policy
from app.policy.packs import Pack
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.procurement import make_organisation, member_of
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def place(app: Flask, pack: Pack) -> SimpleNamespace:
    policy.store(SYSTEM, pack)
    units = make_units()
    return SimpleNamespace(
        street=units.street.id,
        here=units.community.id,
        member=actor_of(make_person("两委", Role.COMMITTEE_MEMBER, units.community)),
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        leader=actor_of(make_person("领导", Role.STREET_LEADER, units.street)),
        secretary=actor_of(make_person("书记", Role.SECRETARY, units.community)),
        other=actor_of(make_person("外街经办", Role.STREET_CLERK, units.other_street)),
        provider=member_of(make_organisation("安康社会工作服务中心")),
    )


def words(response: Any) -> str:
    assert response.status_code in (200, 422), response.status
    return " ".join(html.fromstring(response.text).xpath("string(//main)").split())


def post(browser: FlaskClient, page: str, **fields: Any) -> Any:
    shown = browser.get(page)
    key = html.fromstring(shown.text).xpath("string(//input[@name='idempotency_key']/@value)")
    return browser.post(page, data={"csrf_token": token_in(shown), "idempotency_key": key, **fields})


def need(place: SimpleNamespace, text: str = "希望有助餐点", **more: Any) -> int:
    kept = {"channel": "visit", "beneficiaries": "老年人", "unit_id": place.here, **more}
    return services.collect(SYSTEM, text=text, **kept).id


@pytest.mark.requirement("ZH-09a", "accept")
def test_a_committee_writes_down_what_is_on_no_list(place: SimpleNamespace, enter: Any) -> None:
    browser = enter(place.member)
    assert "这里还没有需求" in words(browser.get("/needs"))
    fields = {"unit_id": str(place.here), "channel": "meeting", "beneficiaries": "儿童青少年"}
    answer = post(
        browser, "/needs/new", **fields, text="暑期没人看护", voices="１２", anonymous="true", unlisted="true"
    )
    assert answer.status_code == 302
    page = words(browser.get(answer.location))
    for known in ("暑期没人看护", "居民议事会", "儿童青少年", "12 位", "匿名", "清单以外", "已登记"):
        assert known in page
    assert "暑期没人看护" in words(browser.get("/needs?show=unlisted"))
    assert "没有找到" in words(browser.get("/needs?show=unlisted&group=老年人"))


@pytest.mark.requirement("ZH-09a", "reject")
def test_what_is_missing_is_told_beside_its_field_and_what_was_typed_stays(
    place: SimpleNamespace, enter: Any
) -> None:
    browser = enter(place.member)
    fields = {"unit_id": str(place.here), "channel": "paper", "beneficiaries": "老年人", "voices": "3"}
    answer = post(browser, "/needs/new", **fields, text="  ", anonymous="false", said_by="陈婆婆")
    assert answer.status_code == 422
    page = html.fromstring(answer.text)
    assert "请写明居民需要什么服务" in page.xpath("string(//*[@id='f-text-err'])")
    assert page.xpath("//input[@id='f-said_by']/@value") == ["陈婆婆"]
    assert page.xpath("//select[@id='f-channel']/option[@selected]/@value") == ["paper"]
    nameless = post(browser, "/needs/new", **fields, text="缺助餐点", anonymous="false")
    assert "请写明反映人" in html.fromstring(nameless.text).xpath("string(//*[@id='f-said_by-err'])")
    hidden = post(browser, "/needs/new", **fields, text="缺助餐点", anonymous="true", said_by="陈婆婆")
    assert "陈婆婆" not in words(browser.get(hidden.location))


def test_only_those_who_answer_for_a_place_register_and_read(place: SimpleNamespace, enter: Any) -> None:
    number = need(place)
    clerk = enter(place.clerk)
    assert "教育社区" in words(clerk.get("/needs/new"))
    assert "福石社区" not in clerk.get("/needs/new").text
    assert 'href="/needs"' in clerk.get("/desk").text
    leader = enter(place.leader)
    listed = words(leader.get("/needs"))
    assert "希望有助餐点" in listed
    assert "老年人" in listed.partition("全部人群")[2].partition("全部")[0]
    assert "/needs/new" not in leader.get("/needs").text
    assert leader.get("/needs/new").status_code == 403
    other = enter(place.other)
    assert "这里还没有需求" in words(other.get("/needs"))
    assert "没有找到" in words(other.get(f"/needs?unit={place.here}"))
    assert other.get(f"/needs/{number}").status_code == 404
    provider = enter(place.provider)
    assert provider.get("/needs").status_code == 403
    assert provider.get("/needs/list.xlsx").status_code == 403
    assert 'href="/needs"' not in provider.get("/desk").text


def test_a_name_is_not_in_the_list(place: SimpleNamespace, enter: Any) -> None:
    need(place, anonymous=False, said_by="陈婆婆")
    browser = enter(place.clerk)
    assert "陈婆婆" not in browser.get("/needs").text


def test_the_list_goes_on_over_pages_and_keeps_what_is_chosen(place: SimpleNamespace, enter: Any) -> None:
    for number in range(queries.PAGE + 1):
        need(place, f"第{number:02d}件")
    need(place, "别的", channel="hotline")
    browser = enter(place.clerk)
    first = html.fromstring(browser.get(f"/needs?channel=visit&unit={place.street}").text)
    (more,) = first.xpath("//nav[@aria-label='翻页']//a/@href")
    second = words(browser.get(more))
    assert "第00件" in second
    assert "第01件" not in second
    assert "别的" not in second


def test_the_list_is_a_spreadsheet_too(place: SimpleNamespace, enter: Any) -> None:
    need(place, "=1+1", voices=14, unlisted=True)
    need(place, "别的", channel="hotline")
    answer = enter(place.clerk).get("/needs/list.xlsx?channel=visit")
    rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
    assert len(rows) == 2
    assert rows[1][1:] == ("教育社区", "老年人", "'=1+1", "入户走访", 14, "是", None)


def say(browser: FlaskClient, page: str, text: str = "缺理发点", **fields: str) -> Any:
    sent = {"csrf_token": token_in(browser.get(page)), "text": text, "beneficiaries": "老年人", **fields}
    return browser.post(page, data=sent)


@pytest.mark.requirement("ZH-09a", "accept")
def test_a_resident_scans_the_poster_and_writes(app: Flask, place: SimpleNamespace, enter: Any) -> None:
    member = enter(place.member)
    sheet = member.get("/needs/poster").text
    assert f"/n/{place.here}<" in sheet
    assert "<svg" in sheet
    resident = app.test_client()
    form = resident.get(f"/n/{place.here}?via=qr").text
    assert "姓名" in form
    assert 'name="said_by"' not in form
    answer = say(resident, f"/n/{place.here}?via=qr", "缺理发点")
    assert answer.status_code == 302
    assert "已经收到" in words(resident.get(answer.location))
    listed = words(member.get("/needs"))
    assert "缺理发点" in listed
    assert "扫码反映" in listed


@pytest.mark.requirement("ZH-09a", "reject")
def test_empty_is_refused_and_the_sixth_waits_for_the_community(
    app: Flask, place: SimpleNamespace, enter: Any
) -> None:
    resident, page = app.test_client(), f"/n/{place.here}"
    empty = say(resident, page, "  ")
    assert empty.status_code == 422
    shown = html.fromstring(empty.text)
    assert "请写一写缺什么服务" in shown.xpath("string(//*[@id='f-text-err'])")
    assert shown.xpath("//input[@name='beneficiaries'][@checked]/@value") == ["老年人"]
    for number in range(5):
        assert "不会丢失" not in words(resident.get(say(resident, page, f"第{number}件").location))
    assert "不会丢失" in words(resident.get(say(resident, page, "第六件").location))
    assert "已经收到" in words(app.test_client().get(f"{page}/thanks"))

    member = enter(place.member)
    assert "第六件" not in words(member.get("/needs"))
    assert "有 1 项需求待核" in words(member.get("/needs"))
    waiting = html.fromstring(member.get("/needs?show=waiting").text)
    (link,) = waiting.xpath("//td//a[starts-with(@href, '/needs/')]/@href")
    assert "据此提出项目" not in words(member.get(link))
    assert enter(place.leader).get(f"{link}/aside").status_code == 403
    assert enter(place.other).get(f"{link}/aside").status_code == 404
    refused = post(member, f"{link}/aside", reason=" ")
    assert "请写明不予收下的原因" in html.fromstring(refused.text).xpath("string(//*[@id='f-reason-err'])")
    assert post(member, f"{link}/aside", reason="重复").status_code == 302
    assert "不予收下（两委" in words(member.get(link))
    assert (
        member.post(f"{link}/take", data={"csrf_token": token_in(member.get("/needs/new"))}).status_code
        == 409
    )
    assert "第六件" in words(member.get("/needs?show=aside"))


def test_a_street_clerk_takes_in_what_waited(app: Flask, place: SimpleNamespace, enter: Any) -> None:
    resident, page = app.test_client(), f"/n/{place.here}"
    for number in range(6):
        say(resident, page, f"第{number}件")
    clerk = enter(place.clerk)
    (need_id,) = [one.id for one in queries.search(place.clerk, Chosen(state="waiting"))]
    done = clerk.post(f"/needs/{need_id}/take", data={"csrf_token": token_in(clerk.get(f"/needs/{need_id}"))})
    assert done.status_code == 302
    assert "第5件" in words(clerk.get("/needs"))
    assert "据此提出项目" in words(clerk.get(f"/needs/{need_id}"))


def test_the_community_is_found_by_street_and_by_name(app: Flask, place: SimpleNamespace) -> None:
    visitor = app.test_client()
    assert "狮山街道" in words(visitor.get("/n"))
    assert f'href="/n/{place.here}"' in visitor.get(f"/n?street={place.street}").text
    assert "福石社区" not in words(visitor.get(f"/n?street={place.street}"))
    assert f'href="/n/{place.here}"' in visitor.get("/n?q=教育").text
    assert "没有找到这个社区" in words(visitor.get("/n?q=无此"))
    assert visitor.get(f"/n/{place.street}").status_code == 404
    assert visitor.get("/n/4711").status_code == 404


def test_a_poster_is_made_for_the_own_communities_only(place: SimpleNamespace, enter: Any) -> None:
    assert enter(place.leader).get("/needs/poster").status_code == 403
    assert enter(place.other).get(f"/needs/poster?unit={place.here}").status_code == 404


@pytest.mark.requirement("ZH-09b", "accept")
def test_needs_are_merged_shown_with_supporters_and_split(place: SimpleNamespace, enter: Any) -> None:
    lead, other = need(place, "希望有助餐点", voices=4), need(place, "助餐点太远", voices=10)
    browser = enter(place.member)
    assert "希望有助餐点" in words(browser.get(f"/needs/{other}/merge"))
    nothing = post(browser, f"/needs/{lead}/merge")
    assert "请选择要并入的需求" in html.fromstring(nothing.text).xpath("string(//*[@id='f-ids-err'])")
    assert post(browser, f"/needs/{lead}/merge", ids=str(other)).status_code == 302
    page = words(browser.get(f"/needs/{lead}"))
    assert "14 位（含并入的）" in page
    assert "助餐点太远" in page
    listed = words(browser.get("/needs"))
    assert "14 位提出" in listed
    assert "共 1 项，14 位居民提出" in listed
    merged = words(browser.get(f"/needs/{other}"))
    assert f"已并入 需求 {lead}".replace(" ", "") in merged.replace(" ", "")
    assert "据此提出项目" not in merged
    assert enter(place.leader).get(f"/needs/{lead}/merge").status_code == 403
    token = token_in(browser.get(f"/needs/{other}"))
    assert browser.post(f"/needs/{other}/split", data={"csrf_token": token}).status_code == 302
    assert "共 2 项，14 位居民提出" in words(browser.get("/needs"))


def test_each_figure_of_the_heat_opens_the_list_that_adds_up_to_it(
    place: SimpleNamespace, enter: Any
) -> None:
    lead, other = need(place, voices=4), need(place, voices=10)
    need(place, voices=2, beneficiaries="妇女")
    need(place, voices=5, unit_id=place.street)
    services.merge(place.member, lead, [other])
    browser = enter(place.clerk)
    page = html.fromstring(browser.get("/needs/heat?month=2026-03").text)
    cells = page.xpath("//table[contains(@class, 'zj-heat')]//td/a")
    assert [cell.text for cell in cells] == ["19", "2", "21", "14", "2", "16"]
    for cell in cells:
        assert f"，{cell.text} 位居民提出" in words(browser.get(cell.get("href")))
    assert "还没有登记需求" in words(browser.get("/needs/heat?month=2026-02"))
    assert enter(place.provider).get("/needs/heat").status_code == 403


@pytest.mark.requirement("ZH-09b", "accept")
def test_a_secretary_signs_what_a_month_comes_to(
    place: SimpleNamespace, enter: Any, clock: MovableClock
) -> None:
    need(place, voices=4)
    browser = enter(place.secretary)
    assert "并签字" not in words(browser.get("/needs/heat?month=2026-03"))
    clock.set(clock.now() + timedelta(days=30))
    browser = enter(place.secretary)
    page = html.fromstring(browser.get("/needs/heat?month=2026-03").text)
    (link,) = page.xpath("//a[contains(., '并签字')]/@href")
    form = words(browser.get(link))
    assert "1 项，4 位居民提出" in form
    assert "老年人 4 位" in form
    empty = post(browser, link, text=" ")
    assert "请写明这个月居民主要缺什么" in html.fromstring(empty.text).xpath("string(//*[@id='f-text-err'])")
    assert post(browser, link, text="缺助餐点，下月议事").status_code == 302
    shown = words(enter(place.clerk).get("/needs/heat?month=2026-03"))
    assert "缺助餐点，下月议事" in shown
    assert "书记 2026-04-01 签字" in shown
    assert browser.get(link).status_code == 403
    assert enter(place.clerk).get(link).status_code == 403
