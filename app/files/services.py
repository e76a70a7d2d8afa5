"""Store uploads and bind them to cases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import IO

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Fault, Refusal
from app.core.identity import Actor
from app.files import rules
from app.files.models import Blob, StoredFile

LIMIT = 20 * 1024 * 1024


def store(actor: Actor, name: str, stream: IO[bytes], limit: int = LIMIT) -> StoredFile:
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
        if not db.scalar(select(Blob.sha256).where(Blob.sha256 == digest)):
            # The same file may be on its way twice: whoever comes second finds it kept.
            insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Blob)
            db.execute(insert.values(sha256=digest, data=data).on_conflict_do_nothing())
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
    wanted = set(ids)
    with unit_of_work() as db:
        query = select(StoredFile).where(StoredFile.id.in_(wanted)).order_by(StoredFile.id)
        found = db.scalars(query.with_for_update()).all()
        if len(found) != len(wanted):
            raise Refusal("有附件已经不存在，请重新上传。")
        for file in found:
            if file.case_id == case_id:
                continue
            if file.uploaded_by != actor.person_id or file.case_id is not None:
                raise Refusal(f"附件“{file.name}”不是由您上传的，请重新上传。")
            file.case_id = case_id
        db.flush()
