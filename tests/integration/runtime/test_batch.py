"""Several steps of one kind decided with one form: each on its own, and never what the law wants one by one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.core import db
from app.core.errors import Refusal
from app.projects import handlers
from app.runtime import acts, batch, services
from app.runtime.handlers import form_handler, user_task
from app.runtime.models import Case, Task
from app.runtime.queries import history_of, tasks_of
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import opened

CLERK, LEADER = "街道经办", "街道领导"
ALLOWED = "transfer,add_signer,batch"


def two(form: str = "act", *, allowed: str = ALLOWED, signing: str = "one") -> Diagram:
    made = Diagram("two", "两步", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("check", "核稿", CLERK, 1, form=form, props={"acts": allowed, "signing": signing})
    made.user("decide", "签发", LEADER, 2, form="act")
    made.end("end", lane=LEADER, col=3)
    for pair in (("start", "check"), ("check", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made


def steps(cases: list[Case]) -> list[Task]:
    return [opened(case, "check") for case in cases]


def ids(tasks: list[Task]) -> list[int]:
    return [task.id for task in tasks]


def test_each_is_done_on_its_own_and_each_says_so(office: SimpleNamespace, begin: Any) -> None:
    cases = [begin(two()) for _ in range(3)]
    tasks = steps(cases)
    services.claim(office.clerks[1], tasks[1].id)
    done = batch.decide_together(office.clerks[0], ids(tasks), {"decision": "agree", "opinion": "齐"}, "k")
    assert [line.done for line in done] == [True, False, True]
    assert "认领" in done[1].told
    db.close()
    assert [len(tasks_of(case.id, "open")) for case in cases] == [1, 1, 1]
    assert [tasks_of(case.id, "open")[0].element for case in cases] == ["decide", "check", "decide"]
    assert [h.opinion for h in history_of(cases[2].id) if h.kind == "completed"] == ["齐"]


def test_the_same_request_again_has_no_second_effect(office: SimpleNamespace, begin: Any) -> None:
    tasks = steps([begin(two()) for _ in range(2)])
    first = batch.decide_together(office.clerks[0], ids(tasks), {"decision": "agree"}, "once")
    again = batch.decide_together(office.clerks[0], ids(tasks), {"decision": "agree"}, "once")
    assert first == again
    assert all(line.done for line in again)


def test_steps_of_two_kinds_too_many_or_none_are_refused(office: SimpleNamespace, begin: Any) -> None:
    case = begin(two())
    check = opened(case, "check").id
    other = begin(two())
    services.complete_task(office.clerks[0], opened(other, "check").id, {"decision": "agree"})
    decide = opened(other, "decide").id
    for wanted, word in (([check, decide], "同一个步骤"), ([], "先勾选"), (list(range(99)), "最多")):
        with pytest.raises(Refusal, match=word):
            batch.decide_together(office.clerks[0], wanted, {"decision": "agree"})
    db.close()
    assert opened(case, "check").id == check


def test_a_diagram_that_does_not_allow_it_is_obeyed(office: SimpleNamespace, begin: Any) -> None:
    task = opened(begin(two(allowed="")), "check")
    assert not acts.allows(task, "batch")
    with pytest.raises(Refusal, match="流程图没有允许"):
        batch.decide_together(office.clerks[0], [task.id], {"decision": "agree"})


@pytest.mark.parametrize("form", ["payment.approve", "contract.sign", "procurement.award", "review.decide"])
def test_payment_award_and_signature_are_decided_one_by_one_whatever_is_drawn(
    office: SimpleNamespace, begin: Any, form: str
) -> None:
    user_task(form, lambda _ctx, _answers: {}, together=False)
    task = opened(begin(two(form)), "check")
    with pytest.raises(Refusal, match="逐项办理"):
        batch.decide_together(office.clerks[0], [task.id], {"decision": "agree"})
    user_task(form, lambda _ctx, _answers: {}, together=True)
    refused = not batch.may_be_batched(task)
    assert refused, "what the street decides stays single even when a room forgets it"


def test_a_step_that_several_sign_is_signed_one_by_one(office: SimpleNamespace, begin: Any) -> None:
    task = opened(begin(two(signing="all")), "check")
    assert "逐项" in batch.may_be_batched(task).reason
    added = opened(begin(two()), "check")
    acts.add_signer(office.clerks[0], added.id, office.leader.person_id, "before", "")
    db.close()
    assert not batch.may_be_batched(opened(SimpleNamespace(id=added.case_id), "check"))  # type: ignore[arg-type]


def test_a_rule_of_one_case_does_not_hinder_the_others(office: SimpleNamespace, begin: Any) -> None:
    cases = [begin(two("own")) for _ in range(2)]
    tasks = steps(cases)

    def submit(ctx: Any, _answers: Any) -> dict[str, Any]:
        if ctx.case.id == cases[0].id:
            raise Refusal("这一项还缺材料。")
        return {}

    user_task("own", submit, together=True)
    done = batch.decide_together(office.clerks[0], ids(tasks), {})
    assert [(line.done, line.told) for line in done] == [(False, "这一项还缺材料。"), (True, "已办理")]


def test_the_rooms_say_which_of_their_forms_go_together() -> None:
    handlers.register()
    together = {key for key in ("review.joint", "proposal.submit", "archive.confirm", "review.decide",
                                "review.exclusion", "review.budget", "review.precheck")
                if (found := form_handler(key)) is not None and found.together}  # fmt: skip
    assert together == {"review.joint", "proposal.submit", "archive.confirm"}
