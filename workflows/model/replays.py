"""Recorded runs as tests of a model: given these answers, it goes here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import orjson

from workflows import engine, expressions
from workflows.engine import Model
from workflows.errors import WorkflowError
from workflows.repair.move import move
from workflows.types import Finding, Result

FOLDER: Final = "tests/"
WorkingDays = Callable[[date, int], Sequence[date]]


class _Recorded:
    """Automatic steps that answer what they answered when the run was recorded."""

    def __init__(self, working_days: WorkingDays) -> None:
        self.answers: list[dict[str, Any]] = []
        self.working_days = working_days

    def run(self, name: str, parameters: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The recorded answer of this operator, the first that has not been given yet."""
        for number, one in enumerate(self.answers):
            if one["name"] == name:
                answer: Mapping[str, Any] = self.answers.pop(number)["answer"]
                return answer
        raise WorkflowError(f"录制时没有执行过自动步骤“{name}”")


def findings(
    files: Mapping[str, bytes], working_days: WorkingDays = expressions.weekdays
) -> Iterator[Finding]:
    """What recorded runs say against a model; one finding a run, at its first difference."""
    models = {name: data for name, data in files.items() if name.endswith((".bpmn", ".dmn"))}
    for name, data in sorted(files.items()):
        if name.startswith(FOLDER) and name.endswith(".json"):
            problem = _problem(models, data, working_days)
            if problem:
                yield Finding(name, 0, problem[1], "error", "recorded-run", problem[0])


def _problem(models: Mapping[str, bytes], data: bytes, working_days: WorkingDays) -> tuple[str, str] | None:
    try:
        run = orjson.loads(data)
        title, process, steps = str(run["title"]), str(run["process"]), list(run["steps"])
    except (ValueError, KeyError, TypeError):
        return "录制的试办记录不完整，请删除后重新录制", ""
    try:
        model = Model.parse(models, process)
    except WorkflowError:
        return None  # a broken model is told by its own findings
    played = _Played(model, _Recorded(working_days))
    for number, step in enumerate(steps, start=1):
        try:
            result = played.act(step)
        except (WorkflowError, KeyError, TypeError, ValueError) as error:
            return f"试办记录“{title}”第 {number} 步走不通：{error}", str(step.get("element", ""))
        now, wanted = open_at(result), list(step.get("open", []))
        if now != wanted:
            said = "、".join(_names(model, now)) or "（没有待办步骤）"
            meant = "、".join(_names(model, wanted)) or "（没有待办步骤）"
            where = str(step.get("element", ""))
            return f"试办记录“{title}”第 {number} 步之后应当到：{meant}；现在到：{said}", where
    return None


def open_at(result: Result) -> list[str]:
    """Where people have to act, as a run remembers it: "call/element"."""
    return sorted("/".join((*one.path, one.element)) for one in result.open)


class _Played:
    """A run as it goes on; keeps where it stood before a step was sent back to come straight back."""

    def __init__(self, model: Model, operators: _Recorded) -> None:
        self.model, self.operators = model, operators
        self.state, self.stood = b"", b""

    def act(self, step: Mapping[str, Any]) -> Result:
        """One recorded act."""
        self.operators.answers = [dict(one) for one in step["operators"]]
        at = datetime.fromisoformat(step["at"])
        result = self._act(step, lambda: at)
        self.state = result.state
        return result

    def _act(self, step: Mapping[str, Any], now: Callable[[], datetime]) -> Result:
        model, operators = self.model, self.operators
        if step["do"] == "start":
            return engine.start(model, step["data"], operators=operators, now=now)
        if step["do"] == "timer":
            return engine.fire_timers(model, self.state, operators=operators, now=now)
        if step["do"] == "end":
            return engine.cancel(model, self.state, now=now)
        here = self._open(step)
        if step["do"] == "back":
            path, element = step["target"]
            self.stood = self.state if step["straight"] else b""
            return engine.send_back(
                model, self.state, here, _path(path), element, operators=operators, now=now
            ).result
        if step.get("jump"):
            path, element = step["jump"]
            return move(
                model, self.state, here, _path(path), element,
                values=step["variables"], operators=operators, now=now,
            )  # fmt: skip
        if step.get("detour"):
            return engine.resume(model, self.stood, step["variables"], now=now)
        return engine.complete(model, self.state, here, step["variables"], operators=operators, now=now)

    def _open(self, step: Mapping[str, Any]) -> str:
        path = _path(step["path"])
        for one in engine.look(self.model, self.state).open:
            if (one.path, one.element) == (path, step["element"]):
                return one.id
        raise WorkflowError("这一步不在待办中")


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split("/")) if text else ()


def _names(model: Model, places: list[str]) -> list[str]:
    known = {key: one.name for elements in model.elements.values() for key, one in elements.items()}
    return [known.get(place.rsplit("/", 1)[-1]) or place for place in places]
