"""Running instances on another version of their model: moved as they stand, or refused with the reason."""

from __future__ import annotations

import pytest

from tests.factories.bpmn import Diagram
from tests.unit.workflows.models import Office, line, model
from tests.unit.workflows.test_moving import parallel, shared
from workflows.engine import Model, look
from workflows.repair import Moved, migrate
from workflows.types import Result


@pytest.fixture
def office() -> Office:
    return Office()


def at(office: Office, flow: Model, *done: str, **data: object) -> Result:
    """An instance after these steps."""
    result = office.start(flow, **data)
    for step in done:
        result = office.complete(flow, result, step)
    return result


def names(result: Result | None) -> list[str]:
    assert result is not None
    return sorted(step.element for step in result.open)


def refused(moved: Moved) -> str:
    assert moved.result is None
    return "；".join(one.text for one in moved.obstacles)


def test_a_new_step_ahead_is_reached(office: Office) -> None:
    old, new = model(line("a", "b", "c")), model(line("a", "b", "x", "c"))
    stood = at(office, old, "a", note="kept")
    moved = migrate(old, new, stood.state)
    assert moved.obstacles == ()
    assert moved.result is not None
    assert [(one.id, one.data) for one in moved.result.open] == [(one.id, one.data) for one in stood.open]
    after = office.complete(new, moved.result, "b")
    assert names(after) == ["x"]
    assert names(office.complete(new, office.complete(new, after, "x"), "c")) == []


def test_the_next_step_may_be_gone_and_the_step_itself_renamed(office: Office) -> None:
    old = model(line("a", "b", "c"))
    drawn = line("a", "c")
    drawn.nodes["a"].name = "改名"
    new = model(drawn)
    moved = migrate(old, new, at(office, old).state)
    assert moved.result is not None
    assert moved.result.open[0].title == "改名"
    assert names(office.complete(new, moved.result, "a")) == ["c"]


def test_a_step_inserted_before_is_not_made_up_for(office: Office) -> None:
    old, new = model(line("a", "b", "c")), model(line("a", "x", "b", "c"))
    moved = migrate(old, new, at(office, old, "a").state)
    assert names(moved.result) == ["b"]


def test_a_token_on_what_is_gone_or_changed_is_refused(office: Office) -> None:
    old = model(line("a", "b", "c"))
    stood = at(office, old, "a").state
    assert "新版本里没有这一步" in refused(migrate(old, model(line("a", "c")), stood))
    other = line("a", "b", "c")
    other.nodes["b"].kind = "manualTask"
    assert "另一种步骤" in refused(migrate(old, model(other), stood))


@pytest.mark.parametrize("kind", ["parallel", "sequential"])
def test_an_open_shared_step_is_refused(office: Office, kind: str) -> None:
    old = model(shared(kind))
    stood = at(office, old, "ask", voters=3)
    assert "“表决”正由多人分别办理" in refused(migrate(old, model(shared(kind)), stood.state))
    assert names(migrate(old, model(shared(kind)), at(office, old, voters=3).state).result) == ["ask"]


def test_open_branches_move_only_when_branches_are_the_same(office: Office) -> None:
    old = model(parallel())
    stood = at(office, old, "ask", "left")
    renamed = parallel()
    renamed.nodes["decide"].name = "最后决定"
    new = model(renamed)
    moved = migrate(old, new, stood.state)
    assert names(moved.result) == ["left2", "right"]
    assert moved.result is not None
    after = office.complete(new, office.complete(new, moved.result, "right"), "left2")
    assert [one.title for one in after.open] == ["最后决定"]
    third = parallel()
    third.user("third", "第三方", col=3, row=2)
    third.flow("split", "third")
    third.flow("third", "join")
    assert "并行分支" in refused(migrate(old, model(third), stood.state))
    assert names(migrate(old, model(third), at(office, old).state).result) == ["ask"]


def timed(wait: str = "P7D", after: str = "c") -> Diagram:
    made = Diagram("timed", "等待")
    made.start("start")
    made.timer("hold", "公示", col=1, wait=wait)
    made.user(after, after, col=2)
    made.end("end", col=3)
    for pair in (("start", "hold"), ("hold", after), (after, "end")):
        made.flow(*pair)
    return made


def test_a_running_deadline_is_kept_not_started_again(office: Office) -> None:
    old, new = model(timed("P7D")), model(timed("P30D", after="d"))
    stood = at(office, old)
    office.wait(days=5)
    moved = migrate(old, new, stood.state)
    assert moved.result is not None
    assert moved.result.next_due == stood.next_due
    office.wait(days=2, seconds=1)
    assert names(office.fire(new, moved.result)) == ["d"]


def reminded(*, watched: bool) -> Diagram:
    made = line("a", "b")
    if watched:
        made.nodes["remind"] = type(made.nodes["a"])(
            "remind", "boundaryEvent", "催办", "办公", 1, 0,
            '@FLOWS@<bpmn:timerEventDefinition id="rd"><bpmn:timeDuration>"P3D"</bpmn:timeDuration></bpmn:timerEventDefinition>',
            ' attachedToRef="a" cancelActivity="false"',
        )  # fmt: skip
        made.end("told", lane="办公", col=1, row=1)
        made.flow("remind", "told")
    return made


@pytest.mark.parametrize("watched", [True, False])
def test_a_reminder_added_to_or_taken_from_an_open_step_is_refused(office: Office, watched: bool) -> None:
    old, new = model(reminded(watched=watched)), model(reminded(watched=not watched))
    moved = migrate(old, new, at(office, old).state)
    assert moved.result is None
    afterwards = migrate(old, new, at(office, old, "a").state)
    if watched:  # the library keeps what watched a step in its tree
        assert "取消了它" in refused(afterwards)
    else:
        assert names(afterwards.result) == ["b"]


def test_a_watched_step_moves_with_its_running_reminder(office: Office) -> None:
    old = model(reminded(watched=True))
    drawn = reminded(watched=True)
    drawn.user("x", "x", lane="办公", col=3)
    drawn.flows = [one for one in drawn.flows if (one.source, one.target) != ("b", "end")]
    drawn.flow("b", "x")
    drawn.flow("x", "end")
    new = model(drawn)
    stood = at(office, old)
    moved = migrate(old, new, stood.state)
    assert moved.result is not None
    assert moved.result.next_due == stood.next_due
    office.wait(days=3, seconds=1)
    fired = office.fire(new, moved.result)
    assert names(fired) == ["a"]
    assert names(office.complete(new, office.complete(new, fired, "a"), "b")) == ["x"]


def called(*inner: str) -> tuple[Diagram, Diagram]:
    outer = Diagram("outer", "总")
    outer.start("start")
    outer.call("stage", "阶段", col=1, process="line")
    outer.user("z", "z", col=2)
    outer.end("end", col=3)
    for pair in (("start", "stage"), ("stage", "z"), ("z", "end")):
        outer.flow(*pair)
    return outer, line(*inner)


def test_an_instance_inside_a_called_diagram_moves(office: Office) -> None:
    old, new = model(*called("a", "b")), model(*called("a", "b", "x"))
    moved = migrate(old, new, at(office, old, "a").state)
    assert moved.result is not None
    after = office.complete(new, moved.result, "b")
    assert names(after) == ["x"]
    assert names(office.complete(new, after, "x")) == ["z"]
    assert "没有这一步" in refused(migrate(old, model(*called("a")), at(office, old, "a").state))


def test_looking_at_a_moved_instance_shows_the_same(office: Office) -> None:
    old = model(line("a", "b"))
    stood = at(office, old)
    moved = migrate(old, old, stood.state)
    assert moved.result is not None
    assert look(old, moved.result.state).open == stood.open
