"""Public pages: home, notices with objections, published results, questionnaires. No account needed."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import current_actor, public
from app.accounts.queries import names_of_units
from app.ballots import survey_queries, survey_rules, surveys
from app.core import clock
from app.core.errors import Refusal
from app.core.identity import RESIDENT, Actor
from app.evaluation import queries as evaluations
from app.evaluation.rules import points
from app.notices import queries as notices
from app.notices import rules, services
from app.notices.models import KINDS, OBJECTION_KINDS
from app.portal.forms import objection_form, replies, survey_form
from app.ui import forms
from app.ui.navigation import NavItem

bp = Blueprint("portal", __name__, template_folder="templates")
HOME = 6
STATES = {"open": "正在公示", "waiting": "期满，正在办理", "closed": "已结束", "withdrawn": "已撤回"}
TONES = {"open": "good", "waiting": "warn", "closed": "", "withdrawn": "bad"}


@bp.context_processor
def _ways() -> dict[str, Any]:
    ways = [
        NavItem("home", "首页", "home", url_for("portal.home")),
        NavItem("notices", "公示公告", "speakerphone", url_for("portal.notice_list")),
        NavItem("results", "评价结果", "chart-bar", url_for("portal.result_list")),
        NavItem("say", "反映需求", "message-2", url_for("portal.need_places")),
        NavItem("survey", "满意度问卷", "mood-smile", url_for("portal.survey_entry")),
    ]
    return {"portal_nav": ways, "kinds": KINDS, "states": STATES, "tones": TONES}


@bp.get("/")
@public
def home() -> str:
    """What this is, what is on, how to take part."""
    return render_template(
        "portal/home.html",
        active="home",
        open_notices=notices.published(state="open", limit=HOME),
        results=evaluations.results(limit=HOME),
    )


@bp.get("/notices")
@public
def notice_list() -> str:
    """Notices, newest first, by street, kind, state and words."""
    picked = {name: request.args.get(name, "").strip() for name in ("kind", "state", "q")}
    street = request.args.get("street", type=int)
    found = notices.published(
        street_id=street,
        kind=picked["kind"] if picked["kind"] in KINDS else "",
        state=picked["state"],
        text=picked["q"][:50],
        before=request.args.get("before", type=int),
        limit=notices.PAGE + 1,
    )
    page = found[: notices.PAGE]
    more = page[-1].notice.id if len(found) > notices.PAGE else None
    return render_template(
        "portal/notices.html",
        active="notices",
        page=page,
        next_url=_next("portal.notice_list", more, street=street, **picked),
        picked={**picked, "street": street},
        streets=names_of_units(set(notices.streets())),
    )


@bp.route("/notices/<no>", methods=["GET", "POST"])
@public
def notice(no: str) -> str | BaseResponse | tuple[str, int]:
    """One notice: content, period, fingerprint, what was answered, and while it is open how to object."""
    view = notices.by_no(no)
    form = objection_form(view.notice)
    if request.method == "GET":
        return _notice_page(view, form)
    answers = forms.cast(form, request.form)
    if "restore" in request.form:  # what this browser had kept is only shown again
        return _notice_page(view, form.with_values(**answers))
    try:
        forms.check(form, answers)
        said = services.object_to(
            _visitor(),
            view.notice.id,
            kind=answers["kind"],
            text=answers["text"],
            contact=answers.get("contact", ""),
            source=rules.source_of(current_app.config["SETTINGS"].secret_key, request.remote_addr or ""),
        )
    except Refusal as error:
        if error.status == 404:
            raise
        return _notice_page(view, form.with_values(**answers), error), error.status
    session["taken"] = no
    flash(
        f"已收到，编号为“{OBJECTION_KINDS[said.kind]} {said.seq}”。答复会公布在本页面，请记下编号。", "good"
    )
    return redirect(url_for("portal.notice", no=no))


@bp.get("/notices/<no>/data.json")
@public
def notice_data(no: str) -> Response:
    """The notice as data, exactly what its fingerprint covers."""
    view = notices.by_no(no)
    return jsonify({"content": notices.content_of(view.notice), "sha256": view.notice.sha256})


@bp.get("/results")
@public
def result_list() -> str:
    """Published results of evaluations."""
    text, street = request.args.get("q", "").strip()[:50], request.args.get("street", type=int)
    found = evaluations.results(
        street_id=street, text=text, before=request.args.get("before", type=int), limit=evaluations.PAGE + 1
    )
    page = found[: evaluations.PAGE]
    more = page[-1].id if len(found) > evaluations.PAGE else None
    return render_template(
        "portal/results.html",
        active="results",
        page=page,
        next_url=_next("portal.result_list", more, street=street, q=text),
        picked={"q": text, "street": street},
        streets=names_of_units(set(notices.streets())),
    )


@bp.get("/results/<no>")
@public
def result(no: str) -> str:
    """The permanent page of a published evaluation (ZH-27c)."""
    found = evaluations.public_result(no)
    opinions = [[o.code, o.decision, o.text] for o in found.opinions]
    return render_template("portal/result.html", active="results", result=found, opinions=opinions)


@bp.get("/results/<no>/data.json")
@public
def result_json(no: str) -> Response:
    """The same as open data."""
    response = jsonify(evaluations.as_data(evaluations.public_result(no)))
    response.headers["Content-Disposition"] = f'attachment; filename="{no}.json"'
    return response


@bp.get("/results/<no>/data.csv")
@public
def result_csv(no: str) -> Response:
    """The indicators as a table that office programs open."""
    found = evaluations.public_result(no)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["项目编号", "项目名称", "承接方", "指标", "目标", "完成情况", "权重（%）", "得分"])
    share, whole = 100 - found.satisfaction_weight, sum(row.weight for row in found.indicators)
    head = [found.case_no, found.title, found.provider]
    for row in found.indicators:
        cells = [*head, row.name, row.target, row.result, f"{row.weight * share / whole:g}", row.score]
        table.writerow([_cell(cell) for cell in cells])
    satisfied = f"有效问卷 {found.satisfaction_n} 份"
    score = points(found.satisfaction_score)
    table.writerow(
        [_cell(c) for c in [*head, "服务对象满意度", "", satisfied, found.satisfaction_weight, score]]
    )
    table.writerow([_cell(c) for c in [*head, "总分", "", found.grade, 100, points(found.total)]])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{no}.csv"'
    return response


@bp.get("/c")
@public
def survey_entry() -> str | BaseResponse:
    """Where a code is typed in by those who cannot scan it."""
    code = request.args.get("code", "").strip()
    if code:
        return redirect(url_for("portal.survey", code=code.replace(" ", "").upper()[:40]))
    return render_template("portal/survey_entry.html", active="survey")


@bp.route("/c/<code>", methods=["GET", "POST"])
@public
def survey(code: str) -> str | BaseResponse | tuple[str, int]:
    """The satisfaction questionnaire behind a one-time code (ZH-26a)."""
    found, used = survey_queries.survey_of_code(code)
    form = survey_form(found)
    if request.method == "GET":
        over = not survey_rules.open_now(clock.now(), found.opens_at, found.until_at)
        return render_template("portal/survey.html", survey=found, used=used, over=over, form=form, errors={})
    answers = forms.cast(form, request.form)
    if "restore" in request.form:
        shown = form.with_values(**answers)
        return render_template(
            "portal/survey.html", survey=found, used=used, over=False, form=shown, errors={}
        )
    try:
        forms.check(form, answers)
        scores = {question["key"]: answers[question["key"]] for question in found.questions}
        surveys.answer(code, scores, answers.get("comment", ""))
    except Refusal as error:
        page = render_template(
            "portal/survey.html",
            survey=found,
            used=error.status == 409,
            form=form.with_values(**answers),
            over=False,
            errors=forms.errors_by_field(error),
        )
        return page, error.status
    return redirect(url_for("portal.survey_thanks"))


@bp.get("/c/thanks")
@public
def survey_thanks() -> str:
    """Thank you."""
    return render_template("portal/survey_thanks.html")


def _notice_page(view: notices.NoticeView, form: forms.Form, error: Refusal | None = None) -> str:
    return render_template(
        "portal/notice.html",
        active="notices",
        view=view,
        notice=view.notice,
        form=form,
        errors=forms.errors_by_field(error) if error else {},
        replies=replies(view.notice),
        said=notices.objections_of(view.notice.id),
        objection_kinds=OBJECTION_KINDS,
        taken=session.pop("taken", "") == view.notice.no,
        intact=notices.is_intact(view.notice),
    )


def _visitor() -> Actor:
    return current_actor() if current_user.is_authenticated else RESIDENT


def _next(endpoint: str, before: int | None, **arguments: Any) -> str:
    if before is None:
        return ""
    return url_for(endpoint, before=before, **{k: v for k, v in arguments.items() if v})


def _cell(value: object) -> str:
    """A cell that no office program takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
