"""An office on its first morning: units and people, nothing else. Every list says so instead of showing nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from lxml import html

from app.core import db
from app.core.identity import SYSTEM, Role
from app.policy import services as policy
from app.policy.packs import Pack
from tests.factories.people import PASSWORD, make_person, make_units
from tests.factories.site import sign_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LISTS: tuple[tuple[str, str], ...] = (
    ("", "/"),
    ("", "/notices"),
    ("", "/results"),
    ("clerk", "/desk"),
    ("clerk", "/desk/done"),
    ("clerk", "/desk/mine"),
    ("clerk", "/desk/copies"),
    ("clerk", "/desk/phrases"),
    ("clerk", "/desk/delegations/list"),
    ("clerk", "/cases"),
    ("clerk", "/messages"),
    ("clerk", "/messages/mails"),
    ("clerk", "/procurement"),
    ("clerk", "/organisations"),
    ("clerk", "/needs"),
    ("clerk", "/search?q=助餐"),
    ("finance", "/desk/funds"),
    ("leader", "/reports"),
    ("leader", "/reports/tasks"),
    ("leader", "/reports/list/payments"),
    ("leader", "/reports/list/steps"),
    ("leader", "/reports/list/contracts"),
    ("leader", "/reports/list/served"),
    ("officer", "/desk/lists"),
    ("designer", "/studio"),
    ("system", "/admin/gateways"),
    ("system", "/admin/outbox"),
    ("system", "/admin/operations"),
    ("system", "/admin/operations/workers"),
    ("system", "/admin/people?q=没有这个人"),
    ("system", "/admin/units?q=没有这个单位"),
    ("security", "/admin/roles"),
    ("audit", "/admin/audit?person=没有这个人"),
)
POSTS = {
    "clerk": (Role.STREET_CLERK, "street"),
    "finance": (Role.STREET_FINANCE, "street"),
    "leader": (Role.STREET_LEADER, "street"),
    "officer": (Role.DISTRICT_OFFICER, "district"),
    "designer": (Role.DESIGNER, "city"),
    "system": (Role.SYSTEM_ADMIN, "city"),
    "security": (Role.SECURITY_ADMIN, "city"),
    "audit": (Role.AUDIT_ADMIN, "city"),
}


@pytest.fixture
def office(app: Flask, pack: Pack) -> SimpleNamespace:
    """The application, and who signs in as what."""
    units = make_units()
    policy.store(SYSTEM, pack)
    logins = {
        post: make_person(post, role, getattr(units, unit)).login for post, (role, unit) in POSTS.items()
    }
    db.close()
    return SimpleNamespace(app=app, logins=logins)


def test_every_list_says_that_it_is_empty(office: SimpleNamespace) -> None:
    silent: list[str] = []
    for post in dict.fromkeys(post for post, _ in LISTS):
        browser = office.app.test_client()
        if post:
            assert sign_in(browser, office.logins[post], PASSWORD).status_code == 302
        for _, path in (one for one in LISTS if one[0] == post):
            answer = browser.get(path)
            assert answer.status_code == 200, path
            main = html.fromstring(answer.get_data(as_text=True)).xpath("//main")[0]
            said = ["".join(one.itertext()).strip() for one in main.find_class("zj-empty")]
            bare = [table for table in main.iter("table") if not table.xpath(".//tbody/tr")]
            if not said or not all(said) or bare:
                silent.append(f"{path}: {len(said)} said, {len(bare)} empty tables")
    assert silent == []
