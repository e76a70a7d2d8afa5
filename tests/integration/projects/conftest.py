"""A street's office with its rooms registered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.funds import handlers as funds
from app.projects import handlers
from tests.factories.projects import make_office


@pytest.fixture
def office(database: object, pack: Any) -> SimpleNamespace:
    funds.register()
    handlers.register()
    return make_office(pack)
