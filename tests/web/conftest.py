"""What the pages' tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Person
from app.core import db
from app.core.identity import Actor
from tests.factories.site import PASSWORD, sign_in


@pytest.fixture
def enter(app: Flask) -> Callable[[Actor], FlaskClient]:
    """Signs a person in."""

    def _enter(actor: Actor) -> FlaskClient:
        browser = app.test_client()
        login = db.session().get_one(Person, actor.person_id).login
        assert sign_in(browser, login, PASSWORD).status_code == 302
        return browser

    return _enter
