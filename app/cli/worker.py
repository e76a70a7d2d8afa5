"""The worker: fires timers, reminds, seals the audit heads, says that it lives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from app.audit import services as audit
from app.contracts import arrears
from app.core import db, outbox
from app.messages import spreading
from app.needs import services as needs
from app.runtime import jobs, leases, publication, recounting, reminding
from app.search import papers
from app.studio import moving

log = logging.getLogger(__name__)
TICK = 1.0
CHORES: tuple[tuple[int, Callable[[], object]], ...] = (
    (1, publication.put_due_in_force),
    (1, moving.run),
    (1, reminding.sweep),
    (1, spreading.run),
    (1, papers.read_waiting),
    (5, recounting.go_on),
    (20, jobs.settle_incidents),
    (60, audit.seal),
    (60, needs.forget_senders),
    (600, arrears.sweep),
    (3600, outbox.tidy),
    (3600, db.count_rows),
)
"""What is done besides timers, every so many rounds."""


class Worker:
    """Runs what is due every second until told to stop."""

    def __init__(self) -> None:
        self.has_run = False
        self._stop = threading.Event()
        self._name: str | None = None
        self._moved = 0
        self._beaten = 0.0

    def run(self) -> None:
        """Work until `stop`; a failing round is logged and the next one tries again."""
        rounds = 0
        while not self._stop.is_set():
            try:
                self._round(rounds)
                self.has_run = True
            except Exception:
                log.exception("worker round failed")
            finally:
                db.close()
            rounds += 1
            self._stop.wait(TICK)
        self._leave()

    def stop(self) -> None:
        """End after the case now in hand."""
        self._stop.set()

    def _leave(self) -> None:
        """Free what was taken on; a database that has gone away frees it by time."""
        try:
            if self._name is not None:
                leases.end(self._name)
        except Exception:
            log.exception("worker could not sign off")
        finally:
            db.close()

    def _round(self, number: int) -> None:
        if self._name is None:
            self._name = leases.begin()
        self._beat()
        while moved := jobs.run_due(worker=self._name):
            self._moved += moved
            self._beat()
            if self._stop.is_set():
                return
        for every, chore in CHORES:
            if number % every == 0:
                chore()

    def _beat(self) -> None:
        """Say so often that one lives, by the machine's own time."""
        if time.monotonic() - self._beaten >= leases.BEAT.total_seconds() and self._name is not None:
            leases.beat(self._name, self._moved)
            self._beaten, self._moved = time.monotonic(), 0
