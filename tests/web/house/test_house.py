"""The whole application: doors, headers, who sees which case, a step through its page."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

import config
from app.accounts.access import unguarded
from app.accounts.demo import PASSWORD
from app.accounts.queries import actor
from app.cli import world as worlds
from app.cli.player import PAPER
from app.core import db, marks
from app.core.db import session
from app.documents import pdf
from app.files import services as files
from app.projects.models import Project
from app.runtime.models import Case, History, Task
from app.web import create_app
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize(
    "database", ["sqlite"], indirect=True
)  # pages and commands: one database


@pytest.fixture
def office(app: Flask) -> Flask:
    """The application with the demo's world: two streets, their people, money, list."""
    worlds.build(everything=True)
    db.close()
    return app


def signed_in(office: Flask, login: str) -> FlaskClient:
    """A browser of a person."""
    client = office.test_client()
    page = client.get("/login")
    answer = client.post("/login", data={"login": login, "password": PASSWORD, "csrf_token": token_in(page)})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return client


def post(client: FlaskClient, url: str, **data: str) -> tuple[int, str, str]:
    """Post a form with its token; answers status, place and page."""
    page = client.get(url)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.get_data(as_text=True))
    answer = client.post(
        url, data={"csrf_token": token_in(page), "idempotency_key": key.group(1) if key else "", **data}
    )
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


def start(office: Flask, login: str = "liangwei") -> tuple[FlaskClient, str]:
    """A community member starts a project; answers the browser and the first task's place."""
    client = signed_in(office, login)
    with office.app_context():
        community = worlds.unit_by_code(worlds.STREET)
        first = worlds.units_below(community.id, "community")[0].id
    status, place, _ = post(
        client, "/desk/start", origin="community", community_id=str(first), title="长者助餐服务"
    )
    assert status == 302
    return client, place


def test_every_door_states_who_may_pass(app: Flask) -> None:
    assert unguarded(app) == []


def test_health_needs_no_token(client: FlaskClient) -> None:
    answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok"}


@pytest.mark.parametrize(
    "url", ["/desk", "/cases", "/desk/start", "/procurement", "/desk/tasks/1", "/cases/X"]
)
def test_the_workbench_asks_for_an_account(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/login")


def test_headers_keep_the_page_to_itself(client: FlaskClient) -> None:
    headers = client.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_demo_answers_only_this_machine(client: FlaskClient) -> None:
    assert client.get("/", headers={"X-Forwarded-For": "10.1.1.1"}).status_code == 400
    assert client.get("/", headers={"Host": "office.example"}).status_code == 400


def test_demo_and_production_never_share_a_database(
    app: Flask, settings: config.Settings, database: Engine
) -> None:
    url = app.config["SETTINGS"].database_url
    with app.app_context():
        marks.put("demo", "1")
    with pytest.raises(config.SettingsError, match="demo"):
        create_app(replace(settings, env="production", database_url=url))
    with app.app_context():
        session().delete(session().get_one(marks.Mark, "demo"))
        session().commit()
        marks.put("production", "1")
    with pytest.raises(config.SettingsError, match="production"):
        create_app(replace(settings, env="demo", database_url=url))


def test_production_names_all_that_is_missing_in_one_line(database: Engine) -> None:
    with pytest.raises(config.SettingsError) as caught:
        config.load({"ZHENJIE_ENV": "production"})
    assert str(caught.value).count("\n") == 0
    assert all(
        name in str(caught.value) for name in ("SECRET_KEY", "AUDIT_KEY", "PUBLIC_URL", "DATABASE_URL")
    )


@pytest.mark.requirement("ZH-24a", "accept")
def test_a_step_is_done_through_its_page(office: Flask) -> None:
    client, place = start(office)
    page = client.get(place).get_data(as_text=True)
    assert "两委牵头确认" in page
    status, place, _ = post(
        client, place, party_lead="书记", party_confirms="1", committee_lead="主任", committee_confirms="1"
    )
    assert status == 302
    page = client.get(place).get_data(as_text=True)
    assert "填写项目提案" in page
    with office.app_context():
        assert session().scalar(select(func.count()).select_from(Project)) == 1
        case = session().scalars(select(Case)).one()
        assert client.get(f"/cases/{case.no}").status_code == 200


def test_a_refusal_stands_beside_its_field_keeps_what_was_typed_and_saves_nothing(office: Flask) -> None:
    client, place = start(office)
    with office.app_context():
        before = session().scalar(select(func.count()).select_from(History))
    status, _, page = post(
        client,
        place,
        party_lead="张书记同志",
        party_confirms="1",
        committee_lead="主任",
        committee_confirms="0",
    )
    assert status == 422
    assert "须由村（居）委会确认牵头" in page
    assert "张书记同志" in page
    with office.app_context():
        assert session().scalar(select(func.count()).select_from(History)) == before
        assert session().scalars(select(Task)).one().state == "open"


def test_sent_twice_is_one_effect(office: Flask) -> None:
    client, place = start(office)
    page = client.get(place)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.get_data(as_text=True))
    assert key
    data = {
        "csrf_token": token_in(page),
        "idempotency_key": key.group(1),
        "party_lead": "书记",
        "party_confirms": "1",
        "committee_lead": "主任",
        "committee_confirms": "1",
    }
    first, second = client.post(place, data=data), client.post(place, data=data)
    assert first.status_code == second.status_code == 302
    with office.app_context():
        done = session().scalars(select(Task).where(Task.state == "done")).all()
        assert len(done) == 1


def test_a_second_completion_without_the_key_is_told_and_changes_nothing(office: Flask) -> None:
    client, place = start(office)
    data = {"party_lead": "书记", "party_confirms": "1", "committee_lead": "主任", "committee_confirms": "1"}
    page = client.get(place)
    assert client.post(place, data={"csrf_token": token_in(page), **data}).status_code == 302
    again = client.post(place, data={"csrf_token": token_in(page), **data})
    assert again.status_code == 409
    assert "已经办理" in again.get_data(as_text=True)


@pytest.mark.requirement("ZH-24a", "reject")
def test_another_street_sees_nothing_of_the_case(office: Flask) -> None:
    _, place = start(office)
    with office.app_context():
        no = session().scalars(select(Case.no)).one()
    stranger = signed_in(office, "jida-jingban")
    for url in (f"/cases/{no}", f"/cases/{no}/diagram", place, f"/cases/{no}/withdraw"):
        assert stranger.get(url).status_code == 404, url
    assert "长者助餐服务" not in stranger.get("/cases").get_data(as_text=True)


def test_who_may_see_but_not_do_is_told_why(office: Flask) -> None:
    _, place = start(office)
    clerk = signed_in(office, "jingban")
    page = clerk.get(place).get_data(as_text=True)
    assert "两委成员" in page
    token = token_in(clerk.get("/desk/start"))
    answer = clerk.post(place, data={"csrf_token": token, "party_lead": "x"})
    assert answer.status_code == 403


def test_a_draft_is_kept_for_its_writer(office: Flask) -> None:
    client, place = start(office)
    token = token_in(client.get(place))
    saved = client.post(f"{place}/draft", data={"csrf_token": token, "party_lead": "写到一半"})
    assert saved.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d", saved.get_json()["saved_at"])
    assert "写到一半" in client.get(place).get_data(as_text=True)


def test_claimed_work_is_left_alone(office: Flask) -> None:
    client, place = start(office)
    token = token_in(client.get(place))
    assert client.post(f"{place}/claim", data={"csrf_token": token}).status_code == 302
    assert "退回认领" in client.get(place).get_data(as_text=True)
    assert client.post(f"{place}/release", data={"csrf_token": token}).status_code == 302


def test_the_diagram_and_its_called_stages_open(office: Flask) -> None:
    client, _ = start(office)
    with office.app_context():
        no = session().scalars(select(Case.no)).one()
    top = client.get(f"/cases/{no}/diagram").get_json()
    assert top["states"]["proposal"] == "active"
    inner = client.get(top["calls"]["proposal"]).get_json()
    assert inner["states"]["lead"] == "active"
    assert client.get(inner["xmlUrl"]).mimetype == "application/xml"
    assert client.get(f"/cases/{no}/diagram?path=nowhere").status_code == 404


def test_withdrawing_ends_the_case_with_its_reason(office: Flask) -> None:
    client, _ = start(office)
    with office.app_context():
        no = session().scalars(select(Case.no)).one()
    status, _, page = post(client, f"/cases/{no}/withdraw", reason="")
    assert status == 422
    assert "请写明撤回原因" in page
    assert post(client, f"/cases/{no}/withdraw", reason="内容重复")[0] == 302
    with office.app_context():
        assert session().scalars(select(Case)).one().status == "withdrawn"
        assert not session().scalars(select(Task).where(Task.state == "open")).all()


@pytest.mark.parametrize(
    ("category", "closed_to"),
    [("basic", []), ("special", ["daibiao"]), ("safety", ["daibiao", "shuji"])],
)
def test_papers_of_protected_projects_are_for_those_who_handle_them(
    office: Flask, category: str, closed_to: list[str]
) -> None:
    client, place = start(office)
    token = token_in(client.get(place))
    upload = client.post(
        "/files", data={"csrf_token": token, "file": (io.BytesIO(PAPER), "受助人员名单.pdf")}
    )
    paper = upload.get_json()["id"]
    with office.app_context(), db.unit_of_work():
        case = session().scalars(select(Case)).one()
        project = session().scalars(select(Project)).one()
        project.category = category
        files.attach([paper], case.id, actor(case.started_by or 0))
    for login in ("jingban", "shuji", "daibiao"):
        reader = signed_in(office, login)
        assert reader.get(f"/cases/{case_no(office)}").status_code == 200
        assert reader.get(f"/files/{paper}").status_code == (404 if login in closed_to else 200), login
    assert client.get(f"/files/{paper}").status_code == 200


def case_no(office: Flask) -> str:
    """The number of the only case."""
    with office.app_context():
        return session().scalars(select(Case.no)).one()


def test_the_record_of_a_case_is_a_paper(office: Flask) -> None:
    client, _ = start(office)
    answer = client.get(f"/cases/{case_no(office)}/record.pdf")
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert signed_in(office, "jida-jingban").get(f"/cases/{case_no(office)}/record.pdf").status_code == 404


def test_a_machine_without_pango_says_so(office: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"cannot load library for {name}")

    monkeypatch.setattr(pdf.importlib, "import_module", missing)
    client, _ = start(office)
    answer = client.get(f"/cases/{case_no(office)}/record.pdf")
    assert answer.status_code == 503
    assert "没有安装 Pango" in answer.get_data(as_text=True)
    assert client.get(f"/cases/{case_no(office)}").status_code == 200
