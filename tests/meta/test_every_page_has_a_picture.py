"""Every page is in the list of reference pictures, or in the short list of those that need none, with the reason."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.routing import Rule

import config
from app.core import db
from app.web import create_app
from tests.browser.pictures.pages import MORE, NOT_PAGES, PAGES

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def demo(database: Engine, settings: config.Settings) -> Flask:
    url = database.url.render_as_string(hide_password=False)
    made = create_app(replace(settings, database_url=url, public_url=""))
    own = db.engine()
    db.bind(None)
    own.dispose()
    return made


def pictured(flask: Flask) -> set[str]:
    """Endpoints of the addresses in the lists."""
    adapter = flask.url_map.bind("localhost")
    paths = [re.sub(r"\{\w+\}", "1", path.partition("?")[0]) for _, _, path in PAGES + MORE]
    return {str(adapter.match(path, method="GET")[0]) for path in paths}


def without_a_picture(flask: Flask) -> list[str]:
    seen = pictured(flask)
    return sorted(
        {rule.endpoint for rule in flask.url_map.iter_rules() if "GET" in (rule.methods or ())}
        - seen
        - set(NOT_PAGES)
    )


def test_every_page_has_a_picture_or_a_reason(demo: Flask) -> None:
    assert without_a_picture(demo) == []


def test_a_new_page_is_missed(demo: Flask) -> None:
    demo.url_map.add(Rule("/brand-new", endpoint="brand.new", methods=["GET"]))
    assert without_a_picture(demo) == ["brand.new"]


def test_the_list_of_reasons_is_short_of_nothing_and_has_nothing_too_much(demo: Flask) -> None:
    known = {rule.endpoint for rule in demo.url_map.iter_rules()}
    assert set(NOT_PAGES) <= known
    assert set(NOT_PAGES) & pictured(demo) == set()
    assert all(reason.strip() for reason in NOT_PAGES.values())
    named = [name for reason in NOT_PAGES.values() for name in re.findall(r"tests/\S+\.py", reason)]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_names_of_pictures_are_each_used_once(demo: Flask) -> None:
    names = [name for name, _, _ in PAGES + MORE]
    assert len(names) == len(set(names))
