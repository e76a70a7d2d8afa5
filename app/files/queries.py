"""Reads of uploads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import select

from app.core.db import session
from app.core.errors import NotFound
from app.core.identity import Actor
from app.files.models import Blob, StoredFile

_case_visible: Callable[[Actor, int], bool] | None = None
_closed: Callable[[Actor, int, Collection[int]], Collection[int]] | None = None


def register_visibility(rule: Callable[[Actor, int], bool]) -> None:
    """Tell who may see the papers of a case: the rule lives in a room above."""
    global _case_visible
    _case_visible = rule


def register_closed(rule: Callable[[Actor, int, Collection[int]], Collection[int]]) -> None:
    """Tell which papers of a case stay closed to somebody who may see the others."""
    global _closed
    _closed = rule


def describe(ids: Iterable[int]) -> list[StoredFile]:
    """Files by id, in the given order; unknown ids are left out."""
    wanted = list(ids)
    if not wanted:
        return []
    found = {f.id: f for f in session().scalars(select(StoredFile).where(StoredFile.id.in_(wanted)))}
    return [found[i] for i in wanted if i in found]


def readable_of(actor: Actor, ids: Iterable[int]) -> list[StoredFile]:
    """Of the files with these ids those the actor may read, in the given order."""
    found = describe(ids)
    cases = {file.case_id for file in found if file.case_id is not None}
    open_to_actor = {one for one in cases if _case_visible is not None and _case_visible(actor, one)}
    closed: set[int] = set()
    if (rule := _closed) is not None:
        for case_id in open_to_actor:
            closed.update(rule(actor, case_id, [file.id for file in found if file.case_id == case_id]))
    return [
        file
        for file in found
        if file.uploaded_by == actor.person_id or (file.case_id in open_to_actor and file.id not in closed)
    ]


def readable(actor: Actor, file_id: int) -> StoredFile:
    """A file the actor may read: his own upload, or a paper of a case he may see.

    Raises:
        NotFound: no such file for these eyes.
    """
    found = readable_of(actor, [file_id]) if actor.person_id is not None else []
    if not found:
        raise NotFound
    return found[0]


def content(file: StoredFile) -> bytes:
    """The bytes of a file."""
    return session().get_one(Blob, file.sha256).data
