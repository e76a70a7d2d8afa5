"""A town at work, served to a real browser: what the tests of single rooms share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from app.accounts.demo import PASSWORD

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
WATCH = """window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));"""
SMALL = """() => [...document.querySelectorAll('main a, main button, main input, main select, main textarea')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((one) => !one.closest('p, li p, dd, td, .zj-muted, .zj-prose, .bjs-powered-by, .zj-canvas, .dmn-js-parent, svg'))
  .map((one) => [one.closest('label') ?? one, one])
  .filter(([box]) => { const r = box.getBoundingClientRect(); return r.width > 2 && r.height > 2 && r.height < 43.5; })
  .map(([, one]) => `${one.tagName} ${one.textContent.trim().slice(0, 20)} ${one.name ?? ''}`)"""
"""What a finger misses."""
FINE = """() => [...document.querySelectorAll('main *')]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((one) => !one.closest('.visually-hidden, .zj-viewer, .dmn-js-parent, svg, script, style, template'))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16)
  .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 20)}`)"""
"""What eyes over fifty do not read on a phone; a diagram has its own zoom."""


@dataclass
class Town:
    """The served application; each person sits at a browser of his own."""

    base: str
    browser: Browser
    errors: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def visit(self, path: str = "/") -> Page:
        """A visitor's browser."""
        context = self.browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport=DESK, reduced_motion="reduce"
        )  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.base + path)
        self.pages.append(page)
        return page

    def enter(self, login: str, path: str) -> Page:
        """A person's browser, signed in, at a page."""
        page = self.visit(f"/login?again=1&next={path}")
        page.locator("#login").fill(login)
        page.locator("#password").fill(PASSWORD)
        leads(page, "登录")
        expect(page).to_have_url(self.base + path)
        return page

    def clean(self, page: Page) -> None:
        """Nothing for axe to find, nothing wider than the screen; on a phone nothing too small for a finger."""
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        seen = page.viewport_size or DESK
        assert page.evaluate("document.documentElement.scrollWidth") <= seen["width"], page.url
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
        small = page.evaluate(SMALL)
        assert small == [], f"{page.url} {small}"
        fine = page.evaluate(FINE)
        assert fine == [], f"{page.url} {fine}"
        page.set_viewport_size(seen)  # type: ignore[arg-type]


def leads(page: Page, name: str) -> None:
    """Press Enter on a button that leads to another page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.press("Enter")


def follow(page: Page, name: str) -> None:
    """Press Enter on a link."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.press("Enter")


def sure(page: Page, name: str) -> None:
    """Press Enter on a button that asks first, and on yes."""
    page.get_by_role("button", name=name, exact=True).first.press("Enter")
    with page.expect_navigation():
        page.locator("#zj-confirm [data-yes]").press("Enter")


@contextmanager
def served(flask: Flask, browser: Browser) -> Iterator[Town]:
    """The application on a port of its own; afterwards no script may have failed, no policy been hurt."""
    expect.set_options(timeout=15_000)  # other tests run beside
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    town = Town(f"http://127.0.0.1:{server.server_port}", browser)
    try:
        yield town
        assert town.errors == []
        for page in town.pages:
            assert page.evaluate("window.violations || []") == [], page.url
    finally:
        for page in town.pages:
            page.context.close()
        server.shutdown()
        thread.join()
        expect.set_options(timeout=5_000)
