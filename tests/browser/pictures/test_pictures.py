"""Every page as people see it, on a desk and on a phone: like its reference, nothing cut off, nothing axe finds.

Those of `PAGES` in every run, those of `MORE` in the long run. References lie beside this file. `ZHENJIE_PICTURES=write` writes them anew after somebody has looked at them; what
differs is left in build/pictures.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine
from werkzeug.serving import make_server

import config
from app.accounts.demo import PASSWORD
from app.cli import seed as seeds
from app.core import clock as time
from app.core import db
from app.web import create_app
from tests.browser.pictures import places
from tests.browser.pictures.pages import MORE, PAGES
from tests.browser.town import FINE, SMALL

HERE = Path(__file__).parent / "references"
FOUND = Path("build/pictures")
WRITE = os.environ.get("ZHENJIE_PICTURES") == "write"
NOW = datetime(2026, 6, 15, 9, 30, tzinfo=time.SHANGHAI)
KEPT = (0, 3, 4, 6, 7, 9, 12)
"""Cases of the demo that are made: ended, delivering, paying, bidding, in public, just handed in, in review."""
MORE_KEPT = (14, 17, 18)
"""For the long run: open for bids, before the leader, and one that asks residents."""
ASKING = 18
ONLY = os.environ.get("ZHENJIE_PICTURES_OF", "")
"""Part of the names of the pages to look at, while one works on them."""
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
TALLEST = 3000
SHADE, SHARE = 48, 0.02
"""A point differs when it is so much lighter or darker; a picture, when more than this share of its points does."""
CONTRAST = "color-contrast-enhanced"
FAINT = """(found) => found.filter((where) => {
  const one = document.querySelector(where);
  return one?.closest('main') && !one.closest('.zj-badge, .zj-tag, .zj-due, .btn, .zj-kpis, mark, svg, .zj-canvas, [class*="zj-t-"], [class*="zj-st-"]');
})"""
"""Main text that is not seven times as dark as what it stands on; labels of a state keep to four and a half."""
HIDE = "document.querySelectorAll('.zj-qr').forEach((one) => { one.style.visibility = 'hidden'; })"
"""A code holds the address of the server, and its port is another in every run."""
DRAWN = [[".zj-canvas"], [".dmn-js-parent"]]
"""Drawn by bpmn-js and dmn-js; what it shows stands in a table as well, or in the file."""
PRINTED = ("task", "task-paying", "case", "case-ended", "need", "approval", "notice")
USELESS = """() => [...document.querySelectorAll('nav, button, .btn, .zj-side, .zj-top, .zj-tabbar')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true })).filter((one) => one.getBoundingClientRect().height > 0)
  .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 20)}`)"""
READ = """() => [...document.querySelectorAll('main h1, main h2, main .zj-card dd, main .zj-card td')]
  .filter((one) => !one.closest('[data-reader], dialog, .zj-onpage, .zj-flow, .zj-whybox') && one.checkVisibility())
  .map((one) => one.textContent.trim()).filter(Boolean)"""
"""What paper is for: headings, facts, figures; a diagram is for the screen."""
TWICE = {"width": 720, "height": 450}
"""What a desk's screen shows at 200 %."""


@contextmanager
def served(
    database: Engine, clock: time.MovableClock, settings: config.Settings, made: Callable[[], SimpleNamespace]
) -> Iterator[Any]:
    """The demo as it stands on a fixed morning, with what `made` finds or makes in it."""
    clock.set(NOW)
    url = database.url.render_as_string(hide_password=False)
    flask: Flask = create_app(replace(settings, database_url=url, public_url=""))
    own = db.engine()
    seeded = flask.test_cli_runner().invoke(seeds.seed)
    assert seeded.exit_code == 0, seeded.output
    places = made()
    db.close()
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(base=f"http://127.0.0.1:{server.server_port}", places=places)
    server.shutdown()
    thread.join()
    db.bind(None)
    own.dispose()


@pytest.fixture
def town(
    database: Engine, clock: time.MovableClock, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Some of the demo's cases."""
    keep(monkeypatch, KEPT)
    with served(database, clock, settings, places.ordinary) as made:
        yield made


@pytest.fixture
def grown(
    database: Engine, clock: time.MovableClock, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """More of them, and what the demo lacks: a draft, a try, a move, an incident, somebody asked to sign."""
    keep(monkeypatch, (*KEPT, *MORE_KEPT))
    with served(database, clock, settings, lambda: places.more(clock)) as made:
        yield made


def keep(monkeypatch: pytest.MonkeyPatch, numbers: Sequence[int]) -> None:
    """Let the seed make these cases; the survey of the last one is still open."""
    stops = {number: seeds.STOPS[number] for number in numbers}
    if ASKING in stops:
        stops[ASKING] = (28, *stops[ASKING][1:])
    monkeypatch.setattr(seeds, "STOPS", tuple(stops.values()))
    monkeypatch.setattr(seeds, "PROPOSALS", [seeds.PROPOSALS[number] for number in numbers])


def enter(browser: Browser, base: str, login: str, size: tuple[int, int]) -> tuple[BrowserContext, Page]:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if login:
        page.goto(f"{base}/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        page.click("form button[type=submit] >> nth=0")
        page.wait_for_url(lambda url: not url.endswith("/login"))
    return context, page


def picture(page: Page, size: tuple[int, int]) -> Image.Image:
    """The whole page at half its size, in few colours, small enough to keep."""
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    page.set_viewport_size({"width": size[0], "height": max(height, size[1])})
    page.wait_for_timeout(300)
    page.evaluate(HIDE)
    raw = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    return raw.resize((raw.width // 2, raw.height // 2), Image.Resampling.LANCZOS)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of points that differ, letters' edges smoothed away; 1 when the pages are of other lengths."""
    if one.width != other.width or abs(one.height - other.height) > max(24, other.height // 25):
        return 1.0
    height = min(one.height, other.height)
    soft = [
        each.convert("L").crop((0, 0, each.width, height)).filter(ImageFilter.GaussianBlur(2))
        for each in (one, other)
    ]
    counts = ImageChops.difference(*soft).histogram()
    return sum(counts[SHADE:]) / (one.width * height)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.timeout(600)
def test_every_page_looks_as_it_should(town: Any, browser: Browser, width: str) -> None:
    wrong = look_at(PAGES, town, browser, width)
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.timeout(1500)
def test_every_other_page_looks_as_it_should(grown: Any, browser: Browser, width: str) -> None:
    wrong = look_at(MORE, grown, browser, width)
    assert not wrong, "\n".join(wrong)


def look_at(pages: Sequence[tuple[str, str, str]], town: Any, browser: Browser, width: str) -> list[str]:
    """What is wrong with any of these pages at a width."""
    FOUND.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    for login in dict.fromkeys(login for _, login, _ in pages):
        context, page = enter(browser, town.base, login, WIDTHS[width])
        if not login:
            page.goto(f"{town.base}/notices")
            link = page.locator("main a[href^='/notices/']").first.get_attribute("href")
            town.places.notice = str(link).rsplit("/", 1)[1]
        for name, who, path in pages:
            if who == login and ONLY in name:
                found = look(page, town, f"{name}-{width}", path, WIDTHS[width])
                print(*found, sep="\n", end="\n" if found else "", flush=True)  # noqa: T201 - a long run is watched
                wrong += found
        context.close()
    return wrong


def look(page: Page, town: Any, name: str, path: str, size: tuple[int, int]) -> list[str]:
    """What is wrong with one page at one width."""
    answer = page.goto(town.base + path.format(**vars(town.places)))
    page.wait_for_load_state("networkidle")
    if answer is None or answer.status != 200:
        return [f"{name}: answered {answer.status if answer else 'nothing'}"]
    wrong = []
    if page.evaluate("document.documentElement.scrollWidth") > size[0]:
        wrong.append(f"{name}: wider than the screen")
    wrong += [f"{name}: {words}" for words in (on_a_phone(page) if size[0] < 500 else on_a_desk(page))]
    if name.rsplit("-", 1)[0] in PRINTED:
        wrong += [f"{name}: {words}" for words in on_paper(page)]
    seen, kept = picture(page, size), HERE / f"{name}.png"
    if WRITE:
        HERE.mkdir(exist_ok=True)
        seen.quantize(64).save(kept, optimize=True)
    elif not kept.exists():
        wrong.append(f"{name}: has no reference")
    else:
        share = difference(seen, Image.open(kept).convert("RGB"))
        if share > SHARE:
            seen.save(FOUND / f"{name}.png")
            wrong.append(f"{name}: {share:.1%} of the picture differs from its reference")
    return wrong


def on_a_phone(page: Page) -> list[str]:
    """What is too small there, and what axe finds."""
    small, fine = page.evaluate(SMALL), page.evaluate(FINE)
    found = [f"too small for a finger: {small[:6]}"] if small else []
    return found + ([f"too small to read: {fine[:6]}"] if fine else []) + by_axe(page)


def on_a_desk(page: Page) -> list[str]:
    """What axe finds, also in contrast, and what is lost at twice the size."""
    wrong = by_axe(page, {"rules": {CONTRAST: {"enabled": True}}})
    size = page.viewport_size
    page.set_viewport_size(TWICE)  # type: ignore[arg-type]
    wide = page.evaluate("document.documentElement.scrollWidth") > TWICE["width"]
    page.set_viewport_size(size)  # type: ignore[arg-type]
    return [*wrong, "wider than the screen at 200 %"] if wide else wrong


def by_axe(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """What axe finds."""
    wrong = []
    found = Axe().run(page, context={"exclude": DRAWN}, options=options or {}).response
    for one in found["violations"]:
        where = [node["target"][0] for node in one["nodes"]]
        if one["id"] == CONTRAST:
            where = page.evaluate(FAINT, where)
        if where:
            wrong.append(f"axe {one['id']}: {where[:3]}")
    return wrong


def on_paper(page: Page) -> list[str]:
    """What is printed and of no use on paper, and what of the text is not printed."""
    before = page.evaluate(READ)
    page.emulate_media(media="print")
    useless, lost = page.evaluate(USELESS), [one for one in before if one not in page.evaluate(READ)]
    page.emulate_media(media="screen")
    found = [f"printed, of no use: {useless[:6]}"] if useless else []
    return found + ([f"not printed: {lost[:6]}"] if lost or not before else [])


def test_a_page_that_changed_is_seen() -> None:
    plain = Image.new("RGB", (400, 300), "white")
    moved = plain.copy()
    moved.paste((20, 60, 120), (40, 40, 200, 120))
    assert difference(plain, plain) == 0
    assert difference(moved, plain) > SHARE
    assert difference(plain.resize((400, 400)), plain) == 1
