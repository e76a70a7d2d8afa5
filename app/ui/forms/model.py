"""A form: schema, appearance, the values it starts with and the facts shown beside it."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from app.core.errors import ZhenjieError

Option = tuple[str | int | bool, str]
LINE, TEXT = 200, 4000
"""Most characters of a line and of a text area, where the schema does not say."""
BRIEF = 4
"""A form of at most so many plain questions is a brief one."""
LONG = 150
"""A text that may be this long gets a text area, so that one sees what one wrote."""


class FormError(ZhenjieError):
    """A form file that cannot work; the message names the form and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One known thing shown above the questions: 项目预算 · 148,000.00 元.

    Attributes:
        tone: "", "good", "warn" or "bad"; words must say the same, colour is only a help.
    """

    label: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class FactTable:
    """A known table shown above the questions; cells are text ready to read (money by `filters.yuan`)."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a rows field, or a plain field: a property with its place in the form.

    Attributes:
        key: name in the answers.
        prop: its JSON Schema.
        ui: its appearance.
        required: whether the schema asks for it.
    """

    key: str
    prop: Mapping[str, Any]
    ui: Mapping[str, Any]
    required: bool

    @property
    def title(self) -> str:
        """The words people see."""
        return str(self.prop.get("title") or self.key)

    @property
    def read_only(self) -> bool:
        """Filled in by the system: shown, never taken from what is posted."""
        return bool(self.prop.get("readOnly"))

    @property
    def hidden(self) -> bool:
        """Not shown at all."""
        return self.ui.get("ui:widget") == "hidden"

    @property
    def kind(self) -> str:
        """What it is: rows, files, choices, choice, yesno, fen, integer, day or text."""
        prop = self.prop
        if prop.get("type") == "array":
            items = prop.get("items") or {}
            if items.get("type") == "object":
                return "rows"
            return "files" if self.ui.get("ui:widget") == "file" else "choices"
        if "oneOf" in prop:
            return "choice"
        if prop.get("type") == "boolean":
            return "yesno"
        if prop.get("type") in ("integer", "number"):
            return "fen" if prop.get("format") == "fen" else "integer"
        return "day" if prop.get("format") == "date" else "text"

    @property
    def options(self) -> list[Option]:
        """The choices as (value, words)."""
        source = self.prop.get("items") or {} if self.prop.get("type") == "array" else self.prop
        return [(one["const"], str(one.get("title", one["const"]))) for one in source.get("oneOf", ())]

    @property
    def max_length(self) -> int:
        """Most characters of a text; a form that forgets to say so still has an end."""
        return int(self.prop.get("maxLength") or (TEXT if self.long else LINE))

    @property
    def long(self) -> bool:
        """Whether it is written in a text area."""
        widget = self.ui.get("ui:widget")
        longest = int(self.prop.get("maxLength") or 0)
        return widget == "textarea" or (widget is None and self.kind == "text" and longest >= LONG)

    @property
    def columns(self) -> list[Column]:
        """The columns of a rows field, in the order they are shown."""
        items: Mapping[str, Any] = self.prop.get("items") or {}
        return _columns(items, self.ui.get("ui:columns") or {}, self.ui.get("ui:order"))

    @property
    def fixed(self) -> bool:
        """Rows that are given: nobody adds or removes one, because the system fills part of each."""
        return bool(self.ui.get("ui:fixed")) or any(column.read_only for column in self.columns)


@dataclass(frozen=True, slots=True)
class Form:
    """A form with what is known when it is shown; never changed, each helper answers a new one.

    Attributes:
        key: `proposal.draft`.
        schema: JSON Schema 2020-12 of the answers.
        ui: appearance, see `README.md` beside this file.
        values: what the fields start with, and what read-only fields are.
        facts, notes, tables: shown above the questions.
        papers: files to read beside the questions, by title.
        effects: what cannot be taken back once the form is sent, told before it is confirmed: the answer it goes
            with (`decision=approve`, "" for every one) and the words.
    """

    key: str
    schema: Mapping[str, Any]
    ui: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    notes: Sequence[str] = ()
    tables: Sequence[FactTable] = ()
    papers: Sequence[tuple[str, Sequence[int]]] = ()
    effects: Sequence[tuple[str, str]] = ()

    @property
    def title(self) -> str:
        """The heading of the page."""
        return str(self.schema.get("title") or self.key)

    @property
    def fields(self) -> list[Column]:
        """All fields in the order they are shown."""
        return _columns(self.schema, self.ui, self.ui.get("ui:order"))

    def field_named(self, key: str) -> Column:
        """One field by name.

        Raises:
            FormError: the form has no such field.
        """
        for one in self.fields:
            if one.key == key:
                return one
        raise FormError(f"表单 {self.key} 没有字段 {key}")

    @property
    def sections(self) -> list[tuple[Mapping[str, Any], list[Column]]]:
        """(section, its fields): sections as the UI file says; what it forgets comes last."""
        by_key = {one.key: one for one in self.fields}
        found: list[tuple[Mapping[str, Any], list[Column]]] = [
            (section, [by_key.pop(key) for key in section["fields"] if key in by_key])
            for section in self.ui.get("ui:sections") or ()
        ]
        if by_key:
            found.append(({"title": "其他" if found else ""}, list(by_key.values())))
        return found

    def visible(self, key: str, answers: Mapping[str, Any]) -> bool:
        """Whether a field is asked, given the answers so far (`ui:visibleIf`, also through other fields)."""
        seen: set[str] = set()
        while (condition := (self.ui.get(key) or {}).get("ui:visibleIf")) and key not in seen:
            seen.add(key)
            key = condition["field"]
            answer = answers.get(key)
            given = answer if isinstance(answer, list) else [answer]
            if not any(_same(one, wanted) for one in given for wanted in condition["in"]):
                return False
        return True

    def replace(self, **changes: Any) -> Form:
        """The same form with other parts."""
        return dataclasses.replace(self, **changes)

    def with_values(self, **values: Any) -> Form:
        """With these fields filled in (added to the ones already filled in)."""
        return self.replace(values={**self.values, **values})

    def answered(self, answers: Mapping[str, Any]) -> Form:
        """With exactly these answers, for a form shown again: what a person emptied stays empty."""
        own = {one.key for one in self.fields if one.read_only}
        return self.replace(values={**{k: v for k, v in self.values.items() if k in own}, **answers})

    def add_facts(self, *facts: Fact | tuple[str, str] | tuple[str, str, str]) -> Form:
        """With more facts above the questions."""
        more = tuple(one if isinstance(one, Fact) else Fact(*one) for one in facts)
        return self.replace(facts=(*self.facts, *more))

    def add_notes(self, *notes: str) -> Form:
        """With more remarks above the questions."""
        return self.replace(notes=(*self.notes, *notes))

    def add_table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Form:
        """With one more table above the questions."""
        return self.replace(tables=(*self.tables, FactTable(title, columns, rows)))

    def add_files(self, title: str, ids: Sequence[int]) -> Form:
        """With papers to read above the questions; nothing is shown when there are none."""
        return self.replace(papers=(*self.papers, (title, tuple(ids)))) if ids else self

    def add_effect(self, words: str, when: str = "") -> Form:
        """With one more thing that cannot be taken back; `when` is the answer it goes with (`decision=approve`)."""
        return self.replace(effects=(*self.effects, (when, words)))

    @property
    def brief(self) -> bool:
        """A decision with few words: it can stand beside what is decided on."""
        asked = [one for one in self.fields if not one.hidden]
        return len(asked) <= BRIEF and all(one.kind not in ("rows", "files") for one in asked)

    def with_options(self, key: str, options: Iterable[Option]) -> Form:
        """With exactly these choices of a field, or of a column (`scores.bid_id`); `check` holds people to them."""
        choices = [{"const": const, "title": title} for const, title in options]

        def narrow(prop: dict[str, Any]) -> None:
            target = prop["items"] if prop.get("type") == "array" else prop
            target["oneOf"] = choices
            target.pop("enum", None)

        return self._changed(key, narrow)

    def read_only(self, *keys: str) -> Form:
        """With these fields or columns shown but not asked: the answer is what `values` says."""
        form = self
        for key in keys:
            form = form._changed(key, lambda prop: prop.update(readOnly=True))
        return form

    def _changed(self, key: str, change: Any) -> Form:
        schema = copy.deepcopy(dict(self.schema))
        name, _, column = key.partition(".")
        try:
            prop = schema["properties"][name]
            change(prop["items"]["properties"][column] if column else prop)
        except KeyError as error:
            raise FormError(f"表单 {self.key} 没有字段 {key}") from error
        return self.replace(schema=schema)


@lru_cache(maxsize=1000)
def load(schema: bytes | str, ui: bytes | str, key: str) -> Form:
    """A form from its two files; the same files are read once a process.

    Raises:
        FormError: not JSON, not a JSON Schema of an object, or the UI file names fields that do not exist.
    """
    try:
        found, appearance = json.loads(schema), json.loads(ui or "{}")
    except ValueError as error:
        raise FormError(f"表单 {key} 不是有效的 JSON：{error}") from error
    try:
        Draft202012Validator.check_schema(found)
    except SchemaError as error:
        raise FormError(f"表单 {key} 的定义有误：{error.message}") from error
    if not isinstance(found, dict) or found.get("type") != "object" or not isinstance(appearance, dict):
        raise FormError(f"表单 {key} 必须是一个对象")
    form = Form(key, found, appearance)
    wrong = sorted(set(_unknown_names(form)))
    if wrong:
        raise FormError(f"表单 {key} 的界面文件提到了不存在的字段：{'、'.join(wrong)}")
    for one in form.fields:
        if "default" in one.prop and not Draft202012Validator(one.prop).is_valid(one.prop["default"]):
            raise FormError(f"表单 {key} 的“{one.title}”先填好的内容不符合这一项的规则，请改起始值")
    return form


def defaults(form: Form) -> dict[str, Any]:
    """What the fields show at first: the schema's defaults, over them the form's own values."""
    start = {one.key: copy.deepcopy(one.prop["default"]) for one in form.fields if "default" in one.prop}
    return {**start, **form.values}


def _columns(schema: Mapping[str, Any], ui: Mapping[str, Any], order: Sequence[str] | None) -> list[Column]:
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    names = [key for key in order or () if key in properties]
    names += [key for key in properties if key not in names]
    return [Column(key, properties[key], ui.get(key) or {}, key in required) for key in names]


def _same(answer: Any, wanted: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return bool(answer == wanted and isinstance(answer, bool) == isinstance(wanted, bool))


def _unknown_names(form: Form) -> Iterator[str]:
    properties: Mapping[str, Any] = form.schema.get("properties") or {}
    yield from (key for key in form.ui if not key.startswith("ui:") and key not in properties)
    yield from (key for key in form.schema.get("required") or () if key not in properties)
    yield from (key for key in form.ui.get("ui:order") or () if key not in properties)
    for section in form.ui.get("ui:sections") or ():
        yield from (key for key in section.get("fields") or () if key not in properties)
    for one in form.fields:
        condition = one.ui.get("ui:visibleIf")
        if condition and condition.get("field") not in properties:
            yield str(condition.get("field"))
        above = one.ui.get("ui:optionsOf")
        if above and above not in properties:
            yield str(above)
        if one.kind == "rows":
            columns = {column.key for column in one.columns}
            total = one.ui.get("ui:sum") or {}
            named = [total[name] for name in ("column", "times") if total.get(name)]
            named += [*(one.ui.get("ui:columns") or {}), *(one.ui.get("ui:order") or ())]
            yield from (f"{one.key}.{name}" for name in named if name not in columns)
            others = [total[name] for name in ("limitField", "equalsField") if total.get(name)]
            yield from (name for name in others if name not in properties)
