"""Messages in the browser: the live count, mail settings, gateways, the outbox."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import db, outbox
from app.core.clock import MovableClock
from app.core.identity import Role
from app.messages import queries, services, settings
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.site import PASSWORD, sign_in, token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def people(app: Flask) -> SimpleNamespace:
    units = make_units()
    clerk = make_person("经办", Role.STREET_CLERK, units.street)
    admin = make_person("管理员", Role.SYSTEM_ADMIN, units.city)
    made = SimpleNamespace(street=units.street.id, clerk=actor_of(clerk), admin=actor_of(admin))
    made.logins = {"clerk": clerk.login, "admin": admin.login}
    return made


def enter(app: Flask, people: SimpleNamespace, who: str) -> FlaskClient:
    browser = app.test_client()
    assert sign_in(browser, people.logins[who], PASSWORD).status_code == 302
    return browser


def post(browser: FlaskClient, page: str, place: str, **fields: object) -> object:
    token = token_in(browser.get(page))
    return browser.post(place, data={"csrf_token": token, **fields}, follow_redirects=True)


def test_a_page_that_stays_open_learns_of_new_messages(app: Flask, people: SimpleNamespace) -> None:
    browser = enter(app, people, "clerk")
    assert browser.get("/messages/unread").json == {"unread": 0, "newest": None}
    services.notify([people.clerk.person_id], "task", "请办理：初审", "/desk")
    known = browser.get("/messages/unread").json
    assert (known["unread"], known["newest"]["title"]) == (1, "请办理：初审")
    assert 'data-unread="1"' in browser.get("/messages").text


def test_a_stranger_gets_no_count(app: Flask, people: SimpleNamespace) -> None:
    assert (
        app.test_client().get("/messages/unread", headers={"Accept": "application/json"}).status_code == 401
    )


def test_mail_is_chosen_and_a_wrong_address_stays_in_its_field(app: Flask, people: SimpleNamespace) -> None:
    browser = enter(app, people, "clerk")
    page = "/messages/settings"
    answer = post(browser, page, page, address="无效", kinds=["task"], digest="daily")
    assert "邮箱地址不正确" in answer.text
    assert 'value="无效"' in answer.text
    answer = post(browser, page, page, address="a@example.cn", kinds=["task", "urge"], digest="hourly")
    assert "消息设置已保存" in answer.text
    db.close()
    saved = settings.mail_setting(people.clerk.person_id)
    assert (saved.address, saved.kinds, saved.digest) == ("a@example.cn", ["task", "urge"], "hourly")


def test_one_sees_the_mails_made_for_oneself_only(
    app: Flask, people: SimpleNamespace, clock: MovableClock
) -> None:
    for person in (people.clerk.person_id, people.admin.person_id):
        with db.unit_of_work():
            outbox.put(
                "mail",
                f"mail:{person}:1-1",
                {"to": f"{person}@x.cn", "subject": "汇总", "text": f"给{person}"},
            )
    text = enter(app, people, "clerk").get("/messages/mails").text
    assert f"给{people.clerk.person_id}" in text
    assert f"给{people.admin.person_id}<" not in text
    assert queries.mails_of(people.clerk)[0].payload["to"] == f"{people.clerk.person_id}@x.cn"


def test_only_the_administrator_looks_after_gateways(app: Flask, people: SimpleNamespace) -> None:
    clerk = enter(app, people, "clerk")
    for page in ("/admin/gateways", "/admin/gateways/new", "/admin/outbox"):
        assert clerk.get(page).status_code == 403
    admin = enter(app, people, "admin")
    fields = {"unit": people.street, "name": "企业微信", "kinds": ["task"]}
    page = "/admin/gateways/new"
    refused = post(admin, page, page, url="http://10.0.0.1/x", **fields)
    assert "网址要以 https:// 开头" in refused.text
    answer = post(admin, page, page, url="https://hook.example.cn/x", **fields)
    (hook,) = settings.webhooks(people.admin)
    assert settings.secret_of(hook) in answer.text
    assert "已停用" in post(admin, "/admin/gateways", f"/admin/gateways/{hook.id}/stop").text


def test_what_was_laid_aside_is_shown_and_tried_again(app: Flask, people: SimpleNamespace) -> None:
    with db.unit_of_work() as session:
        outbox.put("mail", "mail:9:1-1", {"to": "a@x.cn", "subject": "汇总", "text": "x"})
        session.flush()
    with db.unit_of_work() as session:
        (row,) = session.query(outbox.Outgoing)
        row.state, row.error = "dead", "OSError: nobody answers"
        number = row.id
    admin = enter(app, people, "admin")
    assert "nobody answers" in admin.get("/admin/outbox?state=dead").text
    post(admin, "/admin/outbox", f"/admin/outbox/{number}/again")
    db.close()
    assert outbox.counts() == {"waiting": 1}


def test_a_to_do_that_could_not_be_told_is_shown_once_it_is_laid_aside(
    app: Flask, people: SimpleNamespace, clock: MovableClock
) -> None:
    with db.unit_of_work():
        outbox.put("todo", "todo:1:1", {"tasks": [[1, 2]], "actor": None})
    admin = enter(app, people, "admin")
    assert "新的待办提醒" not in admin.get("/admin/outbox").text
    for pause in (*outbox.PAUSES, outbox.LEASE):
        outbox.deliver()
        clock.advance(pause)
    db.close()
    text = admin.get("/admin/outbox?state=dead").text
    assert "新的待办提醒" in text
    assert "系统内的消息" in text
    assert "InvalidRequestError" in text
