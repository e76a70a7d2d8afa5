"""Messages: written with what they tell, read by their own person."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from app.accounts import services as accounts
from app.core import db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM, Actor
from app.messages import queries, services


@pytest.fixture
def people(database: Engine) -> list[Actor]:
    made = [accounts.create_person(SYSTEM, login=login, name=login)[0] for login in ("one", "two")]
    return [Actor(person.id, person.name) for person in made]


def ids(people: list[Actor]) -> list[int]:
    return [actor.person_id for actor in people if actor.person_id is not None]


def test_each_person_gets_one_line_however_often_named(people: list[Actor], clock: MovableClock) -> None:
    services.notify([*ids(people), *ids(people)], "task", "请办理：联审", "/desk/tasks/1", body="还剩 2 天")
    for actor in people:
        (line,) = queries.inbox(actor)
        assert (line.title, line.body, line.url) == ("请办理：联审", "还剩 2 天", "/desk/tasks/1")
        assert (line.created_at, line.read_at) == (clock.now(), None)
        assert queries.unread_count(line.person_id) == 1


def test_a_line_is_gone_with_the_act_it_tells(people: list[Actor]) -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work():
        services.notify(ids(people), "task", "请办理", "/desk")
        raise ZeroDivisionError
    assert queries.inbox(people[0]) == []


def test_only_own_lines_are_marked(people: list[Actor]) -> None:
    first, second = people
    services.notify(ids(people), "task", "甲", "/desk")
    services.notify(ids(people), "task", "乙", "/desk")
    newest = queries.inbox(first)[0]
    assert services.mark_read(second, [newest.id]) == 0
    assert services.mark_read(first, [newest.id]) == 1
    assert services.mark_read(first, [newest.id]) == 0
    assert (queries.unread_count(ids(people)[0]), queries.unread_count(ids(people)[1])) == (1, 2)
    assert services.mark_read(second) == 2


def test_the_box_is_read_page_by_page(people: list[Actor]) -> None:
    for number in range(5):
        services.notify(ids(people)[:1], "task", f"第 {number} 条", "/desk")
    page = queries.inbox(people[0], limit=3)
    rest = queries.inbox(people[0], before=page[-1].id, limit=3)
    assert [line.title for line in [*page, *rest]] == [f"第 {n} 条" for n in (4, 3, 2, 1, 0)]
