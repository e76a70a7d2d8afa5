"""A page around a form that belongs to no step of a diagram."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from app.core.errors import Refusal
from app.ui import forms

Page = str | Response | tuple[str, int]
NOT_OF_THE_FORM = (403, 404, 409)
"""Refusals that no other answer would mend: they get a page of their own."""


def form_page(
    form: forms.Form,
    save: Callable[[dict[str, Any]], Response],
    *,
    active: str,
    back: str,
    crumbs: list[tuple[str, str]] | None = None,
    hidden: Mapping[str, str] | None = None,
    files: Callable[[list[int]], Mapping[int, Any]] | None = None,
    upload_url: str = "/files",
) -> Page:
    """Show the form, or save what was sent; what is refused stays in its fields with the reason beside it.

    Args:
        active: key of the navigation's entry.
        hidden: what the form carries along unseen, such as an idempotency key.
        files: names uploads by id, for forms that take files or show papers.
        upload_url: where its uploads are kept.
    """
    errors: dict[str, str] = {}
    answers: dict[str, Any] | None = None
    if request.method == "POST":
        answers = forms.cast(form, request.form)
        try:
            if "restore" not in request.form:  # else: what this browser had kept is only shown again
                forms.check(form, answers)
                return save(answers)
        except Refusal as refusal:
            if refusal.status in NOT_OF_THE_FORM:
                raise
            errors = forms.errors_by_field(refusal)
    shown = form.answered(answers).values if answers is not None else None
    uploads = [
        number
        for one in form.fields
        if one.kind == "files"
        for number in (shown or {}).get(one.key) or []
        if isinstance(number, int)
    ] + [number for _, ids in form.papers for number in ids]
    page = render_template(
        "ui/form_page.html",
        active=active,
        form=form,
        answers=shown,
        errors=errors,
        files=files(uploads) if files and uploads else {},
        back=back,
        crumbs=crumbs or [],
        hidden=hidden or {},
        upload_url=upload_url,
    )
    return (page, 422) if errors else page
