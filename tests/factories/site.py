"""A small application around the rooms under test, with CSRF protection as in the real one."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from werkzeug.test import TestResponse

import config
from app.accounts.access import Permission, current_actor, init_accounts, public, requires, signed_in
from app.accounts.views import bp as accounts_bp
from app.core import db
from app.ui.setup import init_ui

PASSWORD = "qingfeng-2026"


MOST_ASKED = 60
"""A check takes a second; a busy machine makes a minute of it."""


def checked_by(browser: FlaskClient, draft: str) -> dict[str, Any]:
    """The report on a draft: asked for until the check is through, as the editors do."""
    for _ in range(MOST_ASKED):
        answer = browser.post(f"{draft}/check")
        assert answer.status_code in (200, 202)
        if answer.status_code == 200:
            return dict(answer.json)
    raise AssertionError("the check never ends")


def make_site(*blueprints: Blueprint, env: str = "test") -> Flask:
    """Signing in, a desk to come to, and the given rooms."""
    secrets = {
        "SECRET_KEY": "k" * 32,
        "AUDIT_KEY": "a" * 32,
        "PUBLIC_URL": "https://gov.example",
        "DATABASE_URL": "x",
    }
    settings = config.load({"ZHENJIE_ENV": env, **secrets})
    flask = Flask("site", static_folder=None)
    flask.config.update(SECRET_KEY=settings.secret_key, SETTINGS=settings)
    CSRFProtect(flask)
    init_ui(flask)
    init_accounts(flask)
    for blueprint in (accounts_bp, _desk(), *blueprints):
        flask.register_blueprint(blueprint)
    flask.context_processor(lambda: {"settings": settings})
    flask.teardown_appcontext(lambda _error: db.close())
    return flask


def _desk() -> Blueprint:
    """One page of each access."""
    bp = Blueprint("inbox", __name__)

    @bp.route("/desk", methods=["GET", "POST"])
    @signed_in
    def desk() -> str:
        return f"待办 {current_actor().name}"

    @bp.get("/funds")
    @requires(Permission.MANAGE_FUNDS)
    def funds() -> str:
        return "资金"

    @bp.get("/")
    @public
    def home() -> str:
        return "首页"

    @bp.get("/figures")
    @signed_in
    def figures() -> object:
        return jsonify(people=1)

    return bp


def token_in(response: TestResponse) -> str:
    """The CSRF token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found, response.text
    return found[1]


def sign_in(browser: FlaskClient, login: str = "lijianguo", password: str = PASSWORD) -> TestResponse:
    """Sign in as a person does: open the page, send its form."""
    token = token_in(browser.get("/login"))
    return browser.post("/login", data={"csrf_token": token, "login": login, "password": password})
