"""Papers are read after the act that hands them in: by the worker, between two transactions."""

from __future__ import annotations

import logging
import time

from sqlalchemy import select

from app.core import clock
from app.core.db import session, unit_of_work
from app.files.models import StoredFile
from app.files.queries import content
from app.search import indexing
from app.search.models import PaperText, SearchEntry
from app.search.reading import words_of

log = logging.getLogger(__name__)
BATCH = 10
ROUND = 5.0
"""Seconds after which a round begins no further paper: timers wait in the same worker."""


def read_waiting() -> int:
    """Read the words of papers that were handed in (读取材料文字); answers how many were looked at.

    Several workers may do this at once: a paper that two of them read says the same twice.
    """
    began = time.monotonic()
    waiting = select(SearchEntry.ref_id).where(SearchEntry.waits, SearchEntry.kind == "paper")
    found = session().scalars(waiting.order_by(SearchEntry.id).limit(BATCH)).all()
    done = 0
    for file_id in found:
        if time.monotonic() - began > ROUND:
            break
        _read(file_id)
        done += 1
    return done


def _read(file_id: int) -> None:
    file = session().get(StoredFile, file_id)
    digest = file.sha256 if file is not None else ""
    known = session().get(PaperText, digest) is not None
    name, data = (file.name, content(file)) if file is not None and not known else ("", b"")
    session().rollback()  # nothing is held open while a paper is read
    made = None if known or not name else words_of(name, data)
    if made is not None and made.refused:
        log.warning("paper %s is found by its name only: %s", file_id, made.refused)
    with unit_of_work() as db:
        if made is not None and db.get(PaperText, digest) is None:
            db.add(
                PaperText(sha256=digest, text=made.text, refused=made.refused or None, read_at=clock.now())
            )
            db.flush()
        same = select(StoredFile.id).where(StoredFile.sha256 == digest, StoredFile.case_id.is_not(None))
        indexing.refresh("paper", sorted({file_id, *db.scalars(same)}))
