"""What all tests share: databases, a clock that stands still, the pack, the application."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine

import config
from app.accounts import sign_in
from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.policy import queries as policy
from app.policy.packs import Pack, load_folder
from app.runtime import definitions
from tests import reached
from tests.databases import PostgresTemplate, SQLiteTemplate

START = datetime(2026, 3, 2, 9, 0, tzinfo=time.SHANGHAI)
"""A Monday morning."""
REGISTRIES = (
    ("app.runtime.handlers", "_forms"),
    ("app.runtime.handlers", "_operators"),
    ("app.runtime.handlers", "_on_close"),
    ("app.audit.verification", "_sources"),
    ("app.notices.queries", "_public_facts"),
    ("app.search.indexing", "_sources"),
    ("app.policy.holidays", "_hooks"),
)
"""What rooms register when an application is built; each test begins with what the one before found."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that carries a requirement must have used a service or a page."""
    result = yield
    if item.get_closest_marker("requirement") and not reached.seen():
        pytest.fail("carries a requirement, but used no service and no page", pytrace=False)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Count anew for each test."""
    del item
    reached.forget()


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose; tests of other things need not wait for it."""
    before, sign_in._hasher = sign_in._hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    sign_in._hasher = before


class Compiled(BytecodeCache):
    """Templates, compiled once a process instead of once an application."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is known of a template."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what has been compiled."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(autouse=True, scope="session")
def _quick_templates() -> Iterator[None]:
    """Each test has an application of its own, all have the same templates."""
    before, Flask.jinja_options = Flask.jinja_options, {"bytecode_cache": Compiled()}
    yield
    Flask.jinja_options = before


@pytest.fixture(autouse=True)
def _own_registries() -> Iterator[None]:
    """What one test registers does not reach the next."""
    kept = [getattr(importlib.import_module(module), name) for module, name in REGISTRIES]
    copies = [one.copy() for one in kept]
    audit.configure("test-audit-key")
    yield
    for one, copy in zip(kept, copies, strict=True):
        one.clear()
        one.extend(copy) if isinstance(one, list) else one.update(copy)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SQLiteTemplate:
    """SQLite's template, made once."""
    return SQLiteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[PostgresTemplate]:
    """PostgreSQL, started once."""
    template = PostgresTemplate()
    yield template
    template.stop()


@pytest.fixture
def clock() -> Iterator[time.MovableClock]:
    """A clock that stands on Monday 2 March 2026, nine in the morning, until it is moved."""
    movable = time.MovableClock(START)
    before = time.use(movable)
    yield movable
    time.use(before)


def bound(engine: Engine) -> Iterator[Engine]:
    """Make it the database of the process; nothing remembered of another one stays."""
    policy.forget()
    definitions.forget()
    db.bind(engine)
    yield engine
    db.bind(None)
    policy.forget()
    definitions.forget()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, clock: time.MovableClock) -> Iterator[Engine]:
    """An empty schema on each of the two databases, bound to this process."""
    del clock
    template = "sqlite_template" if request.param == "sqlite" else "postgres_template"
    with request.getfixturevalue(template).fresh() as engine:
        yield from bound(engine)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, clock: time.MovableClock) -> Iterator[Engine]:
    """A database without any table, on each of the two."""
    del clock
    template = "sqlite_template" if request.param == "sqlite" else "postgres_template"
    with request.getfixturevalue(template).empty() as engine:
        yield from bound(engine)


@pytest.fixture(scope="session")
def pack() -> Pack:
    """Zhuhai's pack with the national floor."""
    return load_folder(config.ROOT / "bpmn", "zhuhai")


@pytest.fixture
def settings() -> config.Settings:
    """Those of the environment `test`."""
    return config.load({"ZHENJIE_ENV": "test", "PUBLIC_URL": "https://gov.example"})


@pytest.fixture
def app(database: Engine, settings: config.Settings) -> Iterator[Flask]:
    """The whole application on this test's database."""
    from app.web import create_app

    url = database.url.render_as_string(hide_password=False)
    flask = create_app(replace(settings, database_url=url))
    flask.testing = True
    own = db.engine()
    yield flask
    db.bind(None)
    own.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor of the application."""
    return app.test_client()


def pytest_configure(config: Any) -> None:
    """Markers."""
    config.addinivalue_line(
        "markers",
        "requirement(id, side): the test shows that a requirement's case is accepted, or rejected",
    )
