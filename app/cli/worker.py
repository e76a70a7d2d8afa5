"""The worker: fires timers, seals the audit heads."""

from __future__ import annotations

import logging
import threading

from app.audit import services as audit
from app.core import db
from app.runtime import jobs

log = logging.getLogger(__name__)
TICK = 1.0
SEAL_EVERY = 60


class Worker:
    """Runs what is due every second until told to stop."""

    def __init__(self) -> None:
        self.has_run = False
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until `stop`; a failing round is logged and the next one tries again."""
        rounds = 0
        while not self._stop.is_set():
            try:
                while jobs.run_due():
                    if self._stop.is_set():
                        return
                if rounds % SEAL_EVERY == 0:
                    audit.seal()
                self.has_run = True
            except Exception:
                log.exception("worker round failed")
            finally:
                db.close()
            rounds += 1
            self._stop.wait(TICK)

    def stop(self) -> None:
        """End after the case now in hand."""
        self._stop.set()
