"""Drafts of models: made from what is in force, saved piece by piece, every save kept with its difference."""

from __future__ import annotations

import difflib
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import undefer

from app.accounts.queries import names_of_people
from app.audit.services import record
from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Conflict, NotFound, Refusal
from app.core.identity import Actor
from app.policy import queries as policy
from app.runtime import definitions
from app.studio import rules
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
    at = clock.now()
    with unit_of_work() as db:
        bundle = definitions.bundle(base_id or definitions.in_force(pack_key, process_key))
        if (bundle.pack_key, bundle.process_key) != (pack_key, process_key):
            raise Refusal("所选版本不属于这个流程，请重新选择。", field="base_id")
        pack = policy.active(pack_key, clock.today())
        files = {n: d for n, d in pack.files.items() if n.split("/")[0] not in definitions.MODEL_FOLDERS}
        files.update(bundle.files)
        draft = ModelDraft(
            pack_key=pack_key,
            process_key=process_key,
            title=name[:200],
            base_id=bundle.id,
            author_id=actor.person_id,
            created_at=at,
            saved_at=at,
        )
        db.add(draft)
        db.flush()
        keep(files.values())
        db.add_all(
            DraftFile(draft_id=draft.id, name=n, sha256=digest(d), rev=1) for n, d in sorted(files.items())
        )
        record(
            f"model_draft:{draft.id}",
            "studio.create",
            actor=actor,
            subject=name[:120],
            after={"base": bundle.id, "process": process_key},
        )
        return draft


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
    return content(found.sha256)


def content(sha256: str) -> bytes:
    """What was once saved, by its fingerprint."""
    row = session().get(ModelBlob, sha256, options=[undefer(ModelBlob.data)])
    if row is None:
        raise NotFound
    return zlib.decompress(row.data)


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
        draft = _editable(actor, draft_id)
        known = session().get(DraftFile, (draft_id, name))
        if known is not None and (rev is None or rev < known.rev):
            raise Conflict("这个文件已被另一个窗口或另一位同事改过。请刷新页面，在最新内容上修改。")
        return _write(actor, draft, {name: data}, kind, note)


def save_files(
    actor: Actor, draft_id: int, files: Mapping[str, bytes | None], kind: str, note: str | None = None
) -> Saved:
    """Save several files as one revision (成批保存); None removes a file."""
    for name, data in files.items():
        rules.name_allowed(name).require()
        if data is not None:
            rules.require_content(name, data)
    with unit_of_work():
        return _write(actor, _editable(actor, draft_id), files, kind, note)


def delete_file(actor: Actor, draft_id: int, name: str) -> Saved:
    """Take a file out of the draft (删除); its content stays in the history."""
    return save_files(actor, draft_id, {name: None}, "deleted")


def restore(actor: Actor, draft_id: int, save_id: int) -> Saved:
    """Bring a file back to what it was before a save (还原)."""
    one = save_of(draft_id, save_id)
    data = content(one.before) if one.before else None
    return save_files(actor, draft_id, {one.file: data}, "restored", f"还原到第 {one.rev} 次保存之前")


def lock(actor: Actor, draft_id: int) -> Lock:
    """Begin or go on editing (占用编辑); answers who holds the lock, which may be somebody else."""
    with unit_of_work():
        draft = _locked_row(draft_id)
        if rules.may_edit(draft.state, draft.lock_by, draft.lock_until, actor, clock.now()):
            _take(draft, actor)
        held = lock_of(actor, draft)
        if held is None:
            raise Conflict("草稿已提交审批或已结束，不能再修改。")
        return held


def unlock(actor: Actor, draft_id: int) -> None:
    """Stop editing (结束编辑); another's lock stays."""
    with unit_of_work():
        draft = _locked_row(draft_id)
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
        draft = _editable(actor, draft_id)
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


def difference(one: DraftSave) -> str:
    """What a save changed, line by line."""
    before = content(one.before).decode() if one.before else ""
    after = content(one.after).decode() if one.after else ""
    return unified(before, after, one.file)


def unified(before: str, after: str, name: str) -> str:
    """A line-by-line difference of two texts."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name}（原）", f"{name}（新）", lineterm="", n=2
    )
    return "\n".join(lines)


def digest(data: bytes) -> str:
    """The fingerprint under which a content is kept."""
    return hashlib.sha256(data).hexdigest()


def keep(contents: Sequence[bytes] | Any) -> None:
    """Keep contents that are not known yet, each once."""
    db = session()
    rows = {digest(data): data for data in contents}
    known = set(db.scalars(select(ModelBlob.sha256).where(ModelBlob.sha256.in_(sorted(rows)))))
    for sha256, data in rows.items():
        if sha256 not in known:
            row = {"sha256": sha256, "size": len(data), "data": zlib.compress(data, 6)}
            db.execute(_insert(db.get_bind().dialect.name), row)


@cache
def _insert(dialect: str) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(ModelBlob)
    return made.on_conflict_do_nothing()


def _locked_row(draft_id: int) -> ModelDraft:
    found = session().get(ModelDraft, draft_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _editable(actor: Actor, draft_id: int) -> ModelDraft:
    """The draft, locked for this transaction and leased to the actor."""
    draft = _locked_row(draft_id)
    allowed = rules.may_edit(draft.state, draft.lock_by, draft.lock_until, actor, clock.now())
    if not allowed:
        raise Conflict(allowed.reason)
    _take(draft, actor)
    return draft


def _take(draft: ModelDraft, actor: Actor) -> None:
    draft.lock_by, draft.lock_until = actor.person_id, clock.now() + LEASE


def _write(
    actor: Actor, draft: ModelDraft, files: Mapping[str, bytes | None], kind: str, note: str | None
) -> Saved:
    db, at = session(), clock.now()
    known = {f.name: f for f in db.scalars(select(DraftFile).where(DraftFile.draft_id == draft.id))}
    changed = {
        name: data
        for name, data in files.items()
        if (known[name].sha256 if name in known else None) != (digest(data) if data is not None else None)
    }
    if not changed:
        return Saved(draft.rev, draft.saved_at)
    if len(known.keys() | changed.keys()) > rules.MAX_FILES:
        raise Refusal(f"一份草稿最多 {rules.MAX_FILES} 个文件。", field="file")
    keep([data for data in changed.values() if data is not None])
    draft.rev, draft.saved_at = draft.rev + 1, at
    for name, data in sorted(changed.items()):
        row = known.get(name)
        before = row.sha256 if row else None
        old = content(before) if before and name.endswith(".yaml") else None
        rules.may_change_file(actor, name, old, data).require()
        after = digest(data) if data is not None else None
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
