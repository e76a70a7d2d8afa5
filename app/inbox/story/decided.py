"""What was decided by whom and why, in the order it happened (决定和意见)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from app.core.identity import Role
from app.runtime.definitions import Bundle
from app.runtime.models import History, Task
from app.runtime.rules import STAGES, role_name
from app.ui.filters import yuan
from app.ui.forms import Form

KINDS = frozenset({"completed", "signed", "sent_back", "withdrawn", "commented", "ended"})
AGAINST = frozenset(
    {"return", "reject", "disagree", "stop", "amend", "retender", "rectify", "end", "refuse", "no"}
)
BACK = frozenset({"sent_back", "withdrawn", "ended"})
DECIDERS = frozenset({Role.SECRETARY, Role.STREET_LEADER, Role.STREET_DISCIPLINE})
"""What these do is a decision even where the form asks for neither result nor opinion: signing, awarding."""
TOLD_KINDS = frozenset({"text", "choice", "choices", "yesno", "fen", "integer", "day"})
STAGE_NAMES = dict(STAGES)
SHORT = 160


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision or opinion.

    Attributes:
        why: what the person filled in besides the opinion, label and words.
    """

    seq: int
    stage: str
    title: str
    who: str
    role: str
    outcome: str
    opinion: str
    at: datetime
    against: bool
    why: list[tuple[str, str]]
    task_id: int | None

    @property
    def short(self) -> str:
        """What was filled in, in one line."""
        text = "；".join(f"{label}：{words}" for label, words in self.why)
        return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def against(line: History) -> bool:
    """Whether a line says no, or takes something back."""
    return line.kind in BACK or (line.answers or {}).get("decision") in AGAINST


def decisions(
    lines: Sequence[History], tasks: Mapping[int, Task], bundle: Bundle, *, reasons: bool
) -> list[Decided]:
    """Decisions and opinions, oldest first.

    Args:
        reasons: also what was filled in; not for eyes that the papers are closed to.
    """
    found = []
    for line in lines:
        if line.kind not in KINDS:
            continue
        if not (line.outcome or line.opinion or line.role in DECIDERS):
            continue
        why = _why(line, tasks, bundle) if reasons else []
        found.append(
            Decided(
                line.seq,
                line.stage or "",
                line.title,
                line.actor_name,
                role_name(line.role) if line.role else "",
                line.outcome or "",
                line.opinion or "",
                line.at,
                against(line),
                why,
                line.task_id,
            )
        )
    return found


def by_stage(found: Sequence[Decided]) -> list[tuple[str, list[Decided]]]:
    """Decisions under the names of their stages; a stage that came twice stands twice."""
    return [(STAGE_NAMES.get(key, "其他"), list(rows)) for key, rows in groupby(found, lambda one: one.stage)]


def _why(line: History, tasks: Mapping[int, Task], bundle: Bundle) -> list[tuple[str, str]]:
    task = tasks.get(line.task_id or 0)
    if task is None or not line.answers or line.kind != "completed":
        return []
    return in_words(bundle.form(task.form_key), line.answers)


def in_words(form: Form, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Answers as label and words; tables and papers are shown in their own places."""
    found = []
    for one in form.fields:
        value = answers.get(one.key)
        if one.kind not in TOLD_KINDS or one.hidden or one.key in ("opinion", "decision"):
            continue
        if value in (None, "", []) or (one.kind == "choice" and not one.options):
            continue  # the choices of that day were rows of another table: their numbers say nothing
        found.append((one.title, _words(one.kind, value, {str(key): name for key, name in one.options})))
    return found


def _words(kind: str, value: Any, options: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return options.get(str(value)) or ("是" if value else "否")
    if kind == "fen":
        return f"{yuan(int(value))} 元"
    values = value if isinstance(value, list) else [value]
    return "、".join(options.get(str(one), str(one)) for one in values)
