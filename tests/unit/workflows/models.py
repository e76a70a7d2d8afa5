"""Small models and a recorder of operators for engine tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories.bpmn import Diagram
from workflows.engine import Model, complete, fire_timers, start
from workflows.types import Result

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Office:
    """Operators that answer what a test says, and a clock that it moves."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.time = START

    def run(self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append((name, dict(parameters)))
        answer = self.answers.get(name, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def now(self) -> datetime:
        return self.time

    def wait(self, **span: float) -> None:
        self.time += timedelta(**span)

    def start(self, model: Model, **data: Any) -> Result:
        return start(model, data, operators=self, now=self.now)

    def complete(self, model: Model, result: Result, element: str, **values: Any) -> Result:
        step = next(step for step in result.open if step.element == element)
        return complete(model, result.state, step.id, values, operators=self, now=self.now)

    def fire(self, model: Model, result: Result) -> Result:
        return fire_timers(model, result.state, operators=self, now=self.now)


def model(*diagrams: Diagram, **files: bytes) -> Model:
    """A model of diagrams (the first is started) and decision tables."""
    bundle = {f"{one.id}.bpmn": one.xml().encode() for one in diagrams}
    return Model.parse({**bundle, **{f"{name}.dmn": data for name, data in files.items()}}, diagrams[0].id)


def line(*steps: str) -> Diagram:
    """Steps of people, one after the other."""
    made = Diagram("line", "一步接一步", lanes=["办公"])
    made.start("start", lane="办公", col=0)
    before = "start"
    for number, step in enumerate(steps, start=1):
        made.user(step, step, lane="办公", col=number, form=f"test.{step}")
        made.flow(before, step)
        before = step
    made.end("end", lane="办公", col=len(steps) + 1)
    made.flow(before, "end")
    return made


TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
<decision id="{id}" name="测试表"><decisionTable id="t" hitPolicy="{policy}">
<input id="i" label="金额"><inputExpression id="e"><text>amount</text></inputExpression></input>
<output id="o" name="level" label="级别" />{rules}</decisionTable></decision></definitions>"""


def table(*rules: tuple[str, str], key: str = "level", policy: str = "UNIQUE") -> bytes:
    """A decision table over `amount` with the output `level`."""
    rows = "".join(
        f'<rule id="r{n}"><inputEntry id="a{n}"><text>{cell}</text></inputEntry>'
        f'<outputEntry id="b{n}"><text>{out}</text></outputEntry></rule>'
        for n, (cell, out) in enumerate(rules, start=1)
    )
    return TABLE.format(id=key, policy=policy, rules=rows).encode()
