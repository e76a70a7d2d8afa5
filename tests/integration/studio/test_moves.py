"""Running cases on another version: tried first, moved in batches, refused with a reason, taken back as one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import Engine, select

from app.audit import services as audit
from app.core import db
from app.core.db import session
from app.core.errors import Conflict, Refusal
from app.core.identity import SYSTEM
from app.runtime import definitions, services
from app.runtime.models import Case, Definition, Draft, History, Task
from app.runtime.queries import tasks_of
from app.sources import register_sources
from app.studio import moving
from app.studio.models import MovedCase
from tests.factories.bpmn import Diagram
from tests.factories.studio import FORM, SMALL, make_studio

CLERK, LEADER = "街道经办", "街道领导"


@pytest.fixture
def studio(database: Engine) -> SimpleNamespace:
    del database
    register_sources()
    return make_studio()


def deploy(studio: SimpleNamespace, *, decides: bool = True, lane: str = CLERK) -> Definition:
    """A second version: a check between the two steps; without the decision when that is asked for."""
    made = Diagram("small", "小流程", lanes=[CLERK, LEADER])
    made.start("start", lane=CLERK)
    made.user("write", "起草", lane, 1, form="act", props={"dueWorkingDays": "9"})
    made.user("check", "核对", LEADER, 2, form="act")
    steps = ["start", "write", "check"]
    if decides:
        made.user("decide", "审定", LEADER, 3, form="act")
        steps.append("decide")
    made.end("end", "办结", LEADER, 4)
    for pair in zip(steps, [*steps[1:], "end"], strict=True):
        made.flow(*pair)
    files = {SMALL: made.xml().encode(), "form/act.json": FORM}
    del studio
    return definitions.deploy(
        SYSTEM, pack_key="zhuhai", process_key="small", title="小流程", files=files, publish=True
    )


def start(studio: SimpleNamespace, *, written: bool = False) -> Case:
    """A case on what is in force, its first step done when that is asked for."""
    case = services.start_case(
        studio.clerk,
        pack_key="zhuhai",
        process_key="small",
        title="试",
        street_id=studio.street_id,
        community_id=studio.community_id,
        owner_id=studio.clerk.person_id,
        data={},
    )
    if written:
        do(studio.clerk, case)
    db.close()
    return case


def do(actor: object, case: Case) -> None:
    """Do the one open step."""
    services.complete_task(actor, open_task(case).id, {"decision": "agree"})  # type: ignore[arg-type]
    db.close()


def open_task(case: Case) -> Task:
    db.close()
    (task,) = tasks_of(case.id, "open")
    return task


def states(move_id: int) -> dict[int, str]:
    db.close()
    rows = session().scalars(select(MovedCase).where(MovedCase.move_id == move_id))
    return {row.case_id: row.state for row in rows}


def test_the_plan_changes_nothing_and_says_what_would_happen(studio: SimpleNamespace) -> None:
    first, second = start(studio), start(studio, written=True)
    target = deploy(studio, decides=False)
    plans = {one.case.id: one for one in moving.plan(studio.definition.id, target.id)}
    assert plans[first.id].reasons == []
    assert "改名为“起草”" in plans[first.id].steps[0]
    assert plans[second.id].reasons == ["“审定”正在办理，而新版本里没有这一步"]
    db.close()
    assert {row.definition_id for row in session().scalars(select(Case))} == {studio.definition.id}


def test_cases_move_with_their_drafts_claims_and_deadlines(studio: SimpleNamespace) -> None:
    case, stays = start(studio), start(studio, written=True)
    task = open_task(case)
    services.claim(studio.clerk, task.id)
    services.save_draft(studio.clerk, task.id, {"opinion": "写了一半"})
    due = task.due_at
    target = deploy(studio, decides=False)
    move = moving.begin(studio.publisher, studio.definition.id, target.id, "按新规定办理")
    with pytest.raises(Conflict):
        moving.begin(studio.publisher, studio.definition.id, target.id, "再来")
    assert moving.run() == 2
    assert states(move.id) == {case.id: "moved", stays.id: "refused"}
    found = moving.find(move.id)
    assert (found.state, found.done, found.total) == ("done", 2, 2)
    moved = open_task(case)
    assert (moved.id, moved.title, moved.due_at, moved.claimed_by) == (
        task.id, "起草", due, studio.clerk.person_id,
    )  # fmt: skip
    assert session().scalar(select(Draft.answers)) == {"opinion": "写了一半"}
    line = (
        session().scalars(select(History).where(History.case_id == case.id).order_by(History.seq)).all()[-1]
    )
    assert (line.kind, line.opinion) == ("migrated", "按新规定办理")
    do(studio.clerk, case)
    assert open_task(case).element == "check"
    assert open_task(stays).element == "decide"
    do(studio.leader, stays)
    db.close()
    assert session().get_one(Case, stays.id).status == "completed"
    assert audit.verify().ok


def test_a_move_is_taken_back_as_one_but_not_over_work_done_since(studio: SimpleNamespace) -> None:
    back, worked = start(studio), start(studio)
    target = deploy(studio)
    move = moving.begin(studio.publisher, studio.definition.id, target.id, "试")
    with pytest.raises(Conflict):
        moving.undo(studio.publisher, move.id)
    moving.run()
    do(studio.clerk, worked)
    moving.undo(studio.publisher, move.id)
    moving.run()
    assert states(move.id) == {back.id: "undone", worked.id: "kept"}
    assert moving.find(move.id).state == "undone"
    assert open_task(back).title == "拟稿"
    do(studio.clerk, back)
    assert open_task(back).element == "decide"
    assert open_task(worked).element == "check"
    with pytest.raises(Conflict):
        moving.undo(studio.publisher, move.id)


def test_an_open_step_goes_to_the_role_the_new_version_names(studio: SimpleNamespace) -> None:
    case = start(studio)
    services.claim(studio.clerk, open_task(case).id)
    move = moving.begin(
        studio.publisher, studio.definition.id, deploy(studio, lane=LEADER).id, "改由领导起草"
    )
    moving.run()
    assert states(move.id) == {case.id: "moved"}
    task = open_task(case)
    assert (task.lane, task.role, task.claimed_by) == (LEADER, "street.leader", None)
    do(studio.leader, case)


def test_a_move_needs_a_reason_cases_and_a_version_of_its_own(studio: SimpleNamespace) -> None:
    target = deploy(studio)
    with pytest.raises(Refusal, match="没有在办"):
        moving.begin(studio.publisher, studio.definition.id, target.id, "试")
    with pytest.raises(Refusal) as caught:
        moving.begin(studio.publisher, studio.definition.id, target.id, " ")
    assert caught.value.field == "reason"
    with pytest.raises(Refusal) as caught:
        moving.begin(studio.publisher, target.id, target.id, "试")
    assert caught.value.field == "target"
