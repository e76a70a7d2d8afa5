"""Pages of the studio: ways of working with their versions, drafts with their files and findings."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import names_of_people
from app.core.errors import NotFound
from app.runtime import definitions
from app.studio import blobs, checking, checks, compare, drafts, moving, publishing, queries, sandbox
from app.studio.models import ModelDraft

bp = Blueprint("studio", __name__, template_folder="templates", url_prefix="/studio")
STATES: dict[str, tuple[str, str]] = {
    "editing": ("修改中", "brand"),
    "submitted": ("待审批", "warn"),
    "approved": ("待发布", "warn"),
    "published": ("已发布", "good"),
    "discarded": ("已作废", ""),
}
EVENTS = {
    "submitted": "提交审批",
    "withdrawn": "撤回提交",
    "sent_back": "退回修改",
    "approved": "审批同意",
    "published": "发布",
    "scheduled": "安排生效",
    "merged": "并入现行版本",
    "imported": "导入",
}
ACTS = {"published": "发布", "scheduled": "安排生效", "cancelled": "撤销安排", "rolled_back": "回退到这一版"}
VERSION_STATES: dict[str, tuple[str, str]] = {
    "draft": ("未发布", "warn"),
    "scheduled": ("待生效", "warn"),
    "published": ("现行", "good"),
    "retired": ("已停用", ""),
}
SAVES = {
    "edited": "修改",
    "mended": "自动修正",
    "imported": "导入",
    "restored": "还原",
    "deleted": "删除",
    "merged": "并入现行版本",
    "recorded": "录制试办",
}
FOLDERS = (
    ("process", "流程图", "diagram", ".bpmn"),
    ("decision", "决策表", "decision", ".dmn"),
    ("form", "表单", "form", ".json"),
)


@bp.get("")
@requires(Permission.SEE_STUDIO)
def home() -> str:
    """Ways of working and drafts."""
    found = drafts.drafts()
    return render_template(
        "studio/home.html",
        active="studio",
        processes=queries.processes(),
        drafts=found,
        people=names_of_people({one.author_id for one in found}),
        states=STATES,
        version_states=VERSION_STATES,
        may_design=allowed(current_actor(), Permission.DESIGN_MODEL),
    )


@bp.get("/processes/<pack_key>/<process_key>")
@requires(Permission.SEE_STUDIO)
def process(pack_key: str, process_key: str) -> str:
    """One way of working: all versions, their notes, who put them in force, how many cases run on them."""
    found = queries.process(pack_key, process_key)
    acts = queries.acts_of(found)
    people = {who for one in found.versions for who in (one.created_by, one.approved_by, one.published_by)}
    people |= {one.by_id for one in acts}
    return render_template(
        "studio/process.html",
        active="studio",
        process=found,
        people=names_of_people(people),
        version_states=VERSION_STATES,
        acts=acts,
        act_names=ACTS,
        moves=moving.moves_of([one.id for one in found.versions]),
        numbers={one.id: one.no for one in found.versions},
        may_publish=allowed(current_actor(), Permission.PUBLISH_MODEL),
        me=current_actor().person_id,
        may_design=allowed(current_actor(), Permission.DESIGN_MODEL),
    )


@bp.get("/versions/<int:definition_id>")
@requires(Permission.SEE_STUDIO)
def version(definition_id: int) -> str:
    """One version to look at: a drawing, who does its steps, which form they fill in (看图)."""
    found = queries.version(definition_id)
    files = queries.version_files(definition_id)
    places = queries.places_of(definition_id)
    first = next(name for name, key in places if key == found.process_key)
    chosen = request.args.get("name", first)
    if chosen not in dict(places):
        raise NotFound
    own = {key for name, key in places if name == chosen}
    return render_template(
        "studio/version.html",
        active="studio",
        version=found,
        process=queries.process(found.pack_key, found.process_key),
        version_states=VERSION_STATES,
        drawings=[(name, queries.title_of(name, files[name])) for name in dict(places)],
        chosen=chosen,
        title=queries.title_of(chosen, files[chosen]),
        config={
            "sides": [{"xmlUrl": url_for("publishing.version_file", definition_id=found.id, name=chosen)}]
        },
        steps=[one for one in definitions.bundle(found.id).model.steps() if one.process in own],
        forms={
            name.removeprefix("form/").removesuffix(".json"): queries.title_of(name, data)
            for name, data in files.items()
            if name.startswith("form/")
        },
    )


@bp.post("/drafts")
@requires(Permission.DESIGN_MODEL)
def create() -> Response:
    """Begin a change (新建草稿)."""
    base = request.form.get("base_id", "")
    made = drafts.create(
        current_actor(),
        pack_key=request.form.get("pack_key", "")[:40],
        process_key=request.form.get("process_key", "")[:80],
        title=request.form.get("title", ""),
        base_id=int(base) if base.isdecimal() and len(base) < 19 else None,
    )
    flash("草稿已建立，现行流程不受影响，发布后才生效。", "success")
    return redirect(url_for("studio.draft", draft_id=made.id))


@bp.get("/drafts/<int:draft_id>")
@requires(Permission.SEE_STUDIO)
def draft(draft_id: int) -> str:
    """One draft: its files, what is wrong with it, what can be done with it."""
    return render_template("studio/draft.html", **_draft_page(drafts.find(draft_id)))


@bp.get("/drafts/<int:draft_id>/findings")
@requires(Permission.SEE_STUDIO)
def findings(draft_id: int) -> str:
    """What is wrong with a draft: a part of its page, loaded when the checks are through."""
    found = drafts.find(draft_id)
    running = checks.of_draft(found, drafts.files_of(draft_id))
    report = running.report()
    return render_template(
        "studio/_findings.html", draft=found, report=report, watch=running.watch, bound=checking.BOUND
    )


@bp.post("/drafts/<int:draft_id>/discard")
@requires(Permission.DESIGN_MODEL)
def discard(draft_id: int) -> Response:
    """Give a draft up (作废)."""
    drafts.discard(current_actor(), draft_id)
    flash("草稿已作废，内容仍可查看。", "success")
    return redirect(url_for("studio.home"))


@bp.post("/drafts/<int:draft_id>/drop-run")
@requires(Permission.DESIGN_MODEL)
def drop_run(draft_id: int) -> Response:
    """Take a recorded run out of the draft's tests (删除测试)."""
    name = request.form.get("name", "")
    if name not in {one for one, _, _ in _runs(drafts.files_of(draft_id))}:
        raise NotFound
    drafts.delete_file(current_actor(), draft_id, name)
    flash("已删除，内容仍在修改记录里。", "success")
    return redirect(url_for("studio.draft", draft_id=draft_id))


@bp.get("/drafts/<int:draft_id>/history")
@requires(Permission.SEE_STUDIO)
def history(draft_id: int) -> str:
    """Every save, and what one of them changed."""
    found = drafts.find(draft_id)
    saves = drafts.saves_of(draft_id)
    return render_template(
        "studio/history.html",
        active="studio",
        draft=found,
        saves=saves,
        titles={name: queries.title_of(name, data) for name, data in drafts.files_of(draft_id).items()},
        people=names_of_people({one.person_id for one in saves}),
        kinds=SAVES,
    )


@bp.get("/drafts/<int:draft_id>/history/<int:save_id>")
@requires(Permission.SEE_STUDIO)
def save(draft_id: int, save_id: int) -> str:
    """What one save changed."""
    one = drafts.save_of(draft_id, save_id)
    found = drafts.find(draft_id)
    return render_template(
        "studio/save.html",
        active="studio",
        draft=found,
        save=one,
        who=names_of_people({one.person_id}).get(one.person_id, ""),
        kinds=SAVES,
        lines=blobs.difference(one).splitlines(),
        may_restore=found.state == "editing" and allowed(current_actor(), Permission.DESIGN_MODEL),
    )


@bp.post("/drafts/<int:draft_id>/history/<int:save_id>/restore")
@requires(Permission.DESIGN_MODEL)
def restore(draft_id: int, save_id: int) -> Response:
    """Bring a file back to what it was before a save (还原)."""
    drafts.restore(current_actor(), draft_id, save_id)
    flash("已还原，原来的内容仍在修改记录里。", "success")
    return redirect(url_for("studio.history", draft_id=draft_id))


def _draft_page(found: ModelDraft) -> dict[str, Any]:
    actor = current_actor()
    files = drafts.files_of(found.id)
    saves, events = drafts.saves_of(found.id, 5), publishing.events_of(found.id)
    return {
        "active": "studio",
        "draft": found,
        "file_groups": _groups(files),
        "saves": saves,
        "kinds": SAVES,
        "lock": drafts.lock_of(actor, found),
        "people": names_of_people(
            {
                found.author_id,
                found.approved_by,
                *(one.person_id for one in saves),
                *(one.person_id for one in events),
            }
        ),
        "states": STATES,
        "may_design": allowed(actor, Permission.DESIGN_MODEL),
        "may_approve": allowed(actor, Permission.APPROVE_MODEL),
        "may_publish": allowed(actor, Permission.PUBLISH_MODEL),
        "events": events,
        "event_names": EVENTS,
        "runs": _runs(files),
        "tries": sandbox.tries_of(actor, found.id),
        "outdated": found.state in ("editing", "submitted", "approved") and publishing.outdated(found),
        "writer": actor.person_id in {found.author_id, *drafts.writers_of(found.id)},
        "made": compare.of_draft(found),
        "report": checking.judge(files, found) if found.state == "submitted" else None,
        "version": queries.version(found.definition_id) if found.definition_id else None,
    }


def _runs(files: dict[str, bytes]) -> list[tuple[str, str, int]]:
    """Recorded runs that are played again at each check: file, title, number of steps."""
    found = []
    for name, data in files.items():
        if name.startswith("tests/run-"):
            read = orjson.loads(data)
            run = read if isinstance(read, dict) else {}
            found.append((name, str(run.get("title") or name), len(run.get("steps") or ())))
    return found


def _groups(files: dict[str, bytes]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Files by kind, as (title, name, place of the editor)."""
    made = []
    for folder, label, page, suffix in FOLDERS:
        rows = []
        for name, data in files.items():
            stem = name.removeprefix(f"{folder}/").removesuffix(suffix)
            if name == f"{folder}/{stem}{suffix}" and not stem.endswith((".ui", ".tests")):
                rows.append((queries.title_of(name, data), stem, page))
        made.append((label, rows))
    return made
