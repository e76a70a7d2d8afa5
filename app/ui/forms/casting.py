"""From what a browser posts to answers: numbers are exact, money is fen, nothing is guessed.

What cannot be read is kept as it was typed, so that `check` refuses it beside its field and the person sees
the own words again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from app.ui.forms.model import Column, Form

AMOUNT = re.compile(r"-?(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,2})?")
"""Yuan: plain or grouped by thousands, at most two decimals. Anything else is told, not interpreted."""
WHOLE = re.compile(r"-?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.0+)?")
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no database takes and nobody types on purpose."""
YES = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "no": False}


class Posted(Protocol):
    """What we need of a posted form (werkzeug's MultiDict has it)."""

    def getlist(self, key: str) -> list[str]:
        """All values of one name."""

    def keys(self) -> Any:
        """All names."""


def cast(form: Form, posted: Posted) -> dict[str, Any]:
    """Answers from a posted form; what is empty, unknown or hidden by a condition is left out.

    Read-only fields and columns are taken from `form.values`, whatever was posted. A rows field posts
    `budget-0-amount`; the numbers need not be consecutive. A list without entries is left out like an empty
    text, so that `required` means the same for all.
    """
    answers: dict[str, Any] = {}
    for one in form.fields:
        if one.read_only:
            continue
        value = _rows(one, form, posted) if one.kind == "rows" else _value(one, posted.getlist(one.key))
        if value is not None and value != []:
            answers[one.key] = value
    answers = complete(form, answers)
    return {key: value for key, value in answers.items() if form.visible(key, answers)}


def complete(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that came as JSON or from a draft, with what the system fills in: read-only fields and columns."""
    found = dict(answers)
    for one in form.fields:
        given = form.values.get(one.key)
        if one.read_only:
            found.pop(one.key, None)
            if given is not None and form.visible(one.key, answers):
                found[one.key] = given
        elif one.kind == "rows" and one.fixed and given and form.visible(one.key, answers):
            found[one.key] = _fill(one, found.get(one.key, []), given)
    return found


def _fill(one: Column, rows: Any, given: list[dict[str, Any]]) -> Any:
    """The given rows with what was answered in them; rows too many stay, for `check` to refuse."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return rows
    own = [column.key for column in one.columns if column.read_only]
    filled = [
        {**(rows[number] if number < len(rows) else {}), **{key: known[key] for key in own if key in known}}
        for number, known in enumerate(given)
    ]
    return filled + rows[len(given) :]


def _rows(one: Column, form: Form, posted: Posted) -> list[dict[str, Any]]:
    name = re.compile(rf"{re.escape(one.key)}-(\d{{1,4}})-.+")
    numbers = sorted({int(found[1]) for key in posted.keys() if (found := name.fullmatch(key))})  # noqa: SIM118
    if one.fixed:
        numbers = list(range(len(form.values.get(one.key) or [])))
    columns = [column for column in one.columns if not column.read_only]
    rows = []
    for number in numbers:
        cells = {
            column.key: value
            for column in columns
            if (value := _value(column, posted.getlist(f"{one.key}-{number}-{column.key}"))) not in (None, [])
        }
        if cells or one.fixed:
            rows.append(cells)
    return rows


def _value(one: Column, raw: list[str]) -> Any:
    """One field's value, None when nothing was given."""
    given = [text for text in (CONTROL.sub("", value).strip() for value in raw) if text]
    if not given:
        return None
    kind = one.kind
    if kind == "files":
        return [int(text) if text.isascii() and text.isdigit() else text for text in dict.fromkeys(given)]
    if kind == "choices":
        return [_choice(one, text) for text in dict.fromkeys(given)]
    text = given[-1]
    if kind == "choice":
        return _choice(one, text)
    if kind == "yesno":
        return YES.get(text.lower(), text)
    if kind == "fen":
        return fen(text)
    if kind == "integer":
        return whole(text)
    if kind == "day":
        return day(text)
    if "pattern" in one.prop:
        return narrow(text)
    return text.replace("\r\n", "\n")


def _choice(one: Column, text: str) -> Any:
    for const, _title in one.options:
        if _word(const) == text:
            return const
    return text


def _word(const: Any) -> str:
    """How a choice is written in a page."""
    return str(const).lower() if isinstance(const, bool) else str(const)


def narrow(text: str) -> str:
    """Digits and signs typed with a Chinese keyboard (１２３，．) as plain ones."""
    return unicodedata.normalize("NFKC", text).replace("。", ".").replace("−", "-").strip()


def fen(text: str) -> int | str:
    """Yuan as typed ("1,234.5", "１２３４．５０元") in fen; the text itself when it is no exact amount."""
    plain = re.sub(r"[¥\s]|元$", "", narrow(text))
    if not AMOUNT.fullmatch(plain):
        return text
    return int(Decimal(plain.replace(",", "")) * 100)


def whole(text: str) -> int | str:
    """A whole number as typed; the text itself when it is none."""
    plain = narrow(text).replace(" ", "")
    return int(Decimal(plain.replace(",", ""))) if WHOLE.fullmatch(plain) else text


def day(text: str) -> str:
    """A day as ISO (2026-03-02) from the usual ways to write it; the text itself when it is none."""
    found = DAY.fullmatch(narrow(text).replace(" ", ""))
    if not found:
        return text
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return text
