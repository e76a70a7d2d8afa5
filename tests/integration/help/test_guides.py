"""An office's own word on a step: kept with all that was said before, written by its own people only."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import db
from app.core.errors import Forbidden, Refusal
from app.core.identity import Role
from app.help import queries, services
from tests.factories.people import actor_of, make_person, make_units


@pytest.fixture
def office(database: Engine) -> SimpleNamespace:
    del database
    units = make_units()
    return SimpleNamespace(
        street=units.street.id,
        other=units.other_street.id,
        clerk=actor_of(make_person("经办", Role.STREET_CLERK, units.street)),
        finance=actor_of(make_person("财务", Role.STREET_FINANCE, units.street)),
    )


def test_the_newest_word_counts_and_the_old_ones_stay(office: SimpleNamespace) -> None:
    services.write_guide(office.clerk, office.street, "review.precheck", "材料放三楼档案柜。")
    services.write_guide(office.clerk, office.street, "review.precheck", "材料放四楼。")
    found = queries.guide(office.street, "review.precheck")
    assert found is not None
    assert found.text == "材料放四楼。"
    assert [one.no for one in queries.versions(office.street, "review.precheck")] == [2, 1]
    assert queries.guide(office.other, "review.precheck") is None
    assert queries.guided(office.street) == {"review.precheck"}
    services.write_guide(office.clerk, office.street, "review.precheck", " ")
    assert queries.guide(office.street, "review.precheck") is None
    assert queries.guided(office.street) == set()


def test_others_do_not_write_it(office: SimpleNamespace) -> None:
    for actor, unit in ((office.finance, office.street), (office.clerk, office.other)):
        with pytest.raises(Forbidden):
            services.write_guide(actor, unit, "review.precheck", "x")
    with pytest.raises(Refusal):
        services.write_guide(office.clerk, office.street, "review.precheck", "长" * (services.LONGEST + 1))
    assert queries.guided(office.street) == set()


def test_what_was_said_cannot_be_rewritten(office: SimpleNamespace) -> None:
    services.write_guide(office.clerk, office.street, "review.precheck", "材料放三楼。")
    with pytest.raises(DBAPIError), db.unit_of_work() as session:
        session.execute(text("UPDATE step_guide SET text = 'x'"))


def test_one_is_shown_around_once_and_again_when_asked(office: SimpleNamespace) -> None:
    person = office.clerk.person_id
    assert not queries.seen(person)
    services.end_tour(office.clerk)
    services.end_tour(office.clerk)
    assert queries.seen(person)
    services.end_tour(office.clerk, again=True)
    assert not queries.seen(person)
