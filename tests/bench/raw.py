"""The baseline: bare SpiffWorkflow; each completion reads, runs and writes the whole workflow as JSON."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from tests.bench.diagrams import answers, drawing, key_of

TABLES = """
create table process_instance(id integer primary key, status text not null, state text not null, updated real);
create table human_task(id integer primary key, process_instance_id integer not null, task_guid text, name text,
  title text, owner_id integer, completed integer not null default 0, created real, done real);
create index ix_ht_open on human_task(owner_id, id) where completed=0;
create index ix_ht_pi on human_task(process_instance_id);
create table event(id integer primary key, process_instance_id integer not null, task_guid text, type text, ts real,
  user_id integer);
"""


class Raw:
    """One database of the baseline."""

    def __init__(self, path: Path, steps: int) -> None:
        self.steps = steps
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.parse(BytesIO(drawing(steps))), "main.bpmn")
        self.spec = parser.get_spec(key_of(steps))
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(TABLES)

    def run(self, salt: int) -> Iterator[float]:
        """Take one instance to its end; yields the seconds of each completion."""
        number = self._start()
        for step in range(1, self.steps + 1):
            began = time.perf_counter()
            self._complete(number, answers(step, salt))
            yield time.perf_counter() - began

    def _start(self) -> int:
        self.db.execute("begin immediate")
        workflow = BpmnWorkflow(self.spec)
        workflow.do_engine_steps()
        number = self.db.execute(
            "insert into process_instance(status,state,updated) values('running',?,?)",
            (self.serializer.serialize_json(workflow), time.time()),
        ).lastrowid
        assert number is not None
        self._rows(number, workflow, None)
        self.db.execute("commit")
        return number

    def _complete(self, number: int, data: dict[str, Any]) -> None:
        self.db.execute("begin immediate")
        state = self.db.execute("select state from process_instance where id=?", (number,)).fetchone()[0]
        workflow = self.serializer.deserialize_json(state)
        task = workflow.get_tasks(state=TaskState.READY, manual=True)[0]
        task.data.update(data)
        task.run()
        workflow.do_engine_steps()
        self.db.execute(
            "update process_instance set status=?, state=?, updated=? where id=?",
            (
                "complete" if workflow.completed else "running",
                self.serializer.serialize_json(workflow),
                time.time(),
                number,
            ),
        )
        self._rows(number, workflow, str(task.id))
        self.db.execute("commit")

    def _rows(self, number: int, workflow: Any, done: str | None) -> None:
        now = time.time()
        if done:
            self.db.execute(
                "update human_task set completed=1, done=? where process_instance_id=? and task_guid=?",
                (now, number, done),
            )
            self.db.execute(
                "insert into event(process_instance_id,task_guid,type,ts,user_id) values(?,?,?,?,1)",
                (number, done, "task_completed", now),
            )
        for task in workflow.get_tasks(state=TaskState.READY, manual=True):
            self.db.execute(
                "insert into human_task(process_instance_id,task_guid,name,title,owner_id,created)"
                " values(?,?,?,?,1,?)",
                (number, str(task.id), task.task_spec.bpmn_id, task.task_spec.bpmn_name, now),
            )
