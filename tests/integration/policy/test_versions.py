"""Versions of packs: kept once, never changed, with a term (ZH-30)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.core.errors import Refusal
from app.core.identity import SYSTEM
from app.policy import queries, services
from app.policy.packs import Pack

pytestmark = pytest.mark.usefixtures("database")


def test_the_same_content_is_the_same_version(pack: Pack) -> None:
    first, again = services.store(SYSTEM, pack), services.store(SYSTEM, pack)
    assert first.id == again.id
    loaded = queries.pack(first.id)
    assert loaded.sha256 == pack.sha256
    assert loaded.value("advance_max_pct") == 40
    assert loaded.version_id == first.id


@pytest.mark.requirement("ZH-30", "accept")
def test_a_case_of_the_last_day_starts(pack: Pack) -> None:
    services.store(SYSTEM, replace(pack, continuation=None, sha256="1" * 64))
    assert queries.active("zhuhai", date(2024, 3, 31)).key == "zhuhai"


@pytest.mark.requirement("ZH-30", "reject")
def test_after_the_term_nothing_starts_without_a_continuation(pack: Pack) -> None:
    services.store(SYSTEM, replace(pack, continuation=None, sha256="1" * 64))
    with pytest.raises(Refusal) as caught:
        queries.active("zhuhai", date(2024, 4, 1))
    assert caught.value.rule == "ZH-30"


def test_production_refuses_open_figures(pack: Pack) -> None:
    with pytest.raises(Refusal, match="待确认"):
        services.store(SYSTEM, pack, production=True)
