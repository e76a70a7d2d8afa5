"""A draft on its way into force: submitted, approved by a second person, published now or from a day on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, Forbidden, NotFound, Refusal
from app.core.identity import Actor
from app.policy import queries as packs
from app.policy import services as policy
from app.policy.packs import Pack, PackError, load_files
from app.runtime import definitions, publication
from app.runtime.definitions import Origin
from app.runtime.models import Definition
from app.studio import checking, compare, drafts, rules
from app.studio.models import DraftEvent, ModelDraft

MIN_REASON = 5


def submit(actor: Actor, draft_id: int, notes: str) -> None:
    """Ask a second person to approve (提交审批).

    Args:
        notes: what changes and why, for those who approve and who look back.

    Raises:
        Refusal: nothing is changed, no notes, or something stands against publishing.
        Conflict: another version has come into force meanwhile.
    """
    words = notes.strip()
    if not words:
        raise Refusal("请写明改了什么、为什么改，审批人和以后查阅的人要看。", field="notes")
    with unit_of_work():
        draft = drafts.editable(actor, draft_id)
        _require_current(draft)
        files = drafts.files_of(draft_id)
        if draft.base_id is not None and not _differs(draft, files):
            raise Refusal("草稿和它的起始版本完全一样，没有需要审批的改动。")
        checking.judge(files, draft).require_acceptable()
        draft.state, draft.notes, draft.lock_by, draft.lock_until = "submitted", words, None, None
        draft.submitted_by, draft.submitted_at = actor.person_id, clock.now()
        _remember(actor, draft, "submitted", words)


def withdraw(actor: Actor, draft_id: int) -> None:
    """Take a draft back to go on editing (撤回提交)."""
    with unit_of_work():
        draft = _in(draft_id, "submitted", "approved")
        _reopen(draft)
        _remember(actor, draft, "withdrawn", "")


def send_back(actor: Actor, draft_id: int, reason: str) -> None:
    """Do not approve; say what has to be mended (退回修改)."""
    if not reason.strip():
        raise Refusal("请写明退回的原因，方便设计人员修改。", field="reason")
    with unit_of_work():
        draft = _in(draft_id, "submitted", "approved")
        rules.may_approve(actor, draft.author_id, drafts.writers_of(draft_id)).require()
        _reopen(draft)
        _remember(actor, draft, "sent_back", reason.strip())


def approve(actor: Actor, draft_id: int, opinion: str, accepted: Mapping[str, str] | None = None) -> None:
    """Approve a draft that somebody else made (审批同意).

    Args:
        accepted: reasons, by constraint, for letting through what only the drawing allows.

    Raises:
        Forbidden: the actor has written part of it.
        Refusal: something stands against publishing, or a reason is missing.
    """
    with unit_of_work():
        draft = _in(draft_id, "submitted")
        _require_second(actor, draft)
        _require_current(draft)
        report = checking.judge(drafts.files_of(draft_id), draft)
        report.require_acceptable()
        reasons = {one.id: (accepted or {}).get(one.id, "").strip() for one in report.drawing_only}
        for key, reason in reasons.items():
            if len(reason) < MIN_REASON:
                raise Refusal(
                    "有一条法定约束按图形可能被违反（按数据不会）。同意的，请逐条写明理由。",
                    field=f"accept-{key}",
                )
        draft.state, draft.approved_by, draft.approved_at = "approved", actor.person_id, clock.now()
        draft.accepted = dict(reasons) or None
        _remember(actor, draft, "approved", opinion.strip())


def publish(
    actor: Actor, draft_id: int, valid_from: date | None = None, *, production: bool = False
) -> Definition:
    """Put an approved draft in force as the next version (发布).

    Args:
        valid_from: the day from which new cases walk the new way; None: at once.

    Raises:
        Forbidden: the actor has written part of it.
        Conflict: not approved, or another version has come into force meanwhile.
        Refusal: the day has passed, or the pack is not fit for production.
    """
    moment = _moment(valid_from)
    with unit_of_work():
        draft = _in(draft_id, "approved")
        _require_second(actor, draft)
        _require_current(draft)
        files = drafts.files_of(draft_id)
        pack = pack_of(files, draft.pack_key)
        kept = policy.keep(actor, pack, production=production)
        origin = Origin(draft.author_id, draft.approved_by, kept.row.id, draft.notes, draft.accepted or {})
        made = definitions.deploy(
            actor,
            pack_key=draft.pack_key,
            process_key=draft.process_key,
            title=_title(files, draft),
            files={n: d for n, d in files.items() if n.split("/")[0] in definitions.MODEL_FOLDERS},
            publish=False,
            lanes=pack.lanes,
            origin=origin,
        )
        if made.state != "draft":
            raise Refusal(f"内容与第 {made.no} 版完全相同。要恢复那一版，请在版本列表里使用“回退到这一版”。")
        publication.publish(actor, made.id, moment)
        draft.state, draft.definition_id = "published", made.id
        _remember(actor, draft, "published" if moment is None else "scheduled", "")
        return made


def publish_version(actor: Actor, definition_id: int) -> Definition:
    """Put a version in force that was deployed from the command line (发布命令行部署的版本).

    Raises:
        Refusal: the checks find what stands against it.
        Conflict: it is, or was, in force.
    """
    row = session().get(Definition, definition_id)
    if row is None:
        raise NotFound
    checking.judge(compare.version_side(row.id, row.pack_key).files, row).require_acceptable()
    return publication.publish(actor, definition_id)


@dataclass(frozen=True, slots=True)
class Merged:
    """What bringing a draft up to date did.

    Attributes:
        taken: files taken over from what is in force now.
        clashing: files changed on both sides; the draft's own content stays.
    """

    taken: list[str]
    clashing: list[str]


def bring_up_to_date(actor: Actor, draft_id: int) -> Merged:
    """Take over what has come into force since the draft was begun (并入现行版本), file by file."""
    with unit_of_work():
        draft = drafts.editable(actor, draft_id)
        current = definitions.in_force(draft.pack_key, draft.process_key)
        pack = packs.active(draft.pack_key, clock.today())
        theirs = {**drafts.without_models(pack.files), **definitions.bundle(current).files}
        before = _seen(draft)
        mine = drafts.files_of(draft_id)
        taken: dict[str, bytes | None] = {}
        clashing: list[str] = []
        for name in sorted(before.keys() | theirs.keys() | mine.keys()):
            if theirs.get(name) == before.get(name) or theirs.get(name) == mine.get(name):
                continue
            if mine.get(name) == before.get(name):
                taken[name] = theirs.get(name)
            else:
                clashing.append(name)
        drafts.write(actor, draft, taken, "merged", "并入现行版本", checked=False)
        draft.seen_id, draft.seen_pack_id = current, pack.version_id
        note = f"两边都改过、保留草稿内容的文件：{'、'.join(clashing)}" if clashing else ""
        _remember(actor, draft, "merged", note)
        return Merged(sorted(taken), clashing)


def outdated(draft: ModelDraft) -> bool:
    """Whether another version or pack has come into force since the draft was begun."""
    if draft.seen_id is None:
        return False
    current = definitions.in_force(draft.pack_key, draft.process_key)
    pack = packs.active(draft.pack_key, clock.today())
    return (draft.seen_id, draft.seen_pack_id) != (current, pack.version_id)


def events_of(draft_id: int) -> list[DraftEvent]:
    """What has happened to a draft, in order."""
    return list(
        session().scalars(select(DraftEvent).where(DraftEvent.draft_id == draft_id).order_by(DraftEvent.id))
    )


def pack_of(files: Mapping[str, bytes], key: str) -> Pack:
    """The pack that a draft's files make.

    Raises:
        Refusal: a figure is looser than the layer above allows, or the manifest is broken.
    """
    try:
        return load_files(files, key)
    except PackError as error:
        raise Refusal(f"政策包有误：{error}", field="file") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal("政策包的 pack.yaml 不完整，请检查后再试。", field="file") from error


def _seen(draft: ModelDraft) -> dict[str, bytes]:
    """What was in force when the draft was begun or last brought up to date."""
    made: dict[str, bytes] = {}
    if draft.seen_pack_id is not None:
        made.update(drafts.without_models(packs.pack(draft.seen_pack_id).files))
    if draft.seen_id is not None:
        made.update(definitions.bundle(draft.seen_id).files)
    return made


def _differs(draft: ModelDraft, files: Mapping[str, bytes]) -> bool:
    """Whether a draft says anything that is not in force already."""
    return dict(files) != _seen(draft)


def _in(draft_id: int, *states: str) -> ModelDraft:
    draft = drafts.locked(draft_id)
    if draft.state not in states:
        raise Conflict("草稿的状态已经变化，可能其他人员刚刚处理过。请刷新页面查看。")
    return draft


def _require_second(actor: Actor, draft: ModelDraft) -> None:
    allowed = rules.may_approve(actor, draft.author_id, drafts.writers_of(draft.id))
    if not allowed:
        raise Forbidden(allowed.reason)


def _require_current(draft: ModelDraft) -> None:
    if outdated(draft):
        raise Conflict(
            "建立草稿以后，现行流程已经更新。请先点“并入现行版本”，检查后再继续，以免覆盖别人的改动。"
        )


def _reopen(draft: ModelDraft) -> None:
    draft.state, draft.approved_by, draft.approved_at, draft.accepted = "editing", None, None, None


def _moment(day: date | None) -> datetime | None:
    if day is None:
        return None
    if day <= clock.today():
        raise Refusal("生效日期须在今天之后；要马上生效，请选择“立即生效”。", field="valid_from")
    return datetime(day.year, day.month, day.day, tzinfo=clock.SHANGHAI)


def _title(files: Mapping[str, bytes], draft: ModelDraft) -> str:
    """The process's own name; the version's subject is in its notes."""
    named = dict(definitions.start_processes(files))
    if draft.process_key not in named:
        raise Refusal("草稿里找不到这个流程，或它已被别的流程调用，不能发布。")
    return named[draft.process_key][:200]


def _remember(actor: Actor, draft: ModelDraft, kind: str, note: str) -> None:
    session().add(
        DraftEvent(draft_id=draft.id, at=clock.now(), person_id=actor.person_id, kind=kind, note=note)
    )
    record(
        f"model_draft:{draft.id}",
        f"studio.{kind}",
        actor=actor,
        subject=draft.title[:120],
        after={"state": draft.state, "rev": draft.rev},
    )
