"""The ledger: every fen is somewhere, nothing goes below zero, on both databases."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.audit.models import AuditEntry
from app.core import db
from app.core.errors import Forbidden, NotFound, Refusal, Refusals
from app.core.identity import SYSTEM, Role
from app.funds import handlers, queries, services
from app.funds.models import CaseFund, Entry, Pot
from app.runtime.handlers import OperatorContext, close_hooks, operator_named
from tests.factories.cases import make_case
from tests.factories.money import make_pot, make_treasurers
from tests.factories.people import actor_of, make_person, make_units

ANY = ["basic", "basic.elder_care"]


@pytest.fixture
def world(database: object) -> SimpleNamespace:
    with db.unit_of_work():
        units = make_units()
        people = make_treasurers(units)
        return SimpleNamespace(
            units=units,
            district=people.district,
            finance=people.street,
            clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
            discipline=actor_of(make_person("纪检", Role.STREET_DISCIPLINE, units.street)),
            case=make_case(units),
        )


def line(pot: Pot, amount: int) -> dict[str, int]:
    return {"pot_id": pot.id, "amount": amount}


def reserve(world: SimpleNamespace, *lines: dict[str, int], budget: int | None = None, **more: Any) -> None:
    services.reserve(
        world.finance,
        more.get("case", world.case),
        lines,
        budget=sum(one["amount"] for one in lines) if budget is None else budget,
        categories=more.get("categories", ANY),
    )


def award(world: SimpleNamespace, unit_id: int) -> None:
    with db.unit_of_work():
        world.case.provider_id = unit_id


def figures(pot: Pot) -> tuple[int, int, int, int, int]:
    found = db.session().get_one(Pot, pot.id, populate_existing=True)
    return found.allotted, found.free, found.reserved, found.encumbered, found.paid


def refused(error: pytest.ExceptionInfo[Refusal]) -> set[tuple[str | None, str | None]]:
    return {(one.rule, one.field) for one in error.value.errors}


@pytest.mark.requirement("ZH-06-a", "accept")
def test_the_district_allots_money_to_a_street(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id)
    entry = services.allot(world.district, pot.id, 3_000_000_00, "香洲财〔2026〕3 号")
    assert figures(pot) == (3_000_000_00, 3_000_000_00, 0, 0, 0)
    assert (entry.from_account, entry.to_account, entry.actor_id) == (
        "outside",
        "free",
        world.district.person_id,
    )
    actions = db.session().scalars(
        select(AuditEntry.action).where(AuditEntry.chain == f"pot:{pot.id}").order_by(AuditEntry.id)
    )
    assert list(actions) == ["funds.create_pot", "funds.allot"]


def test_a_street_does_not_print_fiscal_money(world: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        make_pot(world.finance, world.units.street.id)
    pot = make_pot(world.district, world.units.street.id)
    with pytest.raises(Forbidden):
        services.allot(world.finance, pot.id, 1, "自行拨入")
    assert figures(pot) == (0, 0, 0, 0, 0)


def test_another_streets_pot_is_not_there(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.other_street.id, source="charity")
    with pytest.raises(NotFound):
        services.allot(world.finance, pot.id, 1, "误入")
    with pytest.raises(Forbidden):
        make_pot(world.finance, world.units.other_street.id, source="charity")


def test_an_allotment_rests_on_an_amount_and_a_paper(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id)
    with pytest.raises(Refusals) as error:
        services.allot(world.district, pot.id, 0, " ")
    assert {field for _, field in refused(error)} == {"amount", "ref"}


def test_money_walks_through_its_accounts(world: SimpleNamespace) -> None:
    first = make_pot(world.district, world.units.street.id, 60_00)
    second = make_pot(world.finance, world.units.street.id, 100_00, "charity")
    reserve(world, line(second, 70_00), line(first, 60_00))
    assert (figures(first)[1:], figures(second)[1:]) == ((0, 60_00, 0, 0), (30_00, 70_00, 0, 0))
    services.encumber(world.clerk, world.case, 120_01)
    assert (figures(first)[1:], figures(second)[1:]) == ((9_99, 0, 50_01, 0), (30_00, 0, 70_00, 0))
    services.pay(world.finance, world.case, 48_00, "payment:1")
    services.pay(world.finance, world.case, 48_00, "payment:2")
    assert (figures(first)[1:], figures(second)[1:]) == ((9_99, 0, 24_01, 26_00), (30_00, 0, 0, 70_00))
    assert services.settle(world.finance, world.case) == 24_01
    assert (figures(first)[1:], figures(second)[1:]) == ((34_00, 0, 0, 26_00), (30_00, 0, 0, 70_00))
    assert queries.imbalances() == []
    kinds = [entry.kind for entry, _ in queries.entries_of(world.case.id)]
    assert kinds == [
        "reserve",
        "reserve",
        "encumber",
        "encumber",
        "unreserve",
        "pay",
        "pay",
        "pay",
        "disencumber",
    ]


@pytest.mark.requirement("ZH-15", "accept")
def test_three_sources_make_the_budget_and_are_drawn_in_order(world: SimpleNamespace) -> None:
    street = world.units.street.id
    pots = [
        make_pot(world.district, street, 50_00),
        make_pot(world.finance, street, 50_00, "charity"),
        make_pot(world.finance, street, 50_00, "residents"),
    ]
    reserve(world, *(line(pot, amount) for pot, amount in zip(pots, (40_00, 30_00, 30_01), strict=True)))
    services.encumber(world.clerk, world.case, 100_01)
    services.pay(world.finance, world.case, 40_01, "payment:1")
    shares = queries.composition(world.case.id)
    assert [(one.source, one.paid, one.encumbered) for one in shares] == [
        ("fiscal", 40_00, 0),
        ("charity", 1, 29_99),
        ("residents", 0, 30_01),
    ]
    assert sum(one.total for one in shares) == 100_01
    assert {one.source: one.paid for one in queries.street_composition(street, 2026)} == {
        "fiscal": 40_00,
        "charity": 1,
        "residents": 0,
    }


@pytest.mark.requirement("ZH-15", "reject")
def test_sources_a_fen_off_the_budget_are_refused(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 200_00)
    with pytest.raises(Refusals) as error:
        reserve(world, line(pot, 100_00), budget=100_01)
    assert refused(error) == {("ZH-15", "funding")}
    assert figures(pot)[2] == 0


@pytest.mark.requirement("ZH-12", "reject")
def test_a_project_without_a_source_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(Refusals) as error:
        reserve(world, budget=100)
    assert refused(error) == {("ZH-12", "funding")}


@pytest.mark.requirement("ZH-12", "accept")
def test_fiscal_and_social_money_together(world: SimpleNamespace) -> None:
    fiscal = make_pot(world.district, world.units.street.id, 60_00)
    social = make_pot(world.finance, world.units.street.id, 40_00, "charity")
    reserve(world, line(fiscal, 60_00), line(social, 40_00))
    assert [(one.source, one.reserved) for one in queries.composition(world.case.id)] == [
        ("fiscal", 60_00),
        ("charity", 40_00),
    ]


@pytest.mark.requirement("ZH-13a", "accept")
def test_elder_care_money_for_elder_care(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100, purposes=["basic.elder_care"])
    reserve(world, line(pot, 100), categories=["basic", "basic.elder_care"])
    assert figures(pot)[2] == 100


@pytest.mark.requirement("ZH-13a", "reject")
def test_elder_care_money_for_culture_is_refused(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100, purposes=["basic.elder_care"])
    with pytest.raises(Refusals) as error:
        reserve(world, line(pot, 100), categories=["building", "building.culture"])
    assert refused(error) == {("ZH-13a", "funding-0-pot_id")}
    assert figures(pot)[2] == 0


@pytest.mark.requirement("ZH-13b", "reject")
def test_more_than_is_free_is_refused(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 60), case=make_case(world.units))
    with pytest.raises(Refusals) as error:
        reserve(world, line(pot, 41))
    assert refused(error) == {("ZH-13b", "funding-0-amount")}
    reserve(world, line(pot, 40))
    assert figures(pot)[1:3] == (0, 100)


def test_a_second_budget_check_replaces_the_first(world: SimpleNamespace) -> None:
    first = make_pot(world.district, world.units.street.id, 100)
    second = make_pot(world.district, world.units.street.id, 100, name="民生微实事资金")
    reserve(world, line(first, 80), line(second, 20))
    reserve(world, line(second, 90), line(first, 20))
    assert (figures(first)[2], figures(second)[2]) == (20, 90)
    assert [(one.name, one.reserved) for one in queries.composition(world.case.id)] == [
        ("民生微实事资金", 90),
        ("fiscal 资金", 20),
    ]
    assert queries.imbalances() == []


def test_a_refused_budget_check_keeps_what_was_reserved(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 80))
    with pytest.raises(Refusals):
        reserve(world, line(pot, 101))
    assert figures(pot)[2] == 80
    assert queries.imbalances() == []


def test_the_same_or_a_strange_pot_twice_is_refused(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    strange = make_pot(world.district, world.units.other_street.id, 100)
    for lines in ((line(pot, 10), line(pot, 10)), (line(pot, 10), line(strange, 10))):
        with pytest.raises(Refusal) as error:
            reserve(world, *lines)
        assert error.value.field == "funding-1-pot_id"


def test_no_contract_and_no_payment_beyond_the_money(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 50))
    with pytest.raises(Refusal, match="预留资金少于合同金额"):
        services.encumber(world.clerk, world.case, 51)
    services.encumber(world.clerk, world.case, 50)
    with pytest.raises(Refusal, match="超过合同占用"):
        services.pay(world.finance, world.case, 51, "payment:1")
    assert figures(pot) == (100, 50, 0, 50, 0)


@pytest.mark.requirement("ZH-14-1", "accept")
def test_donated_money_with_its_agreement(world: SimpleNamespace) -> None:
    pot = make_pot(world.finance, world.units.street.id, 500, "charity")
    reserve(world, line(pot, 500))
    assert (pot.donor, pot.agreement, figures(pot)[2]) == ("格力慈善基金", "捐赠协议 2026-03", 500)


@pytest.mark.requirement("ZH-14-1", "reject")
def test_donated_money_without_agreement_is_refused(world: SimpleNamespace) -> None:
    with pytest.raises(Refusals) as error:
        services.create_pot(
            world.finance,
            street_id=world.units.street.id,
            year=2026,
            name="企业捐赠",
            source="charity",
            donor="某企业",
        )
    assert refused(error) == {("ZH-14-1", "agreement")}
    assert queries.pots_of(world.units.street.id) == []


@pytest.mark.requirement("ZH-14-2", "accept")
def test_community_fund_with_keeper_and_resolution(world: SimpleNamespace) -> None:
    pot = make_pot(world.finance, world.units.street.id, 500, "community_fund")
    reserve(world, line(pot, 500))
    award(world, world.units.other_street.id)
    services.encumber(world.clerk, world.case, 500)
    assert figures(pot)[3] == 500


@pytest.mark.requirement("ZH-14-2", "reject")
def test_a_keeper_who_is_the_provider_blocks_until_decided(world: SimpleNamespace) -> None:
    provider = world.units.other_community  # any unit may stand for the provider here
    pot = make_pot(world.finance, world.units.street.id, 500, "community_fund", keeper=provider.name)
    reserve(world, line(pot, 500))
    award(world, provider.id)
    with pytest.raises(Refusals) as error:
        services.encumber(world.clerk, world.case, 500)
    assert refused(error) == {("ZH-14-2", None)}
    with pytest.raises(Forbidden):
        services.clear_conflict(world.clerk, world.case, pot.id, "已核实")
    with pytest.raises(Refusal, match="理由"):
        services.clear_conflict(world.discipline, world.case, pot.id, " ")
    services.clear_conflict(world.discipline, world.case, pot.id, "基金已改由街道专户管理。")
    services.encumber(world.clerk, world.case, 500)
    assert figures(pot)[3] == 500


def test_a_decision_on_one_provider_does_not_serve_the_next(world: SimpleNamespace) -> None:
    first, second = world.units.other_community, world.units.other_street
    pot = make_pot(world.finance, world.units.street.id, 500, "community_fund", keeper=first.name)
    reserve(world, line(pot, 500))
    with pytest.raises(Refusal, match="没有需要处理"):
        services.clear_conflict(world.discipline, world.case, pot.id, "已核实")
    award(world, first.id)
    services.clear_conflict(world.discipline, world.case, pot.id, "已核实。")
    with db.unit_of_work():
        db.session().get_one(Pot, pot.id).keeper = second.name
    award(world, second.id)
    with pytest.raises(Refusals):
        services.encumber(world.clerk, world.case, 500)


@pytest.mark.requirement("ZH-14-3", "accept")
def test_residents_money_with_resolution_and_public_fundraising_with_certificate(
    world: SimpleNamespace,
) -> None:
    own = make_pot(world.finance, world.units.street.id, 300, "residents")
    raised = make_pot(
        world.finance,
        world.units.street.id,
        200,
        "residents",
        public_fundraising=True,
        certificate_no="53440000",
    )
    reserve(world, line(own, 300), line(raised, 200))
    assert (figures(own)[2], figures(raised)[2]) == (300, 200)


@pytest.mark.requirement("ZH-14-3", "reject")
def test_public_fundraising_without_certificate_is_refused(world: SimpleNamespace) -> None:
    for papers, field in (
        ({"public_fundraising": True}, "certificate_no"),
        ({"resolution": None}, "resolution"),
    ):
        with pytest.raises(Refusals) as error:
            services.create_pot(
                world.finance,
                street_id=world.units.street.id,
                year=2026,
                name="居民募捐",
                source="residents",
                **papers,
            )
        assert refused(error) == {("ZH-14-3", field)}


def test_a_case_that_ends_early_gives_everything_back(world: SimpleNamespace, clock: Any, pack: Any) -> None:
    handlers.register()
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 60))
    services.encumber(world.clerk, world.case, 50)
    services.pay(world.finance, world.case, 20, "payment:1")
    release = operator_named("funds.release")
    assert release is not None
    for hook in close_hooks():
        hook(world.case, world.clerk, clock.now(), "cancelled")
    assert figures(pot) == (100, 80, 0, 0, 20)
    reserve(world, line(pot, 30))
    assert release.run(OperatorContext(world.case, SYSTEM, clock.now(), pack, {}), {}) == {}
    assert figures(pot) == (100, 80, 0, 0, 20)
    assert queries.imbalances() == []


def test_the_database_itself_refuses(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 60))
    for statement in (
        "UPDATE pot SET reserved = 101",
        "UPDATE pot SET paid = -1",
        "UPDATE case_fund SET reserved = -1",
        (
            "INSERT INTO ledger_entry (at, pot_id, kind, from_account, to_account, amount, ref) "
            f"VALUES ('2026-03-02 01:00:00', {pot.id}, 'pay', 'encumbered', 'paid', 0, 'x')"
        ),
    ):
        with pytest.raises(IntegrityError), db.unit_of_work() as session:
            session.execute(text(statement))
    for statement in ("UPDATE ledger_entry SET amount = 1", "DELETE FROM ledger_entry"):
        with pytest.raises(DBAPIError, match="append-only"), db.unit_of_work() as session:
            session.execute(text(statement))
    assert figures(pot) == (100, 40, 60, 0, 0)


def test_a_changed_sum_is_found(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    reserve(world, line(pot, 60))
    assert queries.imbalances() == []
    with db.unit_of_work() as session:
        session.execute(text("UPDATE pot SET reserved = 59"))
    assert queries.imbalances() == [f"pot {pot.id}: free 41 ≠ 40", f"pot {pot.id}: reserved 59 ≠ 60"]
    with db.unit_of_work() as session:
        session.execute(text("UPDATE pot SET reserved = 60"))
        session.execute(text("UPDATE case_fund SET paid = 1"))
    assert queries.imbalances() == [f"case {world.case.id}, pot {pot.id}: paid 1 ≠ 0"]


def test_the_last_fen_goes_to_one_of_two(world: SimpleNamespace) -> None:
    pot = make_pot(world.district, world.units.street.id, 100)
    cases = [world.case, make_case(world.units)]
    lines = [line(pot, 60)]
    results: list[str] = []
    start = threading.Barrier(2)

    def act(index: int) -> None:
        start.wait()
        try:
            services.reserve(world.finance, cases[index], lines, budget=60, categories=ANY)
            results.append("reserved")
        except Refusals as error:
            results.append(str(error.errors[0].rule))
        finally:
            db.close()

    threads = [threading.Thread(target=act, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.close()
    assert sorted(results) == ["ZH-13b", "reserved"]
    assert figures(pot)[1:3] == (40, 60)
    assert queries.imbalances() == []


class Ledger(RuleBasedStateMachine):
    """Random walks of money beside a model in plain numbers."""

    world: SimpleNamespace

    @initialize()
    def begin(self) -> None:
        street = self.world.units.street.id
        self.pots = [make_pot(self.world.district, street, name=f"第 {n} 项") for n in range(2)]
        self.cases = [make_case(self.world.units) for _ in range(2)]
        self.sums = {pot.id: [0, 0, 0, 0] for pot in self.pots}  # free, reserved, encumbered, paid
        self.held: dict[tuple[int, int], list[int]] = {}  # (case, pot) → reserved, encumbered, paid
        self.order: dict[int, list[int]] = {case.id: [] for case in self.cases}

    def move(self, case: Any, pot_id: int, source: int, target: int, amount: int) -> None:
        sums, held = self.sums[pot_id], self.held.setdefault((case.id, pot_id), [0, 0, 0])
        sums[source] -= amount
        sums[target] += amount
        for account, sign in ((source, -1), (target, 1)):
            if account:
                held[account - 1] += sign * amount

    def give_back(self, case: Any) -> int:
        total = 0
        for (case_id, pot_id), held in list(self.held.items()):
            if case_id == case.id:
                total += held[0] + held[1]
                self.move(case, pot_id, 1, 0, held[0])
                self.move(case, pot_id, 2, 0, held[1])
        return total

    @rule(n=st.integers(0, 1), amount=st.integers(-1, 2000))
    def allot(self, n: int, amount: int) -> None:
        try:
            services.allot(self.world.district, self.pots[n].id, amount, "拨入")
        except Refusal:
            assert amount <= 0
        else:
            self.sums[self.pots[n].id][0] += amount

    @rule(
        n=st.integers(0, 1),
        amounts=st.lists(st.integers(0, 1500), min_size=0, max_size=2),
        off=st.sampled_from([0, 0, 0, 0, 1]),
        turned=st.booleans(),
    )
    def reserve(self, n: int, amounts: list[int], off: int, turned: bool) -> None:
        case, pots = self.cases[n], self.pots[::-1] if turned else self.pots
        lines = [line(pot, amount) for pot, amount in zip(pots, amounts, strict=False)]
        back = {pot.id: sum(self.held.get((case.id, pot.id), [0, 0, 0])[:2]) for pot in self.pots}
        fits = all(0 < one["amount"] <= self.sums[one["pot_id"]][0] + back[one["pot_id"]] for one in lines)
        try:
            services.reserve(
                self.world.finance,
                case,
                lines,
                budget=sum(amounts) + off,
                categories=["basic", "basic.health"],
            )
        except Refusal:
            assert off or not lines or not fits
            return
        assert fits
        assert lines
        assert not off
        self.give_back(case)
        for one in lines:
            self.move(case, one["pot_id"], 0, 1, one["amount"])
        rest = [pot_id for pot_id in self.order[case.id] if pot_id not in {one["pot_id"] for one in lines}]
        self.order[case.id] = [one["pot_id"] for one in lines] + rest

    @rule(n=st.integers(0, 1))
    def release(self, n: int) -> None:
        assert services.release(self.world.clerk, self.cases[n]) == self.give_back(self.cases[n])

    @rule(n=st.integers(0, 1), amount=st.integers(0, 2000))
    def encumber(self, n: int, amount: int) -> None:
        case = self.cases[n]
        reserved = sum(self.held.get((case.id, pot_id), [0])[0] for pot_id in self.order[case.id])
        try:
            services.encumber(self.world.clerk, case, amount)
        except Refusal:
            assert amount <= 0 or amount > reserved
            return
        assert 0 < amount <= reserved
        for pot_id in self.order[case.id]:
            share = min(amount, self.held[(case.id, pot_id)][0])
            self.move(case, pot_id, 1, 2, share)
            self.move(case, pot_id, 1, 0, self.held[(case.id, pot_id)][0])
            amount -= share

    @rule(n=st.integers(0, 1), amount=st.integers(0, 1500))
    def pay(self, n: int, amount: int) -> None:
        case = self.cases[n]
        encumbered = sum(self.held.get((case.id, pot_id), [0, 0])[1] for pot_id in self.order[case.id])
        try:
            services.pay(self.world.finance, case, amount, "payment:1")
        except Refusal:
            assert amount <= 0 or amount > encumbered
            return
        assert 0 < amount <= encumbered
        for pot_id in self.order[case.id]:
            share = min(amount, self.held[(case.id, pot_id)][1])
            self.move(case, pot_id, 2, 3, share)
            amount -= share

    @invariant()
    def every_fen_is_where_the_model_says(self) -> None:
        db.session().rollback()
        for pot in self.pots:
            assert list(figures(pot))[1:] == self.sums[pot.id]
            assert min(self.sums[pot.id]) >= 0
        for fund in db.session().scalars(select(CaseFund).where(CaseFund.pot_id.in_(list(self.sums)))):
            assert [fund.reserved, fund.encumbered, fund.paid] == self.held[(fund.case_id, fund.pot_id)]
        assert queries.imbalances() == []
        out = select(Entry.amount).where(Entry.pot_id.in_(list(self.sums)), Entry.from_account == "outside")
        assert sum(db.session().scalars(out)) == sum(sum(sums) for sums in self.sums.values())


def test_random_walks_lose_no_fen(world: SimpleNamespace) -> None:
    class Walk(Ledger):
        pass

    Walk.world = world
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
