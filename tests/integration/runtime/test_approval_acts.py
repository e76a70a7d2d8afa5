"""How offices approve, on both databases: pass on, sign together, send back, withdraw, stand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts import delegations
from app.accounts.queries import actor as actor_of
from app.audit import services as audit
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import Role
from app.messages.models import Message
from app.runtime import acts, returning, services, signers
from app.runtime.desk_queries import desk
from app.runtime.models import Case, History, Incident, Task
from app.runtime.queries import history_of, tasks_of
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import do, elements, opened

Begin = Callable[..., Case]
CLERK, LEADER = "街道经办", "街道领导"


def line(*, signing: str = "", acts: str = "") -> Diagram:
    """One clerk's step, another's, the leader's."""
    made = Diagram("line", "三步", lanes=[CLERK, LEADER])
    props = {"signing": signing, "acts": acts}
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act")
    made.user("check", "核稿", CLERK, 2, form="act", props={k: v for k, v in props.items() if v})
    made.user("decide", "签发", LEADER, 3, form="act")
    made.end("end", lane=LEADER, col=4)
    for pair in (("start", "write"), ("write", "check"), ("check", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def several() -> Diagram:
    """A step of three parts between two others."""
    made = Diagram("several", "会审", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("write", "拟稿", CLERK, 1, form="act")
    made.user("vote", "会审", CLERK, 2, form="act", mi={"kind": "parallel", "cardinality": "3"})
    made.user("decide", "签发", LEADER, 3, form="act")
    made.end("end", lane=LEADER, col=4)
    for pair in (("start", "write"), ("write", "vote"), ("vote", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def on_desk(actor: object) -> list[str]:
    db.close()
    return [item.task.element for item in desk(actor)]  # type: ignore[arg-type]


def back_to(actor: object, case: Case, source: str, target: str, **more: bool) -> Task | None:
    task = opened(case, source)
    found = next(one for one in returning.targets(actor, task.id) if one.task.element == target)  # type: ignore[arg-type]
    return returning.send_back(actor, task.id, found.task.id, "请补充", **more)  # type: ignore[arg-type]


# --- pass on


def test_a_transferred_step_belongs_to_the_colleague_alone(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    one, two, three = office.clerks
    task = opened(case, "write")
    acts.transfer(one, task.id, two.person_id, "请经办2先看")
    assert on_desk(two) == ["write"]
    assert on_desk(one) == []
    with pytest.raises(Forbidden):
        services.complete_task(three, task.id, {"decision": "agree"})
    do(two, case, "write")
    assert elements(case) == ["check"]
    assert [one.kind for one in history_of(case.id)][:2] == ["started", "transferred"]
    note = session().scalars(select(Message).where(Message.person_id == two.person_id)).first()
    assert note is not None
    assert note.url == f"/desk/tasks/{task.id}"


def test_nobody_outside_the_case_gets_a_step(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    task = opened(case, "write")
    for stranger in (office.other, office.leader):
        with pytest.raises(Refusal, match="同一岗位"):
            acts.transfer(office.clerks[0], task.id, stranger.person_id, "")
    with pytest.raises(NotFound):
        acts.transfer(office.other, task.id, office.clerks[0].person_id, "")
    with pytest.raises(Refusal, match="同一岗位"):
        acts.transfer(office.clerks[0], task.id, office.clerks[0].person_id, "")


def test_the_diagram_says_which_acts_a_step_allows(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(acts="send_back"))
    do(office.clerks[0], case, "write")
    with pytest.raises(Forbidden, match="转办"):
        acts.transfer(office.clerks[1], opened(case, "check").id, office.clerks[2].person_id, "")
    assert back_to(office.clerks[1], case, "check", "write") is not None


def test_urging_reminds_once_in_a_while(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(line())
    task = opened(case, "write")
    assert acts.urge(office.leader, task.id, "请尽快") == 3
    with pytest.raises(Refusal, match="已经催办"):
        acts.urge(office.leader, task.id, "再催")
    clock.advance(timedelta(hours=5))
    assert acts.urge(office.leader, task.id, "") == 3


def test_copies_and_comments_are_told_and_kept(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    assert acts.copy_to(office.clerks[0], case.id, [office.leader.person_id], "供参考") == 1
    with pytest.raises(Refusal):
        acts.copy_to(office.clerks[0], case.id, [office.leader.person_id], "")
    acts.comment(office.leader, case.id, "注意预算口径")
    db.close()
    assert [(one.kind, one.opinion) for one in history_of(case.id)][1:] == [
        ("copied", "供参考"),
        ("commented", "注意预算口径"),
    ]
    assert audit.verify().ok


def parts(case: Case) -> list[Task]:
    """The open parts of a shared step."""
    db.close()
    return [task for task in tasks_of(case.id, "open") if task.element == "vote"]


def test_a_part_of_a_shared_step_is_handed_on_to_one_who_has_none(
    office: SimpleNamespace, begin: Begin
) -> None:
    case = begin(several())
    one, two, three = office.clerks
    do(one, case, "write")
    first, second, third = parts(case)
    acts.transfer(one, second.id, two.person_id, "")
    assert on_desk(two) == ["vote"]
    with pytest.raises(Forbidden, match="另一份"):
        services.complete_task(two, first.id, {"decision": "agree"})
    with pytest.raises(Refusal, match="同一岗位"):
        acts.transfer(three, first.id, two.person_id, "")  # he has one already
    services.complete_task(two, second.id, {"decision": "agree"})
    with pytest.raises(Refusal, match="同一岗位"):
        acts.transfer(three, first.id, two.person_id, "")  # and has voted
    for clerk, part in ((one, first), (three, third)):
        services.complete_task(clerk, part.id, {"decision": "agree"})
    assert elements(case) == ["decide"]


@pytest.mark.parametrize("place", ["before", "beside", "after"])
def test_one_who_has_a_part_of_a_shared_step_lets_another_sign_it(
    office: SimpleNamespace, begin: Begin, place: str
) -> None:
    case = begin(several())
    one, two, three = office.clerks
    do(one, case, "write")
    first, second, third = parts(case)
    acts.add_signer(one, first.id, office.leader.person_id, place, "请把关")
    assert on_desk(two) == on_desk(three) == ["vote"]
    with pytest.raises(Forbidden, match="另一份"):
        services.complete_task(one, second.id, {"decision": "agree"})  # nobody votes twice
    for person in (office.leader, one) if place == "before" else (one, office.leader):
        assert len(parts(case)) == 3
        if person is one:
            services.complete_task(one, first.id, {"decision": "agree"})
        else:
            services.sign_added(office.leader, first.id, agrees=True, opinion="可行")
    assert session().get_one(Task, first.id).done_by == one.person_id
    for clerk, part in ((two, second), (three, third)):
        services.complete_task(clerk, part.id, {"decision": "agree"})
    assert elements(case) == ["decide"]


def test_what_several_sign_is_claimed_by_nobody(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(signing="all"))
    do(office.clerks[0], case, "write")
    with pytest.raises(Refusal, match="不用认领"):
        services.claim(office.clerks[0], opened(case, "check").id)


def test_straight_back_into_a_shared_step_keeps_what_the_others_gave(
    office: SimpleNamespace, begin: Begin
) -> None:
    case = begin(several())
    one, two, three = office.clerks
    do(one, case, "write")
    do(one, case, "vote", opinion="同意")
    asked = parts(case)[0].id
    made = returning.send_back(two, asked, returning.targets(two, asked)[0].task.id, "请补充", straight=True)
    assert made is not None
    assert elements(case) == ["write"]
    do(one, case, "write", opinion="补充")
    assert elements(case) == ["vote", "vote"]
    assert asked in [part.id for part in parts(case)]
    assert on_desk(one) == []  # who has voted is not asked again
    do(two, case, "vote")
    do(three, case, "vote")
    assert do(office.leader, case, "decide").finished


# --- sign together


@pytest.mark.parametrize(
    ("signing", "answers", "left"),
    [
        ("all", ["agree", "agree", "agree"], ["decide"]),
        ("count:2", ["agree", "agree"], ["decide"]),
        ("percent:60", ["agree", "agree"], ["decide"]),
        ("ordered", ["agree", "agree", "agree"], ["decide"]),
        ("all", ["agree", "refuse"], ["decide"]),
    ],
)
def test_several_sign_one_step(
    office: SimpleNamespace, begin: Begin, signing: str, answers: list[str], left: list[str]
) -> None:
    case = begin(line(signing=signing))
    do(office.clerks[0], case, "write")
    for number, (clerk, decision) in enumerate(zip(office.clerks, answers, strict=False), start=1):
        assert elements(case) == ["check"]
        task = opened(case, "check")
        if signing == "ordered":
            assert [on_desk(one) for one in office.clerks].index(["check"]) == number - 1
        services.complete_task(clerk, task.id, {"decision": decision, "opinion": f"意见{number}"})
        if elements(case) == ["check"]:
            with pytest.raises(Forbidden):
                services.complete_task(clerk, task.id, {"decision": decision})
    assert elements(case) == left
    done = session().get_one(Task, task.id)
    assert done.outcome == answers[-1]
    assert [h.kind for h in history_of(case.id)].count("signed") == len(answers)


def test_too_few_people_for_the_rule_is_an_incident(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(signing="count:4"))
    do(office.clerks[0], case, "write")
    db.close()
    found = session().scalars(select(Incident).where(Incident.case_id == case.id)).one()
    assert "需要 4 人" in found.message


@pytest.mark.parametrize("place", ["before", "beside", "after"])
def test_a_signer_added_by_the_one_who_decides(office: SimpleNamespace, begin: Begin, place: str) -> None:
    case = begin(line())
    one, two, three = office.clerks
    task = opened(case, "write")
    acts.add_signer(one, task.id, two.person_id, place, "请一起看")
    assert on_desk(three) == []
    with pytest.raises(Forbidden if place == "before" else Conflict):
        acts.add_signer(one, task.id, two.person_id, place, "")
    first, then = (two, one) if place == "before" else (one, two)
    for person in (first, then):
        assert elements(case) == ["write"]
        if person is two:
            assert signers.place_of(opened(case, "write"), two) == place
            services.sign_added(two, task.id, agrees=False, opinion="建议再核数据")
        else:
            services.complete_task(one, task.id, {"decision": "agree", "opinion": "同意"})
    assert elements(case) == ["check"]
    done = session().get_one(Task, task.id)
    assert (done.done_by, done.outcome) == (one.person_id, "agree")


def test_who_is_asked_to_sign_decides_nothing_else(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(acts="transfer,add_signer,send_back,reject"))
    one, two, three = office.clerks
    written = do(one, case, "write").task_id
    task = opened(case, "check").id
    acts.add_signer(one, task, office.leader.person_id, "before", "")
    asked = office.leader
    for act in (
        lambda: acts.transfer(asked, task, two.person_id, ""),
        lambda: acts.add_signer(asked, task, three.person_id, "beside", ""),
        lambda: returning.send_back(asked, task, written, "补充"),
        lambda: returning.reject(asked, task, "不行"),
        lambda: services.complete_task(asked, task, {"decision": "agree"}),
    ):
        with pytest.raises(Forbidden, match="加签的签署人"):
            act()
    services.sign_added(asked, task, agrees=False, opinion="建议补充")
    assert elements(case) == ["check"]


# --- send back and withdraw


def test_back_and_on_again_with_the_form_as_it_was(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    do(office.clerks[0], case, "write", opinion="第一稿")
    do(office.clerks[1], case, "check")
    made = back_to(office.leader, case, "decide", "write")
    assert made is not None
    assert elements(case) == ["write"]
    assert services.prepared_form(office.clerks[0], made.id).values["opinion"] == "第一稿"
    do(office.clerks[0], case, "write", opinion="第二稿")
    assert elements(case) == ["check"]
    kinds = [h.kind for h in history_of(case.id)]
    assert kinds.count("completed") == 3  # nothing is erased
    assert "sent_back" in kinds
    assert audit.verify().ok


def test_straight_back_to_the_one_who_sent_it(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    do(office.clerks[0], case, "write")
    do(office.clerks[1], case, "check")
    asked = opened(case, "decide").id
    back_to(office.leader, case, "decide", "write", straight=True)
    assert elements(case) == ["write"]
    do(office.clerks[0], case, "write", opinion="补充")
    assert elements(case) == ["decide"]
    assert opened(case, "decide").id == asked
    assert do(office.leader, case, "decide").finished


def test_straight_back_to_a_step_that_several_sign(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(signing="all"))
    one, two, three = office.clerks
    do(one, case, "write")
    do(one, case, "check")
    back_to(two, case, "check", "write", straight=True)
    assert on_desk(three) == ["write"]
    do(one, case, "write", opinion="补充")
    assert [on_desk(person) for person in office.clerks] == [[], ["check"], ["check"]]  # one has signed
    do(two, case, "check")
    do(three, case, "check")
    assert elements(case) == ["decide"]


def test_out_of_a_shared_step_and_into_it_again(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(several())
    do(office.clerks[0], case, "write")
    do(office.clerks[0], case, "vote")
    back_to(office.clerks[1], case, "vote", "write")
    assert elements(case) == ["write"]
    do(office.clerks[2], case, "write")
    for clerk in office.clerks:
        do(clerk, case, "vote")
    back_to(office.leader, case, "decide", "vote")
    assert elements(case) == ["vote"] * 3
    for clerk in office.clerks:
        do(clerk, case, "vote")
    assert do(office.leader, case, "decide").finished


def test_without_a_reason_nothing_goes_back(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    do(office.clerks[0], case, "write")
    task = opened(case, "check")
    target = returning.targets(office.clerks[1], task.id)[0].task.id
    with pytest.raises(Refusal, match="原因"):
        returning.send_back(office.clerks[1], task.id, target, " ")
    with pytest.raises(Forbidden):
        returning.send_back(office.leader, task.id, target, "不归我")
    assert elements(case) == ["check"]


def test_withdrawing_while_nobody_has_acted(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line())
    one, two, _ = office.clerks
    written = do(one, case, "write").task_id
    with pytest.raises(Forbidden):
        returning.withdraw(two, written)
    assert returning.withdraw(one, written) is not None
    assert elements(case) == ["write"]
    written = do(one, case, "write").task_id
    services.claim(two, opened(case, "check").id)
    with pytest.raises(Refusal, match="认领"):
        returning.withdraw(one, written)
    do(two, case, "check")
    with pytest.raises(Refusal):
        returning.withdraw(one, written)


def test_withdrawing_ones_part_of_a_shared_step(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(several())
    one, two, _ = office.clerks
    do(one, case, "write")
    voted = do(one, case, "vote").task_id
    assert elements(case) == ["vote"] * 2
    returning.withdraw(one, voted)
    assert elements(case) == ["vote"] * 3
    do(two, case, "vote")
    voted = do(one, case, "vote").task_id
    with pytest.raises(Refusal, match="多人"):  # the other's part would be lost
        returning.withdraw(one, voted)


def test_rejecting_ends_the_case_where_the_diagram_allows_it(office: SimpleNamespace, begin: Begin) -> None:
    case = begin(line(acts="reject"))
    do(office.clerks[0], case, "write")
    task = opened(case, "check")
    with pytest.raises(Refusal, match="理由"):
        returning.reject(office.clerks[1], task.id, "")
    returning.reject(office.clerks[1], task.id, "不符合条件")
    db.close()
    assert session().get_one(Case, case.id).status == "rejected"
    assert elements(case) == []
    other = begin(line())
    with pytest.raises(Forbidden, match="否决"):
        returning.reject(office.clerks[0], opened(other, "write").id, "不行")


# --- stand in


def test_somebody_stands_in_for_a_time_and_both_names_are_shown(
    office: SimpleNamespace, begin: Begin, clock: time.MovableClock
) -> None:
    case = begin(line())
    do(office.clerks[0], case, "write")
    do(office.clerks[1], case, "check")
    now = time.now()
    delegations.delegate(
        office.leader, office.clerks[2].person_id, now, now + timedelta(days=2), Role.STREET_LEADER
    )
    stand_in = actor_of(office.clerks[2].person_id)
    assert on_desk(stand_in) == ["decide"]
    assert do(stand_in, case, "decide").finished
    line_ = (
        session()
        .scalars(select(History).where(History.kind == "completed").order_by(History.id.desc()))
        .first()
    )
    assert line_ is not None
    assert line_.actor_name == "经办3（代领导）"
    clock.advance(timedelta(days=3))
    db.close()
    assert not actor_of(office.clerks[2].person_id).has(Role.STREET_LEADER)


def test_a_delegation_needs_a_colleague_and_a_time(office: SimpleNamespace) -> None:
    now = time.now()
    with pytest.raises(Refusal):
        delegations.delegate(office.leader, office.leader.person_id, now, now + timedelta(days=1), None)
    with pytest.raises(Refusal):
        delegations.delegate(office.leader, office.clerks[0].person_id, now, now, None)
    with pytest.raises(Refusal):
        delegations.delegate(office.leader, office.other.person_id, now, now + timedelta(days=1), None)
