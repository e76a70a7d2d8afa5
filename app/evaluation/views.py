"""The street's page of a satisfaction survey: how many have answered, print codes, enter paper, extend."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, signed_in
from app.ballots import survey_queries, survey_rules, surveys
from app.ballots.survey_models import Survey
from app.core import clock
from app.core.errors import Forbidden, NotFound, Refusal
from app.core.identity import Role
from app.evaluation.queries import evaluation_of
from app.evaluation.rules import points
from app.policy import queries as policy
from app.runtime.models import Case
from app.runtime.queries import case_by_no
from app.ui import forms

bp = Blueprint("evaluation", __name__, template_folder="templates")
bp.add_app_template_filter(points, "points")


@bp.get("/cases/<no>/survey")
@signed_in
def survey(no: str) -> str:
    """Where the survey of a case stands (满意度调查)."""
    return _page(*_clerk(no))


@bp.post("/cases/<no>/survey/codes")
@signed_in
def codes(no: str) -> str | tuple[str, int]:
    """Print one-time codes; they are shown this once (打印问卷码)."""
    case, found = _clerk(no)
    text = request.form.get("count", "").strip()
    try:
        made = surveys.issue_codes(current_actor(), found.id, int(text) if text.isdecimal() else 0)
    except Refusal as error:
        return _page(case, found, error), error.status
    settings = current_app.config["SETTINGS"]
    # A printed code must lead to the real site, whatever name this request came by.
    base = (settings.public_url or request.url_root).rstrip("/")
    sheet = [(code, surveys.qr_svg(f"{base}/c/{code}")) for code in made]
    return render_template("evaluation/codes.html", survey=found, case=case, sheet=sheet, site=f"{base}/c")


@bp.post("/cases/<no>/survey/paper")
@signed_in
def paper(no: str) -> str | BaseResponse | tuple[str, int]:
    """Enter one questionnaire filled in on paper (录入纸质问卷)."""
    case, found = _clerk(no)
    form = paper_form(found)
    answers = forms.cast(form, request.form)
    try:
        forms.check(form, answers)
        surveys.answer_on_paper(
            current_actor(),
            found.id,
            {question["key"]: answers[question["key"]] for question in found.questions},
            answers.get("comment", ""),
            answers["files"],
        )
    except Refusal as error:
        return _page(case, found, error, form.with_values(**answers)), error.status
    flash("已录入一份纸质问卷。", "good")
    return redirect(url_for("evaluation.survey", no=no))


@bp.post("/cases/<no>/survey/extend")
@signed_in
def extend(no: str) -> str | BaseResponse | tuple[str, int]:
    """Give the survey more time (延长调查)."""
    case, found = _clerk(no)
    try:
        surveys.extend(
            current_actor(), found.id, _end_of(request.form.get("until", "")), request.form.get("reason", "")
        )
    except Refusal as error:
        return _page(case, found, error), error.status
    flash("调查已延长。", "good")
    return redirect(url_for("evaluation.survey", no=no))


def paper_form(survey_: Survey) -> forms.Form:
    """The questionnaire as a clerk enters it: the same questions and the scan."""
    keys = [question["key"] for question in survey_.questions]
    options = [{"const": value, "title": words} for value, words in survey_rules.SCALE]
    scored = {q["key"]: {"type": "integer", "title": q["text"], "oneOf": options} for q in survey_.questions}
    return forms.Form(
        key="evaluation.paper",
        schema={
            "type": "object",
            "title": "录入纸质问卷",
            "properties": {
                **scored,
                "comment": {"type": "string", "title": "意见", "maxLength": survey_rules.LONGEST},
                "files": {
                    "type": "array",
                    "title": "问卷扫描件或照片",
                    "items": {"type": "integer"},
                    "minItems": 1,
                },
            },
            "required": [*keys, "files"],
        },
        ui={
            **{key: {"ui:widget": "radio"} for key in keys},
            "comment": {"ui:widget": "textarea", "ui:rows": 2},
            "files": {
                "ui:widget": "file",
                "ui:accept": ".pdf,image/*",
                "ui:capture": True,
                "ui:rule": "ZH-26",
            },
        },
    )


def _clerk(no: str) -> tuple[Case, Survey]:
    """The case and its newest survey, for a clerk of its street.

    Raises:
        NotFound: no such case for these eyes, or no survey yet.
        Forbidden: not a clerk of the case's street.
    """
    actor = current_actor()
    case = case_by_no(actor, no)
    found = survey_queries.latest(case.id)
    if found is None:
        raise NotFound
    if not actor.has(Role.STREET_CLERK, case.street_id):
        raise Forbidden("满意度调查由街道经办办理，您没有这个岗位。")
    return case, found


def _page(case: Case, found: Survey, error: Refusal | None = None, form: forms.Form | None = None) -> str:
    pack = policy.pack(case.pack_version_id)
    evaluation = evaluation_of(case.id)
    context: dict[str, Any] = {
        "case": case,
        "survey": found,
        "codes": survey_queries.codes_of(found.id),
        "result": survey_queries.result(found.id, pack.value("satisfaction_min_n") or 1),
        "comments": survey_queries.comments(found.id),
        "open": survey_rules.open_now(clock.now(), found.opens_at, found.until_at),
        "may_extend": evaluation is None or evaluation.state == "planned",
        "form": form or paper_form(found),
        "errors": forms.errors_by_field(error) if error and form else {},
        "problem": error if error and not form else None,
        "most": survey_rules.MOST_CODES,
    }
    return render_template("evaluation/survey.html", active="cases", **context)


def _end_of(text: str) -> Any:
    try:
        return clock.end_of_day(date.fromisoformat(text.strip()))
    except ValueError as error:
        raise Refusal("请填写新的截止日期。", field="until") from error
