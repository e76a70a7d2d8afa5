"""Pages of the administration: who may enter, what they do, what they refuse."""

from __future__ import annotations

import io
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.accounts import directory
from app.accounts.models import Person
from app.accounts.queries import actor
from app.core import db
from app.core.identity import SYSTEM, Role
from app.policy import services as policy
from app.policy.packs import Pack
from app.ui import sheets
from tests.factories.people import make_person, make_units
from tests.factories.site import PASSWORD, sign_in, token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def world(app: Flask, pack: Pack) -> SimpleNamespace:
    policy.store(SYSTEM, pack)
    units = make_units()
    people = {
        name: make_person(name, role, unit).login
        for name, role, unit in (
            ("系统管理员", Role.SYSTEM_ADMIN, units.city),
            ("安全管理员", Role.SECURITY_ADMIN, units.city),
            ("审计管理员", Role.AUDIT_ADMIN, units.city),
            ("街道经办", Role.STREET_CLERK, units.street),
        )
    }
    made = SimpleNamespace(
        street=units.street.id, district=units.district.id, community=units.community.id, logins=people
    )
    db.close()

    def enter(name: str) -> FlaskClient:
        browser = app.test_client()
        assert sign_in(browser, people[name], PASSWORD).status_code == 302
        return browser

    made.enter = enter
    return made


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def post(browser: FlaskClient, page: str, to: str = "", **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(to or page, data={"csrf_token": token, **fields})


@pytest.mark.parametrize(
    ("who", "open_", "shut"),
    [
        ("街道经办", [], ["/admin", "/admin/units", "/admin/people", "/admin/roles"]),
        ("审计管理员", ["/admin"], ["/admin/people", "/admin/units/new"]),
        (
            "安全管理员",
            ["/admin", "/admin/people", "/admin/roles"],
            ["/admin/people/new", "/admin/units/new"],
        ),
        ("系统管理员", ["/admin", "/admin/units", "/admin/people", "/admin/people/import"], []),
    ],
)
def test_each_finds_his_own_doors_open(
    world: SimpleNamespace, who: str, open_: list[str], shut: list[str]
) -> None:
    browser = world.enter(who)
    assert {url: browser.get(url).status_code for url in open_} == dict.fromkeys(open_, 200)
    assert {url: browser.get(url).status_code for url in shut} == dict.fromkeys(shut, 403)
    assert ("管理首页" in words(browser.get("/desk"))) is (who != "街道经办")


@pytest.mark.requirement("ZH-29", "accept")
def test_a_functional_zone_is_added_moved_below_and_switched_off(world: SimpleNamespace) -> None:
    browser = world.enter("系统管理员")
    city = directory.children(None)[0].id
    added = post(
        browser, f"/admin/units/new?parent={city}", parent_id=city, kind="district",
        area_kind="functional_zone", name="珠海高新技术产业开发区", short_name="高新区",
    )  # fmt: skip
    assert added.status_code == 302, words(added)
    zone = int(added.location.rsplit("/", 1)[1])
    assert "没有代码" in words(browser.get(added.location))
    moved = post(browser, f"/admin/units/{world.street}/move", parent_id=zone)
    assert moved.status_code == 302
    assert "高新区" in words(browser.get(f"/admin/units/{world.street}"))
    page = browser.get(f"/admin/units/{zone}")
    assert "现在不能停用：有 1 个下级单位" in words(page)
    refused = post(browser, f"/admin/units/{zone}", f"/admin/units/{zone}/off")
    assert refused.status_code == 422
    assert "1 个下级单位" in words(refused)
    post(browser, f"/admin/units/{world.street}/move", parent_id=world.district)
    assert post(browser, f"/admin/units/{zone}", f"/admin/units/{zone}/off").status_code == 302
    assert "已停用" in words(browser.get(f"/admin/units/{zone}"))


@pytest.mark.requirement("ZH-29", "reject")
def test_a_unit_without_its_city_above_is_refused_beside_the_field(world: SimpleNamespace) -> None:
    browser = world.enter("系统管理员")
    answer = post(
        browser, "/admin/units/new", parent_id=world.community, kind="district",
        area_kind="functional_zone", name="飞地",
    )  # fmt: skip
    assert answer.status_code == 422
    page = html.fromstring(answer.text)
    assert page.xpath("string(//*[@id='f-parent_id-err'])").strip()
    assert page.xpath("//input[@id='f-name']/@value") == ["飞地"]


def test_the_areas_of_the_city_come_by_one_button(world: SimpleNamespace) -> None:
    browser = world.enter("系统管理员")
    answer = post(browser, "/admin/units", "/admin/areas/4404")
    assert answer.status_code == 302
    assert "已导入 368 个单位" in words(browser.get("/admin/units"))
    assert post(browser, "/admin/units", "/admin/areas/9999").status_code == 422


def test_a_new_person_signs_in_with_a_password_shown_once(world: SimpleNamespace, app: Flask) -> None:
    browser = world.enter("系统管理员")
    page = f"/admin/people/new?unit={world.street}"
    shown = post(browser, page, unit_id=world.street, login="zhangsan", name="张三", roles=["street.finance"])
    assert shown.status_code == 200
    secret = html.fromstring(shown.text).xpath("string(//*[@id='one-time'])")
    assert re.fullmatch(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", secret)
    person = db.session().query(Person).filter_by(login="zhangsan").one().id
    db.close()
    assert secret not in browser.get(f"/admin/people/{person}").text
    guest = app.test_client()
    assert sign_in(guest, "zhangsan", secret).status_code == 302
    assert guest.get("/desk").location == "/password"
    assert not actor(person).has(Role.STREET_FINANCE)
    again = post(browser, page, unit_id=world.street, login="zhangsan", name="张三")
    assert "已经有人使用" in words(again)

    guard = world.enter("安全管理员")
    assert "1 项等待授予" in words(guard.get("/admin"))
    number = re.search(r'name="request" value="(\d+)"', guard.get("/admin/roles").text)
    assert number
    empty = post(guard, "/admin/roles", "/admin/roles/requests", request=number[1], decision="grant")
    assert empty.status_code == 422
    done = post(
        guard, "/admin/roles", "/admin/roles/requests", request=number[1], reason="按分工", decision="grant"
    )
    assert done.status_code == 302
    db.close()
    assert actor(person).has(Role.STREET_FINANCE, world.street)
    change = f"/admin/roles/{world.street}/{person}/street.finance"
    assert "收回岗位" in words(guard.get(change))
    assert post(guard, change, reason="轮岗").status_code == 302
    db.close()
    assert not actor(person).has(Role.STREET_FINANCE)


def test_a_password_is_given_anew_and_an_account_switched_off(world: SimpleNamespace, app: Flask) -> None:
    browser = world.enter("系统管理员")
    clerk = db.session().query(Person).filter_by(login=world.logins["街道经办"]).one().id
    db.close()
    page = f"/admin/people/{clerk}"
    shown = post(browser, page, f"{page}/password")
    secret = html.fromstring(shown.text).xpath("string(//*[@id='one-time'])")
    assert sign_in(app.test_client(), world.logins["街道经办"], secret).status_code == 302
    assert post(browser, f"{page}/off", reason="").status_code == 422
    assert post(browser, f"{page}/off", reason="调离").status_code == 302
    assert sign_in(app.test_client(), world.logins["街道经办"], secret).status_code == 401
    assert "已停用" in words(browser.get(page))
    assert post(browser, page, f"{page}/on").status_code == 302
    own = db.session().query(Person).filter_by(login=world.logins["系统管理员"]).one().id
    db.close()
    assert post(browser, page, f"/admin/people/{own}/password").status_code == 403


def test_people_come_from_a_spreadsheet_after_a_trial(world: SimpleNamespace) -> None:
    browser = world.enter("系统管理员")
    template = browser.get("/admin/people/import/template.xlsx")
    assert template.mimetype == sheets.XLSX
    assert sheets.read("x.xlsx", template.data) == [["用户名", "姓名", "单位", "岗位"]]
    table = sheets.write(
        "人员",
        [
            ["用户名", "姓名", "单位", "岗位"],
            ["lisi", "李四", "狮山街道", "街道领导"],
            ["wangwu", "王五", "某街道", ""],
        ],
    )
    trial = browser.post(
        "/admin/people/import",
        data={
            "csrf_token": token_in(browser.get("/admin/people/import")),
            "file": (io.BytesIO(table), "人员.xlsx"),
        },
        content_type="multipart/form-data",
    )
    assert "还没有改动任何内容：将新增 1 人" in words(trial)
    assert "没有名称或代码为“某街道”的单位" in words(trial)
    assert directory.people(text="lisi") == []
    (kept,) = html.fromstring(trial.text).xpath("//input[@name='rows']/@value")
    done = post(browser, "/admin/people/import", rows=kept)
    assert "新增 1 人" in words(done)
    assert re.search(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", done.text)
    db.close()
    assert [line.person.name for line in directory.people(text="lisi")] == ["李四"]
    for broken in ("{", "[[1]]", json.dumps([["x", "a", "b", "c", "d"]])):
        assert post(browser, "/admin/people/import", rows=broken).status_code == 422
    assert post(browser, "/admin/people/import").status_code == 422


def test_work_is_handed_over_by_its_page(world: SimpleNamespace) -> None:
    browser = world.enter("系统管理员")
    clerk = db.session().query(Person).filter_by(login=world.logins["街道经办"]).one().id
    db.close()
    alone = browser.get(f"/admin/people/{clerk}/handover")
    assert "没有其他在职人员" in words(alone)
    from app.accounts.queries import unit

    other = make_person("另一经办", Role.STREET_CLERK, unit(world.street)).id
    db.close()
    page = f"/admin/people/{clerk}/handover"
    assert "另一经办（狮山街道）" in words(browser.get(page))
    assert post(browser, page, successor_id=other, switch_off="true").status_code == 422
    done = post(browser, page, successor_id=other, switch_off="true", reason="调离")
    assert done.status_code == 302
    db.close()
    assert not directory.person(clerk).active
