"""What the drawing says comes after a step."""

from __future__ import annotations

from tests.factories.bpmn import Diagram
from workflows.model.ahead import Drawings


def outer() -> Diagram:
    made = Diagram("outer", "总", lanes=["甲"])
    made.start("start", lane="甲")
    made.call("inner_call", "里面", "甲", 1, process="inner")
    made.user("later", "以后", "甲", 2, form="later")
    made.end("end", "办结", "甲", 3)
    for pair in (("start", "inner_call"), ("inner_call", "later"), ("later", "end")):
        made.flow(*pair)
    return made


def inner(ends: int) -> Diagram:
    made = Diagram("inner", "里", lanes=["甲", "乙"])
    made.start("start", lane="甲")
    made.user("check", "核对", "甲", 1, form="check")
    made.xor("which", "结论？", "甲", 2)
    made.user("mend", "修改", "乙", 3, form="mend")
    made.end("end", "通过", "甲", 4)
    made.flow("start", "check")
    made.flow("check", "which")
    made.flow("which", "end", name="通过", default=True)
    made.flow("which", "mend", name="退回", when="a == 1")
    made.flow("mend", "check")
    if ends == 2:
        made.end("no", "不受理", "乙", 4)
        made.flow("which", "no", name="不受理", when="a == 2")
    return made


def drawings(ends: int = 1) -> Drawings:
    both = (outer(), inner(ends))
    return Drawings({f"process/{one.id}.bpmn": one.xml().encode() for one in both}, "outer")


def lines(found: Drawings, process: str, path: list[str], element: str) -> list[tuple[str, str, str, str]]:
    return [(one.when, one.title, one.lane, one.kind) for one in found.ahead(process, path, element)]


def test_choices_are_named_and_a_called_diagram_leads_back_to_its_caller() -> None:
    assert lines(drawings(), "inner", ["inner_call"], "check") == [
        ("通过", "以后", "甲", "step"),
        ("退回", "修改", "乙", "step"),
    ]


def test_where_a_called_diagram_ends_in_several_ways_the_end_is_told_and_nothing_guessed() -> None:
    assert lines(drawings(2), "inner", ["inner_call"], "check") == [
        ("通过", "通过", "", "end"),
        ("退回", "修改", "乙", "step"),
        ("不受理", "不受理", "", "end"),
    ]


def test_a_loop_back_ends_the_search() -> None:
    assert lines(drawings(), "inner", ["inner_call"], "mend") == [("", "核对", "甲", "step")]


def test_into_a_called_diagram_and_to_the_end() -> None:
    assert lines(drawings(), "outer", [], "start") == [("", "核对", "甲", "step")]
    assert lines(drawings(), "outer", [], "later") == [("", "办结", "", "end")]


def test_what_is_not_there_leads_nowhere() -> None:
    assert drawings().ahead("inner", ["inner_call"], "missing") == []
    assert drawings().ahead("missing", [], "x") == []
    assert drawings().words("inner", "check") == ""
