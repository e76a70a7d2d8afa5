"""The demo's part in the studio's tries: its world, and what its people ordinarily answer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.accounts.queries import actor as actor_of
from app.accounts.queries import people_with, unit_by_code, units_below
from app.cli import world as worlds
from app.cli.player import Plan, Player
from app.cli.proposals import PROPOSALS
from app.cli.world import ORGANISATIONS, STREET, Place, World
from app.core import clock
from app.core.db import session
from app.core.identity import Actor, Role
from app.organisations.models import Organisation
from app.projects.services import PACK, PROCESS
from app.runtime import services
from app.runtime.models import Case, Task


class DemoStage:
    """Makes the demo's world in a try and answers for its people."""

    def build(self, years: frozenset[int]) -> None:
        """Make demo people, money and lists."""
        worlds.build(everything=False, years=years)

    def start(self, process_key: str, title: str) -> int:
        """Start a case as the community would, or as the street's clerk where the flow is no project."""
        world = _world()
        if process_key == PROCESS:
            return _player(world).start("community", title)
        clerk = actor_of(people_with(Role.STREET_CLERK, world.street.id)[0].id)
        made = services.start_case(
            clerk,
            pack_key=PACK,
            process_key=process_key,
            title=title,
            street_id=world.street.id,
            community_id=world.communities[0].id,
            owner_id=clerk.person_id or 0,
            data={},
        )
        return made.id

    def who(self, case_id: int, task_id: int) -> Actor:
        """Who would do a step."""
        return _player(_world()).actor_for(*_step(case_id, task_id))

    def answers(self, as_whom: Actor, case_id: int, task_id: int) -> dict[str, Any]:
        """What the form of a step could hold when this person fills it in."""
        return _player(_world()).answers(as_whom, _step(case_id, task_id)[1])

    def afterwards(self, case_id: int, task_id: int) -> None:
        """Organisations bid, residents answer."""
        _player(_world()).afterwards(case_id, session().get_one(Task, task_id))


def _step(case_id: int, task_id: int) -> tuple[Case, Task]:
    db = session()
    return db.get_one(Case, case_id), db.get_one(Task, task_id)


def _player(world: World) -> Player:
    moving = clock.current()
    assert isinstance(moving, clock.MovableClock)
    return Player(world, Plan(PROPOSALS[0][1]), moving)


def _world() -> World:
    """The demo's world as it stands in the database of the context."""
    street = unit_by_code(STREET)
    names = [name for _, _, name, _ in ORGANISATIONS]
    known = {
        row.name: row for row in session().scalars(select(Organisation).where(Organisation.name.in_(names)))
    }
    return World(
        Place(street.id, street.short_name),
        [Place(one.id, one.short_name) for one in units_below(street.id, "community")[:3]],
        [Place(known[name].unit_id, name) for name in names],
    )
