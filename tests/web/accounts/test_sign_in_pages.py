"""Signing in, the first password, what is open to whom."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import Engine

from app.accounts import demo, rules, services
from app.accounts import sign_in as signing
from app.accounts.access import unguarded
from app.accounts.models import OrgUnit, Person
from app.core import db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM, Role
from tests.factories.site import PASSWORD, make_site, sign_in, token_in

NEW = "baiyun-2027"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def site(database: Engine) -> Flask:
    return make_site()


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.fixture
def street(database: Engine) -> OrgUnit:
    city = services.create_unit(SYSTEM, name="珠海市", kind="city", city="440400")
    district = services.create_unit(SYSTEM, name="香洲区", kind="district", city="440400", parent_id=city.id)
    return services.create_unit(SYSTEM, name="狮山街道", kind="street", city="440400", parent_id=district.id)


@pytest.fixture
def clerk(street: OrgUnit) -> Person:
    made, _ = services.create_person(
        SYSTEM, login="lijianguo", name="狮山街道经办", password=PASSWORD, must_change=False
    )
    services.grant(SYSTEM, made.id, street.id, Role.STREET_CLERK)
    return made


@pytest.fixture
def newcomer(street: OrgUnit) -> tuple[Person, str]:
    return services.create_person(SYSTEM, login="xinren", name="新人")


# --- signing in -------------------------------------------------------------------------------------


def test_the_right_password_leads_to_the_desk(visitor: FlaskClient, clerk: Person) -> None:
    answer = sign_in(visitor)
    assert (answer.status_code, answer.location) == (302, "/desk")
    assert "待办 狮山街道经办" in visitor.get("/desk").text
    assert visitor.get("/login").location == "/desk"  # who is in needs no login page


def test_a_wrong_password_says_so_and_keeps_the_name(visitor: FlaskClient, clerk: Person) -> None:
    answer = sign_in(visitor, password="wrong-password-1")
    page = html.fromstring(answer.text)
    assert answer.status_code == 401
    assert signing.WRONG in page.xpath("string(//*[@role='alert'])")
    assert page.xpath("//input[@id='login']/@value") == ["lijianguo"]
    assert "wrong-password-1" not in answer.text
    assert visitor.get("/desk").location == "/login"


def test_repeated_failures_lock_the_account_for_a_while(
    visitor: FlaskClient, clerk: Person, clock: MovableClock
) -> None:
    for _ in range(rules.MAX_FAILURES):
        assert signing.WRONG in sign_in(visitor, password="wrong-password-1").text
    assert signing.LOCKED in sign_in(visitor).text
    clock.advance(rules.LOCK_FOR)
    assert sign_in(visitor).location == "/desk"


def test_an_unknown_login_is_answered_word_for_word_alike(visitor: FlaskClient, clerk: Person) -> None:
    def alerts(login: str) -> list[str]:
        pages = [sign_in(visitor, login, "wrong-password-1") for _ in range(rules.MAX_FAILURES + 1)]
        return [html.fromstring(page.text).xpath("string(//*[@role='alert'])").strip() for page in pages]

    assert alerts("lijianguo") == alerts("nobody")


def test_a_form_without_its_token_is_refused(visitor: FlaskClient, clerk: Person) -> None:
    answer = visitor.post("/login", data={"login": "lijianguo", "password": PASSWORD})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text
    assert visitor.get("/desk").location == "/login"


def test_the_page_asked_for_comes_after_signing_in(visitor: FlaskClient, clerk: Person) -> None:
    assert visitor.get("/desk?due=late").location == "/login"
    assert sign_in(visitor).location == "/desk?due=late"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_way_outside_is_not_followed(visitor: FlaskClient, clerk: Person, target: str) -> None:
    with visitor.session_transaction() as session:
        session["next"] = target
    assert sign_in(visitor).location == "/desk"


def test_a_form_sent_too_late_leads_back_to_its_page_and_an_act_without_a_page_does_not(
    visitor: FlaskClient, clerk: Person
) -> None:
    token = token_in(visitor.get("/login"))
    assert visitor.post("/logout", data={"csrf_token": token}).location == "/login"
    with visitor.session_transaction() as session:
        assert "next" not in session
    assert visitor.post("/desk", data={"csrf_token": token}).location == "/login"
    with visitor.session_transaction() as session:
        assert session["next"] == "/desk"


def test_a_page_that_stood_open_asks_who_is_signed_in(visitor: FlaskClient, clerk: Person) -> None:
    assert visitor.get("/session").json["person"] is None  # type: ignore[index]
    sign_in(visitor)
    known = visitor.get("/session").json
    assert known is not None
    assert known["person"] == clerk.id
    assert 35_000 < known["seconds"] <= 36_000
    assert visitor.post("/desk", data={"csrf_token": known["csrf"]}).status_code == 200


def test_signing_in_again_leads_back_to_a_page_of_this_site_only(visitor: FlaskClient, clerk: Person) -> None:
    sign_in(visitor)
    for wanted, reached in (("/figures", "/figures"), ("https://evil.example/", "/desk")):
        page = visitor.get("/login", query_string={"again": "1", "next": wanted})
        assert page.status_code == 200
        fields = {"csrf_token": token_in(page), "login": "lijianguo", "password": PASSWORD}
        assert visitor.post("/login", data=fields).location == reached


def test_a_script_hears_that_nobody_is_signed_in(visitor: FlaskClient, clerk: Person) -> None:
    answer = visitor.get("/figures", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


# --- the session ------------------------------------------------------------------------------------


def test_what_was_known_before_signing_in_does_not_live_on(visitor: FlaskClient, clerk: Person) -> None:
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["_user_id"] = "a-known-token"
    sign_in(visitor)
    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] != "a-known-token"
        first = session["_user_id"]
    sign_in(site_client(visitor))
    with visitor.session_transaction() as session:
        assert session["_user_id"] == first


def site_client(visitor: FlaskClient) -> FlaskClient:
    """Another visitor at the same site."""
    return visitor.application.test_client()


def test_signing_out_makes_a_copied_cookie_worthless(visitor: FlaskClient, clerk: Person) -> None:
    sign_in(visitor)
    cookie = visitor.get_cookie("session")
    assert cookie
    thief = site_client(visitor)
    thief.set_cookie("session", cookie.value)
    assert thief.get("/desk").status_code == 200
    assert visitor.get("/logout").status_code == 405  # a picture of elsewhere signs nobody out
    token = token_in(visitor.get("/password"))
    assert visitor.post("/logout", data={"csrf_token": token}).location == "/login"
    assert visitor.get("/desk").location == "/login"
    assert thief.get("/desk").location == "/login"


def test_a_changed_password_ends_the_other_sessions(visitor: FlaskClient, clerk: Person) -> None:
    other = site_client(visitor)
    sign_in(visitor)
    sign_in(other)
    answer = change(visitor, PASSWORD, NEW)
    assert answer.location == "/desk"
    assert visitor.get("/desk").status_code == 200
    assert other.get("/desk").location == "/login"
    assert sign_in(other, password=PASSWORD).status_code == 401
    assert sign_in(other, password=NEW).location == "/desk"


def test_switching_an_account_off_ends_its_sessions(visitor: FlaskClient, clerk: Person) -> None:
    sign_in(visitor)
    services.deactivate(SYSTEM, clerk.id)
    assert visitor.get("/desk").location == "/login"


# --- passwords --------------------------------------------------------------------------------------


def change(visitor: FlaskClient, old: str, new: str, repeat: str | None = None):  # type: ignore[no-untyped-def]
    data = {
        "csrf_token": token_in(visitor.get("/password")),
        "old_password": old,
        "new_password": new,
        "repeat": new if repeat is None else repeat,
    }
    return visitor.post("/password", data=data)


def test_a_one_time_password_opens_nothing_but_its_change(
    visitor: FlaskClient, newcomer: tuple[Person, str]
) -> None:
    person, secret = newcomer
    assert sign_in(visitor, "xinren", secret).location == "/desk"
    assert visitor.get("/desk").location == "/password"
    assert "一次性密码" in visitor.get("/password").text
    assert change(visitor, secret, NEW).location == "/desk"
    assert visitor.get("/desk").status_code == 200
    db.close()
    assert not db.session().get_one(Person, person.id).must_change


def test_who_must_change_may_leave(visitor: FlaskClient, newcomer: tuple[Person, str]) -> None:
    sign_in(visitor, "xinren", newcomer[1])
    token = token_in(visitor.get("/password"))
    assert visitor.post("/logout", data={"csrf_token": token}).location == "/login"


def test_faults_of_a_new_password_stand_beside_their_fields(visitor: FlaskClient, clerk: Person) -> None:
    sign_in(visitor)
    answer = change(visitor, "wrong-one-12", "short")
    page = html.fromstring(answer.text)
    assert answer.status_code == 422
    assert "原密码不正确" in page.xpath("string(//*[@id='f-old_password-err'])")
    assert "至少 10 位" in page.xpath("string(//*[@id='f-new_password-err'])")
    assert page.xpath("//input[@aria-invalid='true']/@name") == ["old_password", "new_password"]
    answer = change(visitor, PASSWORD, NEW, "something-else-1")
    assert "两次输入的新密码不一致" in html.fromstring(answer.text).xpath("string(//*[@id='f-repeat-err'])")
    assert signing.authenticate("lijianguo", PASSWORD)


# --- who may ----------------------------------------------------------------------------------------


def test_a_page_of_a_permission_is_shut_for_other_roles(
    visitor: FlaskClient, clerk: Person, street: OrgUnit
) -> None:
    assert visitor.get("/funds").location == "/login"
    sign_in(visitor)
    answer = visitor.get("/funds")
    assert answer.status_code == 403
    assert "没有这项权限" in answer.text
    services.grant(SYSTEM, clerk.id, street.id, Role.STREET_FINANCE)
    assert visitor.get("/funds").text == "资金"


def test_a_public_page_asks_for_nobody(visitor: FlaskClient, clerk: Person) -> None:
    assert visitor.get("/").text == "首页"


def test_a_route_that_states_no_access_is_named(site: Flask) -> None:
    assert unguarded(site) == []
    site.add_url_rule("/open", "open_door", lambda: "x")
    assert unguarded(site) == ["open_door"]


# --- the demo ---------------------------------------------------------------------------------------


def test_the_demo_shows_its_accounts_and_each_button_signs_in(visitor: FlaskClient, street: OrgUnit) -> None:
    made, _ = services.create_person(
        SYSTEM, login="shishan.clerk", name="经办", password=demo.PASSWORD, must_change=False
    )
    services.grant(SYSTEM, made.id, street.id, Role.STREET_CLERK)
    page = html.fromstring(visitor.get("/login").text)
    (form,) = [f for f in page.forms if f.fields.get("login") == "shishan.clerk"]
    assert "狮山街道 · 街道经办" in form.text_content()
    assert visitor.post("/login", data=dict(form.fields)).location == "/desk"


def test_production_shows_no_account(database: Engine, clerk: Person) -> None:
    page = make_site(env="production").test_client().get("/login").text
    assert "演示" not in page
    assert demo.PASSWORD not in page
    assert "lijianguo" not in page


def test_pages_with_people_in_them_are_not_kept_by_the_browser(visitor: FlaskClient, clerk: Person) -> None:
    sign_in(visitor)
    assert visitor.get("/desk").headers["Cache-Control"] == "no-store"
