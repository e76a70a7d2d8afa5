"""Completes forms of a room without an engine, the way the runtime does; it counts as the test's own act."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from app.core.db import unit_of_work
from app.core.identity import Actor
from app.runtime.handlers import form_handler
from app.runtime.models import Case
from app.ui import forms
from tests.factories.cases import context


def prepared(office: SimpleNamespace, case: Case, key: str, actor: Actor) -> forms.Form:
    """The form as the actor gets to see it."""
    files, handler = office.pack.files, form_handler(key)
    assert handler is not None
    form = forms.load(files[f"form/{key}.json"], files[f"form/{key}.ui.json"], key)
    if handler.prepare is None:
        return form
    return handler.prepare(context(case, actor, office.pack, key), form)


def step(
    office: SimpleNamespace, case: Case, key: str, actor: Actor, answers: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Complete a form the way the runtime does: prepare, fill in, check, submit, all or nothing."""
    handler = form_handler(key)
    assert handler is not None
    form = prepared(office, case, key, actor)
    given = forms.complete(form, dict(answers or {}))
    forms.check(form, given)
    with unit_of_work():
        return dict(handler.submit(context(case, actor, office.pack, key), given))
