"""The cockpit in the browser: who gets in, what is shown and hidden, each act by its page."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select

from app.accounts.models import OrgUnit, Person
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.identity import SYSTEM, Actor, Role
from app.policy import services as policy
from app.policy.packs import Pack
from app.runtime import definitions, jobs, leases, services
from app.runtime.models import Case, Incident
from app.runtime.queries import tasks_of
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person, make_units
from tests.factories.site import PASSWORD, sign_in, token_in
from tests.integration.runtime.conftest import FORM

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CLERK = "街道经办"
HOME = "/admin/operations"


@pytest.fixture
def office(app: Flask, pack: Pack, clock: time.MovableClock) -> SimpleNamespace:
    """A case whose timer has failed, and the people around it."""
    units = make_units()
    policy.store(SYSTEM, pack)
    city = session().get_one(OrgUnit, units.city.id)
    made = SimpleNamespace(
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        operator=actor_of(make_person("运维", Role.SYSTEM_ADMIN, city)),
        auditor=actor_of(make_person("审计", Role.AUDITOR, city)),
    )
    drawing = Diagram("stuck", "卡住的流程", lanes=[CLERK])
    drawing.start("start", lane=CLERK)
    drawing.user("write", "拟稿", CLERK, 1, form="act")
    drawing.timer("wait", "到期", CLERK, 2, until="until")
    drawing.script("sum", "计算金额", CLERK, 3, source="total = missing + 1")
    drawing.user("last", "归档", CLERK, 4, form="act")
    drawing.end("end", lane=CLERK, col=5)
    for pair in (("start", "write"), ("write", "wait"), ("wait", "sum"), ("sum", "last"), ("last", "end")):
        drawing.flow(*pair)
    definitions.deploy(
        SYSTEM,
        pack_key="zhuhai",
        process_key="stuck",
        title="卡住的流程",
        files={"process/stuck.bpmn": drawing.xml().encode(), "form/act.json": FORM},
        publish=True,
    )
    case = services.start_case(
        made.clerk,
        pack_key="zhuhai",
        process_key="stuck",
        title="长者助餐",
        street_id=units.street.id,
        community_id=units.community.id,
        owner_id=made.clerk.person_id or 0,
        data={"until": (time.now() + timedelta(hours=1)).isoformat(), "contact_name": "王小明"},
    )
    made.case_id, made.case_no = case.id, case.no
    return made


@pytest.fixture
def enter(app: Flask) -> Any:
    def _enter(actor: Actor) -> Any:
        browser = app.test_client()
        login = session().get_one(Person, actor.person_id).login
        assert sign_in(browser, login, PASSWORD).status_code == 302
        return browser

    return _enter


@pytest.fixture
def incident(office: SimpleNamespace, clock: time.MovableClock) -> str:
    """The address of its incident."""
    services.complete_task(office.clerk, tasks_of(office.case_id, "open")[0].id, {"decision": "agree"})
    clock.advance(timedelta(hours=2))
    assert jobs.run_due() == 0
    number = session().scalar(select(Incident.id))
    db.close()
    return f"{HOME}/incidents/{number}"


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def post(browser: Any, page: str, **fields: Any) -> Any:
    return browser.post(page, data={"csrf_token": token_in(browser.get(page)), **fields})


def test_only_those_who_run_or_audit_the_system_get_in(
    office: SimpleNamespace, incident: str, enter: Any
) -> None:
    clerk, auditor = enter(office.clerk), enter(office.auditor)
    for page in (HOME, f"{HOME}/workers", incident, f"{incident}/diagram"):
        assert clerk.get(page).status_code == 403
        assert auditor.get(page).status_code == 200
    assert "重试" not in auditor.get(incident).text
    token = token_in(auditor.get(HOME))
    assert auditor.post(f"{incident}/retry", data={"csrf_token": token}).status_code == 403


def test_the_list_filters_and_the_page_hides_who_somebody_is(
    office: SimpleNamespace, incident: str, enter: Any
) -> None:
    browser = enter(office.operator)
    page = words(browser.get(HOME))
    assert "长者助餐" in page
    assert "计算金额" in page
    assert "没有符合条件的故障" in words(browser.get(f"{HOME}?kind=no_people"))
    assert "长者助餐" in words(browser.get(f"{HOME}?q={office.case_no}"))
    shown = words(browser.get(incident))
    assert "missing" in shown
    assert "王小明" not in shown
    assert "王**" in shown
    drawn = browser.get(f"{incident}/diagram").json
    assert drawn["states"]["sum"] == "late"
    assert browser.get(drawn["xmlUrl"]).data.startswith(b"<?xml")
    assert browser.get(f"{HOME}/incidents/999").status_code == 404


def test_an_operator_mends_the_variable_and_retries(
    office: SimpleNamespace, incident: str, enter: Any
) -> None:
    browser = enter(office.operator)
    assert "仍未成功" in words(
        browser.get(
            browser.post(f"{incident}/retry", data={"csrf_token": token_in(browser.get(incident))}).location
        )
    )
    fields = {"name": "missing", "kind": "number", "reason": "模型写错了变量名"}
    refused = post(browser, f"{incident}/variable", value="四", **fields)
    assert refused.status_code == 422
    assert "请填整数" in words(refused)
    assert post(browser, f"{incident}/variable", value="4", **fields).status_code == 302
    answer = browser.post(f"{incident}/retry", data={"csrf_token": token_in(browser.get(incident))})
    assert "已解决" in words(browser.get(answer.location))
    assert "已经处理完毕" in words(browser.get(f"{incident}/move"))
    assert "长者助餐" in words(browser.get(f"{HOME}?state=resolved"))


def test_an_operator_moves_the_case(office: SimpleNamespace, incident: str, enter: Any) -> None:
    browser = enter(office.operator)
    page = browser.get(f"{incident}/move")
    assert "期限没有届满" in words(page)
    goal = html.fromstring(page.text).xpath("//input[@name='goal']/@value")
    assert len(goal) == 1
    fields = {"goal": goal[0], "reason": "模型写错了变量名"}
    assert post(browser, f"{incident}/move", **fields).status_code == 302
    assert "退回到“拟稿”" in words(browser.get(incident))


def test_an_operator_ends_the_case_or_closes_the_record(
    office: SimpleNamespace, incident: str, enter: Any
) -> None:
    browser = enter(office.operator)
    refused = post(browser, f"{incident}/cancel", reason="流程图作废，无法继续", basis="")
    assert "请填写文件或文号" in words(refused)
    assert post(browser, f"{incident}/resolve", words="已请设计人员修改流程图").status_code == 302
    assert "已请设计人员修改流程图" in words(browser.get(incident))
    assert session().get_one(Case, office.case_id).status == "running"


def test_the_workers_page_tells_whether_anybody_works(
    office: SimpleNamespace, enter: Any, clock: time.MovableClock
) -> None:
    browser = enter(office.operator)
    assert "没有后台任务在运行" in words(browser.get(f"{HOME}/workers"))
    name = leases.begin()
    assert "没有后台任务在运行" not in words(browser.get(f"{HOME}/workers"))
    clock.advance(timedelta(minutes=2))
    assert "失去联系" in words(browser.get(f"{HOME}/workers"))
    leases.beat(name, 3)
    leases.end(name)
    assert "已停止" in words(browser.get(f"{HOME}/workers"))
