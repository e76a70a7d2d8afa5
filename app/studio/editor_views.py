"""The editors: pages for diagrams, decision tables and forms, and what they ask while one draws."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, jsonify, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.accounts.access import Permission, allowed, current_actor, requires
from app.core import clock
from app.core.errors import NotFound, Refusal
from app.policy import queries as policy
from app.studio import catalogue, drafts, form_words
from app.ui import forms
from app.ui.security import allow_designer_styles
from workflows import expressions
from workflows.errors import DecisionError, ExpressionError
from workflows.model import coverage, decision, table_tests

bp = Blueprint("editor", __name__, template_folder="templates", url_prefix="/studio")
MAX_TRY = 512 * 1024


@bp.get("/drafts/<int:draft_id>/diagram/<stem>")
@requires(Permission.SEE_STUDIO)
def diagram(draft_id: int, stem: str) -> str:
    """The drawing board of one process (流程图)."""
    allow_designer_styles()
    return _page("studio/editor_diagram.html", draft_id, f"process/{stem}.bpmn", stem)


@bp.get("/drafts/<int:draft_id>/decision/<stem>")
@requires(Permission.SEE_STUDIO)
def decision_table(draft_id: int, stem: str) -> str:
    """The editor of one decision table with its tests (决策表)."""
    allow_designer_styles()
    return _page("studio/editor_decision.html", draft_id, f"decision/{stem}.dmn", stem)


@bp.get("/drafts/<int:draft_id>/form/<key>")
@requires(Permission.SEE_STUDIO)
def form(draft_id: int, key: str) -> str:
    """The editor of one form with its preview (表单)."""
    return _page("studio/editor_form.html", draft_id, f"form/{key}.json", key)


@bp.post("/expressions")
@requires(Permission.SEE_STUDIO)
def check_expression() -> Response:
    """Whether a text is in the closed language; says what is wrong with it (检查算式)."""
    asked = _asked()
    mode = "exec" if asked.get("mode") == "exec" else "eval"
    try:
        names = expressions.check(str(asked.get("source", "")), mode)
    except ExpressionError as error:
        return jsonify(error=str(error), names=[])
    return jsonify(error="", names=sorted(names))


@bp.post("/tables/analyse")
@requires(Permission.SEE_STUDIO)
def analyse_table() -> Response:
    """Gaps and overlaps of a table as it is on the screen, and its tests run (分析决策表)."""
    asked = _asked()
    try:
        table = decision.read(str(asked.get("xml", "")).encode())
        tests = table_tests.read(orjson.dumps({"tests": asked.get("tests") or []}))
    except DecisionError as error:
        return jsonify(error=str(error))
    found = coverage.analyse(table)
    return jsonify(
        error="",
        policy=table.hit_policy,
        inputs=[{"name": one.source, "label": one.label or one.source} for one in table.inputs],
        outputs=[{"name": one.source, "label": one.label or one.source} for one in table.outputs],
        variables=_read_names(table),
        rules=[rule.id for rule in table.rules],
        gaps=[
            {"words": one.words, "example": one.example, "cells": one.cells, "open": one.open}
            for one in found.gaps
        ],
        overlaps=[{"words": one.words, "rules": one.rules} for one in found.overlaps],
        unread=found.unread,
        whole=found.whole,
        tests=[{"ok": one.ok, "got": one.got, "error": one.error} for one in table_tests.run(table, tests)],
    )


@bp.post("/forms/preview")
@requires(Permission.SEE_STUDIO)
def preview_form() -> Response:
    """A form as it is on the screen: how it looks, its rules in words, and its answers tried (预览表单)."""
    asked = _asked()
    try:
        made = forms.load(
            orjson.dumps(asked.get("schema") or {}),
            orjson.dumps(asked.get("ui") or {}),
            str(asked.get("key", "form"))[:80],
        )
        answers, errors = _tried(made, asked.get("answers"))
        page = render_template("studio/editor_preview.html", form=made, answers=answers, errors=errors)
        words = form_words.rules_of(made)
    except forms.FormError as error:
        return jsonify(error=str(error))
    return jsonify(
        error="", page=page, rules=words, handling=form_words.handling(made), faults=len(errors or {})
    )


def _tried(made: forms.Form, pairs: Any) -> tuple[dict[str, Any] | None, dict[str, str] | None]:
    """Answers as they would be taken, with what would be refused."""
    if not isinstance(pairs, list):
        return None, None
    given = MultiDict((str(name), str(value)) for name, value in pairs)
    answers = forms.cast(made, given)
    try:
        forms.check(made, answers)
    except Refusal as refusal:
        return answers, forms.errors_by_field(refusal)
    return answers, {}


def _page(template: str, draft_id: int, file: str, stem: str) -> str:
    draft = drafts.find(draft_id)
    files = drafts.files_of(draft_id)
    if file not in files:
        raise NotFound
    choices = catalogue.of_draft(files, policy.active(draft.pack_key, clock.today()))
    base = url_for("studio.draft", draft_id=draft_id)
    urls = {part: f"{base}/{part}" for part in ("state", "lock", "check", "mend")} | {
        "file": f"{base}/files/",
        "diagram": f"{base}/diagram/",
        "decision": f"{base}/decision/",
        "form": f"{base}/form/",
        "expression": url_for("editor.check_expression"),
        "analyse": url_for("editor.analyse_table"),
        "preview": url_for("editor.preview_form"),
    }
    may_design = allowed(current_actor(), Permission.DESIGN_MODEL)
    return render_template(
        template,
        active="studio",
        draft=draft,
        title=choices["names"][file],
        file=file,
        data={
            "file": file,
            "stem": stem,
            "start": draft.process_key,
            "mayDesign": may_design,
            "urls": urls,
            **choices,
        },
    )


def _read_names(table: decision.DecisionTable) -> list[str]:
    """The variables a test has to give."""
    names: set[str] = set()
    for column in table.inputs:
        names |= expressions.check(column.source)
    for rule in table.rules:
        for cell in rule.inputs:
            if cell.strip() not in decision.ANY:
                names |= expressions.check(decision.condition(cell)) - {decision.INPUT}
        for cell in rule.outputs:
            names |= expressions.check(cell) if cell.strip() else set()
    return sorted(names)


def _asked() -> dict[str, Any]:
    if (request.content_length or 0) > MAX_TRY:
        raise Refusal("内容过大，请拆分后再试。")
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise Refusal("请求不完整，请刷新页面后重试。")
    return found
