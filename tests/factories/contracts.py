"""A case whose contract can be drafted: awarded, its money reserved, its people at hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.contracts import payments, services
from app.contracts.models import Contract
from app.core.clock import MovableClock
from app.core.identity import Actor, Role
from app.funds import services as funds
from app.policy.packs import Pack
from app.procurement import awards
from app.procurement.queries import award_of
from tests.factories.money import make_pot, make_treasurers
from tests.factories.people import actor_of, make_person
from tests.factories.procurement import make_market, ranked

AMOUNT = 14_800_000
"""148,000.00 yuan, the regulation's own example of 40 % being 59,200.00."""


def make_awarded(pack: Pack, clock: MovableClock) -> SimpleNamespace:
    """A case with an award of 148,000.00 yuan, the budget reserved."""
    world = make_market(pack, clock, AMOUNT)
    treasurers = make_treasurers(world.units)
    pot = make_pot(treasurers.district, world.units.street.id, 2 * AMOUNT)
    funds.reserve(
        treasurers.street, world.case, [{"pot_id": pot.id, "amount": AMOUNT}], budget=AMOUNT, categories=[]
    )
    found = ranked(world, [AMOUNT] * 3, [(45, 25), (40, 20), (35, 20)])
    first = (found.ranking or [])[0]["bid_id"]
    awards.award(world.leader, world.case, pack, {"bid_id": first})
    won = award_of(world.case.id)
    assert won is not None
    world.pot, world.finance = pot, treasurers.street
    world.provider = next(b for b in world.bidders if b.has(Role.ORGANISATION_MEMBER, won.unit_id))
    world.organisation = next(o for o in world.organisations if o.unit_id == won.unit_id)
    world.cashier = actor_of(make_person("出纳", Role.STREET_FINANCE, world.units.street))
    world.committee = actor_of(make_person("两委", Role.COMMITTEE_MEMBER, world.units.community))
    return world


def answers(**changes: Any) -> dict[str, Any]:
    """The draft of a lawful contract: 40 % in advance, two milestones, the rest at the end."""
    return {
        "amount": AMOUNT,
        "start_day": "2026-04-01",
        "months": 12,
        "plan": [
            {"kind": "advance", "name": "预付款", "amount": 5_920_000},
            {"kind": "progress", "name": "第一阶段", "amount": 4_440_000},
            {"kind": "progress", "name": "第二阶段", "amount": 1_480_000},
            {"kind": "final", "name": "尾款", "amount": 2_960_000},
        ],
        "clauses": [{"no": "第十条", "text": "尾款按绩效评价等级支付，未达到的相应扣减。"}],
        **changes,
    }


def sign(world: SimpleNamespace, **changes: Any) -> Contract:
    """A signed contract."""
    services.draft(world.clerk, world.case, world.pack, answers(**changes))
    services.accept(world.provider, world.case, "accept")
    day = world.clock.now().date().isoformat()
    return services.sign(world.leader, world.case, {"contract_no": "合同-1", "signed_on": day})


def request(world: SimpleNamespace, kind: str, amount: int, actor: Actor | None = None) -> Any:
    """The provider asks for a payment."""
    return payments.request(
        actor or world.provider,
        world.case,
        kind,
        {
            "amount": amount,
            "account_name": world.organisation.name,
            "invoice_no": "发票-1",
            "invoice_day": world.clock.now().date().isoformat(),
        },
    )


def pay(world: SimpleNamespace, kind: str, amount: int, voucher: str) -> Any:
    """A payment through all its steps."""
    request(world, kind, amount)
    payments.check(world.finance, world.case, "ok", world.pack)
    payments.approve(world.leader, world.case, "approve")
    return payments.pay(world.cashier, world.case, voucher, world.clock.now().date())


def deliver(world: SimpleNamespace) -> None:
    """The next milestone is reported, confirmed and accepted."""
    services.report_milestone(world.provider, world.case, {"report": "完成", "served": 100})
    services.community_check(world.committee, world.case, "accept")
    services.street_accept(world.clerk, world.case, "accept")
