"""Several people at work at once, each in a browser of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.core.identity import Actor
from tests.browser.desk.conftest import WATCH, base, begin, browser_context_args, office, sign_in

__all__ = ["base", "begin", "browser_context_args", "office"]


@pytest.fixture
def at_desk(
    browser: Browser, browser_context_args: dict[str, Any], base: str
) -> Iterator[Callable[[Actor], Page]]:
    """The page of a person, signed in; scripts may not fail on it, nor the security policy be hurt."""
    pages: dict[int | None, Page] = {}
    errors: list[str] = []

    def page_of(actor: Actor) -> Page:
        if actor.person_id not in pages:
            context = browser.new_context(**browser_context_args)
            page = pages[actor.person_id] = context.new_page()
            page.set_default_timeout(20000)
            page.add_init_script(WATCH)
            page.on("pageerror", lambda error: errors.append(str(error)))
            sign_in(page, base, actor)
        return pages[actor.person_id]

    yield page_of
    hurt = [page.evaluate("window.violations || []") for page in pages.values()]
    for page in pages.values():
        page.context.close()
    assert errors == []
    assert not any(hurt), hurt
