"""A street about to buy, and the organisations that may answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.core.clock import MovableClock
from app.policy.packs import Pack
from tests.factories.procurement import make_market


@pytest.fixture
def world(database: object, pack: Pack, clock: MovableClock) -> SimpleNamespace:
    return make_market(pack, clock)
