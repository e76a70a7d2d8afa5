"""The application as it is built for production: its cookies, and that every route says who may."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

import config
from app.accounts.access import unguarded
from app.core import db
from app.web import create_app


@pytest.fixture
def production(tmp_path: Path) -> Flask:
    environment = {
        "ZHENJIE_ENV": "production",
        "SECRET_KEY": "secret-of-this-test",
        "AUDIT_KEY": "audit-key-of-this-test",
        "PUBLIC_URL": "https://gov.example",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    return create_app(config.load(environment))


def test_the_session_cookie_is_out_of_reach(production: Flask) -> None:
    cookie = production.test_client().get("/login", base_url="https://gov.example").headers["Set-Cookie"]
    db.engine().dispose()
    parts = {part.strip().partition("=")[0] for part in cookie.split(";")}
    assert {"HttpOnly", "Secure", "SameSite"} <= parts
    assert "SameSite=Lax" in cookie


def test_every_route_says_who_may_use_it(production: Flask) -> None:
    db.engine().dispose()
    assert unguarded(production) == []
