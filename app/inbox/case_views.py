"""Pages of one case: its whole story, its papers to print, its diagrams, why something is not open to the reader."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify, render_template, request

from app.accounts.access import current_actor, signed_in
from app.core.identity import Actor
from app.documents import pdf
from app.funds.rules import may_read
from app.inbox import stories
from app.inbox.story import why as reasons
from app.inbox.story.page import page
from app.inbox.views import bp
from app.projects.copying import may_copy
from app.runtime import definitions, queries
from app.runtime.models import Case
from app.runtime.rules import role_name


@bp.get("/cases/<no>")
@signed_in
def case(no: str) -> str:
    """The whole story of a case (项目全过程)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    told = _told(actor, found)
    project = told["tale"].project
    return render_template(
        "inbox/case.html",
        **told,
        may_copy=project is not None and may_copy(actor, found, project),
        active="cases",
        role_name=role_name,
        reads_funds=bool(may_read(actor)),
        ways=stories.ways,
    )


@bp.get("/cases/<no>/why")
@signed_in
def why(no: str) -> str:
    """Why some acts are not open to the reader, by the rules' own words (为什么我不能办)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    whole = "HX-Request" not in request.headers
    return render_template(
        "inbox/why.html" if whole else "inbox/_why.html",
        case=found,
        answers=reasons.answers(actor, found),
        active="cases",
    )


@bp.get("/cases/<no>/record.pdf")
@signed_in
def record(no: str) -> Response:
    """The record of a case as a paper for the files (办理单)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    page_ = render_template("inbox/record.html", case=found, story=stories.story(actor, found), actor=actor)
    return _paper(page_, f"{found.no}.pdf")


@bp.get("/cases/<no>/approval")
@signed_in
def approval(no: str) -> str:
    """The approval sheet to read and print (审批表)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    return render_template("inbox/approval.html", **_told(actor, found), active="cases")


@bp.get("/cases/<no>/approval.pdf")
@signed_in
def approval_pdf(no: str) -> Response:
    """The approval sheet as a paper for the files (审批表)."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    return _paper(
        render_template("inbox/approval_pdf.html", **_told(actor, found)), f"{found.no}-approval.pdf"
    )


@bp.get("/cases/<no>/diagram")
@signed_in
def diagram(no: str) -> Response:
    """States of one diagram of a case as the viewer wants them; `path` leads into called stages."""
    actor = current_actor()
    found = queries.case_by_no(actor, no)
    view = stories.diagram(actor, found, request.args.get("path", ""))
    if view is None:
        abort(404)
    return jsonify(view)


@bp.get("/cases/<no>/diagram.bpmn")
@signed_in
def diagram_xml(no: str) -> Response:
    """The drawing itself, as it stood in the version the case runs on."""
    found = queries.case_by_no(current_actor(), no)
    data = definitions.bundle(found.definition_id).files.get(
        f"process/{request.args.get('process', '')}.bpmn"
    )
    if data is None:
        abort(404)
    return Response(data, mimetype="application/xml")


def _told(actor: Actor, found: Case) -> dict[str, Any]:
    story = stories.story(actor, found)
    return {"case": found, "story": story, "tale": page(actor, found, story)}


def _paper(html: str, name: str) -> Response:
    answer = Response(pdf.render(html), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
