"""Drafts of models: made from what is in force, saved piece by piece, every save kept with its difference."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.queries import names_of_people
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, NotFound, Refusal
from app.core.identity import Actor
from app.policy import queries as policy
from app.runtime import definitions
from app.studio import blobs, rules
from app.studio.models import DraftFile, DraftSave, ModelBlob, ModelDraft

LEASE = timedelta(minutes=3)
"""How long an editor that says nothing more keeps others out."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Who is editing a draft now."""

    holder: str
    mine: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a draft stands after a save."""

    rev: int
    saved_at: datetime


def create(
    actor: Actor, *, pack_key: str, process_key: str, title: str, base_id: int | None = None
) -> ModelDraft:
    """Begin a change from what is in force, or from an older version (新建草稿).

    Args:
        base_id: version to start from; None: the one in force.
    """
    name = title.strip()
    if not name:
        raise Refusal("请写明这次要改什么，例如“30 万元以上须纪检会签”。", field="title")
    with unit_of_work():
        current = definitions.in_force(pack_key, process_key)
        bundle = definitions.bundle(base_id or current)
        if (bundle.pack_key, bundle.process_key) != (pack_key, process_key):
            raise Refusal("所选版本不属于这个流程，请重新选择。", field="base_id")
        pack = policy.active(pack_key, clock.today())
        files = {**without_models(pack.files), **bundle.files}
        draft = ModelDraft(
            pack_key=pack_key,
            process_key=process_key,
            title=name[:200],
            base_id=bundle.id,
            seen_id=current,
            seen_pack_id=pack.version_id,
        )
        return add(actor, draft, files)


def add(actor: Actor, draft: ModelDraft, files: Mapping[str, bytes]) -> ModelDraft:
    """Keep a new draft with the files it starts from."""
    draft.author_id, draft.created_at, draft.saved_at = actor.person_id, clock.now(), clock.now()
    with unit_of_work() as db:
        db.add(draft)
        db.flush()
        blobs.keep(files.values())
        db.add_all(
            DraftFile(draft_id=draft.id, name=n, sha256=blobs.digest(d), rev=1)
            for n, d in sorted(files.items())
        )
        record(
            f"model_draft:{draft.id}",
            "studio.create",
            actor=actor,
            subject=draft.title[:120],
            after={"base": draft.base_id, "process": draft.process_key},
        )
        return draft


def without_models(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a pack that no version of a model holds: figures, code lists, papers."""
    return {n: d for n, d in files.items() if n.split("/")[0] not in definitions.MODEL_FOLDERS}


def find(draft_id: int) -> ModelDraft:
    """A draft by its number.

    Raises:
        NotFound: there is none.
    """
    found = session().get(ModelDraft, draft_id)
    if found is None:
        raise NotFound
    return found


def drafts(*, open_only: bool = False) -> list[ModelDraft]:
    """All drafts, the newest first."""
    query = select(ModelDraft).order_by(ModelDraft.id.desc()).limit(200)
    if open_only:
        query = query.where(ModelDraft.state.in_(("editing", "submitted", "approved")))
    return list(session().scalars(query))


def files_of(draft_id: int) -> dict[str, bytes]:
    """All files of a draft as they stand."""
    query = (
        select(DraftFile.name, ModelBlob.data)
        .join(ModelBlob, ModelBlob.sha256 == DraftFile.sha256)
        .where(DraftFile.draft_id == draft_id)
        .order_by(DraftFile.name)
    )
    return {name: zlib.decompress(data) for name, data in session().execute(query)}


def names_of(draft_id: int) -> list[str]:
    """Names of a draft's files."""
    query = select(DraftFile.name).where(DraftFile.draft_id == draft_id).order_by(DraftFile.name)
    return list(session().scalars(query))


def file_of(draft_id: int, name: str) -> bytes:
    """One file of a draft.

    Raises:
        NotFound: there is none.
    """
    found = session().get(DraftFile, (draft_id, name))
    if found is None:
        raise NotFound
    return blobs.content(found.sha256)


def save_file(
    actor: Actor,
    draft_id: int,
    name: str,
    data: bytes,
    rev: int | None,
    kind: str = "edited",
    note: str | None = None,
) -> Saved:
    """Save one file (保存); takes the draft's lock, or renews it.

    Args:
        rev: the draft's revision the writer has seen; None for a file that is new to him.

    Raises:
        Conflict: the file has changed since that revision, or another person holds the lock.
        Refusal: the file cannot be read, or is not this person's to change.
    """
    rules.name_allowed(name).require()
    rules.require_content(name, data)
    with unit_of_work():
        draft = editable(actor, draft_id)
        known = session().get(DraftFile, (draft_id, name))
        if known is not None and (rev is None or rev < known.rev):
            raise Conflict("这个文件已被另一个窗口或另一位同事改过。请刷新页面，在最新内容上修改。")
        return write(actor, draft, {name: data}, kind, note)


def save_files(
    actor: Actor, draft_id: int, files: Mapping[str, bytes | None], kind: str, note: str | None = None
) -> Saved:
    """Save several files as one revision (成批保存); None removes a file."""
    for name, data in files.items():
        rules.name_allowed(name).require()
        if data is not None:
            rules.require_content(name, data)
    with unit_of_work():
        return write(actor, editable(actor, draft_id), files, kind, note)


def delete_file(actor: Actor, draft_id: int, name: str) -> Saved:
    """Take a file out of the draft (删除); its content stays in the history."""
    return save_files(actor, draft_id, {name: None}, "deleted")


def restore(actor: Actor, draft_id: int, save_id: int) -> Saved:
    """Bring a file back to what it was before a save (还原)."""
    one = save_of(draft_id, save_id)
    data = blobs.content(one.before) if one.before else None
    return save_files(actor, draft_id, {one.file: data}, "restored", f"还原到第 {one.rev} 次保存之前")


def lock(actor: Actor, draft_id: int) -> Lock:
    """Begin or go on editing (占用编辑); answers who holds the lock, which may be somebody else."""
    with unit_of_work():
        draft = locked(draft_id)
        if rules.may_edit(draft.state, draft.lock_by, draft.lock_until, actor, clock.now()):
            _take(draft, actor)
        held = lock_of(actor, draft)
        if held is None:
            raise Conflict("草稿已提交审批或已结束，不能再修改。")
        return held


def unlock(actor: Actor, draft_id: int) -> None:
    """Stop editing (结束编辑); another's lock stays."""
    with unit_of_work():
        draft = locked(draft_id)
        if draft.lock_by == actor.person_id:
            draft.lock_by = draft.lock_until = None


def lock_of(actor: Actor, draft: ModelDraft) -> Lock | None:
    """Who is editing now, None for nobody."""
    if draft.lock_by is None or draft.lock_until is None or draft.lock_until <= clock.now():
        return None
    holder = names_of_people({draft.lock_by}).get(draft.lock_by, "")
    return Lock(holder, draft.lock_by == actor.person_id, draft.lock_until)


def discard(actor: Actor, draft_id: int) -> None:
    """Give a draft up (作废); it stays to be read."""
    with unit_of_work():
        draft = editable(actor, draft_id)
        draft.state, draft.lock_by, draft.lock_until = "discarded", None, None
        record(f"model_draft:{draft.id}", "studio.discard", actor=actor, subject=draft.title[:120])


def saves_of(draft_id: int, limit: int = 100, file: str | None = None) -> list[DraftSave]:
    """The latest saves of a draft, the newest first."""
    query = select(DraftSave).where(DraftSave.draft_id == draft_id).order_by(DraftSave.id.desc()).limit(limit)
    return list(session().scalars(query.where(DraftSave.file == file) if file else query))


def save_of(draft_id: int, save_id: int) -> DraftSave:
    """One save of a draft.

    Raises:
        NotFound: there is none.
    """
    found = session().get(DraftSave, save_id)
    if found is None or found.draft_id != draft_id:
        raise NotFound
    return found


def writers_of(draft_id: int) -> set[int]:
    """Everybody who has changed anything in a draft."""
    return set(
        session().scalars(select(DraftSave.person_id).where(DraftSave.draft_id == draft_id).distinct())
    )


def locked(draft_id: int) -> ModelDraft:
    """A draft, its row locked until the unit of work ends.

    Raises:
        NotFound: there is none.
    """
    found = session().get(ModelDraft, draft_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def editable(actor: Actor, draft_id: int) -> ModelDraft:
    """The draft, locked for this transaction and leased to the actor."""
    draft = locked(draft_id)
    allowed = rules.may_edit(draft.state, draft.lock_by, draft.lock_until, actor, clock.now())
    if not allowed:
        raise Conflict(allowed.reason)
    _take(draft, actor)
    return draft


def _take(draft: ModelDraft, actor: Actor) -> None:
    draft.lock_by, draft.lock_until = actor.person_id, clock.now() + LEASE


def write(
    actor: Actor,
    draft: ModelDraft,
    files: Mapping[str, bytes | None],
    kind: str,
    note: str | None,
    *,
    checked: bool = True,
) -> Saved:
    """Write files of a locked draft as its next revision; what is there already is no change.

    Args:
        checked: refuse what is not this person's to change; not asked for what is in force already.
    """
    db, at = session(), clock.now()
    known = {f.name: f for f in db.scalars(select(DraftFile).where(DraftFile.draft_id == draft.id))}
    changed = {
        name: data
        for name, data in files.items()
        if (known[name].sha256 if name in known else None)
        != (blobs.digest(data) if data is not None else None)
    }
    if not changed:
        return Saved(draft.rev, draft.saved_at)
    if len(known.keys() | changed.keys()) > rules.MAX_FILES:
        raise Refusal(f"一份草稿最多 {rules.MAX_FILES} 个文件。", field="file")
    blobs.keep([data for data in changed.values() if data is not None])
    draft.rev, draft.saved_at = draft.rev + 1, at
    for name, data in sorted(changed.items()):
        row = known.get(name)
        before = row.sha256 if row else None
        old = blobs.content(before) if before and name.endswith(".yaml") else None
        if checked:
            rules.may_change_file(actor, name, old, data).require()
        after = blobs.digest(data) if data is not None else None
        if row is not None and after is None:
            db.delete(row)
        elif row is not None and after is not None:
            row.sha256, row.rev = after, draft.rev
        elif after is not None:
            db.add(DraftFile(draft_id=draft.id, name=name, sha256=after, rev=draft.rev))
        db.add(
            DraftSave(
                draft_id=draft.id, rev=draft.rev, at=at, person_id=actor.person_id, kind=kind,
                file=name, before=before, after=after, note=note,
            )
        )  # fmt: skip
    db.flush()
    return Saved(draft.rev, at)
