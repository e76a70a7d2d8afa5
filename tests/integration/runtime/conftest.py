"""A street with people in every post, and small models to act on (forms: `act`, without a handler)."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from app.core import db
from app.core.identity import SYSTEM, Actor, Role
from app.policy import services as policy
from app.policy.packs import Pack
from app.runtime import definitions, services
from app.runtime.completing import Completed
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from app.sources import register_sources
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person, make_units

FORMS = re.compile(r'name="formJsonSchemaFilename" value="([^"]+)\.json"')
FORM = b"""{"type": "object", "title": "x", "properties": {
 "decision": {"type": "string", "title": "x", "oneOf": [
   {"const": "agree", "title": "agree"}, {"const": "refuse", "title": "refuse"}]},
 "opinion": {"type": "string", "title": "x", "maxLength": 200}}}"""


@pytest.fixture
def office(database: Engine, pack: Pack) -> SimpleNamespace:
    """Units, three clerks, a leader, somebody of another street."""
    del database
    register_sources()  # what `create_app` does: the audit chain then knows the history it covers
    units = make_units()
    clerks = [actor_of(make_person(f"经办{n}", Role.STREET_CLERK, units.street)) for n in (1, 2, 3)]
    leader = actor_of(make_person("领导", Role.STREET_LEADER, units.street))
    other = actor_of(make_person("外街道", Role.STREET_CLERK, units.other_street))
    policy.store(SYSTEM, pack)
    made = SimpleNamespace(
        street_id=units.street.id, community_id=units.community.id, clerks=clerks, leader=leader, other=other
    )
    db.close()
    return made


@pytest.fixture
def begin(office: SimpleNamespace) -> Callable[..., Case]:
    """Deploys diagrams and starts a case on the first of them."""

    def make(*diagrams: Diagram, **data: object) -> Case:
        files = {f"process/{one.id}.bpmn": one.xml().encode() for one in diagrams}
        forms = {form for one in diagrams for form in FORMS.findall(one.xml())}
        files.update({f"form/{form}.json": FORM for form in forms})
        definitions.deploy(
            SYSTEM, pack_key="zhuhai", process_key=diagrams[0].id, title="试", files=files, publish=True
        )
        return services.start_case(
            office.clerks[0],
            pack_key="zhuhai",
            process_key=diagrams[0].id,
            title="试办",
            street_id=office.street_id,
            community_id=office.community_id,
            owner_id=office.clerks[0].person_id or 0,
            data=data,
        )

    return make


def opened(case: Case, element: str) -> Task:
    """The open step of an element, the first part of a shared one."""
    db.close()
    return next(task for task in tasks_of(case.id, "open") if task.element == element)


def elements(case: Case) -> list[str]:
    """What is open."""
    db.close()
    return sorted(task.element for task in tasks_of(case.id, "open"))


def do(actor: Actor, case: Case, element: str, **answers: object) -> Completed:
    """Complete a step."""
    return services.complete_task(actor, opened(case, element).id, {"decision": "agree", **answers})
