"""Completions a second over HTTP: one web process and four, on one PostgreSQL."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from app.core import db
from config import ROOT
from tests.bench import ours
from tests.bench.diagrams import answers
from tests.factories.people import PASSWORD

CLIENTS = 8
STEPS = 60
EACH = 50
"""Completions of each client; clients work at the same time, each on a case of its own."""
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def measure(url: str, say: Callable[[str], None]) -> dict[str, float]:
    """Completions a second, by number of web processes."""
    engine = db.make_engine(url)
    office = ours.found(engine, (STEPS,))
    found: dict[str, float] = {}
    for processes in (1, 4):
        say(f"web, {processes} process{'es' if processes > 1 else ''}")
        titles = [f"案 {processes}-{number}" for number in range(CLIENTS)]
        tasks = [office.open_task(office.start(STEPS, title)) for title in titles]
        db.close()
        with served(url, processes) as port:
            clients = [Client(port, task) for task in tasks]
            for client in clients:
                client.work(2)  # each process has parsed the model before time is taken
            began = time.perf_counter()
            threads = [threading.Thread(target=client.work, args=(EACH,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.perf_counter() - began
            assert [client.done for client in clients] == [EACH + 2] * CLIENTS
        found[f"web_per_second_{processes}"] = CLIENTS * EACH / took
    found["web_4_to_1"] = found["web_per_second_4"] / found["web_per_second_1"]
    found["cores"] = os.cpu_count() or 1
    db.bind(None)
    engine.dispose()
    return found


class Client:
    """A clerk's browser, without the pictures."""

    def __init__(self, port: int, task_id: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.port, self.path, self.cookie, self.done = port, f"/desk/tasks/{task_id}", "", 0
        self._send("/login", {"csrf_token": self._token("/login"), "login": "person1", "password": PASSWORD})
        self.token = self._token(self.path)

    def work(self, count: int) -> None:
        """Complete so many steps, following each answer to the next step."""
        for _ in range(count):
            step = self.done + 1
            form = {
                "csrf_token": self.token,
                **answers(step, 1),
                f"ok_{step}": "true",
                f"amount_{step}": str(step),
            }
            self.path = self._send(self.path, form)
            self.done += 1

    def _token(self, path: str) -> str:
        found = TOKEN.search(self._ask("GET", path, None)[1])
        assert found, path
        return found[1]

    def _send(self, path: str, form: dict[str, object]) -> str:
        target, body = self._ask("POST", path, urlencode(form))
        assert target.startswith("/desk"), body[:2000]
        return target

    def _ask(self, method: str, path: str, body: str | None) -> tuple[str, str]:
        headers = {"Cookie": self.cookie, "Host": f"127.0.0.1:{self.port}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = cookie.split(";")[0]
        return answer.headers.get("Location", ""), text


@contextmanager
def served(url: str, processes: int) -> Iterator[int]:
    """The site under gunicorn."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", "--workers", str(processes), "--worker-class", "gthread",
        "--threads", "2", "--keep-alive", "60", "--bind", f"127.0.0.1:{port}", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip
    settings = {"ZHENJIE_ENV": "test", "DATABASE_URL": url}
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})  # noqa: S603 - our own words
    try:
        _until_up(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _until_up(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")
