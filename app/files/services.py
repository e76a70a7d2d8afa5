"""Store uploads and bind them to cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import BinaryIO

from app.core import clock
from app.core.db import session, unit_of_work
from app.core.errors import Fault, Refusal
from app.core.identity import Actor
from app.files import rules
from app.files.models import Blob, StoredFile
from app.files.queries import describe

LIMIT = 20 * 1024 * 1024


def store(actor: Actor, name: str, stream: BinaryIO, limit: int = LIMIT) -> StoredFile:
    """Keep an upload (上传).

    Raises:
        Refusal: kind, size or content is not acceptable.
    """
    if actor.person_id is None:
        raise Fault("上传文件需要登录")
    data = stream.read(limit + 1)
    clean = rules.clean_name(name)
    rules.upload_allowed(clean, data, limit).require()
    digest = hashlib.sha256(data).hexdigest()
    with unit_of_work() as db:
        if db.get(Blob, digest) is None:
            db.add(Blob(sha256=digest, data=data))
            db.flush()
        made = StoredFile(
            sha256=digest,
            name=clean,
            media_type=rules.TYPES[rules.extension(clean)][0],
            size=len(data),
            uploaded_by=actor.person_id,
            uploaded_at=clock.now(),
        )
        db.add(made)
        db.flush()
        return made


def attach(ids: Sequence[int], case_id: int, actor: Actor) -> None:
    """Bind uploads to a case, so that those who see the case can read them (附件归入项目).

    Raises:
        Refusal: a file of somebody else, or of another case.
    """
    if not ids:
        return
    with unit_of_work():
        found = describe(ids)
        if len(found) != len(set(ids)):
            raise Refusal("有附件已经不存在，请重新上传。")
        for file in found:
            if file.case_id == case_id:
                continue
            if file.uploaded_by != actor.person_id or file.case_id is not None:
                raise Refusal(f"附件“{file.name}”不是由您上传的，请重新上传。")
            file.case_id = case_id
        session().flush()
