"""The variables a process can ask about, with the values they can have: from forms, tables and automatic steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.runtime import handlers
from app.ui.forms import Form
from workflows.model.decision import DecisionTable
from workflows.model.xml import local

COMPARED: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:==|!=)\s*(?:'([^']*)'|\"([^\"]*)\")")
BARE: Final = re.compile(r"(?:not\s+)?([A-Za-z_]\w*)")
ASSIGNED: Final = re.compile(r"^\s*([A-Za-z_]\w*)\s*=(?!=)", re.MULTILINE)
DATES: Final = ("_until", "_on", "_at", "_day", "_date")
FIELD_KINDS: Final = {"fen": "number", "integer": "number", "yesno": "boolean", "day": "date"}


@dataclass(frozen=True, slots=True)
class Sources:
    """The readable files of a draft: forms by key, tables and diagrams (XML roots) by file name."""

    forms: Mapping[str, Form]
    tables: Mapping[str, DecisionTable]
    diagrams: Mapping[str, Any]


@dataclass(slots=True)
class Variable:
    """Something a condition can ask about.

    Attributes:
        kind: text, number, boolean or date.
        values: (value, words) where only some are possible.
    """

    name: str
    label: str
    kind: str = "text"
    values: list[tuple[Any, str]] = field(default_factory=list)


def variables(read: Sources) -> list[Variable]:
    """All of them, by name."""
    known: dict[str, Variable] = {}
    for key, form in read.forms.items():
        handler = handlers.form_handler(key)
        fields = {one.key: one for one in form.fields}
        for name in handler.outputs if handler else fields:
            _add(known, _from_form(name, form, fields))
    for one in handlers.operators():
        for name in one.outputs:
            _add(known, Variable(name, one.title, _kind(name)))
    used = {text.strip() for text in _texts(read, "calledDecisionId")}
    for table in read.tables.values():
        if table.id not in used:
            continue  # asked by a service, not by a step: its answer is no process variable
        for index, column in enumerate(table.outputs):
            values = [_literal(rule.outputs[index]) for rule in table.rules]
            words = [(value, value) for value in dict.fromkeys(values) if isinstance(value, str)]
            _add(
                known,
                Variable(
                    column.source, f"{table.name}：{column.label}", _kind_of(values, column.source), words
                ),
            )
    for name, few in handlers.first_variables().items():
        _add(known, Variable(name, "发起时给出", _kind(name), [(value, str(value)) for value in few]))
    for source in _texts(read, "script", "preScript", "postScript"):
        for name in ASSIGNED.findall(source):
            _add(known, Variable(name, "由计算步骤给出", _kind(name)))
    _refine(known, _texts(read, "conditionExpression"))
    return sorted(known.values(), key=lambda one: one.name)


def _add(known: dict[str, Variable], one: Variable) -> None:
    have = known.setdefault(one.name, one)
    if have is not one:
        have.values += [value for value in one.values if value not in have.values]


def _from_form(name: str, form: Form, fields: Mapping[str, Any]) -> Variable:
    """A variable a form gives: the field of that name, or the one its name ends with (`award_decision`)."""
    longest = sorted(fields, key=len, reverse=True)
    source = fields.get(name) or next((fields[key] for key in longest if name.endswith(f"_{key}")), None)
    if source is None:
        return Variable(name, form.title, _kind(name))
    values = list(source.options) if source.kind == "choice" else []
    return Variable(name, f"{form.title}：{source.title}", FIELD_KINDS.get(source.kind, _kind(name)), values)


def _refine(known: Mapping[str, Variable], conditions: Iterable[str]) -> None:
    """What the conditions of the pack say about values and kinds."""
    for source in conditions:
        bare = BARE.fullmatch(source.strip())
        if bare and bare[1] in known and not known[bare[1]].values:
            known[bare[1]].kind = "boolean"
        for name, one, other in COMPARED.findall(source):
            value = one or other
            if name in known and value not in [have for have, _ in known[name].values]:
                known[name].values.append((value, value))


def _texts(read: Sources, *tags: str) -> Iterable[str]:
    for root in read.diagrams.values():
        yield from (node.text or "" for node in root.iter() if local(node) in tags)


def _literal(cell: str) -> Any:
    try:
        return json.loads(cell.replace("'", '"'))
    except ValueError:
        return None


def _kind_of(values: list[Any], name: str) -> str:
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    return "number" if values and all(isinstance(value, int) for value in values) else _kind(name)


def _kind(name: str) -> str:
    return "date" if name.endswith(DATES) else "text"
