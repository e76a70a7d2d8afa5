"""Demo data into an empty database, made by driving the engine, the same on every run."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import services as audit
from app.cli import world as worlds
from app.cli.demo import plan_for
from app.cli.player import Player
from app.cli.proposals import PROPOSALS
from app.core import clock, db, marks
from app.core.db import session
from app.core.identity import SYSTEM
from app.needs import services as needs

STOPS: tuple[tuple[int, str, str, str | None], ...] = (
    (120, "community", "straight", None),
    (70, "community", "straight", "settlement.confirm"),
    (60, "community", "straight", "evaluation.confirm"),
    (45, "community", "straight", "delivery.community_accept"),
    (40, "community", "straight", "payment.approve"),
    (38, "community", "straight", "contract.draft"),
    (24, "community", "straight", "procurement.open"),
    (12, "street_plan", "straight", "notice.close"),
    (9, "community", "returned", "proposal.revise"),
    (6, "library", "straight", "review.precheck"),
    (20, "community", "rejected", None),
    (4, "community", "straight", "proposal.vote"),
    (2, "community", "straight", "review.joint"),
    (3, "community", "straight", "notice.close"),
    (10, "community", "straight", "procurement.open"),
    (1, "community", "straight", "proposal.deliberate"),
    (5, "community", "straight", "review.budget"),
    (5, "library", "straight", "review.decide"),
    (50, "street_plan", "straight", "evaluation.score"),
    (16, "community", "objection", "notice.close"),
)
"""Days ago it began, way of starting, scenario, and the step at which it is left (None: its end);
a case whose next deadline lies ahead is left waiting for it."""

NEEDS: tuple[tuple[str, str, str, int], ...] = (
    ("meeting", "老年人", "希望有人上门探访独居老人", 6),
    ("visit", "儿童青少年", "希望增加暑期托管", 12),
    ("hotline", "全体居民", "希望开展健康讲座", 1),
)
"""How it was heard, for whom, what is missing, by how many."""


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Fill an empty database with demo data; a second call changes nothing."""
    if not current_app.config["SETTINGS"].is_demo:
        raise click.ClickException("seed makes demo accounts and runs only with ZHENJIE_ENV=demo or test")
    if session().scalar(select(func.count()).select_from(Person)):
        click.echo("demo data is there already", err=True)
        return
    before = clock.current()
    now = before.now()
    moving = clock.MovableClock(_morning(now, 130))
    clock.use(moving)
    marks.put("demo", "1")
    try:
        world = worlds.build(everything=True, years={clock.today().year, now.astimezone(clock.SHANGHAI).year})
        for number, community in enumerate(world.communities):
            channel, group, text, voices = NEEDS[number % len(NEEDS)]
            needs.collect(
                SYSTEM, unit_id=community.id, channel=channel, beneficiaries=group, text=text, voices=voices
            )
        for number, (days, origin, path, stop) in enumerate(STOPS):
            moving.set(_morning(now, days))
            title, proposal = PROPOSALS[number]
            player = Player(world, plan_for(path, proposal), moving, limit=now, papers=True)
            place = number % len(world.communities)
            name = f"{world.communities[place].name}{title.removeprefix('社区')}"
            click.echo(f"{number + 1}/{len(STOPS)} {name}", err=True)
            case_id = player.start(origin, name, place)
            player.play(case_id, until=stop)
        audit.seal()
    finally:
        clock.use(before)
        db.close()


def _morning(now: datetime, days: int) -> datetime:
    """Nine in the morning, some days ago: every case has a past and none reaches into the future."""
    day = now.astimezone(clock.SHANGHAI) - timedelta(days=days)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)
