"""Rows written straight are the rows the library would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError

from app.core import db, straight
from app.core.db import session, unit_of_work
from app.core.idempotency import IdempotencyKey
from app.core.identity import Role
from tests.factories.people import make_person, make_units

AT = datetime(2026, 6, 15, 9, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def person(database: Engine) -> int:
    return make_person("街道经办", Role.STREET_CLERK, make_units().street).id


def key(person: int, **more: Any) -> IdempotencyKey:
    fields: dict[str, Any] = {
        "person_id": person,
        "scope": "x",
        "key": "k",
        "request_hash": "h",
        "response": {"金额": 100, "名": "甲"},
        "created_at": AT,
    }
    return IdempotencyKey(**{**fields, **more})


def read(number: int) -> IdempotencyKey:
    db.close()
    return session().get_one(IdempotencyKey, number)


def test_a_new_row_is_stored_as_the_library_stores_it(person: int) -> None:
    with unit_of_work() as current:
        straight.write(current, made := key(person))
        current.add(other := key(person, key="l"))
        current.flush()
        assert current.get(IdempotencyKey, made.id) is made
    one, two = read(made.id), session().get_one(IdempotencyKey, other.id)
    assert one.created_at == two.created_at == AT
    assert one.created_at.tzinfo is UTC
    assert one.response == two.response == {"金额": 100, "名": "甲"}


def test_only_what_changed_is_written_and_nothing_is_left_to_write(person: int) -> None:
    with unit_of_work() as current:
        straight.write(current, made := key(person))
    found = read(made.id)
    seen: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda *said: seen.append(said[2]))
    with unit_of_work() as current:
        found.response, found.scope = {"新": None}, found.scope
        straight.write(current, found)
        straight.write(current, found)
        assert found not in current.dirty
    changes = [one for one in seen if one.startswith(("UPDATE", "INSERT"))]
    assert [one.split(" WHERE")[0].split("=")[0] for one in changes] == [
        "UPDATE idempotency_key SET response"
    ]
    assert read(made.id).response == {"新": None}


def test_rows_kept_for_later_go_in_one_statement(person: int) -> None:
    rows = [
        {
            "person_id": person,
            "scope": "x",
            "key": name,
            "request_hash": "h",
            "response": {},
            "created_at": AT,
        }
        for name in "abc"
    ]
    seen: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda *said: seen.append(said[2]))
    with unit_of_work():
        for row in rows:
            db.add_later(IdempotencyKey, row)
    assert sum(one.startswith("INSERT") for one in seen) == 1
    assert session().scalars(select(IdempotencyKey.key).order_by(IdempotencyKey.id)).all() == ["a", "b", "c"]


def test_what_is_changed_afterwards_is_written_by_the_library(person: int) -> None:
    with unit_of_work() as current:
        straight.write(current, made := key(person))
        made.scope = "y"
    assert read(made.id).scope == "y"


def test_a_broken_constraint_is_the_librarys_error_and_nothing_stays(person: int) -> None:
    def twice() -> None:
        with unit_of_work() as current:
            straight.write(current, key(person))
            straight.write(current, key(person))

    with pytest.raises(IntegrityError):
        twice()
    assert session().scalars(select(IdempotencyKey)).all() == []


def test_a_row_that_was_rolled_back_is_not_held_as_written(person: int) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work() as current:
        straight.write(current, made := key(person))
        number = made.id
        raise ZeroDivisionError
    assert session().get(IdempotencyKey, number) is None


def test_a_change_that_was_rolled_back_is_what_it_was_before(person: int) -> None:
    with unit_of_work() as current:
        straight.write(current, made := key(person))
    number = made.id
    with pytest.raises(ZeroDivisionError), unit_of_work() as current:
        found = current.get_one(IdempotencyKey, number)
        found.scope = "y"
        straight.write(current, found)
        raise ZeroDivisionError
    assert session().get_one(IdempotencyKey, number).scope == "x"
    with unit_of_work() as current:
        found = current.get_one(IdempotencyKey, number)
        found.scope = "y"
        straight.write(current, found)
    assert read(number).scope == "y"
