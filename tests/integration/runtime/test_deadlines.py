"""A late user does not beat an expired deadline, by no act; what has been signed until then is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Conflict
from app.runtime import acts, jobs, returning, services
from app.runtime.models import Case, FormRecord, Task, TaskSigner
from app.runtime.queries import history_of
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import do, elements, opened

Begin = Callable[..., Case]
CLERK = "街道经办"


class Limited(Diagram):
    """With a boundary timer of two days on `answer` that leads to `expired`."""

    def xml(self) -> str:
        cancel = "true" if self.name == "限期" else "false"
        event = (
            f'<bpmn:boundaryEvent id="limit" attachedToRef="answer" cancelActivity="{cancel}">'
            '<bpmn:outgoing>f_limit</bpmn:outgoing><bpmn:timerEventDefinition id="ld">'
            '<bpmn:timeDuration>"P2D"</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
            '<bpmn:sequenceFlow id="f_limit" sourceRef="limit" targetRef="expired" />'
        )
        text = super().xml()
        lane = "<bpmn:flowNodeRef>answer</bpmn:flowNodeRef>"
        assert lane in text
        return text.replace(lane, lane + "<bpmn:flowNodeRef>limit</bpmn:flowNodeRef>").replace(
            "</bpmn:process>", event + "</bpmn:process>"
        )


def limited(name: str, signing: str = "one", parts: int = 0) -> Diagram:
    made = Limited("limited", name, lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("ask", "申请", CLERK, 1, form="act")
    made.user(
        "answer",
        "答复",
        CLERK,
        2,
        form="act",
        props={"signing": signing, "acts": "send_back,reject,add_signer"},
        mi={"kind": "parallel", "cardinality": str(parts)} if parts else None,
    )
    made.end("end", lane=CLERK, col=3)
    made.user("expired", "逾期处理", CLERK, 3, 1, form="act")
    made.end("end2", lane=CLERK, col=4, row=1)
    for pair in (("start", "ask"), ("ask", "answer"), ("answer", "end"), ("expired", "end2")):
        made.flow(*pair)
    return made


def test_late_is_late_whatever_one_does(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(limited("限期"))
    one, two, _ = office.clerks
    asked = do(one, case, "ask").task_id
    task = opened(case, "answer").id
    acts.add_signer(one, task, two.person_id, "beside", "一起看")
    clock.advance(timedelta(days=2, seconds=2))
    late = (
        lambda: services.complete_task(one, task, {"decision": "agree"}, "key"),
        lambda: services.sign_added(two, task, agrees=True, opinion="同意"),
        lambda: returning.send_back(one, task, asked, "补充"),
        lambda: returning.reject(one, task, "不行"),
    )
    for act in late:
        with pytest.raises(Conflict, match="期限已到"):
            act()
    assert elements(case) == ["answer"]  # nothing of a refused act remains
    assert jobs.run_due() == 1
    assert elements(case) == ["expired"]
    for act in late:
        with pytest.raises(Conflict):
            act()
    assert do(one, case, "expired").finished
    assert audit.verify().ok


def test_what_comes_due_beside_fires_first_as_the_system(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(limited("提醒"))
    do(office.clerks[0], case, "ask")
    clock.advance(timedelta(days=2, seconds=2))
    do(office.clerks[0], case, "answer")
    assert elements(case) == ["expired"]
    told = [(line.kind, line.actor_id) for line in history_of(case.id)]
    assert told.index(("timer", None)) < told.index(("completed", office.clerks[0].person_id), 2)
    assert jobs.run_due() == 0
    assert audit.verify().ok


def test_votes_given_before_the_deadline_are_kept(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    """The library drops what parts of a step have answered when a timer interrupts it; signatures are rows."""
    case = begin(limited("限期", "all"))
    do(office.clerks[0], case, "ask")
    task = opened(case, "answer").id
    do(office.clerks[0], case, "answer", opinion="同意")
    clock.advance(timedelta(days=2, seconds=2))
    with pytest.raises(Conflict, match="期限已到"):
        do(office.clerks[1], case, "answer")
    assert jobs.run_due() == 1
    db.close()
    kept = select(func.count()).where(TaskSigner.task_id == task, TaskSigner.state == "signed")
    assert session().scalar(kept) == 1
    assert [line.opinion for line in history_of(case.id) if line.kind == "signed"] == ["同意"]


def test_parts_done_before_the_deadline_are_kept(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    """The same of a step that several do side by side: what the library drops lies in rows of our own."""
    case = begin(limited("限期", parts=3))
    do(office.clerks[0], case, "ask")
    voted = do(office.clerks[0], case, "answer", opinion="同意").task_id
    clock.advance(timedelta(days=2, seconds=2))
    assert jobs.run_due() == 1
    assert elements(case) == ["expired"]
    kept = session().scalars(select(FormRecord).where(FormRecord.task_id == voted)).one()
    assert kept.answers["opinion"] == "同意"
    assert session().get_one(Task, voted).done_by == office.clerks[0].person_id
    told = [line.opinion for line in history_of(case.id) if line.kind == "completed"]
    assert "同意" in told
    assert audit.verify().ok
