"""Checks in the background: a long proof goes on while one draws, and stops as soon as a newer one is wanted (后台检查)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.core import db
from app.studio import checking
from app.studio.checking import Report
from app.studio.models import ModelDraft
from workflows.model.watch import Watch

WAIT: Final = 1.0
"""So many seconds a request waits for a check; what takes longer is asked for again."""
KEPT: Final = 32
_checks: OrderedDict[int, Check] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Subject:
    """What of a draft a check has to know; no row of a database goes to another thread."""

    pack_key: str
    process_key: str


class Check:
    """One check of a draft's files, running or done, in this process.

    Another process that is asked for the same check makes it itself: nothing but time is lost with it.
    """

    def __init__(self, files: Mapping[str, bytes], subject: _Subject) -> None:
        self.key = checking.key_of(files, subject)
        self.watch = Watch()
        self._report: Report | None = None
        self._error: Exception | None = None
        self._done = threading.Event()
        work = threading.Thread(target=self._run, args=(files, subject), daemon=True)
        work.start()

    def report(self, seconds: float = WAIT) -> Report | None:
        """What it found; None while it is not through, or when it has been stopped."""
        self._done.wait(seconds)
        if self._error is not None:
            raise self._error
        return None if self.watch.stopped else self._report

    def progress(self) -> dict[str, Any]:
        """How far it is: what checking has found, and how many constraints have been looked at."""
        found = self.watch.findings
        return {
            "findings": [asdict(one) for one in found],
            "done": self.watch.done,
            "total": self.watch.total,
        }

    @property
    def counts(self) -> bool:
        """Whether its answer is still wanted and can be had."""
        return not self.watch.stopped and self._error is None

    def stop(self) -> None:
        """Nobody wants to know any more."""
        self.watch.stopped = True

    def _run(self, files: Mapping[str, bytes], subject: _Subject) -> None:
        try:
            self._report = checking.judge(files, subject, self.watch)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            self._error = error
        finally:
            db.close()
            self._done.set()


def of_draft(draft: ModelDraft, files: Mapping[str, bytes]) -> Check:
    """The check of a draft as it stands; one of an older content is stopped."""
    subject = _Subject(draft.pack_key, draft.process_key)
    key = checking.key_of(files, subject)
    with _lock:
        known = _checks.get(draft.id)
        if known is not None and known.key == key and known.counts:
            return known
        if known is not None:
            known.stop()
        made = _checks[draft.id] = Check(files, subject)
        _checks.move_to_end(draft.id)
        while len(_checks) > KEPT:
            _checks.popitem(last=False)[1].stop()
        return made
