"""Pages of the figures, the calendar and the audit."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

import config
from app.core import db
from app.core.identity import SYSTEM, Role
from app.policy import queries, services
from app.policy.calendar import is_working_day
from app.policy.packs import Pack
from tests.factories.people import make_person, make_units
from tests.factories.site import PASSWORD, sign_in, token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
THIRD = date(2028, 1, 3)
PAPER = {"ref": "珠民〔2026〕1 号", "decided_by": "局务会", "decided_on": "2026-02-01"}


@pytest.fixture
def world(app: Flask, pack: Pack) -> SimpleNamespace:
    services.store(SYSTEM, pack)
    units = make_units()
    logins = {
        name: make_person(name, role, unit).login
        for name, role, unit in (
            ("市民政", Role.CITY_OFFICER, units.city),
            ("区民政", Role.DISTRICT_OFFICER, units.district),
            ("系统管理员", Role.SYSTEM_ADMIN, units.city),
            ("审计管理员", Role.AUDIT_ADMIN, units.city),
            ("街道经办", Role.STREET_CLERK, units.street),
        )
    }
    db.close()

    def enter(name: str) -> FlaskClient:
        browser = app.test_client()
        assert sign_in(browser, logins[name], PASSWORD).status_code == 302
        return browser

    return SimpleNamespace(enter=enter, logins=logins)


def words(answer: Any) -> str:
    return " ".join(html.fromstring(answer.text).text_content().split())


def post(browser: FlaskClient, page: str, to: str = "", **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(to or page, data={"csrf_token": token, **fields})


def test_a_looser_value_comes_back_beside_its_field_with_both_references(world: SimpleNamespace) -> None:
    browser = world.enter("市民政")
    page = "/admin/policy/zhuhai/parameters/advance_max_pct"
    answer = post(browser, page, value="41", **PAPER)
    assert answer.status_code == 422
    fault = html.fromstring(answer.text).xpath("string(//*[@id='f-value-err'])")
    assert "ZH-23" in fault
    assert "珠民〔2026〕1 号" in fault
    assert post(browser, page, value="35", **PAPER).status_code == 302
    assert "等待他人确认" in words(browser.get("/admin/policy/zhuhai"))
    assert browser.get("/admin/policy/zhuhai/parameters/advance_base").status_code == 422
    assert browser.get("/admin/policy/nowhere").status_code == 404


def test_a_second_person_confirms_or_sends_back(world: SimpleNamespace) -> None:
    owner, second = world.enter("市民政"), world.enter("区民政")
    post(owner, "/admin/policy/zhuhai/parameters/publicity_days", value="7", **PAPER)
    post(owner, "/admin/policy/zhuhai/parameters/debt_words", value="还款\n还债\n", **PAPER)
    home = "/admin/policy/zhuhai"
    days, debts = html.fromstring(second.get(home).text).xpath("//input[@name='proposal']/@value")
    own = post(owner, home, f"{home}/confirm", proposal=days, decision="confirm")
    assert own.status_code == 403
    assert post(second, home, f"{home}/confirm", decision="confirm").status_code == 422
    assert post(second, home, f"{home}/confirm", proposal=debts, decision="refuse").status_code == 422
    sent = post(second, home, f"{home}/confirm", proposal=debts, decision="refuse", reason="用词不全")
    assert sent.status_code == 302
    assert post(second, home, f"{home}/confirm", proposal=days, decision="confirm").status_code == 302
    shown = words(second.get(home))
    assert "7 工作日" in shown
    assert "用词不全" in shown
    db.close()
    assert queries.latest("zhuhai").value("publicity_days") == 7  # type: ignore[union-attr]


def test_who_may_look_and_who_may_not(world: SimpleNamespace) -> None:
    admin = world.enter("系统管理员")
    assert "40 %" in words(admin.get("/admin/policy/zhuhai"))
    assert admin.get("/admin/policy/zhuhai/parameters/publicity_days").status_code == 403
    assert admin.get("/admin/audit").status_code == 403
    clerk = world.enter("街道经办")
    for url in ("/admin/policy", "/admin/calendar", "/admin/audit", "/admin/setup", "/desk/lists"):
        assert clerk.get(url).status_code == 403


def test_a_year_is_shown_a_day_changed_and_a_year_imported(world: SimpleNamespace) -> None:
    admin = world.enter("系统管理员")
    assert "248 个工作日" in words(admin.get("/admin/calendar?year=2026"))
    assert "还没有公布 2028 年" in words(admin.get("/admin/calendar?year=2028"))
    assert admin.get("/admin/calendar?year=1999").status_code == 404
    assert admin.get("/admin/calendar/2026-13-01").status_code == 404
    day = "/admin/calendar/2026-03-09"
    assert post(admin, day, working="no").status_code == 422
    assert post(admin, day, working="no", source="台风停工通知").status_code == 302
    assert "247 个工作日" in words(admin.get("/admin/calendar?year=2026"))
    assert post(admin, day, f"{day}/forget").status_code == 302
    assert "248 个工作日" in words(admin.get("/admin/calendar?year=2026"))

    page, source = "/admin/calendar/import", "国务院办公厅关于 2028 年部分节假日安排的通知"

    def upload(text: str, **more: str) -> Any:
        data = {"csrf_token": token_in(admin.get(page)), "source": source, **more}
        file = (io.BytesIO(text.encode()), "2028.csv")
        return admin.post(page, data={**data, "file": file}, content_type="multipart/form-data")

    assert "第 2 行" in words(upload("日期,类型\n2028-02-30,休\n"))
    assert "通知名称" in words(upload("日期,类型\n2028-01-03,休\n", source=""))
    trial = upload("日期,类型\n2028-01-03,休\n2028-01-08,班\n")
    assert "导入后有 2 天与现在不同" in words(trial)
    db.close()
    assert is_working_day(THIRD).working
    (kept,) = html.fromstring(trial.text).xpath("//input[@name='days']/@value")
    assert post(admin, page, days="{", source=source).status_code == 422
    assert post(admin, page, days=kept, source=source).status_code == 302
    db.close()
    assert not is_working_day(THIRD).working
    assert "还没有公布" not in words(admin.get("/admin/calendar?year=2028"))
    assert world.enter("市民政").get(page).status_code == 403


def test_the_audit_is_searched_and_verified(world: SimpleNamespace, app: Flask) -> None:
    assert sign_in(app.test_client(), world.logins["街道经办"], "wrong").status_code == 401
    auditor = world.enter("审计管理员")
    found = words(auditor.get(f"/admin/audit?subject={world.logins['街道经办']}&act=accounts.login_failed"))
    assert "本页 1 条" in found
    assert "登录失败" in found
    assert "没有符合条件的记录" in words(auditor.get("/admin/audit?person=谁也不是"))
    assert "没有符合条件的记录" in words(auditor.get("/admin/audit?start=2026-03-03"))
    assert "授予岗位" in words(auditor.get("/admin/audit?room=accounts&start=2026-03-02&end=2026-03-02"))
    assert "审计记录完整" in words(post(auditor, "/admin/audit", "/admin/audit/verify"))
    with db.unit_of_work() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_entry_no_update")
        session.connection().exec_driver_sql("UPDATE audit_entry SET subject = 'x' WHERE id = 2")
    assert "审计记录不完整" in words(post(auditor, "/admin/audit", "/admin/audit/verify"))


@pytest.mark.parametrize("command", [["seed"], ["db", "upgrade"], ["accounts", "admin", "x"]])
def test_without_its_secrets_every_command_ends_with_one_plain_line(
    command: list[str], database: Any
) -> None:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "flask", "--app", "wsgi", *command],
        cwd=config.ROOT,
        env={**kept, "ZHENJIE_ENV": "production", "SECRET_KEY": "s" * 40},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "zhenjie: production needs these settings: AUDIT_KEY, PUBLIC_URL, DATABASE_URL\n"
