"""What operators do about incidents, on both databases: one transaction each, with history, audit and messages."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts import services as accounts
from app.accounts.models import OrgUnit
from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Conflict, Fault, Forbidden, NotFound, Refusal
from app.core.identity import SYSTEM, Actor, Role
from app.messages.models import Message
from app.runtime import faults, handlers, incidents, jobs, services
from app.runtime.desk_queries import desk
from app.runtime.models import Case, Incident, Task
from app.runtime.queries import history_of
from app.runtime.work_models import IncidentAct
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person
from tests.integration.runtime.conftest import do, elements, opened

Begin = Callable[..., Case]
CLERK, LEADER = "街道经办", "街道领导"
BECAUSE = "模型写错了变量名"


@pytest.fixture
def operator(office: SimpleNamespace) -> Actor:
    """The city's system administrator."""
    city = session().scalars(select(OrgUnit).where(OrgUnit.kind == "city")).one()
    made = actor_of(make_person("运维", Role.SYSTEM_ADMIN, city))
    db.close()
    return made


def flow(*, broken: bool = True, undo: handlers.Undo | None = handlers.keep) -> Diagram:
    """A plain step, a step of the office, a wait, a computation that may fail, a last step."""
    made = Diagram("flow", "流程", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act")
    made.user("check", "核稿", CLERK, 2, form="room.check")
    made.timer("wait", "到期", CLERK, 3, until="until")
    made.script("sum", "计算", CLERK, 4, source="total = missing + 1" if broken else "total = 1")
    made.user("last", "归档", CLERK, 5, form="act")
    made.end("end", lane=CLERK, col=6)
    names = ("start", "write", "check", "wait", "sum", "last", "end")
    for pair in itertools.pairwise(names):
        made.flow(*pair)
    handlers.user_task("room.check", lambda _context, _answers: {}, undo=undo)
    return made


def stuck(begin: Begin, office: SimpleNamespace, clock: time.MovableClock, **more: object) -> Case:
    """A case whose timer fails, with its incident."""
    case = begin(flow(**more), until=(time.now() + timedelta(hours=1)).isoformat(), note="旧")  # type: ignore[arg-type]
    do(office.clerks[0], case, "write")
    do(office.clerks[0], case, "check")
    clock.advance(timedelta(hours=2))
    assert jobs.run_due() == 0
    return case


def the_incident() -> Incident:
    db.close()
    return session().scalars(select(Incident)).one()


def done() -> list[str]:
    db.close()
    return list(session().scalars(select(IncidentAct.act).order_by(IncidentAct.id)))


def way(case: Case, element: str) -> incidents.Way:
    db.close()
    row = session().get_one(Case, case.id)
    return next(one for one in incidents.ways(row) if one.place.element == element)


def go(actor: Actor, case: Case, element: str) -> None:
    found = way(case, element)
    incidents.move(actor, the_incident().id, found.token.id, found.place.path, found.place.element, BECAUSE)


def told(person: int | None) -> list[str]:
    db.close()
    query = select(Message.title).where(Message.person_id == person, Message.kind == "incident")
    return list(session().scalars(query.order_by(Message.id)))


def test_a_mended_variable_and_a_retry_let_the_case_go_on(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock)
    found = the_incident()
    assert (found.element, found.process, found.kind) == ("sum", "flow", "fault")
    assert "missing" in found.message
    assert incidents.retry(operator, found.id) is False
    assert the_incident().times == 2
    assert elements(case) == []
    incidents.change_variable(operator, found.id, "missing", 4, BECAUSE)
    assert incidents.retry(operator, found.id) is True
    assert elements(case) == ["last"]
    assert the_incident().state == "resolved"
    assert done() == ["opened", "again", "changed", "retried", "resolved"]
    lines = [line for line in history_of(case.id) if line.kind == "repaired"]
    assert [line.actor_name for line in lines] == ["运维"]
    assert "missing：（无） → 4" in lines[0].title
    assert lines[0].opinion == BECAUSE
    assert audit.verify().ok
    assert len(told(office.clerks[0].person_id)) == 3  # opened, changed, resolved
    assert len(told(operator.person_id)) == 1  # opened; his own acts he knows


def test_a_variable_keeps_its_kind_and_lawful_results_stay(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock)
    number = the_incident().id
    with pytest.raises(Refusal) as refused:
        incidents.change_variable(operator, number, "note", 5, BECAUSE)
    assert refused.value.field == "value"
    with pytest.raises(Refusal) as refused:
        incidents.change_variable(operator, number, "note", "新", "")
    assert refused.value.field == "reason"
    with pytest.raises(Refusal, match="依法形成") as refused:
        incidents.change_variable(operator, number, "case_status", "completed", BECAUSE)
    assert refused.value.field == "name"
    with pytest.raises(Refusal, match="不能这样修改"):
        incidents.change_variable(operator, number, "until", "明天", BECAUSE)
    incidents.change_variable(operator, number, "note", "新", BECAUSE)
    db.close()
    row = session().get_one(Case, case.id)
    assert {one.name: one.value for one in incidents.variables(row)}["note"] == "新"


def test_moving_back_undoes_what_was_done_since(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    undone: list[int] = []
    case = stuck(begin, office, clock, undo=lambda found, _actor, _at: undone.append(found.id))
    assert way(case, "write").back
    go(operator, case, "write")
    assert undone == [case.id]
    assert elements(case) == ["write"]
    assert the_incident().state == "resolved"
    line = next(line for line in history_of(case.id) if line.kind == "sent_back")
    assert (line.actor_name, line.opinion) == ("运维", BECAUSE)
    do(office.clerks[0], case, "write")
    assert elements(case) == ["check"]
    assert audit.verify().ok


def test_a_case_is_not_moved_back_over_what_cannot_be_undone(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock, undo=None)
    assert "“核稿”的结果已经生效" in (way(case, "write").why_not or "")
    with pytest.raises(Refusal, match="核稿"):
        go(operator, case, "write")
    assert (elements(case), the_incident().state) == ([], "open")


def test_a_period_and_a_step_of_the_office_are_not_skipped(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock)
    with pytest.raises(Refusal, match="期限没有届满"):
        go(operator, case, "last")
    go(operator, case, "write")
    assert "必须由有权的人" in (way(case, "wait").why_not or "")
    assert way(case, "check").why_not is None  # over a step without effect in law


def test_a_move_that_would_fail_changes_nothing(
    office: SimpleNamespace, begin: Begin, operator: Actor
) -> None:
    made = Diagram("plain", "简单", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act")
    made.user("more", "补充", CLERK, 2, form="act")
    made.script("sum", "计算", CLERK, 3, source="total = missing + 1")
    made.end("end", lane=CLERK, col=4)
    for pair in itertools.pairwise(("start", "write", "more", "sum", "end")):
        made.flow(*pair)
    case = begin(made)
    with db.unit_of_work():
        faults.report(case, time.now(), "fault", "试")
    before = len(history_of(case.id))
    with pytest.raises(Refusal, match="没有移动"):
        go(operator, case, "sum")
    assert (len(history_of(case.id)), the_incident().state, elements(case)) == (before, "open", ["write"])
    go(operator, case, "more")
    assert elements(case) == ["more"]


def test_a_case_is_ended_only_on_paper(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock)
    number = the_incident().id
    with pytest.raises(Refusal) as refused:
        incidents.cancel(operator, number, BECAUSE, " ")
    assert refused.value.field == "basis"
    incidents.cancel(operator, number, BECAUSE, "狮山街〔2026〕3号")
    db.close()
    assert session().get_one(Case, case.id).status == "cancelled"
    assert the_incident().state == "resolved"
    with pytest.raises(Conflict):
        incidents.resolve(operator, number, "已经处理好了")


def test_what_has_taken_effect_is_ended_by_the_street_alone(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock, undo=None)
    with pytest.raises(Refusal, match="街道领导"):
        incidents.cancel(operator, the_incident().id, BECAUSE, "狮山街〔2026〕3号")
    db.close()
    assert session().get_one(Case, case.id).status == "running"


def test_only_operators_who_are_no_party_act(
    office: SimpleNamespace, begin: Begin, operator: Actor, clock: time.MovableClock
) -> None:
    case = stuck(begin, office, clock)
    number = the_incident().id
    with pytest.raises(NotFound):
        incidents.resolve(office.leader, number, "已经处理好了")
    with db.unit_of_work():
        session().get_one(Case, case.id).owner_id = operator.person_id or 0
    with pytest.raises(Forbidden):
        incidents.retry(operator, number)
    assert done() == ["opened"]


def test_a_persons_step_is_that_persons_to_repeat(
    office: SimpleNamespace, begin: Begin, operator: Actor
) -> None:
    case = begin(flow(), until=time.now().isoformat())
    do(office.clerks[0], case, "write")

    def fail(_context: object, _answers: object) -> dict[str, object]:
        raise RuntimeError("disk")

    handlers.user_task("room.check", fail)  # type: ignore[arg-type]
    task = opened(case, "check")
    with pytest.raises(Fault):
        services.complete_task(office.clerks[0], task.id, {"decision": "agree"})
    found = the_incident()
    assert (found.task_id, found.element, found.detail["type"]) == (task.id, "check", "RuntimeError")
    assert incidents.retry(operator, found.id) is False
    assert done() == ["opened", "asked"]
    titles = session().scalars(select(Message.title).where(Message.kind == "task")).all()
    assert "请再试一次：核稿" in titles
    handlers.user_task("room.check", lambda _context, _answers: {"until": "2027-01-01"}, outputs=("until",))
    do(office.clerks[0], case, "check")
    assert jobs.settle_incidents() == 1
    assert the_incident().state == "resolved"
    assert jobs.settle_incidents() == 0


def test_an_incident_without_people_closes_when_somebody_gets_the_post(
    office: SimpleNamespace, begin: Begin, operator: Actor
) -> None:
    made = Diagram("lonely", "无人", lanes=["街道财务"])
    made.start("start", lane="街道财务")
    made.user("book", "记账", "街道财务", 1, form="act", props={"signing": "count:2"})
    made.end("end", lane="街道财务", col=2)
    made.flow("start", "book")
    made.flow("book", "end")
    case = begin(made)
    number = session().scalars(select(Incident.id)).first()
    assert number is not None
    assert jobs.settle_incidents() == 0
    street = session().get_one(OrgUnit, office.street_id)
    people = [actor_of(make_person(name, Role.STREET_FINANCE, street)) for name in ("会计", "出纳")]
    assert jobs.settle_incidents() >= 1
    db.close()
    assert {row.state for row in session().scalars(select(Incident))} == {"resolved"}
    assert [item.task.element for item in desk(people[1])] == ["book"]
    for one in people:
        task = session().scalars(select(Task).where(Task.case_id == case.id)).one()
        services.complete_task(one, task.id, {"decision": "agree"})
        db.close()
    assert session().get_one(Case, case.id).status == "completed"
    accounts.deactivate(SYSTEM, people[0].person_id or 0)
