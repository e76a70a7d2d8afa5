"""Uploading and reading files in the browser's words."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app.accounts import services as accounts
from app.core import db
from app.core.identity import SYSTEM
from app.files.models import StoredFile
from app.files.views import bp
from tests.factories.site import PASSWORD, make_site, sign_in, token_in

PDF = b"%PDF-1.7\nhello"
JSON = {"Accept": "application/json"}


@pytest.fixture
def browser(database: Engine) -> FlaskClient:
    for login in ("lijianguo", "other"):
        accounts.create_person(SYSTEM, login=login, name=login, password=PASSWORD, must_change=False)
    client = make_site(bp).test_client()
    sign_in(client)
    return client


def send(browser: FlaskClient, name: str = "合同.pdf", data: bytes = PDF, token: str | None = None):  # type: ignore[no-untyped-def]
    headers = {**JSON, "X-CSRFToken": token if token is not None else token_in(browser.get("/password"))}
    return browser.post("/files", data={"file": (io.BytesIO(data), name)}, headers=headers)


def test_an_upload_answers_with_what_the_form_keeps(browser: FlaskClient) -> None:
    answer = send(browser)
    assert answer.status_code == 201
    assert {"name": "合同.pdf", "size": len(PDF)}.items() <= answer.json.items()
    read = browser.get(f"/files/{answer.json['id']}")
    assert read.data == PDF


def test_a_refused_upload_says_why_in_the_detail(browser: FlaskClient) -> None:
    answer = send(browser, "脚本.html", b"<script>")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "可上传 PDF" in answer.json["detail"]


def test_an_upload_without_a_file_or_a_token_is_refused(browser: FlaskClient) -> None:
    token = token_in(browser.get("/password"))
    empty = browser.post("/files", data={}, headers={**JSON, "X-CSRFToken": token})
    assert (empty.status_code, empty.json["detail"]) == (422, "请选择要上传的文件。")
    assert send(browser, token="wrong").status_code == 400


def test_an_upload_needs_somebody_signed_in(browser: FlaskClient) -> None:
    other = browser.application.test_client()
    token = token_in(other.get("/login"))
    assert send(other, token=token).status_code == 401


def test_the_size_limit_is_the_settings(browser: FlaskClient) -> None:
    limit = browser.application.config["SETTINGS"].upload_limit
    answer = send(browser, "大.txt", b"a" * (limit + 1))
    assert answer.status_code == 422
    assert "20 MB" in answer.json["detail"]


@pytest.mark.parametrize(
    ("name", "data", "way", "media"),
    [
        ("合同 甲.pdf", PDF, "inline", "application/pdf"),
        ("现场.png", b"\x89PNG\r\n\x1a\n", "inline", "image/png"),
        ("名单.csv", "姓名\n".encode(), "attachment", "text/csv; charset=utf-8"),
    ],
)
def test_a_file_can_neither_run_nor_be_taken_for_another_kind(
    browser: FlaskClient, name: str, data: bytes, way: str, media: str
) -> None:
    number = send(browser, name, data).json["id"]
    headers = browser.get(f"/files/{number}").headers
    assert headers["Content-Disposition"].startswith(way)
    assert unquote(headers["Content-Disposition"].split("''")[1]) == name
    assert headers["Content-Type"] == media
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "no-cache" in headers["Cache-Control"]
    saved = browser.get(f"/files/{number}?download=1").headers["Content-Disposition"]
    assert saved.startswith("attachment")


def test_a_file_already_read_is_not_sent_again(browser: FlaskClient) -> None:
    number = send(browser).json["id"]
    etag = browser.get(f"/files/{number}").headers["ETag"]
    again = browser.get(f"/files/{number}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_other_eyes_see_nothing_there(browser: FlaskClient) -> None:
    number = send(browser).json["id"]
    other = browser.application.test_client()
    assert other.get(f"/files/{number}").location == "/login"
    sign_in(other, "other")
    assert other.get(f"/files/{number}").status_code == 404
    assert other.get("/files/999").status_code == 404
    db.close()
    assert db.session().get_one(StoredFile, number).case_id is None
