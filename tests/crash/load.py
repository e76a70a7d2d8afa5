"""People at work over HTTP: they send a step, and when no answer comes they send the same again until one does."""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.accounts.demo import PASSWORD
from app.accounts.models import Person
from app.cli.player import Player
from app.core import db
from app.core.db import session
from app.core.identity import Actor
from app.runtime import services
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from app.ui import forms

T = TypeVar("T")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
PATIENCE = 300.0
"""Seconds after which an outage is no outage but a fault; a busy machine needs a minute to start a web server."""


@dataclass
class Sent:
    """One step as a client sent it, with one key however often.

    Attributes:
        answer: `done`, `conflict`, `refused`; "" while none has come.
    """

    task_id: int
    person_id: int
    key: str
    answer: str = ""
    tries: int = 0
    page: str = ""


class Clerk(Player):
    """Knows what to answer and does nothing by itself."""

    def filled(self, case: Case, task: Task) -> tuple[Actor, list[tuple[str, str]]]:
        """Who does a step, and the form as a browser would post it."""
        actor = self.actor_for(case, task)
        form = services.prepared_form(actor, task.id)
        return actor, list(posted(form, self._answers(actor, form, task)))


def posted(form: forms.Form, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Answers as a browser posts them."""
    for one in form.fields:
        value = answers.get(one.key)
        if value is None or one.read_only:
            continue
        if one.kind == "rows":
            for number, row in enumerate(value):
                for column in one.columns:
                    if not column.read_only and row.get(column.key) is not None:
                        for text in _texts(column, row[column.key]):
                            yield f"{one.key}-{number}-{column.key}", text
        else:
            for text in _texts(one, value):
                yield one.key, text


def _texts(one: Any, value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return [str(value).lower()]
    if one.kind == "fen":
        return [f"{value // 100}.{value % 100:02}"]
    return [str(value)]


def patiently(ask: Callable[[], T]) -> T:
    """Ask the database, again while it is away."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except DBAPIError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        finally:
            db.close()


@dataclass
class Client(threading.Thread):
    """Works on cases of its own until told that it is enough, and then until they are at rest."""

    port: int
    player: Clerk
    chance: random.Random
    more: Callable[[str], int]
    cases: list[int]
    until: str
    enough: threading.Event
    log: list[Sent] = field(default_factory=list)
    answers: int = 0
    failure: BaseException | None = None
    _signed_in: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """What the thread does."""
        try:
            while self.cases:
                self.cases = [case_id for case_id in self.cases if self._turn(case_id)]
                if not self.enough.is_set() and len(self.cases) < 3:
                    key = f"{self.name}-{len(self.log)}"
                    self.cases.append(patiently(lambda key=key: self.more(key)))  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits for this one
            self.failure = error
        finally:
            db.close()

    def told(self) -> str:
        """Where it is, for whoever looks into a failure."""
        standing = [
            (case_id, [task.title for task in waiting], running)
            for case_id in self.cases
            for waiting, running in [patiently(lambda case_id=case_id: _standing(case_id))]  # type: ignore[misc]
        ]
        return f"{self.name} stands still: {standing}, last sent {self.log[-1:]}"

    def _turn(self, case_id: int) -> bool:
        """One step of a case; False when it is at rest."""
        waiting, running = patiently(lambda: _standing(case_id))
        if not running or any(task.form_key == self.until for task in waiting):
            return False
        if not waiting:
            time.sleep(0.05)  # a deadline: the worker's turn
            return True
        task = self.chance.choice(waiting)
        actor, fields = patiently(lambda: self._filled(case_id, task.id))
        sent = Sent(task.id, actor.person_id or 0, f"{self.name}-{case_id}-{task.id}")
        self.log.append(sent)
        self._send(sent, fields)
        assert sent.answer == "done", f"{task.title}: {sent.answer} after {sent.tries} tries: {sent.page}"
        return True

    def _filled(self, case_id: int, task_id: int) -> tuple[Actor, list[tuple[str, str]]]:
        return self.player.filled(session().get_one(Case, case_id), session().get_one(Task, task_id))

    def _send(self, sent: Sent, fields: list[tuple[str, str]]) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            sent.tries += 1
            try:
                cookie, token = self._session_of(sent.person_id)
                body = [("csrf_token", token), ("idempotency_key", sent.key), *fields]
                path = f"/desk/tasks/{sent.task_id}"
                status, place, page, _ = self._ask("POST", path, urlencode(body), cookie)
            except (OSError, http.client.HTTPException) as error:
                sent.page = repr(error)
                time.sleep(0.1)
                continue
            if status >= 500:
                sent.page = f"{status} {_words(page)}"
                time.sleep(0.1)
            elif status == 302 and "/login" in place:
                self._signed_in.pop(sent.person_id)
            else:
                self.answers += 1
                sent.answer = {302: "done", 409: "conflict"}.get(status, "refused")
                sent.page = "" if status == 302 else f"{status} {_words(page)}"
                return
        raise TimeoutError(f"no answer to {sent}")

    def _session_of(self, person_id: int) -> tuple[str, str]:
        known = self._signed_in.get(person_id)
        if known is None:
            login = patiently(lambda: session().scalar(select(Person.login).where(Person.id == person_id)))
            cookie, token = self._token("/login", "")
            form = urlencode({"csrf_token": token, "login": login or "", "password": PASSWORD})
            status, place, _, cookie = self._ask("POST", "/login", form, cookie)
            if status != 302:
                raise http.client.HTTPException(f"not signed in: {status} {place}")
            known = self._signed_in[person_id] = self._token("/desk", cookie)
        return known

    def _token(self, path: str, cookie: str) -> tuple[str, str]:
        status, _, page, cookie = self._ask("GET", path, None, cookie)
        found = TOKEN.search(page)
        if found is None:
            raise http.client.HTTPException(f"no form at {path}: {status}")
        return cookie, found[1]

    def _ask(self, method: str, path: str, body: str | None, cookie: str) -> tuple[int, str, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Cookie": cookie} if cookie else {}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            for one in answer.headers.get_all("Set-Cookie") or ():
                cookie = one.split(";")[0]
            return answer.status, answer.headers.get("Location", ""), page, cookie
        finally:
            connection.close()


def _standing(case_id: int) -> tuple[list[Task], bool]:
    running = session().get_one(Case, case_id, populate_existing=True).status == "running"
    return tasks_of(case_id, "open"), running


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2]))[:600]
