"""Pages of the policy packs: their figures with their source, who decided, what is still open."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml
from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import config
from app.accounts.access import Permission, allowed, current_actor, requires
from app.accounts.queries import names_of_people
from app.admin.blueprint import HOME, bp
from app.admin.policy_forms import answer_of, parameter_form, shown
from app.admin.queries import definitions_of
from app.core import clock
from app.core.errors import NotFound, Refusal
from app.core.identity import Actor
from app.policy import parameters, queries, rules
from app.policy.packs import Pack
from app.runtime import packaging, publication
from app.ui.formpage import NOT_OF_THE_FORM, Page, form_page

PACKS = config.ROOT / "bpmn"


@bp.get("/policy")
@requires(Permission.SEE_POLICY)
def policy_home() -> str:
    """The packs that are here, and those that could be brought in (政策包)."""
    versions = queries.versions()
    keys = list(dict.fromkeys(one.key for one in versions))
    return render_template(
        "admin/policy.html",
        active="admin-policy",
        packs=[(_newest(key), [one for one in versions if one.key == key]) for key in keys],
        fresh=[(key, title) for key, title in _packaged() if key not in keys],
        production=_production(),
        may=allowed(current_actor(), Permission.MANAGE_POLICY),
    )


@bp.post("/policy/import")
@requires(Permission.MANAGE_POLICY)
def policy_import() -> Response:
    """Bring in a packaged pack with its diagrams as drafts (导入政策包)."""
    key = request.form.get("key", "")
    if key not in dict(_packaged()):
        raise NotFound
    settings = current_app.config["SETTINGS"]
    packaging.deploy_pack(
        current_actor(), PACKS, key, publish=settings.is_demo, production=settings.is_production
    )
    flash("政策包已导入。请确认取值，并由另一位人员发布流程。", "success")
    return redirect(url_for("admin.policy_pack", key=key))


@bp.get("/policy/<key>")
@requires(Permission.SEE_POLICY)
def policy_pack(key: str) -> str:
    """All figures of a pack with value, unit, source and state (参数)."""
    return _pack_page(key)


def _pack_page(key: str, refusal: Refusal | None = None) -> str:
    """The page; after a refusal with what was ticked and written."""
    actor, pack = current_actor(), _newest(key)
    listed = sorted(pack.parameters.values(), key=lambda one: (not one.open, one.label))
    if pack.term is not None:
        listed.insert(0, pack.term)
    asked = queries.proposals(key)
    settled = queries.proposals(key, "settled")
    return render_template(
        "admin/policy_pack.html",
        active="admin-policy",
        refusal=refusal,
        ticked=request.form.getlist("proposal") if refusal else None,
        reason=request.form.get("reason", ""),
        pack=pack,
        parameters=listed,
        by_name={one.name: one for one in listed},
        asked={one.name: one for one in asked},
        proposals=asked,
        settled=settled,
        versions=queries.versions(key),
        definitions=definitions_of(key),
        people=names_of_people({i for one in [*asked, *settled] for i in (one.proposed_by, one.settled_by)}),
        changeable=rules.changeable,
        shown=shown,
        production=_production(),
        itself=actor.person_id,
        may=allowed(actor, Permission.MANAGE_POLICY),
        may_publish=allowed(actor, Permission.PUBLISH_MODEL),
    )


@bp.route("/policy/<key>/parameters/<name>", methods=["GET", "POST"])
@requires(Permission.MANAGE_POLICY)
def policy_propose(key: str, name: str) -> Page:
    """Propose a value for a figure (提出取值)."""
    actor, pack = current_actor(), _newest(key)
    known = parameters.known(pack, name)
    if not rules.changeable(known):
        raise Refusal("这一项不能在页面上修改，请修改政策包文件后重新导入。")

    def save(answers: dict[str, Any]) -> Response:
        parameters.propose(
            actor,
            key,
            name,
            value=answer_of(known, answers["value"]),
            ref=answers["ref"],
            note=answers.get("note") or "",
            decided_by=answers["decided_by"],
            decided_on=date.fromisoformat(answers["decided_on"]),
        )
        flash(f"已提出“{known.label}”的取值，等待另一位人员确认。", "success")
        return redirect(url_for("admin.policy_pack", key=key))

    back = url_for("admin.policy_pack", key=key)
    crumbs = [(HOME, url_for("admin.home")), ("政策包", url_for("admin.policy_home")), (pack.title, back)]
    form = parameter_form(known, shown(known.value, known.unit), clock.today().isoformat())
    mine = [one for one in queries.proposals(key) if one.proposed_by == actor.person_id]
    if mine:  # one meeting decides many values: its paper is written once
        last = max(mine, key=lambda one: one.id)
        form = form.with_values(
            ref=last.ref, decided_by=last.decided_by, decided_on=last.decided_on.isoformat()
        )
    return form_page(form, save, active="admin-policy", back=back, crumbs=crumbs)


@bp.post("/policy/<key>/confirm")
@requires(Permission.MANAGE_POLICY)
def policy_settle(key: str) -> Page:
    """Confirm the chosen values, or send them back (确认、退回取值)."""
    try:
        _settle(current_actor(), key)
    except Refusal as refusal:
        if refusal.status in NOT_OF_THE_FORM:
            raise
        return _pack_page(key, refusal), refusal.status
    return redirect(url_for("admin.policy_pack", key=key))


def _settle(actor: Actor, key: str) -> None:
    chosen = [int(one) for one in request.form.getlist("proposal") if one.isdecimal()]
    if not chosen or any(queries.proposal(one).pack_key != key for one in chosen):
        raise Refusal("请至少勾选一项取值。")
    if request.form.get("decision") == "refuse":
        for one in chosen:
            parameters.refuse(actor, one, request.form.get("reason", ""))
        flash(f"已退回 {len(chosen)} 项取值。", "success")
    else:
        version = parameters.confirm(actor, chosen, production=_production())
        words = "，已启用" if version.active else "，还有未确认的取值，暂未启用"
        flash(f"已确认 {len(chosen)} 项取值，成为第 {version.no} 版{words}。", "success")


@bp.post("/policy/<key>/publish/<int:definition_id>")
@requires(Permission.PUBLISH_MODEL)
def policy_publish(key: str, definition_id: int) -> Response:
    """Put a draft of the pack's diagrams in force; never one's own (发布流程)."""
    if definition_id not in {one.id for one in definitions_of(key)}:
        raise NotFound
    done = publication.publish(current_actor(), definition_id)
    flash(f"已发布“{done.title}”第 {done.no} 版。", "success")
    return redirect(url_for("admin.policy_pack", key=key))


def _newest(key: str) -> Pack:
    found = queries.latest(key)
    if found is None:
        raise NotFound
    return found


def _packaged() -> list[tuple[str, str]]:
    """The packs that come with the software and hold diagrams: key and title."""
    found = []
    for manifest in sorted(PACKS.glob("*/pack.yaml")):
        if (manifest.parent / "process").is_dir():
            raw = yaml.safe_load(manifest.read_text(encoding="utf-8"))
            found.append((manifest.parent.name, str(raw["title"])))
    return found


def _production() -> bool:
    return bool(current_app.config["SETTINGS"].is_production)
