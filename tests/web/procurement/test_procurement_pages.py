"""Pages of calls and bids: what each pair of eyes gets to see, and when (ZH-16a)."""

from __future__ import annotations

import hashlib
import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.core.clock import MovableClock
from app.core.identity import Role
from app.files import services as files
from app.policy.packs import Pack
from app.procurement import bidding, queries
from app.procurement.queries import current
from tests.factories.people import actor_of, make_person
from tests.factories.procurement import bid, make_market, pass_deadline, publish
from tests.factories.site import token_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Pages are tested on one database; the services behind them on both."""
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SECRET = "独家配送路线"


@pytest.fixture
def world(app: Flask, pack: Pack, clock: MovableClock) -> SimpleNamespace:
    made = make_market(pack, clock)
    made.outsider = actor_of(make_person("外街经办", Role.STREET_CLERK, made.units.other_street))
    return made


def words(response: Any) -> str:
    return " ".join(html.fromstring(response.text).text_content().split())


def post(browser: FlaskClient, page: str, target: str | None = None, **fields: Any) -> Any:
    token = token_in(browser.get(page))
    return browser.post(target or page, data={"csrf_token": token, **fields})


def test_calls_are_for_those_who_have_signed_in(app: Flask, world: SimpleNamespace) -> None:
    found = publish(world)
    for path in ("/procurement", f"/procurement/{found.id}", f"/procurement/{found.id}/bid"):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.location) == (302, "/login")


def test_an_organisation_finds_the_call_and_hands_in_its_bid(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    browser = enter(world.bidders[0])
    listed = words(browser.get("/procurement"))
    assert world.case.title in listed
    assert "未提交" in listed
    assert "提交响应文件" in words(browser.get(f"/procurement/{found.id}"))
    page = f"/procurement/{found.id}/bid"
    answer = post(browser, page, amount="140,000.00", plan=f"每周五天配送，{SECRET}。")
    assert (answer.status_code, answer.location) == (302, f"/procurement/{found.id}")
    made = queries.own_bid(world.bidders[0], found.id)
    assert made is not None
    assert made.amount == 14_000_000
    shown = words(browser.get(f"/procurement/{found.id}"))
    assert f"回执编号 {made.sha256[:16]}" in shown
    assert "已提交" in words(browser.get("/procurement"))
    again = browser.get(page)
    assert "140,000.00" in again.text  # the own bid can be read and changed
    assert SECRET in again.text


def test_what_was_typed_stays_when_the_bid_is_refused(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    browser = enter(world.bidders[0])
    answer = post(
        browser, f"/procurement/{found.id}/bid", amount="999,999.00", plan="每周五天配送，专人探访。"
    )
    assert answer.status_code == 422
    assert "不能超过最高限价 148,000.00 元" in words(answer)
    assert "专人探访" in answer.text
    short = post(browser, f"/procurement/{found.id}/bid", amount="一万", plan="短")
    assert short.status_code == 422
    assert "一万" in short.text
    assert queries.own_bid(world.bidders[0], found.id) is None


def test_a_bid_is_withdrawn_by_its_button(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    bid(world, 0, 14_000_000)
    browser = enter(world.bidders[0])
    page = f"/procurement/{found.id}"
    assert post(browser, page, f"{page}/bid/withdraw").status_code == 302
    assert "撤回" in words(browser.get(page))


def test_after_the_deadline_the_page_takes_nothing(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    browser = enter(world.bidders[0])
    page = f"/procurement/{found.id}/bid"
    token = token_in(browser.get(page))
    pass_deadline(world)
    late = browser.post(
        page, data={"csrf_token": token, "amount": "1.00", "plan": "每周五天配送，专人探访。"}
    )
    assert late.status_code == 422
    assert "响应时间已经截止" in words(late)
    assert "不能再提交" in words(browser.get(page))
    assert world.case.title not in words(browser.get("/procurement"))


def test_nobody_reads_a_sealed_bid_by_any_page(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    paper = files.store(world.bidders[0], "方案.pdf", io.BytesIO(PDF))
    answers = {"amount": 13_999_900, "plan": f"每周五天配送，{SECRET}。", "files": [paper.id]}
    made = bidding.submit_bid(world.bidders[0], found.id, answers)
    pass_deadline(world)
    for who, status in (
        (world.clerk, 403),
        (world.leader, 403),
        (world.scorers[0], 403),
        (world.discipline, 200),  # sees that it may open, and nothing of what lies inside
        (world.bidders[1], 404),
        (world.outsider, 404),
    ):
        browser = enter(who)
        answer = browser.get(f"/procurement/{found.id}/bids")
        assert answer.status_code == status, who.name
        page = browser.get(f"/procurement/{found.id}")
        for text in (answer.text, page.text, browser.get("/procurement").text):
            assert SECRET not in text
            assert "139,999.00" not in text
        file = browser.get(f"/procurement/bids/{made.id}/files/{paper.id}")
        assert file.status_code in (403, 404)
        assert browser.get(f"/files/{paper.id}").status_code == 404


def test_discipline_opens_and_the_street_reads(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    paper = files.store(world.bidders[0], "方案.pdf", io.BytesIO(PDF))
    answers = {"amount": 13_999_900, "plan": f"每周五天配送，{SECRET}。", "files": [paper.id]}
    made = bidding.submit_bid(world.bidders[0], found.id, answers)
    page = f"/procurement/{found.id}"
    early = enter(world.discipline)
    assert early.get(f"{page}/bids").status_code == 403
    pass_deadline(world)
    clerk, discipline = enter(world.clerk), enter(world.discipline)
    assert post(clerk, page, f"{page}/open").status_code == 403
    opened = post(discipline, f"{page}/bids", f"{page}/open")
    assert (opened.status_code, opened.location) == (302, f"{page}/bids")
    scorer = enter(world.scorers[0])
    read = scorer.get(f"{page}/bids")
    assert "139,999.00" in read.text
    assert SECRET in read.text
    link = f"/procurement/bids/{made.id}/files/{paper.id}"
    assert link in read.text
    assert scorer.get(link).data == PDF
    rival = enter(world.bidders[1])
    assert rival.get(f"{page}/bids").status_code == 404
    assert rival.get(link).status_code == 404


@pytest.mark.requirement("ZH-16a", "accept")
def test_two_organisations_download_the_same_bytes(world: SimpleNamespace, enter: Any) -> None:
    paper = files.store(world.clerk, "需求说明.pdf", io.BytesIO(PDF))
    found = publish(world, files=[paper.id])
    page = f"/procurement/{found.id}"
    taken = []
    for who in world.bidders[:2]:
        browser = enter(who)
        answer = browser.get(f"{page}/document.txt")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        taken.append(answer.data)
        assert browser.get(f"{page}/files/{paper.id}").data == PDF
        assert browser.get(f"{page}/files/{paper.id + 1}").status_code == 404
    assert taken[0] == taken[1]
    digest = hashlib.sha256(taken[0]).hexdigest()
    staff = enter(world.clerk).get(page)
    assert digest in staff.text
    rows = re.findall(r'data-label="文件指纹"[^>]*>([0-9a-f]{16})<', staff.text)
    assert rows
    assert set(rows) == {digest[:16]}
    assert "领取记录" not in enter(world.bidders[0]).get(page).text


def test_another_streets_staff_finds_no_call(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    browser = enter(world.outsider)
    for path in (f"/procurement/{found.id}", f"/procurement/{found.id}/document.txt"):
        assert browser.get(path).status_code == 404
    assert browser.get(f"/procurement/{found.id}/bid").status_code == 403
    assert browser.get("/procurement/999").status_code == 404


def test_a_draft_is_not_there_for_organisations(world: SimpleNamespace, enter: Any) -> None:
    from tests.factories.procurement import choose, write

    choose(world)
    write(world)
    browser = enter(world.bidders[0])
    for path in ("", "/document.txt", "/bid", "/bids"):
        assert browser.get(f"/procurement/{current(world.case.id).id}{path}").status_code == 404


def test_the_streets_list_tells_where_each_round_stands(world: SimpleNamespace, enter: Any) -> None:
    found = publish(world)
    browser = enter(world.discipline)
    assert "接受响应" in words(browser.get("/procurement"))
    pass_deadline(world)
    assert "待开启" in words(browser.get("/procurement"))
    bidding.unseal(world.discipline, found.id)
    assert "待资格审查" in words(browser.get("/procurement"))
