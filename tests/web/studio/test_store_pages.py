"""The draft store over HTTP, and the studio's first pages."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Person
from app.core import db
from app.core.identity import Actor
from app.studio import drafts
from tests.factories.site import PASSWORD, checked_by, sign_in, token_in
from tests.factories.studio import begin, make_studio

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
REVIEW = "process/review.bpmn"


@pytest.fixture
def studio(app: Flask) -> SimpleNamespace:
    del app
    return make_studio(whole=True)


@pytest.fixture
def enter(app: Flask) -> Any:
    def _enter(actor: Actor) -> FlaskClient:
        browser = app.test_client()
        login = db.session().get_one(Person, actor.person_id).login
        assert sign_in(browser, login, PASSWORD).status_code == 302
        token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/studio").text)
        browser.environ_base["HTTP_X_CSRFTOKEN"] = token[1] if token else ""
        return browser

    return _enter


def test_the_editors_contract(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    base = f"/studio/drafts/{draft.id}"
    mine, other = enter(studio.designer), enter(studio.colleague)
    state = mine.get(f"{base}/state").json
    assert (state["rev"], state["lock"], state["state"]) == (1, None, "editing")
    assert REVIEW in state["files"]
    held = mine.post(f"{base}/lock").json
    assert (held["mine"], held["holder"]) == (True, "设计员")
    assert other.post(f"{base}/lock").json["mine"] is False
    got = mine.get(f"{base}/files/{REVIEW}")
    assert got.headers["ETag"] == '"1"'
    changed = got.data.replace(b'value="5"', b'value="7"')
    saved = mine.put(f"{base}/files/{REVIEW}", data=changed, headers={"If-Match": '"1"'})
    assert saved.status_code == 200
    assert saved.json["rev"] == 2
    assert re.fullmatch(r"\d\d:\d\d", saved.json["saved_at"])
    late = mine.put(f"{base}/files/{REVIEW}", data=got.data, headers={"If-Match": "1"})
    assert (late.status_code, late.mimetype) == (409, "application/problem+json")
    locked = other.put(f"{base}/files/form/x.json", data=b"{}")
    assert (locked.status_code, locked.mimetype) == (409, "application/problem+json")
    hostile = mine.put(f"{base}/files/{REVIEW}", data=b"<!DOCTYPE a><a/>", headers={"If-Match": "2"})
    assert (hostile.status_code, hostile.mimetype) == (422, "application/problem+json")
    assert mine.delete(f"{base}/lock").status_code == 204
    assert other.put(f"{base}/files/form/x.json", data=b"{}").json["rev"] == 3
    assert mine.delete(f"{base}/files/form/x.json").status_code == 409
    assert other.delete(f"{base}/files/form/x.json").json["rev"] == 4
    assert mine.get(f"{base}/files/form/x.json").status_code == 404
    checked = checked_by(mine, base)
    assert checked["ok"] is True
    assert {"findings", "verdicts", "seconds", "rev"} <= checked.keys()


def test_a_write_needs_its_token_and_its_right(studio: SimpleNamespace, enter: Any) -> None:
    draft = begin(studio)
    place = f"/studio/drafts/{draft.id}/files/form/x.json"
    browser = enter(studio.designer)
    browser.environ_base["HTTP_X_CSRFTOKEN"] = "forged"
    assert browser.put(place, data=b"{}").status_code == 400
    reader = enter(studio.publisher)
    assert reader.get(f"/studio/drafts/{draft.id}/state").status_code == 200
    assert reader.put(place, data=b"{}").status_code == 403
    clerk = enter(studio.clerk)
    assert clerk.get("/studio").status_code == 403
    assert clerk.get(f"/studio/drafts/{draft.id}/state").status_code == 403
    assert drafts.saves_of(draft.id) == []


def test_a_designer_begins_looks_back_and_gives_up(studio: SimpleNamespace, enter: Any) -> None:
    browser = enter(studio.designer)
    assert "流程工坊" in browser.get("/desk").text
    assert "第 1 版" in browser.get("/studio").text
    page = browser.get("/studio/processes/zhuhai/zhuhai_project")
    fields = {
        "pack_key": "zhuhai",
        "process_key": "zhuhai_project",
        "title": "会签",
        "csrf_token": token_in(page),
    }
    made = browser.post("/studio/drafts", data=fields)
    assert made.status_code == 302
    (draft,) = drafts.drafts()
    shown = browser.get(made.location).text
    assert f"/studio/drafts/{draft.id}/diagram/review" in shown
    assert "街道审议" in shown
    drafts.save_file(studio.designer, draft.id, "form/x.json", b'{"title": "x"}', None)
    history = browser.get(f"{made.location}/history").text
    assert "form/x.json" in history
    (one,) = drafts.saves_of(draft.id)
    assert "x&#34;}" in browser.get(f"{made.location}/history/{one.id}").text
    assert browser.get(f"{made.location}/history/{one.id + 9}").status_code == 404
    back = browser.post(f"{made.location}/history/{one.id}/restore", data={"csrf_token": token_in(page)})
    assert back.status_code == 302
    assert "form/x.json" not in drafts.names_of(draft.id)
    browser.post(f"{made.location}/discard", data={"csrf_token": token_in(page)})
    db.close()
    assert drafts.find(draft.id).state == "discarded"
    assert "已作废" in browser.get("/studio").text
