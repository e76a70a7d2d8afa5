"""The editors for eyes, keyboards and phones: axe finds nothing, nothing runs out of a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.studio.conftest import Studio

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LIBRARIES = [[".djs-container"], [".dmn-js-parent"], ["iframe"]]
"""Drawn by bpmn-js and dmn-js, or another page of its own."""


def test_axe_finds_nothing_and_a_phone_holds_the_pages(studio: Studio) -> None:
    page = studio.enter(studio.people.designer)
    for place in ("diagram/review", "decision/credit_gate", "form/proposal.draft"):
        page.set_viewport_size({"width": 1440, "height": 900})
        studio.open(page, place)
        found = Axe().run(page, context={"exclude": LIBRARIES}).response["violations"]
        assert [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found] == [], place
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
        studio.clean(page)
