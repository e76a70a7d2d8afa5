"""The log against somebody who can write to the database: each attack drops the triggers first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from app.audit import services as audit
from app.audit import verification
from app.audit.fingerprints import of_entry
from app.audit.models import AuditChain, AuditEntry, AuditSeal
from app.core import append_only, db
from app.core.clock import MovableClock
from app.core.identity import SYSTEM

CHAIN = "pot:7"


@pytest.fixture(autouse=True)
def key(database: Engine) -> None:
    audit.configure("key-of-this-test")


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[str], set[str]]]:
    fresh: dict[str, Callable[[str], set[str]]] = {}
    monkeypatch.setattr(verification, "_sources", fresh)
    return fresh


@pytest.fixture
def attacker(database: Engine) -> Iterator[Callable[..., None]]:
    """Runs statements as the owner of the database, triggers dropped."""
    with database.begin() as connection:
        for table in ("audit_entry", "audit_seal"):
            if database.dialect.name == "postgresql":
                connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
            else:
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))

    def attack(statement: str, **values: Any) -> None:
        db.close()
        with database.begin() as connection:
            assert connection.execute(text(statement), values).rowcount > 0

    return attack


def write(count: int = 3, chain: str = CHAIN) -> None:
    for number in range(count):
        with db.unit_of_work():
            audit.record(
                chain,
                "funds.allot",
                actor=SYSTEM,
                subject=chain,
                after={"amount": number, "day": "2026-03-02"},
            )


def at_once(work: Callable[[], None], count: int) -> None:
    """Run the same work in several threads; the first failure is raised here."""
    with ThreadPoolExecutor(count) as pool:
        for running in [pool.submit(work) for _ in range(count)]:
            running.result()


def problem() -> str:
    verdict = audit.verify()
    assert verdict.ok == (not verdict.problem)
    return verdict.problem


def forged_entry(attacker: Callable[..., None], seq: int, prev: str) -> str:
    """Insert a row by hand, with the best hash one can compute without the key."""
    audit.configure("a-guess")
    entry = AuditEntry(
        chain=CHAIN,
        seq=seq,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        actor_id=None,
        actor_name="系统",
        action="funds.allot",
        subject=CHAIN,
        before=None,
        after=None,
        history_hash=None,
        prev_hash=prev,
    )
    entry.hash = of_entry(entry.__dict__)
    audit.configure("key-of-this-test")
    with db.unit_of_work() as session:
        session.add(entry)
    return entry.hash


def last_hash() -> str:
    found = db.session().scalar(
        select(AuditEntry.hash).where(AuditEntry.chain == CHAIN).order_by(AuditEntry.seq.desc())
    )
    assert found
    return found


# --- whole ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_an_empty_log_is_whole() -> None:
    assert audit.verify() == audit.Verdict(True, 0, "", 0)
    assert audit.seal() is None


@pytest.mark.usefixtures("database")
def test_a_log_is_whole_before_and_after_sealing(clock: MovableClock) -> None:
    write(3)
    write(2, "case:1")
    assert audit.verify().entries == 5
    first = audit.seal()
    assert first is not None
    assert {chain: length for chain, (length, _) in first.heads.items()} == {
        CHAIN: 3,
        "case:1": 2,
    }
    assert audit.seal() is None  # nothing moved
    clock.advance(timedelta(minutes=1))
    write(1)
    second = audit.seal()
    assert second is not None
    assert list(second.heads) == [CHAIN]
    assert second.prev_mac == first.mac
    assert audit.verify() == audit.Verdict(True, 6, "", 2)


@pytest.mark.usefixtures("database")
def test_values_are_kept_as_the_database_gives_them_back() -> None:
    with db.unit_of_work():
        audit.record(
            CHAIN,
            "funds.allot",
            actor=SYSTEM,
            subject=CHAIN,
            before={"day": date(2026, 3, 2), "parts": (1, 2)},
            after={"街道": "狮山", "none": None, "share": 0.1},
        )
    assert not problem()


@pytest.mark.usefixtures("database")
def test_an_entry_is_gone_with_the_act_it_records() -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work():
        audit.record(CHAIN, "funds.allot", actor=SYSTEM, subject=CHAIN)
        raise ZeroDivisionError
    assert db.session().scalar(select(func.count(AuditEntry.id))) == 0
    write(1)
    assert not problem()


@pytest.mark.usefixtures("database")
def test_an_entry_outside_a_unit_of_work_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="unit of work"):
        audit.record(CHAIN, "funds.allot", actor=SYSTEM, subject=CHAIN)


@pytest.mark.usefixtures("database")
def test_writers_at_the_same_moment_share_one_chain() -> None:
    """The first entry of a chain is written by several at once; none is lost, none fails."""
    together = Barrier(4)

    def writer() -> None:
        try:
            together.wait()
            write(3)
        finally:
            db.close()

    at_once(writer, 4)
    assert audit.verify() == audit.Verdict(True, 12, "", 0)


@pytest.mark.usefixtures("database")
def test_a_personal_value_is_compared_and_not_read() -> None:
    assert audit.digest("13800000000") == audit.digest("13800000000")
    assert audit.digest("13800000000") != audit.digest("13800000001")
    before = audit.digest("13800000000")
    audit.configure("another-key")
    assert audit.digest("13800000000") != before


# --- the triggers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [AuditEntry, AuditSeal])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_change_the_log(database: Engine, model: type[Any], verb: str) -> None:
    write(1)
    audit.seal()
    db.close()
    table = model.__tablename__
    assert table in append_only.protected
    statement = f"DELETE FROM {table}" if verb == "delete" else f"UPDATE {table} SET seq = seq + 1"
    with pytest.raises(DBAPIError, match="append-only"), database.begin() as connection:
        connection.execute(text(statement))
    assert not problem()


# --- attacks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_name", "李建国"),
        ("action", "funds.release"),
        ("subject", "pot:8"),
        ("after", '{"amount": 9}'),
        ("at", "2026-03-01 01:00:00.000000"),
        ("actor_id", None),
        ("history_hash", "0" * 64),
    ],
)
def test_a_changed_entry_is_found(attacker: Callable[..., None], column: str, value: Any) -> None:
    write(3)
    if column == "actor_id":
        with db.unit_of_work() as session:
            session.execute(text("INSERT INTO person (login, name, password_hash, must_change, active,"
                " failed_logins, created_at, session_version) VALUES ('x', 'x', 'x', false, true, 0,"
                " '2026-03-01 01:00:00', 1)"))  # fmt: skip
        value = 1
    attacker(
        f"UPDATE audit_entry SET {column} = :value WHERE chain = :chain AND seq = 2",
        value=value,
        chain=CHAIN,
    )
    assert problem() == "pot:7 第 2 条内容被改动"


def test_an_entry_cut_out_of_the_middle_is_found(attacker: Callable[..., None]) -> None:
    write(3)
    attacker("DELETE FROM audit_entry WHERE chain = :chain AND seq = 2", chain=CHAIN)
    assert problem() == "pot:7 缺少第 2 条"


def test_a_gap_closed_by_renumbering_is_found(attacker: Callable[..., None]) -> None:
    write(3)
    attacker("DELETE FROM audit_entry WHERE chain = :chain AND seq = 2", chain=CHAIN)
    attacker("UPDATE audit_entry SET seq = 2 WHERE chain = :chain AND seq = 3", chain=CHAIN)
    assert problem() == "pot:7 第 2 条与前一条不衔接"


def test_a_tail_cut_off_is_found(attacker: Callable[..., None]) -> None:
    write(3)
    attacker("DELETE FROM audit_entry WHERE chain = :chain AND seq = 3", chain=CHAIN)
    assert problem() == "pot:7 的末尾与链头不一致"


def test_a_tail_cut_off_with_its_head_mended_is_found_by_the_seal(
    attacker: Callable[..., None],
) -> None:
    write(3)
    audit.seal()
    attacker("DELETE FROM audit_entry WHERE chain = :chain AND seq = 3", chain=CHAIN)
    mend(attacker, 2)
    assert problem() == "pot:7 缺少第 3 条：第 1 次封存后被截断"


def test_a_whole_chain_removed_with_its_head_is_found_by_the_seal(
    attacker: Callable[..., None],
) -> None:
    write(3)
    write(1, "case:1")
    audit.seal()
    attacker("DELETE FROM audit_entry WHERE chain = :chain", chain=CHAIN)
    attacker("DELETE FROM audit_chain WHERE chain = :chain", chain=CHAIN)
    assert problem() == "pot:7 的全部记录缺失"


def test_all_entries_removed_is_found_by_the_heads(
    attacker: Callable[..., None],
) -> None:
    write(1)
    attacker("DELETE FROM audit_entry")
    assert problem() == "pot:7 的全部记录缺失"


def test_an_entry_added_by_hand_is_found(attacker: Callable[..., None]) -> None:
    write(2)
    forged_entry(attacker, 3, last_hash())
    assert problem() == "pot:7 第 3 条内容被改动"


def test_an_entry_added_by_hand_with_its_head_mended_is_found(
    attacker: Callable[..., None],
) -> None:
    write(2)
    audit.seal()
    forged = forged_entry(attacker, 3, last_hash())
    attacker(
        "UPDATE audit_chain SET length = 3, head = :head WHERE chain = :chain",
        head=forged,
        chain=CHAIN,
    )
    assert problem() == "pot:7 第 3 条内容被改动"


def test_a_chain_rewritten_from_a_point_with_a_guessed_key_is_found(
    attacker: Callable[..., None],
) -> None:
    write(2)
    attacker("DELETE FROM audit_entry WHERE chain = :chain AND seq = 2", chain=CHAIN)
    forged = forged_entry(attacker, 2, last_hash())
    attacker(
        "UPDATE audit_chain SET head = :head WHERE chain = :chain",
        head=forged,
        chain=CHAIN,
    )
    assert problem() == "pot:7 第 2 条内容被改动"


def test_a_head_removed_is_found(attacker: Callable[..., None]) -> None:
    write(1)
    attacker("DELETE FROM audit_chain")
    assert problem() == "pot:7 的末尾与链头不一致"


def test_the_last_seal_removed_is_found(attacker: Callable[..., None], clock: MovableClock) -> None:
    write(1)
    audit.seal()
    write(1)
    audit.seal()
    attacker("DELETE FROM audit_seal WHERE seq = 2")
    assert problem() == "缺少第 2 个封存"


def test_a_seal_cut_out_of_the_middle_is_found(attacker: Callable[..., None]) -> None:
    for _ in range(3):
        write(1)
        audit.seal()
    attacker("DELETE FROM audit_seal WHERE seq = 2")
    assert problem() == "缺少第 2 个封存"


@pytest.mark.parametrize("column", ["heads", "mac", "at"])
def test_a_changed_seal_is_found(attacker: Callable[..., None], column: str) -> None:
    write(2)
    audit.seal()
    values = {
        "heads": json.dumps({CHAIN: [1, "0" * 64]}),
        "mac": "0" * 64,
        "at": "2026-01-01 00:00:00.000000",
    }
    attacker(f"UPDATE audit_seal SET {column} = :value", value=values[column])
    assert problem() == "第 1 个封存被改动"


def test_tail_seals_and_heads_cut_back_together_are_found_by_the_code_kept_outside(
    attacker: Callable[..., None], clock: MovableClock
) -> None:
    """Who rolls everything back to an earlier seal is found only by what was kept outside the machine."""
    write(1)
    first = audit.seal()
    write(1)
    second = audit.seal()
    assert first
    assert second
    attacker("DELETE FROM audit_entry WHERE seq = 2")
    attacker("DELETE FROM audit_seal WHERE seq = 2")
    mend(attacker, 1)
    attacker(
        "UPDATE audit_chain SET length = 1, head = :mac WHERE chain = 'seals'",
        mac=first.mac,
    )
    assert not problem()
    assert audit.verify({1: first.mac, 2: second.mac}).problem == "缺少第 2 个封存"
    assert audit.verify({1: second.mac}).problem == "第 1 个封存与另行保存的不一致"


def mend(attacker: Callable[..., None], length: int) -> None:
    """Make the chain's head agree with its entries, as a careful attacker would."""
    attacker(
        "UPDATE audit_chain SET length = :length, sealed_length = :length, head ="
        " (SELECT hash FROM audit_entry WHERE chain = :chain AND seq = :length) WHERE chain = :chain",
        length=length,
        chain=CHAIN,
    )


# --- what entries point to --------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_a_history_line_that_changed_or_vanished_is_found(
    sources: dict[str, Callable[[str], set[str]]],
) -> None:
    lines = {"a" * 64, "b" * 64}
    audit.register_source("history", lambda chain: set(lines) if chain == "case:1" else set())
    for line in sorted(lines):
        with db.unit_of_work():
            audit.record(
                "case:1",
                "runtime.complete",
                actor=SYSTEM,
                subject="XM2026-1",
                history_hash=line,
            )
    assert not problem()
    lines.discard("b" * 64)
    assert problem() == "case:1 第 2 条指向的办理记录被改动或缺失"


@pytest.mark.usefixtures("database")
def test_history_that_nobody_can_check_is_not_called_whole() -> None:
    with db.unit_of_work():
        audit.record(
            "case:1",
            "runtime.complete",
            actor=SYSTEM,
            subject="XM2026-1",
            history_hash="a" * 64,
        )
    assert problem() == "case:1 第 1 条指向的办理记录被改动或缺失"


# --- sealing while others write ---------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_two_workers_seal_one_after_the_other() -> None:
    write(2)
    together = Barrier(2)

    def worker() -> None:
        try:
            together.wait()
            audit.seal()
        finally:
            db.close()

    at_once(worker, 2)
    assert audit.verify().seals == 1


def test_a_chain_in_an_open_transaction_waits_for_the_next_seal(
    database: Engine,
) -> None:
    if database.dialect.name == "sqlite":
        # SQLite knows one writer: the seal itself waits, so the question does not arise.
        write(2)
        assert audit.seal() is not None
        return
    write(1)
    write(1, "case:1")
    with database.begin() as other:
        other.execute(
            text("SELECT 1 FROM audit_chain WHERE chain = :chain FOR UPDATE"),
            {"chain": CHAIN},
        )
        made = audit.seal()
    assert made is not None
    assert list(made.heads) == ["case:1"]
    later = audit.seal()
    assert later is not None
    assert list(later.heads) == [CHAIN]
    assert not problem()


@pytest.mark.usefixtures("database")
def test_sealed_chains_are_not_looked_at_again() -> None:
    write(1)
    audit.seal()
    row = db.session().get_one(AuditChain, CHAIN)
    assert (row.length, row.sealed_length) == (1, 1)


@pytest.mark.usefixtures("database")
def test_seals_of_a_day_are_found_by_shanghai_midnight(clock: MovableClock) -> None:
    write(1)
    made = audit.seal()
    assert made
    start = clock.now() - timedelta(hours=9)
    assert [s.seq for s in audit.seals_of(start, start + timedelta(days=1))] == [made.seq]
    assert audit.seals_of(start + timedelta(days=1), start + timedelta(days=2)) == []


def test_a_log_longer_than_one_batch_is_checked_to_its_end(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "BATCH", 3)
    for number in range(10):
        with db.unit_of_work():
            audit.record(f"case:{number % 2}", "runtime.start", actor=SYSTEM, subject=str(number))
    db.close()
    verdict = audit.verify()
    assert (verdict.ok, verdict.entries) == (True, 10), verdict.problem
