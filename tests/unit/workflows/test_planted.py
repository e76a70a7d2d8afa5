"""Faults planted in the real Zhuhai flow, as a designer might make them: every one is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.unit.workflows.packs import Edit, files, surroundings
from workflows.model.judge import judge

Files = Mapping[str, bytes]


def user(key: str, form: str = "", lane: str = "") -> str:
    """A step of people."""
    told = f'<spiffworkflow:property name="formJsonSchemaFilename" value="{form}.json"/>' if form else ""
    ext = f"<bpmn:extensionElements><spiffworkflow:properties>{told}</spiffworkflow:properties></bpmn:extensionElements>"
    return f'<bpmn:userTask id="{key}" name="{key}">{ext if form else ""}</bpmn:userTask>'


def gate(kind: str, key: str) -> str:
    return f'<bpmn:{kind}Gateway id="{key}" name="{key}"/>'


def script(key: str) -> str:
    return f'<bpmn:scriptTask id="{key}"><bpmn:script>n = 1</bpmn:script></bpmn:scriptTask>'


def call(key: str, process: str) -> str:
    return f'<bpmn:callActivity id="{key}" name="{key}" calledElement="{process}"/>'


def end(key: str, inner: str = "") -> str:
    return f'<bpmn:endEvent id="{key}">{inner}</bpmn:endEvent>'


def main() -> Edit:
    return Edit("zhuhai_project")


def _exclusive_into_parallel() -> Files:
    made = main().add(gate("exclusive", "x1") + user("xa") + user("xb") + gate("parallel", "x2"))
    made.turn("contract", "delivery", "x1").flow("x1", "xa", "origin == 'library'").flow(
        "x1", "xb", "origin != 'library'"
    )
    return made.flow("xa", "x2").flow("xb", "x2").flow("x2", "delivery").bundle()


def _never_sent() -> Files:
    made = main()
    made.root.insert(
        0, made.root.makeelement(f"{{{made.process.nsmap['bpmn']}}}message", id="m1", name="appeal")
    )
    wait = (
        '<bpmn:eventBasedGateway id="eb"/><bpmn:intermediateCatchEvent id="ev1"><bpmn:messageEventDefinition '
        'messageRef="m1"/></bpmn:intermediateCatchEvent><bpmn:intermediateCatchEvent id="ev2">'
        '<bpmn:timerEventDefinition><bpmn:timeDuration>"P3D"</bpmn:timeDuration></bpmn:timerEventDefinition>'
        "</bpmn:intermediateCatchEvent>"
    )
    made.add(wait + user("handle")).turn("contract", "delivery", "eb").flow("eb", "ev1").flow("eb", "ev2")
    return made.flow("ev1", "handle").flow("handle", "delivery").flow("ev2", "delivery").bundle()


def _left_behind() -> Files:
    made = main().add(gate("parallel", "a1") + user("ya") + user("yb") + gate("exclusive", "a3"))
    made.add(gate("parallel", "a2") + end("yend")).turn("settlement", "credit", "a1")
    made.flow("a1", "ya").flow("a1", "yb").flow("ya", "a3").flow("a3", "yend", "origin == 'library'")
    made.flow("a3", "a2", "origin != 'library'")
    return made.flow("yb", "a2").flow("a2", "credit").bundle()


def _paid_twice() -> Files:
    made = Edit("settlement").add(gate("parallel", "b1") + user("ba") + user("bb"))
    made.turn("g", "final", "b1").flow("b1", "ba").flow("b1", "bb")
    return made.flow("ba", "final").flow("bb", "final").bundle()


def _error_without_boundary() -> Files:
    made = Edit("contract").add(end("e_err", '<bpmn:errorEventDefinition id="x"/>'))
    return made.flow("g_adv", "e_err", "contract_decision == 'x'").bundle()


def _award_elsewhere() -> Files:
    made = Edit("procurement")
    reference = next(node for node in made.process.iter() if node.text == "award")
    lane = made.get("lane_procurement_4")
    lane.append(reference)
    lane.set("name", "社会组织")
    return made.bundle()


def _inclusive_into_parallel() -> Files:
    made = Edit("review").add(gate("inclusive", "x1") + user("xa") + user("xb") + gate("parallel", "x2"))
    made.turn("count", "decide", "x1").flow("x1", "xa", "joint_agreed").flow(
        "x1", "xb", "origin == 'library'"
    )
    return made.flow("xa", "x2").flow("xb", "x2").flow("x2", "decide").bundle()


def _timeout_to_contract() -> Files:
    timer = (
        '<bpmn:timerEventDefinition><bpmn:timeDuration>"P90D"</bpmn:timeDuration></bpmn:timerEventDefinition>'
    )
    made = main().add(
        f'<bpmn:boundaryEvent id="late" attachedToRef="procurement">{timer}</bpmn:boundaryEvent>'
    )
    return made.flow("late", "contract").bundle()


def _nobody_evaluates() -> Files:
    made = main()
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>places</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    node = made.get("evaluation")
    holder = Edit("credit").add(loop)
    node.append(holder.process[-1])
    return made.bundle()


def _automatic_loop(*, way_out: bool) -> Files:
    made = main().add(script("l1") + script("l2") + gate("exclusive", "l3"))
    made.turn("delivery", "evaluation", "l1").flow("l1", "l2")
    if way_out:
        return (
            made.flow("l2", "l3")
            .flow("l3", "l1", "origin == 'x'")
            .flow("l3", "evaluation", "origin != 'x'")
            .bundle()
        )
    return made.flow("l2", "l1").bundle()


PLANTED: dict[str, tuple[Callable[[], Files], set[str]]] = {
    "payment before signature by a new arrow": (
        lambda: main().add(call("early", "payment")).turn("g_procurement", "contract", "early")
        .flow("early", "contract").bundle(),
        {"ZH-10", "ZH-11"},
    ),
    "exclusive split closed by a parallel join": (_exclusive_into_parallel, {"deadlock"}),
    "money not released on rejection": (
        lambda: Edit("review").turn("g_dec", "release_reject", "close").bundle(), {"ZH-07"}
    ),
    "rejection that closes nothing": (
        lambda: Edit("review").add(end("e2")).turn("g_dec", "release_reject", "e2").bundle(), {"ZH-08"}
    ),
    "money not released when an objection stops the project": (
        lambda: Edit("publicity").turn("g", "release", "stop").bundle(), {"ZH-06", "ZH-07"}
    ),
    "automatic loop without a way out": (lambda: _automatic_loop(way_out=False), {"no-way-out", "endless-loop"}),
    "automatic loop with a way out": (lambda: _automatic_loop(way_out=True), {"endless-loop"}),
    "step behind a message nobody sends": (_never_sent, {"never-sent", "dead-step"}),
    "token left behind after the end": (_left_behind, {"left-behind"}),
    "parallel split merged without a join: paid twice": (_paid_twice, {"runs-twice"}),
    "final payment before the evaluation": (
        lambda: main().turn("delivery", "evaluation", "settlement").turn("settlement", "credit", "evaluation")
        .turn("evaluation", "settlement", "credit").bundle(),
        {"ZH-14"},
    ),
    "settlement without the evaluation published long enough": (
        lambda: Edit("evaluation").turn("publish", "wait", "close").bundle(), {"ZH-14"}
    ),
    "error end that nothing catches": (_error_without_boundary, {"uncaught-error"}),
    "award in another lane": (_award_elsewhere, {"ZH-L2"}),
    "people's loop without a way out": (
        lambda: Edit("delivery").turn("g_more", "end", "report").bundle(), {"no-way-out", "unreachable"}
    ),
    "inclusive split closed by a parallel join in a called diagram": (_inclusive_into_parallel, {"deadlock"}),
    "award without publishing the documents": (
        lambda: Edit("procurement").turn("g_doc", "wait", "open").turn("method", "document", "open").bundle(),
        {"CN-01", "CN-02", "unreachable"},
    ),
    "procurement without notice of the project": (
        lambda: main().flow("g_review", "procurement", "origin == 'street_plan'").bundle(), {"ZH-05"}
    ),
    "time-out of the procurement leads to the contract": (_timeout_to_contract, {"CN-03"}),
    "evaluation by a list that may be empty": (_nobody_evaluates, {"ZH-14", "ZH-15"}),
    "review skipped after a change": (
        lambda: main().turn("amend", "review", "procurement").bundle(), {"ZH-04", "ZH-05"}
    ),
}  # fmt: skip


UNPLAYED = {
    "award in another lane",  # a matter of place, not of a way
    "automatic loop without a way out",  # the engine stops it as endless before it has gone round
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_faults_are_found_with_the_way_that_leads_there(name: str) -> None:
    make, expected = PLANTED[name]
    told = judge(make(), surroundings(), seconds=100)
    errors = {one.rule for one in told.findings if one.severity == "error"}
    broken = {one.id: one for one in told.verdicts if one.outcome == "broken"}
    assert expected <= errors | set(broken), (errors, list(broken))
    assert not told.ok
    assert all(one.path for one in broken.values())
    assert "drawing-only" not in {one.replay for one in broken.values()}
    if len(broken) == 1 and name not in UNPLAYED:
        assert next(iter(broken.values())).replay == "real"


def test_what_breaks_nothing_is_not_refused() -> None:
    made = main().add(gate("parallel", "p1") + user("pa") + user("pb") + gate("parallel", "p2"))
    made.turn("contract", "delivery", "p1").flow("p1", "pa").flow("p1", "pb")
    told = judge(made.flow("pa", "p2").flow("pb", "p2").flow("p2", "delivery").bundle(), surroundings())
    assert {one.outcome for one in told.verdicts} == {"holds"}
    assert {one.rule for one in told.findings} <= {"no-form", "no-lane"}
    assert len(files()) > 50
