"""Pots with money in them, and the people who may fill them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.core.identity import Actor, Role
from app.funds import services as funds
from app.funds.models import Pot
from tests.factories.people import actor_of, make_person

PAPERS: dict[str, dict[str, Any]] = {
    "fiscal": {"level": "区级"},
    "charity": {"donor": "格力慈善基金", "agreement": "捐赠协议 2026-03"},
    "community_fund": {"keeper": "社区基金管理委员会", "resolution": "2026 年第 1 号使用决议"},
    "residents": {"resolution": "2026 年 2 月居民会议纪要"},
}


def make_treasurers(units: SimpleNamespace) -> SimpleNamespace:
    """The district's and the street's finance."""
    return SimpleNamespace(
        district=actor_of(make_person("区财政", Role.DISTRICT_FINANCE, units.district)),
        street=actor_of(make_person("街道财务", Role.STREET_FINANCE, units.street)),
    )


def make_pot(actor: Actor, street_id: int, amount: int = 0, source: str = "fiscal", **papers: Any) -> Pot:
    """A pot of 2026 with its papers, filled with an amount in fen."""
    name = str(papers.pop("name", f"{source} 资金"))
    pot = funds.create_pot(
        actor, street_id=street_id, year=2026, name=name, source=source, **{**PAPERS[source], **papers}
    )
    if amount:
        funds.allot(actor, pot.id, amount, "2026 年初拨入")
    return pot
