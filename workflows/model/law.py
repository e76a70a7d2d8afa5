"""The law's order as a pack writes it, and as small automata that read the steps of a way.

A pack's `constraints.yaml` holds `labels` (names for steps, told by form key, operator, decision or timer
variable) and `rules`. A lower layer adds labels and rules; it can neither change nor remove one of a higher layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import yaml

from workflows.types import Finding

BAD: Final = -1
KINDS: Final = ("form", "operator", "decision", "timer", "call", "end")
SHAPES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "before": (frozenset({"never", "before"}), frozenset({"renew", "unless"})),
    "absence": (frozenset({"never", "after"}), frozenset({"until"})),
    "passes": (frozenset({"from", "to", "passes"}), frozenset()),
    "response": (frozenset({"after", "eventually"}), frozenset({"unless"})),
    "never": (frozenset({"never"}), frozenset()),
    "always": (frozenset({"always"}), frozenset({"unless"})),
    "at-most": (frozenset({"at_most", "times"}), frozenset({"renew"})),
    "lane": (frozenset({"task", "role"}), frozenset()),
}
COMMON: Final = frozenset({"id", "ref", "text"})
MAX_TIMES: Final = 20
MAX_TEXT: Final = 200_000


@dataclass(frozen=True, slots=True)
class Automaton:
    """Reads labels; the first that fits changes its state.

    Attributes:
        rows: next state by state and label.
        unfinished: states in which a case may not end.
    """

    rows: Mapping[tuple[int, str], int]
    unfinished: frozenset[int]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it reads, in the order in which one step reads them."""
        return tuple(dict.fromkeys(label for _, label in self.rows))

    def step(self, state: int, labels: Sequence[str]) -> int:
        """The state after a step that carries these labels."""
        for label in labels:
            after = self.rows.get((state, label))
            if after is not None:
                return after
        return state


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint of a pack.

    Attributes:
        lane: for a rule of place: the label of the steps and the beginning of the role their lane has to have.
    """

    id: str
    ref: str
    text: str
    automata: tuple[Automaton, ...]
    lane: tuple[str, str] | None = None


@dataclass(slots=True)
class Law:
    """All layers of a pack together.

    Attributes:
        labels: selectors by label.
        nonempty: counts of repeated steps that are never zero, with the reason.
        problems: what is wrong with the text itself.
    """

    labels: dict[str, frozenset[str]] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    assumptions: list[Rule] = field(default_factory=list)
    nonempty: dict[str, str] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)


def read(layers: Mapping[str, str]) -> Law:
    """The law of all layers, highest first; what is wrong with it stands in `problems`."""
    law = Law()
    for file, text in layers.items():
        try:
            if len(text) > MAX_TEXT or any(
                isinstance(one, yaml.AliasToken) for one in yaml.scan(text, Loader=yaml.CSafeLoader)
            ):
                law.problems.append(_problem(file, "约束文件过大，或用了 YAML 的引用（*），请逐条写明"))
                continue
            told = yaml.load(text, Loader=yaml.CSafeLoader) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark is not None else 0
            law.problems.append(_problem(file, "约束文件不是有效的 YAML", line))
            continue
        if not isinstance(told, dict) or set(told) - {"labels", "rules", "assume", "nonempty"}:
            law.problems.append(_problem(file, "约束文件只能有 labels、rules、assume、nonempty 四部分"))
            continue
        _Reader(law, file).layer(told)
    return law


def values(selectors: Iterable[str]) -> dict[str, set[Any]]:
    """Variables that selectors ask for (`form:review.decide?review_decision=reject`) with these values."""
    found: dict[str, set[Any]] = {}
    for selector in selectors:
        base, _, asked = selector.partition("?")
        name, _, value = asked.partition("=")
        if asked and base.startswith(("form:", "decision:", "operator:")):
            known: Any = {"True": True, "False": False}.get(value, value)
            found.setdefault(name, set()).add(int(value) if value.isdigit() else known)
    return found


def _problem(file: str, message: str, line: int = 0, element: str = "") -> Finding:
    return Finding(file, line, element, "error", "constraint", message)


class _Reader:
    def __init__(self, law: Law, file: str) -> None:
        self.law, self.file = law, file

    def layer(self, told: Mapping[str, Any]) -> None:
        for name, selectors in _mapping(told.get("labels")).items():
            self._label(str(name), selectors)
        for name, reason in _mapping(told.get("nonempty")).items():
            self.law.nonempty[str(name)] = str(reason)
        for part, into in (("rules", self.law.rules), ("assume", self.law.assumptions)):
            for raw in _list(told.get(part)):
                rule = self._rule(raw) if isinstance(raw, dict) else self._wrong("规则须逐项写明内容", "")
                if rule is not None:
                    into.append(rule)

    def _wrong(self, message: str, element: str) -> Rule | None:
        """Note a problem; the answer is that there is no rule."""
        self.law.problems.append(_problem(self.file, message, element=element))
        return None

    def _label(self, name: str, selectors: Any) -> None:
        if name in self.law.labels:
            self._wrong(f"标签“{name}”已由上层定义，下层不能改写", name)
            return
        found = [str(one) for one in _list(selectors)]
        for one in found:
            if one.partition(":")[0] not in KINDS or not one.partition(":")[2]:
                self._wrong(f"标签“{name}”的“{one}”不认识，请写 form:表单、operator:自动步骤 等", name)
        if not found:
            self._wrong(f"标签“{name}”没有指明任何步骤", name)
        self.law.labels[name] = frozenset(found)

    def _rule(self, raw: Mapping[str, Any]) -> Rule | None:
        key, ref, text = (str(raw.get(name) or "") for name in ("id", "ref", "text"))
        if not (key and ref and text):
            return self._wrong(f"规则“{key}”须写明 id、ref（依据）和 text（说明）", key)
        if any(one.id == key for one in (*self.law.rules, *self.law.assumptions)):
            return self._wrong(f"规则“{key}”已由上层规定，下层只能增加，不能改写", key)
        given = set(raw) - COMMON
        shape = next((n for n, (must, may) in SHAPES.items() if must <= given <= must | may), None)
        if shape is None:
            return self._wrong(f"规则“{key}”的写法不认识：{'、'.join(sorted(map(str, given)))}", key)
        used = [str(label) for name in given - {"times", "role"} for label in _list(raw[name])]
        unknown = sorted(label for label in used if label not in self.law.labels)
        if unknown:
            return self._wrong(f"规则“{key}”用到没有定义的标签：{'、'.join(unknown)}", key)
        if shape == "lane":
            return Rule(key, ref, text, (), (str(raw["task"]), str(raw["role"])))
        if shape == "at-most" and not (isinstance(raw["times"], int) and 0 < raw["times"] <= MAX_TIMES):
            return self._wrong(f"规则“{key}”的次数须是 1 到 {MAX_TIMES} 的整数", key)
        return Rule(key, ref, text, tuple(_automata(shape, raw)))


def _automata(shape: str, raw: Mapping[str, Any]) -> Iterator[Automaton]:
    """One automaton for each pair of labels a rule is about: a list means each of them."""
    told = {name: [str(one) for one in _list(raw.get(name))] for name in raw}
    more = {name: told.get(name, []) for name in ("renew", "unless", "until")}
    if shape == "before":
        for late, early in product(told["never"], told["before"]):
            enough = [(0, one, 1) for one in (early, *more["unless"])]
            yield _made((*enough, (0, late, BAD), *((1, one, 0) for one in more["renew"])))
    elif shape == "absence":
        for late, early in product(told["never"], told["after"]):
            yield _made(((0, early, 1), (1, late, BAD), *((1, one, 0) for one in more["until"])))
    elif shape == "passes":
        for first, last, between in product(told["from"], told["to"], told["passes"]):
            yield _made(((0, first, 1), (1, between, 0), (1, last, BAD)))
    elif shape == "response":
        for first, then in product(told["after"], told["eventually"]):
            done = [(1, one, 0) for one in (then, *more["unless"])]
            yield _made(((0, first, 1), *done), unfinished=1)
    elif shape == "never":
        for one in told["never"]:
            yield _made(((0, one, BAD),))
    elif shape == "always":
        for one in told["always"]:
            done = [(0, other, 1) for other in (one, *more["unless"])]
            yield _made(done, unfinished=0)
    elif shape == "at-most":
        most = raw["times"]
        for one in told["at_most"]:
            rows = [(state, one, state + 1 if state < most else BAD) for state in range(most + 1)]
            again = [(state, other, 0) for state in range(most + 1) for other in more["renew"]]
            yield _made((*rows, *again))


def _made(rows: Iterable[tuple[int, str, int]], unfinished: int | None = None) -> Automaton:
    table: dict[tuple[int, str], int] = {}
    for state, label, after in rows:
        table.setdefault((state, label), after)
    return Automaton(table, frozenset() if unfinished is None else frozenset({unfinished}))


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
