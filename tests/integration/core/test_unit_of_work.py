"""All or nothing, on both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import append_only, clock, db, idempotency, marks
from app.core.errors import Conflict
from app.core.identity import RESIDENT, Actor
from app.core.marks import Mark
from tests.factories.people import actor_of, make_person, make_units

pytestmark = pytest.mark.usefixtures("database")


def count() -> int:
    return db.session().scalar(select(func.count()).select_from(Mark)) or 0


def mark(name: str) -> Mark:
    return Mark(name=name, value="1", at=clock.now())


def test_what_succeeds_is_kept() -> None:
    with db.unit_of_work() as session:
        session.add(mark("a"))
        assert db.in_unit_of_work()
    assert not db.in_unit_of_work()
    db.close()
    assert count() == 1


def test_a_failure_leaves_nothing_of_all_blocks() -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work() as session:
        session.add(mark("outer"))
        marks.put("inner", "1")  # a service of its own joins
        assert count() == 2
        raise ZeroDivisionError
    assert not db.in_unit_of_work()
    assert count() == 0


def test_an_inner_block_does_not_commit(database: Engine) -> None:
    with db.unit_of_work():
        marks.put("inner", "1")
        with database.connect() as other:
            assert other.scalar(select(func.count()).select_from(Mark)) == 0
    assert count() == 1


def test_a_failure_of_an_inner_block_that_is_caught_does_not_save_half() -> None:
    with db.unit_of_work() as session:
        session.add(mark("a"))
    with pytest.raises(IntegrityError), db.unit_of_work() as session:
        session.add(mark("b"))
        session.execute(text("INSERT INTO mark (name, value, at) VALUES ('a', '2', '2026-03-02')"))
    assert count() == 1


def test_two_writers_take_turns() -> None:
    marks.put("n", "0")
    db.close()
    started = threading.Barrier(2)

    def add() -> None:
        started.wait()
        for _ in range(10):
            with db.unit_of_work() as session:
                row = session.get_one(Mark, "n", with_for_update=True)
                row.value = str(int(row.value) + 1)
            db.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert marks.get("n") == "20"


def test_a_reader_does_not_wait_for_a_writer(database: Engine) -> None:
    marks.put("n", "1")
    with db.unit_of_work() as session:
        session.get_one(Mark, "n").value = "2"
        session.flush()
        with database.connect() as reader:
            assert reader.scalar(select(Mark.value)) == "1"


def test_moments_come_back_aware_and_equal() -> None:
    moment = datetime(2026, 3, 2, 23, 59, 59, tzinfo=clock.SHANGHAI)
    with db.unit_of_work() as session:
        session.add(Mark(name="m", value="1", at=moment))
    db.close()
    kept = db.session().get_one(Mark, "m").at
    assert kept == moment
    assert kept.utcoffset() == timedelta(0)
    found = db.session().scalar(
        select(Mark.name).where(Mark.at <= moment, Mark.at > moment - timedelta(seconds=1))
    )
    assert found == "m"


def test_the_tables_of_record_are_append_only() -> None:
    assert {"history", "audit_entry", "audit_seal", "ledger_entry"} <= set(append_only.protected)


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET subject = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_the_record(statement: str) -> None:
    make_units()  # leaves audit entries
    before = db.session().scalar(text("SELECT count(*) FROM audit_entry"))
    assert before
    with pytest.raises(DBAPIError, match="audit_entry is append-only"), db.unit_of_work() as session:
        session.execute(text(statement))
    assert db.session().scalar(text("SELECT count(*) FROM audit_entry")) == before


def test_every_table_of_record_has_its_triggers(database: Engine) -> None:
    from app.core import migrate

    with database.begin() as connection:
        assert migrate.unprotected(connection) == []
        trigger = (
            "history_append_only ON history" if database.dialect.name == "postgresql" else "history_no_update"
        )
        connection.execute(text(f"DROP TRIGGER {trigger}"))
        assert migrate.unprotected(connection) == ["history"]


def test_truncate_is_refused_too(database: Engine) -> None:
    if database.dialect.name == "sqlite":
        assert len(append_only.ddl("history", "sqlite")) == 2  # SQLite knows no TRUNCATE
        return
    with pytest.raises(DBAPIError, match="append-only"), db.unit_of_work() as session:
        session.execute(text("TRUNCATE history"))


def clerk() -> Actor:
    units = make_units()
    return actor_of(make_person("经办", "street.clerk", units.street))


def test_the_same_request_gets_the_same_answer() -> None:
    actor, request = clerk(), {"amount": 1, "name": "助餐"}
    assert idempotency.remember(actor, "complete", "k1", request) is None
    with db.unit_of_work():
        idempotency.answer(actor, "complete", "k1", request, {"case": 7})
    assert idempotency.remember(actor, "complete", "k1", dict(reversed(request.items()))) == {"case": 7}
    assert idempotency.remember(actor, "start", "k1", request) is None
    assert idempotency.remember(actor, "complete", "k2", request) is None


def test_a_key_is_not_used_for_something_else() -> None:
    actor = clerk()
    with db.unit_of_work():
        idempotency.answer(actor, "complete", "k1", {"amount": 1}, {})
    with pytest.raises(Conflict, match="已经提交过"):
        idempotency.remember(actor, "complete", "k1", {"amount": 2})


def test_a_racing_twin_fails_on_the_key() -> None:
    actor = clerk()
    with db.unit_of_work():
        idempotency.answer(actor, "complete", "k1", {}, {})
    with pytest.raises(Conflict), db.unit_of_work() as session:
        session.add(mark("effect"))
        idempotency.answer(actor, "complete", "k1", {}, {})
    assert count() == 0


def test_without_key_or_person_nothing_is_kept() -> None:
    with db.unit_of_work():
        idempotency.answer(RESIDENT, "vote", "k1", {}, {})
        idempotency.answer(clerk(), "complete", None, {}, {})
    kept = db.session().scalar(select(func.count()).select_from(idempotency.IdempotencyKey))
    assert kept == 0


def test_the_database_knows_how_many_rows_its_indexes_hold(database: Engine) -> None:
    clerk()
    db.close()
    db.count_rows()
    if database.dialect.name == "postgresql":  # counts by itself
        return
    with database.connect() as connection:
        kept = connection.execute(text("SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'person'")).all()
    assert kept
    assert all(stat.startswith("1 ") for _, stat in kept)
