"""What a step back undoes, on both databases: only what is done again, all of it, and never what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import orjson
import pytest
from sqlalchemy import func, select

from app.audit import services as audit
from app.core import db
from app.core.db import session
from app.core.errors import Conflict, Refusal
from app.runtime import handlers, recording, returning, services
from app.runtime.models import Case, Incident
from app.runtime.queries import history_of
from tests.factories.bpmn import Diagram
from tests.integration.runtime.conftest import do, elements, opened
from workflows.model import replays

Begin = Callable[..., Case]
CLERK = "街道经办"
STEPS = ("ask", "left", "left2", "right", "decide", "first", "second", "vote")


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """How often the effect of each step stands: its form's handler counts up, its undoing counts down."""
    counted: dict[str, int] = {}

    def register(name: str) -> None:
        def submit(_ctx: object, _answers: dict[str, object]) -> dict[str, object]:
            counted[name] = counted.get(name, 0) + 1
            return {}

        def undo(*_: object) -> None:
            counted[name] -= 1

        form = handlers.FormHandler(f"act.{name}", submit, undo=undo)
        monkeypatch.setitem(handlers._forms, f"act.{name}", form)

    for name in STEPS:
        register(name)
    yield counted
    assert all(number >= 0 for number in counted.values()), f"undone more often than done: {counted}"


def drawn(name: str, steps: list[str], pairs: str, **more: dict[str, str]) -> Diagram:
    """Steps of clerks, each with a form of its own, and arrows `a>b`."""
    made = Diagram(name, name, lanes=[CLERK])
    made.start("start", lane=CLERK)
    for col, step in enumerate(steps, start=1):
        made.user(step, step, CLERK, col, form=f"act.{step}", mi=more.get(step))
    for key in ("split", "join"):
        if key in pairs:
            made.parallel(key, lane=CLERK, col=9)
    made.end("end", lane=CLERK, col=10)
    return made


def arrows(made: Diagram, pairs: str) -> Diagram:
    for pair in pairs.split():
        made.flow(*pair.split(">"))
    return made


def line() -> Diagram:
    way = "start>ask ask>first first>second second>decide decide>end"
    return arrows(drawn("line", ["ask", "first", "second", "decide"], way), way)


def branches() -> Diagram:
    way = "start>ask ask>split split>left left>left2 left2>join split>right right>join join>decide decide>end"
    return arrows(drawn("branches", ["ask", "left", "left2", "right", "decide"], way), way)


def shared() -> Diagram:
    way = "start>ask ask>vote vote>decide decide>end"
    made = drawn("shared", ["ask", "vote", "decide"], way, vote={"kind": "parallel", "cardinality": "3"})
    return arrows(made, way)


def stages() -> tuple[Diagram, Diagram]:
    outer = drawn("stages", ["ask", "decide"], "")
    outer.call("stage", "阶段", CLERK, 5, process="stage")
    arrows(outer, "start>ask ask>stage stage>decide decide>end")
    way = "start>first first>second second>end"
    return outer, arrows(drawn("stage", ["first", "second"], way), way)


def play(office: SimpleNamespace, case: Case, *steps: str) -> None:
    for step in steps:
        for clerk in office.clerks:  # parts of a shared step: one after the other
            if step != "vote" or step in elements(case):
                do(clerk, case, step)
            if step != "vote":
                break


def back(office: SimpleNamespace, case: Case, source: str, target: str, **more: bool) -> None:
    task = opened(case, source)
    clerk = office.clerks[0]
    found = next(one for one in returning.targets(clerk, task.id) if one.task.element == target)
    returning.send_back(clerk, task.id, found.task.id, "请补充", **more)


def held(effects: dict[str, int]) -> set[str]:
    return {name for name, number in effects.items() if number}


def test_inside_a_stage_what_lies_before_the_target_stands(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(*stages())
    play(office, case, "ask", "first")
    back(office, case, "second", "first")
    assert held(effects) == {"ask"}
    play(office, case, "first", "second")
    back(office, case, "decide", "second")  # the stage has ended: it restarts, and all of it is undone
    assert elements(case) == ["first"]
    assert held(effects) == {"ask"}
    play(office, case, "first", "second", "decide")
    assert held(effects) == {"ask", "first", "second", "decide"}
    assert max(effects.values()) == 1


def test_a_stage_that_restarts_has_its_forms_as_they_were(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(*stages())
    play(office, case, "ask")
    do(office.clerks[0], case, "first", opinion="第一稿")
    do(office.clerks[0], case, "second", opinion="第二步")
    back(office, case, "decide", "second")
    assert filled(office, case, "first") == "第一稿"
    do(office.clerks[0], case, "first", opinion="第二稿")
    assert filled(office, case, "second") == "第二步"
    do(office.clerks[0], case, "second", opinion="第二步")
    assert filled(office, case, "decide") is None


def filled(office: SimpleNamespace, case: Case, step: str) -> object:
    return services.prepared_form(office.clerks[0], opened(case, step).id).values.get("opinion")


def test_inside_a_branch_the_other_branch_keeps_its_effects(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(branches())
    play(office, case, "ask", "left", "right")  # right was done after left, and does not lie behind it
    back(office, case, "left2", "left")
    assert held(effects) == {"ask", "right"}
    play(office, case, "left", "left2", "decide")
    assert held(effects) == {"ask", "left", "left2", "right", "decide"}
    assert max(effects.values()) == 1


@pytest.mark.parametrize(("source", "target"), [("decide", "left2"), ("decide", "right"), ("left2", "right")])
def test_a_block_that_starts_anew_is_undone_whole(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int], source: str, target: str
) -> None:
    case = begin(branches())
    play(office, case, "ask", "left", "right", *(["left2"] if source == "decide" else []))
    back(office, case, source, target)
    assert elements(case) == ["left", "right"]
    assert held(effects) == {"ask"}
    play(office, case, "right", "left", "left2", "decide")
    assert max(effects.values()) == 1


def test_all_parts_of_a_shared_step_are_undone(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(shared())
    play(office, case, "ask", "vote")
    assert effects["vote"] == 3
    back(office, case, "decide", "vote")
    assert held(effects) == {"ask"}
    play(office, case, "vote", "decide")
    assert effects["vote"] == 3


def test_out_of_a_shared_step_that_some_have_done(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(shared())
    play(office, case, "ask")
    do(office.clerks[1], case, "vote")
    back(office, case, "vote", "ask")
    assert held(effects) == set()
    assert elements(case) == ["ask"]


def test_a_step_done_again_keeps_its_place(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    """Straight back: what was done again lies where it lay, so a later return to a step behind it leaves it."""
    case = begin(line())
    play(office, case, "ask", "first", "second")
    back(office, case, "decide", "ask", straight=True)
    assert held(effects) == {"first", "second"}
    play(office, case, "ask")
    assert elements(case) == ["decide"]
    back(office, case, "decide", "first")
    assert held(effects) == {"ask"}
    play(office, case, "first", "second")
    back(office, case, "decide", "ask")
    assert held(effects) == set()


@pytest.mark.parametrize("meanwhile", [True, False])
def test_straight_back_inside_a_branch_while_the_other_goes_on(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int], meanwhile: bool
) -> None:
    way = (
        "start>ask ask>split split>left left>first first>left2 left2>join split>right right>join "
        "join>decide decide>end"
    )
    made = arrows(drawn("long_branch", ["ask", "left", "first", "left2", "right", "decide"], way), way)
    with recording.listening() as heard:
        case = begin(made)
        play(office, case, "ask", "left", "first")
        asked = opened(case, "left2").id
        back(office, case, "left2", "left", straight=True)
        assert elements(case) == ["left", "right"]
        assert held(effects) == {"ask", "first"}
        if meanwhile:
            play(office, case, "right")
        do(office.clerks[1], case, "left", opinion="补充")
        assert opened(case, "left2").id == asked  # the very step that sent it back, as it was left
        assert "first" not in elements(case)
        play(office, case, "left2", *([] if meanwhile else ["right"]))
        assert elements(case) == ["decide"]
        play(office, case, "decide")
    assert max(effects.values()) == 1
    assert session().get_one(Case, case.id).status == "completed"
    assert audit.verify().ok
    run = orjson.dumps({"title": "试", "process": made.id, "steps": heard})
    assert list(replays.findings({"m.bpmn": made.xml().encode(), "tests/run.json": run})) == []


def test_straight_back_out_of_a_branch_and_a_stage(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(branches())
    play(office, case, "ask", "left")
    asked = opened(case, "left2").id
    back(office, case, "left2", "ask", straight=True)
    assert elements(case) == ["ask"]
    play(office, case, "ask")
    assert elements(case) == ["left2", "right"]
    assert opened(case, "left2").id == asked
    case = begin(*stages())
    play(office, case, "ask", "first")
    back(office, case, "second", "ask", straight=True)
    play(office, case, "ask")
    assert elements(case) == ["second"]
    assert session().scalar(select(func.count()).select_from(Incident)) == 0


def test_nobody_goes_back_over_what_cannot_be_undone_and_is_told_what_it_is(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = handlers.FormHandler("act.first", handlers.form_handler("act.first").submit)  # type: ignore[union-attr]
    monkeypatch.setitem(handlers._forms, "act.first", fixed)
    case = begin(line())
    play(office, case, "ask", "first", "second")
    task = opened(case, "decide")
    clerk = office.clerks[0]
    offered = {one.task.element: one for one in returning.targets(clerk, task.id)}
    assert offered["second"].why_not is None
    for element in ("first", "ask"):
        assert "“first”" in (offered[element].why_not or "")
        for straight in (False, True):
            with pytest.raises(Refusal, match="“first”") as error:
                returning.send_back(clerk, task.id, offered[element].task.id, "请补充", straight=straight)
            assert error.value.field == "target"
    db.close()
    assert elements(case) == ["decide"]
    assert "sent_back" not in [one.kind for one in history_of(case.id)]
    back(office, case, "decide", "second")
    assert held(effects) == {"ask", "first"}


def test_a_step_taken_back_is_not_taken_back_again(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(line())
    done = do(office.clerks[0], case, "ask").task_id
    assert returning.withdraw(office.clerks[0], done) is not None
    with pytest.raises(Refusal, match="已经被退回或撤回"):
        returning.withdraw(office.clerks[0], done)
    assert effects["ask"] == 0


def test_a_target_that_is_no_longer_passed_is_a_conflict(
    office: SimpleNamespace, begin: Begin, effects: dict[str, int]
) -> None:
    case = begin(line())
    play(office, case, "ask", "first")
    clerk = office.clerks[0]
    target = returning.targets(clerk, opened(case, "second").id)[0].task.id
    back(office, case, "second", "ask")
    play(office, case, "ask")
    with pytest.raises(Conflict):
        returning.send_back(clerk, opened(case, "first").id, target, "请补充")
