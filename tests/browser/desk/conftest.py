"""The real application on a port of its own, and people who sign in with a keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import Engine
from werkzeug.serving import make_server

from app.accounts.models import Person
from app.core import db
from app.core.identity import Actor
from app.policy.packs import Pack
from tests.factories.site import PASSWORD
from tests.integration.runtime import conftest as runtime

WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));"""
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A Chinese office's desk."""
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1440, "height": 900},
    }


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    """The address of the application."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def office(app: Flask, database: Engine, pack: Pack) -> SimpleNamespace:
    """A street with people in every post."""
    del app
    return runtime.office.__wrapped__(database, pack)  # type: ignore[attr-defined,no-any-return]


begin = runtime.begin


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which no script may fail and the security policy may not be hurt."""
    errors: list[str] = []
    page.set_default_timeout(20000)
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    assert page.evaluate("window.violations || []") == []


def login_of(actor: Actor) -> str:
    """The name a person signs in with."""
    found = db.session().get_one(Person, actor.person_id).login
    db.close()
    return found


def sign_in(page: Page, base: str, actor: Actor, wanted: str = "/desk") -> None:
    """Sign in by keyboard, as the page leads: name, tab, password, enter."""
    page.goto(base + wanted)
    type_login(page, actor)


def type_login(page: Page, actor: Actor) -> None:
    """Fill in the login page one has come to."""
    page.locator("#login").focus()
    page.keyboard.type(login_of(actor))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def tab_to(page: Page, wanted: str, most: int = 90) -> None:
    """Walk with the tab key until a wanted element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"the tab key does not reach {wanted}")


def enter(page: Page) -> None:
    """Press Enter on what leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def small(page: Page) -> None:
    """Nothing is wider than the phone; what is touched is large, what is read is not small."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    tiny = page.evaluate(
        """() => [...document.querySelectorAll('main button, main a.btn, main select, main textarea, main input:not([type=hidden])')]
        .filter((one) => one.offsetParent && !one.classList.contains('visually-hidden') && !one.closest('.visually-hidden'))
        .map((one) => [(one.matches('[type=radio], [type=checkbox]') ? one.closest('label') ?? one : one), one])
        .filter(([target]) => target.getBoundingClientRect().height < 43.5)
        .map(([, one]) => one.outerHTML.slice(0, 90))"""
    )
    assert tiny == []
    words = page.evaluate(
        """() => [...document.querySelectorAll('main *')]
        .filter((one) => one.offsetParent && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .filter((one) => !one.closest('.visually-hidden, svg') && parseFloat(getComputedStyle(one).fontSize) < 16)
        .map((one) => one.outerHTML.slice(0, 90))"""
    )
    assert words == []
