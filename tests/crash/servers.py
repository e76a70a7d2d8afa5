"""Real web and worker processes, a real PostgreSQL, and ways to lose each of them in the middle of its work."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config import ROOT
from tests.databases import PostgresTemplate

WEB_PROCESSES = 2


@dataclass
class Servers:
    """One gunicorn with its processes and some workers on one database.

    Attributes:
        log: file that takes what they say, for whoever looks into a failure.
    """

    url: str
    shift: float
    log: Path
    chance: random.Random
    worker_count: int
    port: int = 0
    web: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        """All of them; comes back when pages answer."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._start_web()
        self.workers = [self._start_worker() for _ in range(self.worker_count)]

    def _start_web(self) -> None:
        self.web = self._run(
            "-m", "gunicorn", "--workers", str(WEB_PROCESSES), "--worker-class", "gthread", "--threads", "4",
            "--bind", f"127.0.0.1:{self.port}", "--log-level", "critical", "--preload", "tests.crash.site:app",
        )  # fmt: skip
        for _ in range(600):
            assert self.web.poll() is None, self.log.read_text()[-4000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("the site does not answer")

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._run("-m", "flask", "--app", "tests.crash.site:create", "worker")

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        settings = {"ZHENJIE_ENV": "test", "DATABASE_URL": self.url, "CRASH_SHIFT": str(self.shift)}
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, *words],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def mind(self) -> None:
        """What a machine's service manager does: start again what found no database when it began."""
        if self.web is not None and self.web.poll() is not None:
            self._start_web()
        for place, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[place] = self._start_worker()

    def kill_one(self) -> str:
        """`kill -9` of a web process, of the whole web server, or of a worker; what died is started again."""
        self.mind()
        what = self.chance.choices(("web process", "web server", "worker"), (5, 1, 4))[0]
        if what == "worker":
            place = self.chance.randrange(len(self.workers))
            self.workers[place].kill()
            self.workers[place].wait()
            self.workers[place] = self._start_worker()
        else:
            assert self.web is not None
            if what == "web server":
                os.killpg(self.web.pid, signal.SIGKILL)  # all at once: nobody is left who holds the door
                self.web.wait()
                self._start_web()
            else:
                server = psutil.Process(self.web.pid)
                while not (children := server.children()):
                    time.sleep(0.05)
                self.chance.choice(children).kill()
        self.kills[what] = self.kills.get(what, 0) + 1
        return what

    def stop(self) -> None:
        """End them in the ordinary way."""
        running = [one for one in (self.web, *self.workers) if one is not None]
        for one in running:
            one.terminate()
        for one in running:
            one.wait(60)


class DurablePostgres(PostgresTemplate):
    """A server with its usual promises kept, which can be crashed.

    Before it recovers it makes sure of every file it has: one by one that took two minutes on a busy disk, longer
    than its start is waited for; as a whole file system it takes a moment.
    """

    def __init__(self) -> None:
        super().__init__(("recovery_init_sync_method = syncfs",))

    def create(self) -> str:
        """A fresh database; answers its address."""
        return self._url(self._create("template_zhenjie"))

    def crash(self) -> None:
        """An immediate stop: every connection is cut, nothing is written down any more; then it recovers."""
        self.admin.dispose()
        address = self._url("postgres")
        server = psutil.Process(int(self.server.get_pid() or 0))
        server.send_signal(signal.SIGQUIT)
        server.wait(60)
        self._start()
        assert self._url("postgres") == address, "the server has come back somewhere else"
        self.guard.kill()
        self.guard.wait()
        self.guard = self._guard(int(self.server.get_pid() or 0))

    def _start(self) -> None:
        """Recovery may take longer than the server's own package waits for it."""
        for _ in range(30):
            with suppress(subprocess.SubprocessError, AssertionError):
                self.server.ensure_postgres_running()
                return
            time.sleep(1)
        raise TimeoutError("the database does not come back")
