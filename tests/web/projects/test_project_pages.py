"""Starting, withdrawing and ending a project in the browser."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

import config
from app.core import db
from app.core.identity import SYSTEM
from app.needs import services as needs
from app.policy.packs import Pack
from app.projects.queries import find
from app.runtime.models import Case
from app.runtime.packaging import deploy_pack
from app.runtime.queries import tasks_of
from tests.factories.projects import make_office
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def office(app: Flask, pack: Pack) -> SimpleNamespace:
    deploy_pack(SYSTEM, config.ROOT / "bpmn", "zhuhai", publish=True)
    made = make_office(pack)
    made.place = str(made.units.community.id)
    return made


def post(browser: FlaskClient, page: str, **fields: str) -> Any:
    shown = browser.get(page)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', shown.text)
    kept = {"idempotency_key": key[1]} if key else {}
    return browser.post(page, data={"csrf_token": token_in(shown), **kept, **fields})


def faults(answer: Any) -> list[str]:
    """What stands beside the fields."""
    found = html.fromstring(answer.text).xpath("//*[@class='zj-fault']")
    return [" ".join(one.text_content().split()) for one in found]


def started(office: SimpleNamespace, browser: FlaskClient) -> Case:
    answer = post(
        browser, "/desk/start", origin="street_plan", community_id=office.place, title="居家养老服务"
    )
    assert answer.status_code == 302
    db.close()
    return db.session().query(Case).one()


def test_a_committee_member_starts_and_lands_on_the_first_step(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.member)
    answer = post(browser, "/desk/start", origin="community", community_id=office.place, title="长者助餐")
    assert answer.status_code == 302
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert "两委牵头确认" in page.text


def test_what_is_missing_is_told_beside_it_and_what_was_typed_stays(
    office: SimpleNamespace, enter: Any
) -> None:
    browser = enter(office.member)
    answer = post(browser, "/desk/start", origin="elsewhere", community_id=office.place, title=" ")
    assert answer.status_code == 422
    assert faults(answer) == ["请在列出的选项中选择（依据：《办法》第十九条）", "请填写“项目名称”"]
    answer = post(browser, "/desk/start", origin="community", community_id="999999999999999999", title="助餐")
    assert answer.status_code == 422
    assert faults(answer) == ["请选择“所在社区”"]
    assert html.fromstring(answer.text).xpath("//input[@name='title']/@value") == ["助餐"]
    assert db.session().query(Case).count() == 0


def test_a_clerk_starts_for_a_need(office: SimpleNamespace, enter: Any) -> None:
    need = needs.collect(
        office.clerk, unit_id=int(office.place), channel="visit", beneficiaries="老年人", text="希望有助餐点"
    )
    browser = enter(office.clerk)
    assert "希望有助餐点（老年人）" in browser.get("/desk/start").text
    fields = {"origin": "street_plan", "community_id": office.place, "title": "助餐"}
    assert faults(post(browser, "/desk/start", **fields, need_id="4711")) == ["请选择“对应的居民需求”"]
    answer = post(browser, "/desk/start", **fields, need_id=str(need.id))
    assert answer.status_code == 302
    assert "希望有助餐点" in browser.get(answer.location).text
    db.close()
    project = find(db.session().query(Case).one().id)
    assert project is not None
    assert project.need_id == need.id


def test_a_need_becomes_a_proposal_in_one_click(office: SimpleNamespace, enter: Any) -> None:
    need = needs.collect(
        office.member, unit_id=int(office.place), channel="visit", beneficiaries="老年人", text="希望有助餐点"
    )
    browser = enter(office.member)
    for number in range(60):  # not among the newest any more
        needs.collect(
            office.member, unit_id=int(office.place), channel="visit", beneficiaries="妇女", text=f"{number}"
        )
    page = html.fromstring(browser.get(f"/needs/{need.id}").text)
    (link,) = page.xpath("//a[contains(., '据此提出项目')]/@href")
    form = html.fromstring(browser.get(link).text)
    assert form.xpath("//select[@name='need_id']/option[@selected]/@value") == [str(need.id)]
    assert form.xpath("//select[@name='community_id']/option[@selected]/@value") == [office.place]
    assert enter(office.finance).get(link).status_code == 403
    fields = {"origin": "community", "community_id": office.place, "need_id": str(need.id)}
    again = post(browser, link, **fields, title=" ")
    assert html.fromstring(again.text).xpath("//select[@name='need_id']/option[@selected]/@value") == [
        str(need.id)
    ]
    answer = post(browser, link, **fields, title="长者助餐")
    assert answer.status_code == 302
    db.close()
    case = db.session().query(Case).one()
    assert f'href="/cases/{case.no}"' in browser.get(f"/needs/{need.id}").text
    assert f'href="/needs/{need.id}"' in browser.get(f"/cases/{case.no}").text


def test_another_places_need_leads_nowhere(office: SimpleNamespace, enter: Any) -> None:
    there = needs.collect(
        SYSTEM,
        unit_id=office.units.other_community.id,
        channel="visit",
        beneficiaries="老年人",
        text="缺座椅",
    )
    assert enter(office.member).get(f"/desk/start?need={there.id}").status_code == 404


def test_a_clerk_does_not_start_a_communitys_project(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.clerk)
    answer = post(browser, "/desk/start", origin="community", community_id=office.place, title="助餐")
    assert faults(answer) == ["请在列出的选项中选择（依据：《办法》第十九条）"]
    assert db.session().query(Case).count() == 0


def test_finance_starts_nothing(office: SimpleNamespace, enter: Any) -> None:
    assert enter(office.finance).get("/desk/start").status_code == 403


def test_sending_the_start_twice_is_one_project(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.member)
    page = browser.get("/desk/start")
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.text)
    assert key
    data = {
        "csrf_token": token_in(page),
        "idempotency_key": key[1],
        "origin": "community",
        "community_id": office.place,
        "title": "助餐",
    }
    places = [browser.post("/desk/start", data=data).location for _ in range(2)]
    assert places[0] == places[1]
    db.close()
    assert db.session().query(Case).count() == 1


def test_the_starter_withdraws(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.clerk)
    case = started(office, browser)
    page = f"/cases/{case.no}/withdraw"
    assert faults(post(browser, page, reason=" ")) == ["请写明撤回原因。"]
    assert enter(office.leader).get(page).status_code == 403
    assert post(browser, page, reason="需求有变化").status_code == 302
    assert browser.get(page).status_code == 409
    db.close()
    assert db.session().query(Case).one().status == "withdrawn"
    assert tasks_of(case.id, "open") == []


def test_only_the_leader_ends_a_project(office: SimpleNamespace, enter: Any) -> None:
    clerk, leader = enter(office.clerk), enter(office.leader)
    case = started(office, clerk)
    page = f"/cases/{case.no}/cancel"
    assert clerk.get(page).status_code == 403
    answer = post(leader, page, reason="", basis="")
    assert answer.status_code == 422
    assert faults(answer) == ["请写明终止原因。", "请写明终止依据（合同条款或文件）。"]
    assert post(leader, page, reason="政策调整", basis="香府〔2026〕9 号").status_code == 302
    db.close()
    assert db.session().query(Case).one().status == "cancelled"


def test_a_strangers_case_is_not_there(office: SimpleNamespace, enter: Any) -> None:
    case = started(office, enter(office.clerk))
    with db.unit_of_work() as session:
        found = session.get_one(Case, case.id)
        found.street_id, found.community_id = office.units.other_street.id, office.units.other_community.id
    for act in ("withdraw", "cancel"):
        assert enter(office.leader).get(f"/cases/{case.no}/{act}").status_code == 404


def test_a_project_is_copied_as_a_new_proposal(office: SimpleNamespace, enter: Any) -> None:
    browser = enter(office.clerk)
    first = started(office, browser)
    shown = browser.get(f"/cases/{first.no}/again")
    assert "居家养老服务" in shown.text
    answer = post(browser, f"/cases/{first.no}/again", title="居家养老服务（第二期）")
    assert answer.status_code == 302
    assert "街道规划立项" in browser.get(answer.location).text
    db.close()
    titles = [case.title for case in db.session().query(Case).order_by(Case.id)]
    assert titles == ["居家养老服务", "居家养老服务（第二期）"]
    assert browser.get("/cases/XM-none/again").status_code == 404
    assert enter(office.finance).get(f"/cases/{first.no}/again").status_code == 403
    assert f"/cases/{first.no}/again" in browser.get("/desk/mine").text
