"""From the message box to mails and gateways."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.accounts import services as accounts
from app.accounts.queries import actor as actor_of
from app.core import db, outbox
from app.core.clock import MovableClock
from app.core.errors import NotFound, Refusal
from app.core.identity import SYSTEM, Actor, Role
from app.messages import queries, sending, services, settings, spreading
from tests.factories.people import make_units


@pytest.fixture
def ways(database: Engine) -> Iterator[None]:
    del database
    before = sending.ways()
    spreading.register()
    settings.configure("a key")
    sending.configure(sending.Ways(public_url="https://gov.example", private=True))
    yield
    sending.configure(before)


@pytest.fixture
def clerk(ways: None) -> Actor:
    street = make_units().street
    person, _ = accounts.create_person(SYSTEM, login="clerk", name="经办")
    accounts.grant(SYSTEM, person.id, street.id, Role.STREET_CLERK)
    return actor_of(person.id)


class Gateway(HTTPServer):
    """An office's gateway; answers 503 so often first."""

    def __init__(self, refuse: int = 0) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.refuse = refuse
        super().__init__(("127.0.0.1", 0), Listener)
        self.url = f"http://127.0.0.1:{self.server_port}/hook?a=1"


class Listener(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(503 if len(self.server.seen) <= self.server.refuse else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway(refuse=1)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def work() -> None:
    while spreading.run():
        db.close()


def mails() -> list[outbox.Outgoing]:
    db.close()
    return list(db.session().scalars(select(outbox.Outgoing).where(outbox.Outgoing.kind == "mail")))


def told(actor: Actor, title: str, kind: str = "task") -> None:
    services.notify([actor.person_id or 0], kind, title, "/desk/tasks/1", body="滨江社区")


def test_unread_messages_of_the_chosen_kinds_come_in_one_mail(clerk: Actor, clock: MovableClock) -> None:
    told(clerk, "设置之前的")
    work()
    settings.set_mail(clerk, "jingban@example.gov.cn", ["task", "urge"], "hourly")
    told(clerk, "请办理：甲")
    told(clerk, "催办：乙", "urge")
    told(clerk, "抄送：丙", "copy")
    told(clerk, "请办理：丁")
    work()
    assert mails() == []
    services.mark_read(clerk, [queries.inbox(clerk)[0].id])
    clock.advance(timedelta(hours=1))
    work()
    (mail,) = mails()
    text = mail.payload["text"]
    assert (mail.payload["to"], mail.payload["subject"]) == ("jingban@example.gov.cn", "镇街购：2 条未读消息")
    assert "【新的待办】请办理：甲" in text
    assert "https://gov.example/desk/tasks/1" in text
    assert text.index("请办理：甲") < text.index("催办：乙")
    for other in ("丙", "丁", "设置之前的"):
        assert other not in text
    clock.advance(timedelta(hours=1))
    work()
    assert len(mails()) == 1


def test_the_morning_digest_waits_for_the_morning(clerk: Actor, clock: MovableClock) -> None:
    settings.set_mail(clerk, "a@example.cn", ["task"], "daily")
    told(clerk, "请办理：甲")
    clock.advance(timedelta(hours=20))
    work()
    assert mails() == []
    clock.advance(timedelta(hours=4))
    work()
    assert len(mails()) == 1


def test_an_empty_address_stops_mails(clerk: Actor, clock: MovableClock) -> None:
    settings.set_mail(clerk, "a@example.cn", ["task"], "hourly")
    settings.set_mail(clerk, "", [], "hourly")
    told(clerk, "请办理：甲")
    clock.advance(timedelta(hours=2))
    work()
    assert mails() == []


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.cn", "a@c.cn,b@c.cn", "a@c.cn\nBcc: x@y.cn"])
def test_what_is_no_address_is_refused_beside_its_field(clerk: Actor, address: str) -> None:
    with pytest.raises(Refusal) as refused:
        settings.set_mail(clerk, address, ["task"], "daily")
    assert refused.value.field == "address"


def test_a_gateway_hears_once_more_after_a_failure_with_the_same_id_and_signature(
    clerk: Actor, gateway: Gateway, clock: MovableClock
) -> None:
    (grant,) = clerk.grants
    hook = settings.add_webhook(clerk, grant.unit_id, "企业微信", gateway.url, ["task"])
    secret = settings.secret_of(hook).encode()
    told(clerk, "请办理：甲")
    told(clerk, "抄送：乙", "copy")
    work()
    clock.advance(outbox.PAUSES[0])
    work()
    clock.advance(timedelta(days=1))
    work()
    assert len(gateway.seen) == 2
    ids = {headers["X-Zhenjie-Id"] for headers, _ in gateway.seen}
    assert len(ids) == 1
    headers, body = gateway.seen[-1]
    signed = headers["X-Zhenjie-Timestamp"].encode() + b"." + body
    right = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    assert headers["X-Zhenjie-Signature"] == f"sha256={right}"
    content = json.loads(body)
    assert (content["title"], content["person"]) == ("请办理：甲", "经办")
    assert content["url"] == "https://gov.example/desk/tasks/1"


def test_a_stopped_gateway_hears_nothing(clerk: Actor, gateway: Gateway) -> None:
    (grant,) = clerk.grants
    hook = settings.add_webhook(clerk, grant.unit_id, "企业微信", gateway.url, ["task"])
    settings.stop_webhook(clerk, hook.id, active=False)
    told(clerk, "请办理：甲")
    work()
    assert gateway.seen == []


def test_a_gateway_of_another_unit_is_not_there(clerk: Actor, gateway: Gateway) -> None:
    (grant,) = clerk.grants
    hook = settings.add_webhook(clerk, grant.unit_id, "企业微信", gateway.url, ["task"])
    with pytest.raises(NotFound):
        settings.stop_webhook(Actor(99, "外人"), hook.id, active=False)
    with pytest.raises(NotFound):
        settings.add_webhook(Actor(99, "外人"), grant.unit_id, "企业微信", gateway.url, ["task"])


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https://me:word@a.example/", "https://", "javascript:x"]
)
def test_what_is_no_gateway_address_is_refused(clerk: Actor, url: str) -> None:
    (grant,) = clerk.grants
    with pytest.raises(Refusal) as refused:
        settings.add_webhook(clerk, grant.unit_id, "网关", url, ["task"])
    assert refused.value.field == "url"


def test_a_private_address_is_not_called_unless_the_installation_allows_it(gateway: Gateway) -> None:
    before = sending.ways()
    sending.configure(sending.Ways())
    try:
        assert sending.address_refused(gateway.url)
        with pytest.raises(sending.NotDelivered):
            sending.call("k", gateway.url, "s", {})
        with pytest.raises(sending.NotDelivered, match="private"):
            sending._address("127.0.0.1", 443)
    finally:
        sending.configure(before)


class Post(threading.Thread):
    """A mail server that takes one mail."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lines: list[str] = []

    def run(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb") as wire:
            say = lambda words: (wire.write(words + b"\r\n"), wire.flush())  # noqa: E731
            say(b"220 here")
            data = False
            for raw in wire:
                line = raw.rstrip(b"\r\n")
                self.lines.append(line.decode())
                if data:
                    data = line != b"."
                    if not data:
                        say(b"250 kept")
                elif line.upper() == b"DATA":
                    data = True
                    say(b"354 go on")
                elif line.upper() == b"QUIT":
                    say(b"221 bye")
                    return
                else:
                    say(b"250 ok")


def test_a_mail_goes_out_with_an_id_made_of_its_key() -> None:
    before = sending.ways()
    post = Post()
    post.start()
    sending.configure(sending.Ways(f"smtp://127.0.0.1:{post.port}?from=zj@example.cn&tls=none"))
    try:
        sending.send_mail("mail:1:2-3", {"to": "a@example.cn", "subject": "镇街购：2 条", "text": "正文"})
    finally:
        sending.configure(before)
    post.join(timeout=10)
    post.listener.close()
    known = hashlib.sha256(b"mail:1:2-3").hexdigest()[:40]
    assert f"Message-ID: <{known}@example.cn>" in post.lines
    assert any("RCPT TO:<A@EXAMPLE.CN>" in line.upper() for line in post.lines)
