"""Many at once, on both databases: one winner, clear losers, one effect for one request, one token behind a join."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Conflict
from app.core.identity import Actor, Role
from app.needs import services as needs
from app.runtime import jobs, returning, services
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import tasks_of
from tests.conftest import START
from tests.factories.bpmn import Diagram
from tests.factories.people import actor_of, make_person
from tests.integration.runtime.conftest import elements

Begin = Callable[..., Case]
T = TypeVar("T")
CLERK = "街道经办"
ANSWERS = {"decision": "agree"}


def together(count: int, work: Callable[[int], T]) -> list[T]:
    """The same work by so many threads, each with a session of its own, started at one moment."""
    gate = threading.Barrier(count)

    def run(number: int) -> T:
        gate.wait()
        try:
            return work(number)
        finally:
            db.close()

    with ThreadPoolExecutor(count) as pool:
        return [one.result() for one in [pool.submit(run, number) for number in range(count)]]


def drawn(name: str, steps: list[str], pairs: str) -> Diagram:
    made = Diagram(name, name, lanes=[CLERK])
    made.start("start", lane=CLERK)
    for col, step in enumerate(steps, start=1):
        made.user(step, step, CLERK, col, form="act")
    for key in ("split", "join"):
        if key in pairs:
            made.parallel(key, lane=CLERK, col=9)
    made.end("end", lane=CLERK, col=10)
    for pair in pairs.split():
        made.flow(*pair.split(">"))
    return made


def cases_on(begin: Begin, office: SimpleNamespace, diagram: Diagram, count: int) -> list[int]:
    """So many cases on the same model."""
    first = begin(diagram)
    clerk = office.clerks[0]
    more = [
        services.start_case(
            clerk,
            pack_key="zhuhai",
            process_key=diagram.id,
            title=f"第{number}件",
            street_id=office.street_id,
            community_id=office.community_id,
            owner_id=clerk.person_id,
            data={},
        ).id
        for number in range(2, count + 1)
    ]
    db.close()
    return [first.id, *more]


def open_tasks(case_ids: list[int]) -> list[int]:
    db.close()
    query = select(Task.id).where(Task.case_id.in_(case_ids), Task.state == "open").order_by(Task.id)
    return list(session().scalars(query))


def lines(case_id: int, kind: str) -> int:
    query = select(func.count()).select_from(History)
    return session().scalar(query.where(History.case_id == case_id, History.kind == kind)) or 0


def whole() -> None:
    """No incident, and the audit chain holds."""
    db.close()
    assert session().scalar(select(func.count()).select_from(Incident)) == 0
    verdict = audit.verify()
    assert verdict.ok, verdict.problem


def people_of(office: SimpleNamespace, count: int) -> list[Actor]:
    """Clerks of the same street."""
    street = SimpleNamespace(id=office.street_id)
    made = [actor_of(make_person(f"选手{n}", Role.STREET_CLERK, street)) for n in range(count)]
    db.close()
    return made


def contest(office: SimpleNamespace, begin: Begin, racers: int, count: int) -> None:
    case_ids = cases_on(begin, office, drawn("two", ["one", "two"], "start>one one>two two>end"), count)
    tasks, people = open_tasks(case_ids), people_of(office, racers)

    def run(number: int) -> Counter[str]:
        order = tasks[:]
        random.Random(number).shuffle(order)  # noqa: S311 - an order of its own
        told: Counter[str] = Counter()
        for task_id in order:
            try:
                services.complete_task(people[number], task_id, ANSWERS, f"{number}-{task_id}")
                told[f"won {task_id}"] += 1
            except Conflict as lost:
                told[f"lost {lost.status} {'没有提交' in lost.message}"] += 1
            db.close()
        return told

    told = sum(together(racers, run), Counter[str]())
    assert told["lost 409 True"] == (racers - 1) * count
    assert all(told[f"won {task_id}"] == 1 for task_id in tasks)
    for case_id in case_ids:
        assert lines(case_id, "completed") == 1
        assert [task.element for task in tasks_of(case_id, "open")] == ["two"]
    whole()


def test_each_task_has_one_winner(office: SimpleNamespace, begin: Begin) -> None:
    contest(office, begin, 16, 6)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_each_of_two_hundred_tasks_has_one_winner(office: SimpleNamespace, begin: Begin) -> None:
    contest(office, begin, 16, 200)


def test_the_same_request_ten_times_is_one_effect_with_one_answer(
    office: SimpleNamespace, begin: Begin
) -> None:
    case = begin(drawn("two", ["one", "two"], "start>one one>two two>end"))
    task = open_tasks([case.id])[0]
    clerk = office.clerks[0]
    told = together(10, lambda _: services.complete_task(clerk, task, ANSWERS, "same"))
    told += [services.complete_task(clerk, task, ANSWERS, "same") for _ in range(3)]
    assert len(set(told)) == 1
    assert lines(case.id, "completed") == 1
    with pytest.raises(Conflict, match="内容与上次不同"):
        services.complete_task(clerk, task, {"decision": "refuse"}, "same")
    with pytest.raises(Conflict):
        services.complete_task(office.clerks[1], task, ANSWERS, "same")  # another's key is another key
    whole()


def test_a_replay_is_known_by_what_was_sent(office: SimpleNamespace, begin: Begin) -> None:
    """What the system fills into a form may differ by the time an answer that got lost is asked for again."""
    case = begin(drawn("two", ["one", "two"], "start>one one>two two>end"))
    task, clerk, sent = open_tasks([case.id])[0], office.clerks[0], {"decision": ["agree"]}
    done = services.complete_task(clerk, task, {**ANSWERS, "opinion": "系统填的"}, "key", sent)
    assert services.complete_task(clerk, task, {}, "key", sent) == done
    with pytest.raises(Conflict, match="内容与上次不同"):
        services.complete_task(clerk, task, {}, "key", {"decision": ["refuse"]})


def test_the_same_start_ten_times_is_one_case(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    begin(drawn("two", ["one", "two"], "start>one one>two two>end"))
    clerk = office.clerks[0]

    def start(key: str) -> int:
        return services.start_case(
            clerk,
            pack_key="zhuhai",
            process_key="two",
            title="同一件",
            street_id=office.street_id,
            community_id=office.community_id,
            owner_id=clerk.person_id,
            data={},
            key=key,
        ).id

    assert len(set(together(10, lambda _: start("same")))) == 1
    clock.set(START + timedelta(days=365))  # nobody has a number of this year yet
    assert len(set(together(10, lambda number: start(f"own {number}")))) == 10
    db.close()
    numbers = list(session().scalars(select(Case.no).order_by(Case.no)))
    assert len(numbers) == len(set(numbers)) == 12
    whole()


def joined(office: SimpleNamespace, begin: Begin, tries: int) -> None:
    ways = "start>split split>a a>join split>b b>join split>c c>join join>after after>end"
    case_ids = cases_on(begin, office, drawn("three", ["a", "b", "c", "after"], ways), tries)
    for case_id in case_ids:
        branches = [task.id for task in tasks_of(case_id, "open")]
        db.close()
        together(
            3, lambda n, branches=branches: services.complete_task(office.clerks[n], branches[n], ANSWERS)
        )  # type: ignore[misc]
        assert [task.element for task in tasks_of(case_id, "open")] == ["after"]
        assert len(tasks_of(case_id)) == 4
        db.close()
    whole()


def test_a_join_fires_once(office: SimpleNamespace, begin: Begin) -> None:
    joined(office, begin, 10)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_join_fires_once_in_five_hundred_tries(office: SimpleNamespace, begin: Begin) -> None:
    joined(office, begin, 500)


def test_going_on_and_going_back_at_once(office: SimpleNamespace, begin: Begin) -> None:
    """One completes the step that another sends back and a third withdraws: one of them happens."""
    way = "start>one one>two two>three three>end"
    case_ids = cases_on(begin, office, drawn("three_steps", ["one", "two", "three"], way), 8)
    first, second, third = office.clerks
    for case_id in case_ids:
        start = open_tasks([case_id])[0]
        services.complete_task(first, start, ANSWERS)
        here = open_tasks([case_id])[0]

        def act(number: int, here: int = here, start: int = start) -> str:
            try:
                if number == 0:
                    services.complete_task(second, here, ANSWERS)
                elif number == 1:
                    returning.send_back(third, here, start, "补充")
                else:
                    returning.withdraw(first, start)
            except services.Refusal:
                return "refused"
            return "done"

        assert sorted(together(3, act)).count("done") == 1
        assert len(elements(session().get_one(Case, case_id))) == 1
    whole()


def test_several_workers_fire_a_timer_once(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    made = Diagram("wait", "等待", lanes=[CLERK])
    made.start("start", lane=CLERK)
    made.user("one", "一", CLERK, 1, form="act")
    made.timer("pause", "公示", lane=CLERK, col=2, until='"2026-03-09T17:00:00+08:00"')
    made.user("two", "二", CLERK, 3, form="act")
    made.end("end", lane=CLERK, col=4)
    for pair in (("start", "one"), ("one", "pause"), ("pause", "two"), ("two", "end")):
        made.flow(*pair)
    case_ids = cases_on(begin, office, made, 12)
    for task_id in open_tasks(case_ids):
        services.complete_task(office.clerks[0], task_id, ANSWERS)
    clock.set(START + timedelta(days=8))
    assert sum(together(4, lambda _: jobs.run_due())) == 12
    for case_id in case_ids:
        assert lines(case_id, "timer") == 1
        assert [task.element for task in tasks_of(case_id, "open")] == ["two"]
    whole()


def test_needs_sent_at_one_moment_pass_unseen_five_times(office: SimpleNamespace) -> None:
    def send(number: int) -> str:
        made = needs.hear(
            community_id=office.community_id,
            channel="online",
            beneficiaries="老年人",
            text=f"第{number}件",
            device="phone",
            address="home",
        )
        return made.state

    assert Counter(together(12, send)) == {"taken": 5, "waiting": 7}
