"""The life of an incident in a real browser: it is found, tried, understood, mended, and the case goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

import config
from app.accounts.models import OrgUnit, Person
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import SYSTEM, Role
from app.policy import services as policy
from app.policy.packs import Pack
from app.runtime import definitions, jobs, services
from app.runtime.queries import tasks_of
from app.web import create_app
from tests.factories.bpmn import Diagram
from tests.factories.people import PASSWORD, actor_of, make_person, make_units
from tests.integration.runtime.conftest import FORM

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LANE = "街道经办"
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.effectiveDirective));"""


@pytest.fixture
def office(
    database: Engine, clock: time.MovableClock, settings: config.Settings, pack: Pack
) -> Iterator[SimpleNamespace]:
    """A case whose timer has failed, served on a port of its own."""
    url = database.url.render_as_string(hide_password=False)
    flask: Flask = create_app(replace(settings, database_url=url, public_url=""))
    own = db.engine()
    units = make_units()
    policy.store(SYSTEM, pack)
    clerk = actor_of(make_person("经办", Role.STREET_CLERK, units.street))
    operator = make_person("运维", Role.SYSTEM_ADMIN, session().get_one(OrgUnit, units.city.id))
    drawing = Diagram("stuck", "居民服务小额流程", lanes=[LANE])
    drawing.start("start", lane=LANE)
    drawing.user("write", "拟订方案", LANE, 1, form="act")
    drawing.timer("wait", "等待期满", LANE, 2, until="until")
    drawing.script("sum", "计算金额", LANE, 3, source="total = base + extra")
    drawing.user("last", "归档", LANE, 4, form="act")
    drawing.end("end", lane=LANE, col=5)
    for pair in (("start", "write"), ("write", "wait"), ("wait", "sum"), ("sum", "last"), ("last", "end")):
        drawing.flow(*pair)
    files = {"process/stuck.bpmn": drawing.xml().encode(), "form/act.json": FORM}
    definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="stuck", title="小额流程", files=files, publish=True
    )
    case = services.start_case(
        clerk,
        pack_key="zhuhai",
        process_key="stuck",
        title="长者助餐",
        street_id=units.street.id,
        community_id=units.community.id,
        owner_id=clerk.person_id or 0,
        data={"until": (time.now() + timedelta(hours=1)).isoformat(), "base": 100},
    )
    services.complete_task(clerk, tasks_of(case.id, "open")[0].id, {"decision": "agree"})
    clock.advance(timedelta(hours=2))
    assert jobs.run_due() == 0
    logins = SimpleNamespace(
        clerk=session().get_one(Person, clerk.person_id).login, operator=operator.login, no=case.no
    )
    db.close()
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    logins.base = f"http://127.0.0.1:{server.server_port}"
    yield logins
    server.shutdown()
    thread.join()
    db.bind(None)
    own.dispose()


def enter(browser: Browser, office: SimpleNamespace, login: str, width: int = 1440) -> Page:
    context = browser.new_context(locale="zh-CN", viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30000)
    page.add_init_script(WATCH)
    page.goto(f"{office.base}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit] >> nth=0")
    page.wait_for_url(lambda url: not url.endswith("/login"))
    return page


def test_an_incident_is_found_understood_and_mended(browser: Browser, office: SimpleNamespace) -> None:
    page = enter(browser, office, office.operator)
    page.goto(f"{office.base}/messages")
    page.get_by_text("出现故障").first.click()  # the operator was told
    expect(page.get_by_role("heading", level=1)).to_contain_text("计算金额")
    expect(page.locator(".zj-note.zj-t-bad")).to_contain_text("extra")
    expect(page.locator(".zj-flow-badge")).to_contain_text("故障")  # marked on the case's diagram
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".zj-flash")).to_contain_text("仍未成功")
    expect(page.locator("#acts")).to_contain_text("共出现 2 次")
    page.locator("summary", has_text="其他处理").click()
    page.get_by_role("link", name="补充流程变量").click()
    page.fill("[name=name]", "extra")
    page.get_by_text("整数", exact=True).click()
    page.fill("[name=value]", "48")
    page.fill("[name=reason]", "模型漏设了这个变量")
    page.get_by_role("button", name="补充").click()
    expect(page.locator("#variables")).to_contain_text("extra")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".zj-flash")).to_contain_text("已解决")
    expect(page.get_by_role("heading", level=1)).to_contain_text("已解决")
    assert page.evaluate("window.violations") == []
    phone = enter(browser, office, office.operator, width=390)
    for address in ("", "/incidents/1", "/workers"):
        phone.goto(f"{office.base}/admin/operations{address}")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    clerk = enter(browser, office, office.clerk)
    clerk.goto(f"{office.base}/cases/{office.no}")
    expect(clerk.locator("main")).to_contain_text("归档")  # the case goes on
    expect(clerk.locator("main")).to_contain_text("模型漏设了这个变量")  # and tells what was done to it
