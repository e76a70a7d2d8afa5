"""Uploading and reading files in the visitor's words."""

from __future__ import annotations

import io
from dataclasses import replace
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
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def visitor(database: Engine) -> FlaskClient:
    for login in ("lijianguo", "other"):
        accounts.create_person(SYSTEM, login=login, name=login, password=PASSWORD, must_change=False)
    client = make_site(bp).test_client()
    sign_in(client)
    return client


def send(visitor: FlaskClient, name: str = "合同.pdf", data: bytes = PDF, token: str | None = None):  # type: ignore[no-untyped-def]
    headers = {**JSON, "X-CSRFToken": token if token is not None else token_in(visitor.get("/password"))}
    return visitor.post("/files", data={"file": (io.BytesIO(data), name)}, headers=headers)


def test_an_upload_answers_with_what_the_form_keeps(visitor: FlaskClient) -> None:
    answer = send(visitor)
    assert answer.status_code == 201
    assert {"name": "合同.pdf", "size": len(PDF)}.items() <= answer.json.items()
    read = visitor.get(f"/files/{answer.json['id']}")
    assert read.data == PDF


def test_a_refused_upload_says_why_in_the_detail(visitor: FlaskClient) -> None:
    answer = send(visitor, "脚本.html", b"<script>")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "可上传 PDF" in answer.json["detail"]


def test_an_upload_without_a_file_or_a_token_is_refused(visitor: FlaskClient) -> None:
    token = token_in(visitor.get("/password"))
    empty = visitor.post("/files", data={}, headers={**JSON, "X-CSRFToken": token})
    assert (empty.status_code, empty.json["detail"]) == (422, "请选择要上传的文件。")
    assert send(visitor, token="wrong").status_code == 400


def test_an_upload_needs_somebody_signed_in(visitor: FlaskClient) -> None:
    other = visitor.application.test_client()
    token = token_in(other.get("/login"))
    assert send(other, token=token).status_code == 401


def test_the_size_limit_is_the_settings(visitor: FlaskClient) -> None:
    flask = visitor.application
    flask.config["SETTINGS"] = replace(flask.config["SETTINGS"], upload_limit=2000)
    assert send(visitor, "满.txt", b"a" * 2000).status_code == 201
    answer = send(visitor, "大.txt", b"a" * 2001)
    assert answer.status_code == 422
    assert "文件超过" in answer.json["detail"]


@pytest.mark.parametrize(
    ("name", "data", "way", "media"),
    [
        ("合同 甲.pdf", PDF, "inline", "application/pdf"),
        ("现场.png", b"\x89PNG\r\n\x1a\n", "inline", "image/png"),
        ("名单.csv", "姓名\n".encode(), "attachment", "text/csv; charset=utf-8"),
    ],
)
def test_a_file_can_neither_run_nor_be_taken_for_another_kind(
    visitor: FlaskClient, name: str, data: bytes, way: str, media: str
) -> None:
    number = send(visitor, name, data).json["id"]
    headers = visitor.get(f"/files/{number}").headers
    assert headers["Content-Disposition"].startswith(way)
    assert unquote(headers["Content-Disposition"].split("''")[1]) == name
    assert headers["Content-Type"] == media
    assert headers["X-Content-Type-Options"] == "nosniff"
    # Browsers show no PDF in a sandbox; their viewer runs it as nothing of this site.
    wanted = "default-src 'none'" if media == "application/pdf" else "sandbox; default-src 'none'"
    assert headers["Content-Security-Policy"].startswith(wanted)
    assert "no-cache" in headers["Cache-Control"]
    saved = visitor.get(f"/files/{number}?download=1").headers["Content-Disposition"]
    assert saved.startswith("attachment")


def test_a_file_already_read_is_not_sent_again(visitor: FlaskClient) -> None:
    number = send(visitor).json["id"]
    etag = visitor.get(f"/files/{number}").headers["ETag"]
    again = visitor.get(f"/files/{number}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_other_eyes_see_nothing_there(visitor: FlaskClient) -> None:
    number = send(visitor).json["id"]
    other = visitor.application.test_client()
    assert other.get(f"/files/{number}").location == "/login"
    sign_in(other, "other")
    assert other.get(f"/files/{number}").status_code == 404
    assert other.get("/files/999").status_code == 404
    db.close()
    assert db.session().get_one(StoredFile, number).case_id is None


PNG = b"\x89PNG\r\n\x1a\nrest"


def test_a_picture_and_a_pdf_have_a_page_of_their_own(visitor: FlaskClient) -> None:
    for name, data in (("现场.png", PNG), ("纪要.pdf", PDF)):
        number = send(visitor, name, data).json["id"]
        page = visitor.get(f"/files/{number}/page")
        assert page.status_code == 200
        assert f'src="/files/{number}"' in page.text
        assert name in page.text
    assert visitor.get("/files/99/page").status_code == 404


def test_only_pages_of_this_site_may_frame_a_file(visitor: FlaskClient) -> None:
    for name, data, sandboxed in (("现场.png", PNG, True), ("纪要.pdf", PDF, False)):
        answer = visitor.get(f"/files/{send(visitor, name, data).json['id']}")
        rules = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in rules
        assert "default-src 'none'" in rules
        assert "script-src" not in rules
        assert ("sandbox" in rules) is sandboxed
