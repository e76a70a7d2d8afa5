"""Public pages: anybody reads and is heard, nobody reads what is not public; the street's survey page."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

import app.inbox.case_views  # adds the pages of a case to the desk's
import app.portal.need_views  # noqa: F401 - adds the pages where residents say what is missing
import config
from app.accounts import sign_in
from app.accounts.access import init_accounts
from app.accounts.models import Person
from app.accounts.views import bp as accounts_bp
from app.ballots import survey_queries, surveys
from app.core import clock as time
from app.core import db
from app.core.clock import MovableClock
from app.core.identity import RESIDENT, Actor, Role
from app.evaluation import planning, publication, services
from app.evaluation.views import bp as evaluation_bp
from app.inbox.views import bp as inbox_bp
from app.notices import services as notices
from app.notices.models import Notice
from app.portal.views import bp as portal_bp
from app.ui.setup import init_ui
from tests.factories.evaluation import declaration, make_world
from tests.factories.people import actor_of, make_person

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Pages are tested on one database; the services behind them on both."""
GOOD = {"overall": "5", "content": "4", "attitude": "5", "convenience": "3"}
SECRET = "王先生 13800000000"


@pytest.fixture
def client(database: object) -> FlaskClient:
    flask = Flask("portal", static_folder=None)
    settings = config.load({"ZHENJIE_ENV": "test", "PUBLIC_URL": "https://gov.example"})
    flask.config.update(SECRET_KEY="test", SETTINGS=settings, WTF_CSRF_ENABLED=False)
    init_ui(flask)
    init_accounts(flask)
    for blueprint in (accounts_bp, inbox_bp, evaluation_bp, portal_bp):
        flask.register_blueprint(blueprint)
    flask.context_processor(lambda: {"settings": settings, "actor": None})
    # The test's own rows stay attached: each request only ends its transaction.
    flask.teardown_appcontext(lambda _error: db.session().rollback())
    return flask.test_client()


@pytest.fixture
def world(database: object, pack: Any) -> SimpleNamespace:
    return make_world(pack)


def as_person(client: FlaskClient, actor: Actor) -> None:
    token = sign_in.open_session(db.session().get_one(Person, actor.person_id))
    with client.session_transaction() as session:
        session["_user_id"] = token


def put_up(world: SimpleNamespace, kind: str = "project", title: str = "居家养老服务公示") -> Notice:
    until = time.end_of_day(time.today() + timedelta(days=7))
    return notices.publish(
        world.clerk, world.case, kind, title, "现予公示。", until, {"项目预算": "148,000.00 元"}
    )


def text_of(response: Any) -> str:
    return " ".join(html.fromstring(response.get_data(as_text=True)).text_content().split())


def publish_result(world: SimpleNamespace, clock: MovableClock) -> Notice:
    """Take an evaluation to its publication by the rooms' services."""
    answers = {"evaluator": "street", "sample": 30, "method": "随机发放问卷码", "survey_until": "2026-03-16"}
    planning.plan(world.clerk, world.case, world.pack, answers)
    survey = survey_queries.latest(world.case.id)
    assert survey is not None
    for code in surveys.issue_codes(world.clerk, survey.id, 10):
        surveys.answer(code, dict.fromkeys(GOOD, 5))
    services.give_opinion(world.member, world.case, "committee", "agree", "服务到位")
    services.give_opinion(world.resident, world.case, "resident_representative", "disagree", "次数偏少")
    clock.set(survey.until_at + timedelta(hours=9))
    rows = [{"result": "=HYPERLINK(1)", "score": 90}, {"result": "12 场", "score": 80}]
    services.score(world.clerk, world.case, world.pack, rows=rows, report="总体良好")
    services.confirm(world.leader, world.case, world.pack, "confirm")
    until = time.end_of_day(time.today() + timedelta(days=7))
    return publication.publish(
        world.clerk, world.case, title="评价结果公布", body="现予公布。", until_at=until
    )


def test_the_home_page_shows_what_is_on_and_how_to_take_part(
    client: FlaskClient, world: SimpleNamespace
) -> None:
    assert "目前没有正在公示的项目" in text_of(client.get("/"))
    notice = put_up(world)
    page = client.get("/")
    assert page.status_code == 200
    assert notice.title in text_of(page)
    assert "怎样参与" in text_of(page)


@pytest.mark.requirement("ZH-24d", "accept")
def test_a_notice_shows_period_fingerprint_and_takes_objections(
    client: FlaskClient, world: SimpleNamespace
) -> None:
    notice = put_up(world)
    page = text_of(client.get(f"/notices/{notice.no}"))
    for known in (notice.title, "148,000.00 元", "2026-03-03", "2026-03-09 23:59", notice.sha256, "核对一致"):
        assert known in page
    sent = client.post(
        f"/notices/{notice.no}", data={"kind": "objection", "text": "预算偏高", "contact": SECRET}
    )
    assert sent.status_code == 302
    after = text_of(client.get(f"/notices/{notice.no}"))
    assert "编号为“异议 1”" in after
    assert "共 1 条" in after
    assert "待答复" in after
    assert "预算偏高" not in after
    assert SECRET not in after


@pytest.mark.requirement("ZH-24d", "reject")
def test_an_empty_or_late_objection_is_refused_beside_its_field(
    client: FlaskClient, world: SimpleNamespace, clock: MovableClock
) -> None:
    notice = put_up(world)
    empty = client.post(
        f"/notices/{notice.no}", data={"kind": "objection", "text": "  ", "contact": "李女士"}
    )
    assert empty.status_code == 422
    page = html.fromstring(empty.get_data(as_text=True))
    assert page.xpath("//*[@id='f-text-err']")
    assert page.xpath("//*[@name='contact'][@value='李女士' or text()='李女士']")
    clock.set(notice.until_at + timedelta(seconds=1))
    late = client.post(f"/notices/{notice.no}", data={"kind": "objection", "text": "晚了"})
    assert late.status_code == 422
    assert "已于 2026年03月09日 结束" in text_of(late)
    assert "提交意见" not in text_of(client.get(f"/notices/{notice.no}"))


def test_the_answer_is_public_and_who_asked_is_not(client: FlaskClient, world: SimpleNamespace) -> None:
    notice = put_up(world)
    said = notices.object_to(RESIDENT, notice.id, kind="objection", text="私事：我家在二楼", contact=SECRET)
    notices.answer_objection(world.discipline, said.id, "已核实，维持原公示。", upheld=False)
    page = text_of(client.get(f"/notices/{notice.no}"))
    assert "已核实，维持原公示。" in page
    assert "二楼" not in page
    assert SECRET not in page


def test_one_address_is_stopped_after_some_objections(client: FlaskClient, world: SimpleNamespace) -> None:
    notice = put_up(world)
    answers = [
        client.post(f"/notices/{notice.no}", data={"kind": "objection", "text": f"意见 {n}"}).status_code
        for n in range(6)
    ]
    assert answers == [302] * 5 + [422]


def test_purchases_offer_question_and_challenge_only(client: FlaskClient, world: SimpleNamespace) -> None:
    notice = put_up(world, "award", "成交公告")
    page = html.fromstring(client.get(f"/notices/{notice.no}").get_data(as_text=True))
    assert page.xpath("//input[@name='kind']/@value") == ["question", "challenge"]
    wrong = client.post(f"/notices/{notice.no}", data={"kind": "objection", "text": "不同意"})
    assert wrong.status_code == 422
    without = client.post(f"/notices/{notice.no}", data={"kind": "challenge", "text": "评分有误"})
    assert without.status_code == 422
    assert "提出质疑须留下单位名称和联系方式" in text_of(without)


def test_the_fingerprint_can_be_computed_from_the_published_data(
    client: FlaskClient, world: SimpleNamespace
) -> None:
    from app.notices.rules import fingerprint

    data = client.get(f"/notices/{put_up(world).no}/data.json").get_json()
    assert fingerprint(data["content"]) == data["sha256"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=open",
        "?state=ended",
        "?kind=project&q=养老",
        "?street=1",
        "?street=x&before=y&kind=zz&state=zz&q=%25",
    ],
)
def test_the_list_takes_any_filter(client: FlaskClient, world: SimpleNamespace, query: str) -> None:
    put_up(world)
    assert client.get(f"/notices{query}").status_code == 200


def test_the_list_has_pages(client: FlaskClient, world: SimpleNamespace) -> None:
    for number in range(21):
        put_up(world, title=f"公示 {number}")
    first = client.get("/notices?kind=project")
    links = html.fromstring(first.get_data(as_text=True)).xpath("//nav[@aria-label='翻页']//a/@href")
    assert len(links) == 1
    assert "kind=project" in links[0]
    second = text_of(client.get(links[0]))
    assert "公示 0" in second
    assert "本页 1 条" in second


@pytest.mark.parametrize(
    "path", ["/notices/none", "/results/none", "/c/NOSUCHCODE", "/results/none/data.csv"]
)
def test_what_is_not_there_is_404(client: FlaskClient, world: SimpleNamespace, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.requirement("ZH-27c", "reject")
def test_an_unpublished_evaluation_is_not_shown(client: FlaskClient, world: SimpleNamespace) -> None:
    answers = {"evaluator": "street", "sample": 30, "method": "随机发放问卷码", "survey_until": "2026-03-16"}
    planning.plan(world.clerk, world.case, world.pack, answers)
    assert client.get(f"/results/{world.case.no}").status_code == 404
    assert "还没有公布过评价结果" in text_of(client.get("/"))


@pytest.mark.requirement("ZH-27c", "accept")
def test_a_published_evaluation_has_a_page_and_downloads(
    client: FlaskClient, world: SimpleNamespace, clock: MovableClock
) -> None:
    notice = publish_result(world, clock)
    page = text_of(client.get(f"/results/{world.case.no}"))
    for known in ("90.00 分", "优", "100.00%", "10 份", "两委成员01", "居民代表01", "次数偏少", notice.no):
        assert known in page
    for name in ("两委成员甲", "居民代表乙"):
        assert name not in page
    data = client.get(f"/results/{world.case.no}/data.json").get_json()
    assert (data["total"], data["grade"], data["notice"]["sha256"]) == ("90.00", "优", notice.sha256)
    rows = list(
        csv.reader(io.StringIO(client.get(f"/results/{world.case.no}/data.csv").get_data(as_text=True)[1:]))
    )
    assert [row[3] for row in rows] == ["指标", "服务人次", "活动场次", "服务对象满意度", "总分"]
    assert rows[1][5] == "'=HYPERLINK(1)"
    assert sum(float(row[6]) for row in rows[1:4]) == 100
    assert world.case.title in text_of(client.get("/results?q=养老"))
    assert f"/results/{world.case.no}" in client.get(f"/notices/{notice.no}").get_data(as_text=True)


@pytest.mark.requirement("ZH-26a", "accept")
def test_a_resident_answers_once_without_an_account(client: FlaskClient, world: SimpleNamespace) -> None:
    code = code_of(world)
    assert "总体来说" in text_of(client.get(f"/c/{code}"))
    half = client.post(f"/c/{code}", data={"overall": "5"})
    assert half.status_code == 422
    sent = client.post(f"/c/{code}", data={**GOOD, "comment": "多来几次"})
    assert sent.headers["Location"] == "/c/thanks"
    assert "谢谢您" in text_of(client.get("/c/thanks"))
    again = client.post(f"/c/{code}", data=GOOD)
    assert again.status_code == 409
    assert "已经用过" in text_of(client.get(f"/c/{code}"))


def test_a_survey_that_is_over_says_so(
    client: FlaskClient, world: SimpleNamespace, clock: MovableClock
) -> None:
    code = code_of(world)
    clock.advance(timedelta(days=30))
    assert "不在填写期限内" in text_of(client.get(f"/c/{code}"))
    assert client.post(f"/c/{code}", data=GOOD).status_code == 422


def test_a_code_is_typed_in_groups(client: FlaskClient, world: SimpleNamespace) -> None:
    code = code_of(world)
    typed = f"{code[:4]} {code[4:8]}-{code[8:]}".lower()
    moved = client.get("/c", query_string={"code": typed})
    assert moved.status_code == 302
    assert client.get(moved.headers["Location"]).status_code == 200


def test_the_street_prints_codes_enters_paper_and_extends(
    client: FlaskClient, world: SimpleNamespace
) -> None:
    code_of(world)
    base = f"/cases/{world.case.no}/survey"
    scan = declaration(world.clerk)
    as_person(client, world.clerk)
    assert "至少需要 10 份" in text_of(client.get(base))
    sheet = client.post(f"{base}/codes", data={"count": "3"}).get_data(as_text=True)
    assert sheet.count("<svg") >= 3
    assert "https://gov.example/c" in sheet
    assert len(re.findall(r"<b>([A-Z2-9]{4}-){3}[A-Z2-9]{4}</b>", sheet)) == 3
    assert client.post(f"{base}/codes", data={"count": "-1"}).status_code == 422
    assert client.post(f"{base}/paper", data=GOOD).status_code == 422
    assert client.post(f"{base}/paper", data={**GOOD, "files": str(scan)}).status_code == 302
    assert client.post(f"{base}/extend", data={"until": "soon", "reason": "样本不足"}).status_code == 422
    assert (
        client.post(f"{base}/extend", data={"until": "2026-04-01", "reason": "样本不足"}).status_code == 302
    )
    survey = survey_queries.latest(world.case.id)
    assert survey is not None
    assert time.local(survey.until_at).date().isoformat() == "2026-04-01"
    assert survey_queries.result(survey.id, 1).paper == 1


def test_the_survey_desk_is_for_the_clerks_of_the_street(client: FlaskClient, world: SimpleNamespace) -> None:
    code_of(world)
    base = f"/cases/{world.case.no}/survey"
    assert client.get(base).status_code == 302
    stranger = actor_of(make_person("外街经办", Role.STREET_CLERK, world.units.other_street))
    for actor, status in ((stranger, 404), (world.leader, 403), (world.organiser, 403)):
        as_person(client, actor)
        assert client.get(base).status_code == status
        assert client.post(f"{base}/codes", data={"count": "1"}).status_code == status


def code_of(world: SimpleNamespace) -> str:
    """A code of a survey of the case."""
    answers = {"evaluator": "street", "sample": 30, "method": "随机发放问卷码", "survey_until": "2026-03-16"}
    evaluation = planning.plan(world.clerk, world.case, world.pack, answers)
    return surveys.issue_codes(world.clerk, evaluation.survey_id, 1)[0]
