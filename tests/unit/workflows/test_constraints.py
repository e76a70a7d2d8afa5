"""Each constraint of the law's order is broken by two different changes of the Zhuhai flow, and each is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pytest

from tests.unit.workflows.packs import Edit, files, surroundings
from workflows.model import law, reading
from workflows.model.judge import judge
from workflows.model.law import Law
from workflows.model.proof import Proof
from workflows.model.watch import Until

START = "zhuhai_project"
Change = Callable[[], Edit]


def turn(diagram: str, source: str, target: str, new: str) -> Change:
    return lambda: Edit(diagram).turn(source, target, new)


def maybe(diagram: str, source: str, target: str, new: str) -> Change:
    """A gateway that may lead past the target."""

    def change() -> Edit:
        made = Edit(diagram).add('<bpmn:exclusiveGateway id="maybe" default="d"/>')
        made.turn(source, target, "maybe").flow("maybe", new, "origin == 'community'").flow("maybe", target)
        made.process[-1].set("id", "d")
        return made

    return change


def before(target: str, *, after: str, called: str = "payment") -> Change:
    """A call put between two parts of the whole flow."""
    return lambda: (
        Edit(START)
        .add(f'<bpmn:callActivity id="early" calledElement="{called}"/>')
        .turn(after, target, "early")
        .flow("early", target)
    )


def lane(diagram: str, key: str, new: str) -> Change:
    """The lane a step lies in belongs to somebody else; "" takes the step out of all lanes."""

    def change() -> Edit:
        made = Edit(diagram)
        reference = next(n for n in made.process.iter() if n.tag.endswith("flowNodeRef") and n.text == key)
        if new:
            reference.getparent().set("name", new)
        else:
            reference.getparent().remove(reference)
        return made

    return change


def _settled_first() -> Edit:
    made = Edit(START).turn("delivery", "evaluation", "settlement").turn("settlement", "credit", "evaluation")
    return made.turn("evaluation", "settlement", "credit")


BREAKS: dict[str, tuple[Change, Change]] = {
    "CN-01": (
        turn("procurement", "g_doc", "wait", "open"),
        turn("procurement", "method", "document", "open"),
    ),
    "CN-02": (
        turn("procurement", "g_open", "score", "award"),
        turn("procurement", "method", "document", "open"),
    ),
    "CN-03": (
        turn("procurement", "award", "wait_award", "close_award"),
        turn("procurement", "wait_award", "close_award", "end"),
    ),
    "CN-04": (turn("contract", "sign", "publish", "g_adv"), maybe("contract", "sign", "publish", "g_adv")),
    "CN-05": (turn("contract", "draft", "accept", "sign"), maybe("contract", "draft", "accept", "sign")),
    "CN-06": (turn("payment", "g_check", "approve", "pay"), maybe("payment", "request", "check", "approve")),
    "CN-07": (turn("evaluation", "plan", "opinions", "g_who"), lambda: Edit("opinions").remove("resident")),
    "CN-08": (turn("delivery", "g_mid", "midterm", "g_more"), turn("delivery", "next", "g_mid", "g_more")),
    "ZH-L1": (lane("review", "decide", "社区"), lane("review", "decide", "")),
    "ZH-L2": (lane("procurement", "award", "社会组织"), lane("procurement", "award", "")),
    "ZH-L3": (lane("contract", "sign", "社区书记"), lane("contract", "sign", "")),
    "ZH-L4": (lane("payment", "approve", "评估方"), lane("payment", "approve", "")),
    "ZH-01": (
        turn("proposal", "deliberate", "vote", "submit"),
        maybe("proposal", "draft", "deliberate", "submit"),
    ),
    "ZH-02": (
        turn("review", "g_pre", "exclusion", "budget"),
        turn("review", "revision", "precheck", "budget"),
    ),
    "ZH-03": (turn("review", "g_exc", "budget", "joint"), turn("review", "revision", "precheck", "joint")),
    "ZH-04": (
        turn(START, "g_proposal", "review", "procurement"),
        turn(START, "amend", "review", "procurement"),
    ),
    "ZH-05": (
        turn(START, "g_review", "publicity", "procurement"),
        turn("publicity", "publish", "wait", "close"),
    ),
    "ZH-06": (turn("publicity", "g", "release", "stop"), turn("settlement", "final", "settle", "end")),
    "ZH-07": (
        turn("review", "g_dec", "release_reject", "close"),
        turn("procurement", "g_failed", "release", "close"),
    ),
    "ZH-08": (
        turn(START, "g_review", "end_rejected", "procurement"),
        lambda: Edit("review").add('<bpmn:endEvent id="e2"/>').turn("g_dec", "release_reject", "e2"),
    ),
    "ZH-09": (turn("contract", "start", "draft", "accept"), maybe("contract", "start", "draft", "accept")),
    "ZH-10": (before("contract", after="g_procurement"), turn("contract", "draft", "accept", "advance")),
    "ZH-11": (before("evaluation", after="delivery"), turn("delivery", "g_mid", "midterm", "progress")),
    "ZH-12": (
        turn("evaluation", "g_who", "score", "confirm"),
        turn("evaluation", "opinions", "g_who", "confirm"),
    ),
    "ZH-13": (lambda: Edit("opinions").remove("survey"), turn("evaluation", "plan", "opinions", "g_who")),
    "ZH-14": (turn("evaluation", "publish", "wait", "close"), _settled_first),
    "ZH-15": (turn("evaluation", "g", "publish", "end"), turn(START, "delivery", "evaluation", "settlement")),
    "ZH-16": (turn(START, "settlement", "credit", "end"), turn("credit", "start", "record", "archive")),
}
CASES = [(key, number) for key in BREAKS for number in (0, 1)]


@cache
def read_law() -> Law:
    told = law.read(surroundings().constraints)
    assert told.problems == []
    return told


def outcome(bundle: Mapping[str, bytes], key: str) -> tuple[str, tuple[str, ...]]:
    """What one rule of the pack comes to in a changed pack."""
    models, unreadable = reading.read(bundle)
    assert unreadable == []
    told = read_law()
    rule = next(one for one in told.rules if one.id == key)
    proof = Proof(models, surroundings(), told, START, Until())
    said = proof.rule(rule)
    return said.kind, proof.whole(said.path)


def test_every_rule_of_the_pack_is_tried() -> None:
    assert {rule.id for rule in read_law().rules} == set(BREAKS)


@pytest.mark.parametrize(("key", "number"), CASES)
def test_a_broken_rule_shows_the_way(key: str, number: int) -> None:
    kind, path = outcome(BREAKS[key][number]().bundle(), key)
    assert kind == "broken"
    assert path


def test_the_way_ends_at_the_step_that_breaks_the_rule() -> None:
    _, path = outcome(before("contract", after="g_procurement")().bundle(), "ZH-10")
    assert path[0] == "start"
    assert path[-1] == "early/pay"
    assert "contract" not in path
    _, place = outcome(lane("review", "decide", "")().bundle(), "ZH-L1")
    assert place == ("review/decide",)


def test_a_rule_may_hold_under_a_named_assumption_only() -> None:
    changed = maybe("procurement", "award", "wait_award", "close_award")().bundle()
    text = "assume: [{id: A1, ref: L-10, text: 公告期总要满, never: 处理质疑, before: 成交公告期满}]\n"
    context = surroundings()
    layers = {**context.constraints, "own/constraints.yaml": text}
    told = law.read(layers)
    assert told.problems == []
    models, _ = reading.read(changed)
    rule = next(one for one in told.rules if one.id == "CN-03")
    said = Proof(models, context, told, START, Until()).rule(rule)
    assert (said.kind, said.assumption) == ("holds-under", "A1")
    assert said.path


def test_a_proof_that_runs_out_of_its_bound_is_unknown_and_not_ok() -> None:
    told = judge(files(), surroundings(), seconds=-1)
    said = {verdict.outcome for verdict in told.verdicts}
    assert "unknown" in said
    assert "broken" not in said
    assert not told.ok


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "YAML"),
        ("rights: []", "只能有"),
        ("labels: {支付: ['form:payment.pay']}", "下层不能改写"),
        ("labels: {新标签: ['name:付款']}", "不认识"),
        ("labels: {新标签: []}", "没有指明"),
        ("rules: [{id: CN-01, ref: L-1, text: 别的, never: 支付}]", "下层只能增加"),
        ("rules: [{id: X, text: 无依据, never: 支付}]", "依据"),
        ("rules: [{id: X, ref: L-1, text: 无此标签, never: 没有的}]", "没有定义的标签"),
        ("rules: [{id: X, ref: L-1, text: 写法不对, sometimes: 支付}]", "写法不认识"),
        ("rules: [{id: X, ref: L-1, text: 次数, at_most: 支付, times: 0}]", "次数"),
        ("rules: [所有人都要守法]", "逐项"),
        ("a: &x [1]\nlabels: {b: *x}", "引用"),
        ("x" * 300_000, "过大"),
    ],
)
def test_a_lower_layer_adds_and_never_changes(text: str, said: str) -> None:
    told = law.read({**surroundings().constraints, "own/constraints.yaml": text})
    assert len(told.problems) == 1
    assert said in told.problems[0].message
    assert told.problems[0].file == "own/constraints.yaml"
    assert {rule.id for rule in told.rules} == set(BREAKS)


def test_a_label_of_nothing_is_told() -> None:
    context = surroundings()
    text = "labels: {拼错: ['form:payment.pya']}\nrules: [{id: X, ref: L-1, text: 不起作用, never: 拼错}]"
    layers = {**context.constraints, "own/constraints.yaml": text}
    told = judge(files(), replace(context, constraints=layers), seconds=100)
    assert [(one.rule, one.element) for one in told.findings] == [("constraint", "拼错")]
