"""Organisations, a project with its budget, and a procurement brought as far as a test wants it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from stdnum.cn.uscc import calc_check_digit

from app.accounts.queries import unit
from app.core import clock
from app.core.clock import MovableClock
from app.core.db import session, unit_of_work
from app.core.identity import SYSTEM, Actor, Role
from app.organisations.models import Organisation
from app.organisations.services import register_organisation
from app.policy.packs import Pack
from app.procurement import awards, bidding, handlers
from app.procurement.models import Procurement
from app.procurement.queries import current
from app.projects.models import Project
from app.runtime.handlers import form_handler
from app.runtime.models import Case
from app.ui import forms
from tests.factories.cases import context, make_case
from tests.factories.people import actor_of, make_person, make_units

BUDGET = 14_800_000
PREFIX = {"social_group": "51", "social_service": "52", "foundation": "53"}


def code(number: int, kind: str = "social_service") -> str:
    """A credit code whose check digit fits."""
    body = f"{PREFIX[kind]}440400MJ{number + 2_000_000:07d}"
    return body + calc_check_digit(body)


def make_organisation(name: str, kind: str = "social_service", **more: Any) -> Organisation:
    """A registered organisation with a code of its own."""
    number = session().scalar(select(func.count()).select_from(Organisation)) or 0
    return register_organisation(SYSTEM, kind=kind, name=name, city="440400", uscc=code(number, kind), **more)


def make_filed(name: str, street_id: int) -> Organisation:
    """A community organisation filed with a street."""
    return register_organisation(
        SYSTEM,
        kind="filed",
        name=name,
        city="440400",
        filing_no=f"备{name}",
        filing_street_id=street_id,
        filing_date=clock.today(),
    )


def member_of(organisation: Organisation) -> Actor:
    """Somebody who acts for an organisation."""
    return actor_of(
        make_person(f"{organisation.name}经办", Role.ORGANISATION_MEMBER, unit(organisation.unit_id))
    )


def make_project(case: Case, budget: int = BUDGET) -> Project:
    """The project of a case, with no more than procurement asks of it."""
    with unit_of_work() as db:
        project = Project(
            city=case.city,
            case_id=case.id,
            origin="community",
            title=case.title,
            summary="为社区长者提供每周五天的午餐配送和上门探访。",
            subcategories=[],
            budget_fen=budget,
            budget_lines=[],
            targets=[],
            wanted_sources=[],
            exclusion_self={},
            file_ids=[],
        )
        db.add(project)
        db.flush()
        return project


def make_market(pack: Pack, clock_: MovableClock, budget: int = BUDGET) -> SimpleNamespace:
    """A street with its people, three organisations, a case before procurement."""
    handlers.register()
    units = make_units()
    case = make_case(units)
    make_project(case, budget)
    organisations = [make_organisation(name) for name in ("安康服务中心", "博爱服务中心", "长青服务中心")]

    def post(name: str, role: Role) -> Actor:
        return actor_of(make_person(name, role, units.street))

    return SimpleNamespace(
        pack=pack,
        clock=clock_,
        units=units,
        case=case,
        clerk=post("经办", Role.STREET_CLERK),
        leader=post("领导", Role.STREET_LEADER),
        discipline=post("纪检", Role.STREET_DISCIPLINE),
        scorers=[post(f"评审{n}", Role.STREET_SCORER) for n in (1, 2, 3)],
        organisations=organisations,
        bidders=[member_of(one) for one in organisations],
    )


def prepared(
    world: SimpleNamespace, key: str, actor: Actor, data: dict[str, Any] | None = None
) -> forms.Form:
    """The form of a step as the actor sees it."""
    handler = form_handler(key)
    assert handler is not None
    files = world.pack.files
    form = forms.load(files[f"form/{key}.json"], files[f"form/{key}.ui.json"], key)
    if handler.prepare is None:
        return form
    return handler.prepare(context(world.case, actor, world.pack, key, data), form)


def submit(
    world: SimpleNamespace,
    key: str,
    actor: Actor,
    answers: dict[str, Any],
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What completing a step does: the form is checked, then its handler runs, in one transaction."""
    handler = form_handler(key)
    assert handler is not None
    forms.check(prepared(world, key, actor, data), answers)
    with unit_of_work():
        return dict(handler.submit(context(world.case, actor, world.pack, key, data), answers))


def choose(world: SimpleNamespace, method: str = "internal_selection", **more: Any) -> dict[str, Any]:
    """The clerk fixes the method."""
    return submit(world, "procurement.method", world.clerk, {"method": method, **more})


def write(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    """The clerk writes the document as it was prepared, with these changes."""
    values = {k: v for k, v in prepared(world, "procurement.document", world.clerk).values.items() if v}
    return submit(world, "procurement.document", world.clerk, {**values, **changes})


def publish(world: SimpleNamespace, method: str = "internal_selection", **changes: Any) -> Procurement:
    """A published call."""
    choose(world, method)
    write(world, **changes)
    submit(world, "procurement.approve", world.leader, {"decision": "publish"})
    return current(world.case.id)


def bid(world: SimpleNamespace, number: int, amount: int, plan: str = "每周五天配送，专人探访。") -> Any:
    """One organisation hands in its bid."""
    found = current(world.case.id)
    return bidding.submit_bid(world.bidders[number], found.id, {"amount": amount, "plan": plan})


def pass_deadline(world: SimpleNamespace) -> None:
    """The next second after the deadline."""
    until = current(world.case.id).bid_until
    assert until is not None
    world.clock.set(until + timedelta(seconds=1))


def opened(
    world: SimpleNamespace, amounts: list[int], method: str = "internal_selection", **changes: Any
) -> Procurement:
    """Bids of these amounts, opened by the street's discipline."""
    publish(world, method, **changes)
    for number, amount in enumerate(amounts):
        bid(world, number, amount)
    pass_deadline(world)
    bidding.unseal(world.discipline, current(world.case.id).id)
    return current(world.case.id)


def checked(world: SimpleNamespace, amounts: list[int], **changes: Any) -> Procurement:
    """Bids of these amounts, all found to meet the conditions."""
    opened(world, amounts, **changes)
    rows = prepared(world, "procurement.open", world.discipline).values["checks"]
    submit(
        world, "procurement.open", world.discipline, {"checks": [{**row, "qualified": True} for row in rows]}
    )
    return current(world.case.id)


def score(world: SimpleNamespace, scorer: Actor, points: dict[int, tuple[int, int]], ties: Any = ()) -> None:
    """One scorer gives each bid points for plan and team."""
    rows = prepared(world, "procurement.score", scorer).values["scores"]
    given = [
        {**row, "points": points[row["bid_id"]][0 if row["criterion"] == "服务方案" else 1]} for row in rows
    ]
    answers: dict[str, Any] = {"scores": given}
    if ties:
        answers["ties"] = list(ties)
    submit(world, "procurement.score", scorer, answers)


def ranked(world: SimpleNamespace, amounts: list[int], points: list[tuple[int, int]]) -> Procurement:
    """All scorers gave the same points; the bids are ranked."""
    found = checked(world, amounts)
    ids = [row["bid_id"] for row in prepared(world, "procurement.score", world.scorers[0]).values["scores"]]
    by_bid = dict(zip(dict.fromkeys(ids), points, strict=True))
    for scorer in world.scorers:
        score(world, scorer, by_bid)
    awards.rank(world.case, world.pack)
    return current(found.case_id)
