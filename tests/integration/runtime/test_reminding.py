"""Steps due soon and late: marks, messages, history; drawn timers and the sweep never remind twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import select

from app.core import clock as time
from app.core import db
from app.core.db import session
from app.messages.models import Message
from app.runtime import jobs, operators, reminding
from app.runtime.models import Case, Task
from app.runtime.queries import history_of
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import do, opened

Begin = Callable[..., Case]
CLERK, LEADER = "街道经办", "街道领导"
REMINDER = (
    '<bpmn:boundaryEvent id="{id}" attachedToRef="write" cancelActivity="false">'
    "<bpmn:outgoing>f_{id}</bpmn:outgoing><bpmn:timerEventDefinition>"
    '<bpmn:timeDate xsi:type="bpmn:tFormalExpression">{when}</bpmn:timeDate>'
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:serviceTask id="do_{id}"><bpmn:extensionElements>'
    '<spiffworkflow:serviceTaskOperator id="{operator}"><spiffworkflow:parameters>'
    '<spiffworkflow:parameter id="step" type="any" value="\'write\'" /></spiffworkflow:parameters>'
    "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
    "<bpmn:incoming>f_{id}</bpmn:incoming><bpmn:outgoing>e_{id}</bpmn:outgoing></bpmn:serviceTask>"
    '<bpmn:endEvent id="end_{id}"><bpmn:incoming>e_{id}</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="f_{id}" sourceRef="{id}" targetRef="do_{id}" />'
    '<bpmn:sequenceFlow id="e_{id}" sourceRef="do_{id}" targetRef="end_{id}" />'
)


class Watched(Diagram):
    """A diagram with reminders drawn on its first step."""

    def xml(self) -> str:
        drawn = REMINDER.format(id="soon", when="due_soon(5)", operator="task.remind")
        drawn += REMINDER.format(id="late", when="due_in(5)", operator="task.escalate")
        return super().xml().replace("</bpmn:process>", drawn + "</bpmn:process>")


def two(kind: type[Diagram] = Diagram) -> Diagram:
    made = kind("two", "两步", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act", props={"dueWorkingDays": "5"})
    made.user("decide", "签发", LEADER, 2, form="act")
    made.end("end", lane=LEADER, col=3)
    for pair in (("start", "write"), ("write", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def told(kind: str) -> list[int]:
    db.close()
    return sorted(session().scalars(select(Message.person_id).where(Message.kind == kind)))


def lines(case: Case) -> list[str]:
    return [line.kind for line in history_of(case.id) if line.kind in ("reminded", "escalated")]


def test_the_sweep_reminds_before_the_end_and_escalates_after_it(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(two())  # Monday 2 March: five working days end with Monday 9 March
    clerks = sorted(one.person_id for one in office.clerks)
    clock.set(time.now().replace(day=6, hour=0))
    assert reminding.sweep() == 0
    clock.advance(timedelta(hours=1, seconds=1))  # nine in Shanghai, one working day before the end
    assert reminding.sweep() == 1
    assert reminding.sweep() == 0
    assert (told("due"), told("late")) == (clerks, [])
    clock.advance(timedelta(days=4))
    assert reminding.sweep() == 1
    assert told("late") == sorted([*clerks, office.leader.person_id])
    assert lines(case) == ["reminded", "escalated"]
    task = opened(case, "write")
    assert (task.reminded_at is not None, task.escalated_at, task.attention_at) == (True, time.now(), None)
    clock.advance(timedelta(days=30))
    assert reminding.sweep() == 0


def test_a_step_done_in_time_is_nobodys_concern(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(two())
    do(office.clerks[0], case, "write")
    clock.advance(timedelta(days=30))
    assert reminding.sweep() == 0
    assert (told("due"), lines(case)) == ([], [])


def test_drawn_reminders_and_the_sweep_remind_once(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    operators.register()
    case = begin(two(Watched))
    assert case.next_due == time.now().replace(day=6, hour=1, second=1)
    clock.set(time.now().replace(day=6, hour=2))
    assert jobs.run_due() == 1
    assert reminding.sweep() == 0
    assert told("due") == sorted(one.person_id for one in office.clerks)
    clock.set(time.now().replace(day=10, hour=2))
    assert reminding.sweep() == 1  # the sweep is first this time
    assert jobs.run_due() == 1
    assert lines(case) == ["reminded", "escalated"]
    assert len(told("late")) == 4
    do(office.clerks[0], case, "write")
    do(office.leader, case, "decide")
    db.close()
    found = session().get_one(Case, case.id)
    assert (found.status, found.next_due) == ("completed", None)


def test_a_drawn_reminder_ends_with_its_step(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    operators.register()
    case = begin(two(Watched))
    do(office.clerks[0], case, "write")
    db.close()
    assert session().get_one(Case, case.id).next_due is None
    clock.advance(timedelta(days=30))
    assert (jobs.run_due(), reminding.sweep(), lines(case)) == (0, 0, [])
    assert session().scalars(select(Task.attention_at).where(Task.element == "write")).one() is not None
