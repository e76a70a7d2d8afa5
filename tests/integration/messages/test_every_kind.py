"""Every kind of message comes from its act, and goes each way once: box, mail, gateway."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core import db, outbox
from app.core.clock import MovableClock
from app.core.db import session
from app.core.errors import Fault
from app.core.identity import SYSTEM, Actor
from app.messages import sending, services, settings, spreading
from app.messages.kinds import KINDS
from app.messages.models import Message
from app.policy import services as policy
from app.policy.packs import Pack
from app.runtime import acts, announcing, reminding, returning
from app.runtime.queries import tasks_of
from tests.factories.contracts import make_awarded, pay, sign
from tests.integration.runtime import conftest as runtime
from tests.integration.runtime.conftest import do, opened
from tests.web.inbox.conftest import two_steps

office, begin = runtime.office, runtime.begin
MAIL = "jingban@example.gov.cn"


class Gateway(HTTPServer):
    """An office's gateway that takes everything."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.kinds: list[str] = []
        super().__init__(("127.0.0.1", 0), Listener)


class Listener(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.ids.append(self.headers["X-Zhenjie-Id"])
        self.server.kinds.append(body["kind"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    before = sending.ways()
    spreading.register()
    announcing.register()
    settings.configure("a key")
    sending.configure(sending.Ways(public_url="https://gov.example", private=True))
    yield server
    sending.configure(before)
    server.shutdown()
    thread.join()
    server.server_close()


def work() -> None:
    while spreading.run():
        db.close()


def in_box(person: Actor) -> dict[str, int]:
    db.close()
    query = select(Message.kind, func.count()).where(Message.person_id == person.person_id)
    return {kind: count for kind, count in session().execute(query.group_by(Message.kind))}


def test_each_kind_goes_each_way_once(office: SimpleNamespace, gateway: Gateway, clock: MovableClock) -> None:
    clerk = office.clerks[0]
    settings.set_mail(clerk, MAIL, KINDS, "hourly")
    url = f"http://127.0.0.1:{gateway.server_port}/hook"
    settings.add_webhook(clerk, office.street_id, "企业微信", url, KINDS)
    for kind, name in KINDS.items():
        services.notify([clerk.person_id], kind, f"标题：{name}", "/desk")
    for _ in range(3):  # however often the worker comes by
        work()
        clock.advance(timedelta(hours=1))
    assert in_box(clerk) == dict.fromkeys(KINDS, 1)
    assert sorted(gateway.kinds) == sorted(KINDS)
    assert len(set(gateway.ids)) == len(KINDS)
    (mail,) = session().scalars(select(outbox.Outgoing).where(outbox.Outgoing.kind == "mail")).all()
    assert mail.payload["to"] == MAIL
    for name in KINDS.values():
        assert mail.payload["text"].count(f"【{name}】标题：{name}") == 1


def test_what_is_taken_back_is_told_nobody(office: SimpleNamespace, gateway: Gateway) -> None:
    clerk = office.clerks[0]
    url = f"http://127.0.0.1:{gateway.server_port}/hook"
    settings.add_webhook(clerk, office.street_id, "企业微信", url, KINDS)
    with pytest.raises(ZeroDivisionError), db.unit_of_work():
        services.notify([clerk.person_id], "task", "请办理", "/desk")
        session().flush()
        raise ZeroDivisionError
    work()
    assert (in_box(clerk), gateway.ids) == ({}, [])


def test_a_kind_that_nobody_can_choose_is_a_fault(office: SimpleNamespace) -> None:
    with pytest.raises(Fault, match="没有登记"):
        services.notify([office.clerks[0].person_id], "gossip", "听说", "/desk")


def test_acts_on_a_step_tell_those_whom_they_concern(
    office: SimpleNamespace, begin: Any, gateway: Gateway, clock: MovableClock
) -> None:
    del gateway
    clerk, leader = office.clerks[0], office.leader
    case = begin(two_steps())
    work()
    assert in_box(office.clerks[1]) == {"task": 1}
    do(clerk, case, "check")
    work()
    assert in_box(leader) == {"task": 1}
    step = opened(case, "decide")
    acts.urge(clerk, step.id, "请今天办")
    acts.copy_to(clerk, case.id, [leader.person_id], "请知晓")
    assert in_box(leader) == {"task": 1, "urge": 1, "copy": 1}
    target = next(one for one in tasks_of(case.id, "done") if one.element == "check")
    returning.send_back(leader, step.id, target.id, "材料不齐", straight=False)
    work()
    assert in_box(clerk)["returned"] == 1
    late = opened(case, "check")
    assert late.due_at is not None
    clock.set(late.due_at - timedelta(hours=6))
    reminding.sweep()
    assert in_box(clerk)["due"] == 1
    clock.set(late.due_at + timedelta(hours=6))
    reminding.sweep()
    reminding.sweep()
    assert (in_box(clerk)["late"], in_box(leader)["late"]) == (1, 1)


def test_money_and_publications_are_told(database: object, pack: Pack, clock: MovableClock) -> None:
    del database
    policy.store(SYSTEM, pack)
    world = make_awarded(pack, clock)
    sign(world)
    pay(world, "advance", 5_920_000, "凭证-1")
    assert in_box(world.provider)["paid"] == 1
    kinds = set(session().scalars(select(Message.kind).distinct()))
    assert {"award", "published", "paid"} <= kinds
