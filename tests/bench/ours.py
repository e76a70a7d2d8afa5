"""Our side: the services that the pages use, on a database of their own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine, event, select, text

from app import tables
from app.audit import services as audit
from app.core import db
from app.core.identity import SYSTEM, Actor, Role
from app.policy import queries as policy_queries
from app.policy import services as policy
from app.policy.packs import load_folder
from app.runtime import definitions, services
from app.runtime.models import Task
from config import ROOT
from tests.bench.diagrams import answers, drawing, forms, key_of
from tests.factories.people import actor_of, make_person, make_units

PACK = "zhuhai"
UNCOUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True)
class Office:
    """A street with one clerk, and the yardstick's processes in force."""

    clerk: Actor
    street_id: int
    community_id: int

    def start(self, steps: int, title: str) -> int:
        """Start a case; answers its id."""
        assert self.clerk.person_id is not None
        made = services.start_case(
            self.clerk,
            pack_key=PACK,
            process_key=key_of(steps),
            title=title,
            street_id=self.street_id,
            community_id=self.community_id,
            owner_id=self.clerk.person_id,
            data={},
        )
        return made.id

    def run(self, steps: int, salt: int) -> Iterator[float]:
        """Take one case to its end; yields the seconds of each completion."""
        case_id = self.start(steps, f"案例 {salt}")
        for step in range(1, steps + 1):
            task_id = self.open_task(case_id)
            db.close()  # a request begins with an empty session
            began = time.perf_counter()
            services.complete_task(self.clerk, task_id, answers(step, salt), f"bench-{case_id}-{step}")
            yield time.perf_counter() - began

    def open_task(self, case_id: int) -> int:
        """The open step of a case."""
        found = db.session().scalar(select(Task.id).where(Task.case_id == case_id, Task.state == "open"))
        assert found is not None
        return found


def found(engine: Engine, sizes: tuple[int, ...]) -> Office:
    """Make the schema, the people and the processes in an empty database and bind it to this process."""
    tables.metadata.create_all(engine)
    bind(engine)
    units = make_units()
    clerk = make_person("街道经办", Role.STREET_CLERK, units.street)
    policy.store(SYSTEM, load_folder(ROOT / "bpmn", PACK))
    for steps in sizes:
        definitions.deploy(
            SYSTEM,
            pack_key=PACK,
            process_key=key_of(steps),
            title=key_of(steps),
            files={"process/main.bpmn": drawing(steps), **forms(steps)},
            publish=True,
        )
    return Office(actor_of(clerk), units.street.id, units.community.id)


def bind(engine: Engine) -> None:
    """Make this the database of the process."""
    audit.configure("bench-audit-key")
    policy_queries.forget()
    definitions.forget()
    db.bind(engine)


class Counter:
    """Counts statements and commits of an engine while it is entered."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.statements, self.commits = engine, list[str](), 0

    def _statement(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(UNCOUNTED):
            self.statements.append(statement)

    def _commit(self, _c: object) -> None:
        self.commits += 1

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._statement)
        event.listen(self.engine, "commit", self._commit)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._statement)
        event.remove(self.engine, "commit", self._commit)


def stored_bytes(case_id: int) -> int:
    """Stored lengths of a finished case: its state, its history rows, its audit rows."""
    session = db.session()
    total = int(session.scalar(text("SELECT length(state) FROM cases WHERE id = :id"), {"id": case_id}) or 0)
    for table, where in (
        ("history", "case_id = :id"),
        ("audit_entry", "chain = :chain"),
    ):
        names = [column.name for column in tables.metadata.tables[table].columns]
        width = " + ".join(f"coalesce(length(CAST({name} AS BLOB)), 0)" for name in names)
        query = text(f"SELECT coalesce(sum({width}), 0) FROM {table} WHERE {where}")
        total += int(session.scalar(query, {"id": case_id, "chain": f"case:{case_id}"}) or 0)
    return total


def cost(office: Office, engine: Engine, steps: int) -> dict[str, float]:
    """Statements and commits of a case's last completion, and what the finished case takes up."""
    case_id = office.start(steps, "计")
    for step in range(1, steps + 1):
        task_id = office.open_task(case_id)
        db.close()
        with Counter(engine) as counter:
            services.complete_task(office.clerk, task_id, answers(step, 1), f"bench-{case_id}-{step}")
    return {
        f"bytes_{steps}": stored_bytes(case_id),
        "sql_per_completion": len(counter.statements),
        "commits_per_completion": counter.commits,
    }


def sync_fully(engine: Engine) -> None:
    """Wait for the disk at every commit."""

    @event.listens_for(engine, "connect")
    def _fully(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous=FULL")
