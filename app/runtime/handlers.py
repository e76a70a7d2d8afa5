"""How a diagram reaches the domain: rooms register what their forms and operators do.

A user task names a form; the form's key finds its handler here. A service task names an operator.
The runtime never imports a business room: the rooms register themselves when the application is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from app.core.identity import Actor
from app.policy.packs import Pack
from app.runtime.models import Case, Task
from app.ui.forms import Form

Scalar: TypeAlias = str | int | bool | None
Variables: TypeAlias = Mapping[str, Scalar | list[Scalar]]


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a handler gets to see: the locked case, the task, who acts, when, under which pack.

    Attributes:
        variables: answers the process variables of the step when they are asked for.
    """

    case: Case
    task: Task
    actor: Actor
    at: datetime
    pack: Pack
    variables: Callable[[], Mapping[str, Any]] = dict

    @property
    def data(self) -> Mapping[str, Any]:
        """The process variables of the step (read only; return new ones instead of changing them)."""
        return self.variables()


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """What an automatic step gets to see."""

    case: Case
    actor: Actor
    at: datetime
    pack: Pack
    data: Mapping[str, Any]


Submit: TypeAlias = Callable[[TaskContext, dict[str, Any]], Variables]
Prepare: TypeAlias = Callable[[TaskContext, Form], Form]
Undo: TypeAlias = Callable[[Case, Actor, datetime], None]
Operate: TypeAlias = Callable[[OperatorContext, Mapping[str, Any]], Variables]


@dataclass(frozen=True, slots=True)
class FormHandler:
    """What one kind of user task does.

    Attributes:
        submit: checks the answers against the rules, writes the room's rows, answers process variables.
        prepare: fills in what is known, narrows choices, adds facts; None when the form needs nothing.
        outputs: names of the process variables `submit` may answer (checked, and shown to designers).
        confidential: history keeps neither answers nor opinion (sealed scores live in their room only).
        undo: takes back what the step did when the case is sent back over it; None when nothing can.
        together: several steps of this kind may be decided with one form; never payment, award or signature.
    """

    key: str
    submit: Submit
    prepare: Prepare | None = None
    outputs: tuple[str, ...] = ()
    confidential: bool = False
    undo: Undo | None = None
    together: bool = False


@dataclass(frozen=True, slots=True)
class OperatorParameter:
    """What a service task tells its operator; the studio asks for it by kind.

    Attributes:
        kind: choice, step (a step of people of the same diagram), number, text, or expression (whatever the
            closed language can say).
        choices: (value, words), of a choice.
    """

    title: str
    kind: str = "expression"
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """What one kind of service task does; the studio's catalogue shows title, help and parameters.

    Attributes:
        outputs: names of the process variables it answers.
        echoes: outputs that answer a parameter unchanged, so that proofs know their value.
    """

    name: str
    run: Operate
    title: str
    help: str = ""
    parameters: Mapping[str, OperatorParameter] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    undo: Undo | None = None
    echoes: Mapping[str, str] = field(default_factory=dict)


def keep(_case: Case, _actor: Actor, _at: datetime) -> None:
    """For steps whose effect is simply overwritten when they are done again."""


_forms: dict[str, FormHandler] = {}
_operators: dict[str, Operator] = {}
_first_variables: dict[str, tuple[Scalar, ...]] = {}
_on_close: list[Callable[[Case, Actor, datetime, str], None]] = []


def user_task(
    key: str,
    submit: Submit,
    prepare: Prepare | None = None,
    outputs: tuple[str, ...] = (),
    *,
    confidential: bool = False,
    undo: Undo | None = None,
    together: bool = False,
) -> None:
    """Register the handler of the form `key` (`proposal.vote`)."""
    _forms[key] = FormHandler(key, submit, prepare, outputs, confidential, undo, together)


def operator(
    name: str,
    run: Operate,
    *,
    title: str,
    help: str = "",  # noqa: A002 - the studio's word for it
    parameters: Mapping[str, OperatorParameter] | None = None,
    outputs: tuple[str, ...] = (),
    undo: Undo | None = None,
    echoes: Mapping[str, str] | None = None,
) -> None:
    """Register an automatic step (`funds.release`)."""
    _operators[name] = Operator(name, run, title, help, parameters or {}, outputs, undo, echoes or {})


def first_variable(name: str, *values: Scalar) -> None:
    """Register a process variable that cases start with, and its values when they are few."""
    _first_variables[name] = values


def on_close(hook: Callable[[Case, Actor, datetime, str], None]) -> None:
    """Register what a room settles when a case ends without completing (rejected, withdrawn, cancelled).

    The hook gets the case, who ended it, when, and the status; it joins the transaction.
    """
    if hook not in _on_close:  # building a second application must not settle everything twice
        _on_close.append(hook)


def form_handler(key: str | None) -> FormHandler | None:
    """The handler of a form, or None: then the answers are kept as a form record."""
    return _forms.get(key or "")


def operator_named(name: str) -> Operator | None:
    """An operator of the catalogue."""
    return _operators.get(name)


def operators() -> list[Operator]:
    """The whole catalogue, by name."""
    return [_operators[name] for name in sorted(_operators)]


def form_handlers() -> list[FormHandler]:
    """All forms that have a handler, by key."""
    return [_forms[key] for key in sorted(_forms)]


def first_variables() -> dict[str, tuple[Scalar, ...]]:
    """Process variables that cases start with; no values means any."""
    return dict(_first_variables)


def close_hooks() -> list[Callable[[Case, Actor, datetime, str], None]]:
    """All registered closing hooks."""
    return list(_on_close)
