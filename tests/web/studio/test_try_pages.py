"""The page of a try: every role, every act the drawing allows, papers and money, and nothing of it in the office."""

from __future__ import annotations

import io
import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import func, select

from app.accounts.models import Person
from app.core import clock, db
from app.core.db import session
from app.core.errors import Conflict
from app.core.identity import Actor
from app.files.models import Blob, StoredFile
from app.funds.models import Pot
from app.runtime.models import History
from app.runtime.queries import tasks_of
from app.studio import checking, drafts, sandbox
from tests.factories.bpmn import Diagram
from tests.factories.site import PASSWORD, sign_in, token_in
from tests.factories.studio import SMALL, begin, make_studio

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ALL_ACTS = "transfer, add_signer, send_back, withdraw, reject, urge, copy"
FORM = """{"type": "object", "title": "拟稿", "required": ["decision"], "properties": {
 "decision": {"type": "string", "title": "意见", "oneOf": [{"const": "agree", "title": "同意"}]},
 "files": {"type": "array", "title": "附件", "items": {"type": "integer"}}}}""".encode()


def drawing() -> bytes:
    """A clerk writes, a leader decides; everything is allowed."""
    made = Diagram("small", "小流程", lanes=["街道经办", "街道领导"])
    made.start("start", lane="街道经办")
    made.user("write", "拟稿", "街道经办", 1, form="act", props={"acts": ALL_ACTS})
    made.user("decide", "审定", "街道领导", 2, form="act", props={"acts": ALL_ACTS, "dueWorkingDays": "5"})
    made.end("end", "办结", "街道领导", 3)
    for pair in (("start", "write"), ("write", "decide"), ("decide", "end")):
        made.flow(*pair)
    return made.xml().encode()


class Try:
    """A try as its designer sees it in the browser."""

    def __init__(self, studio: SimpleNamespace, browser: FlaskClient, draft_id: int) -> None:
        self.actor: Actor = studio.designer
        self.browser, self.draft_id = browser, draft_id
        self.page = self.post(
            f"/studio/drafts/{draft_id}", f"/studio/drafts/{draft_id}/tries", title="试"
        ).request.path
        self.token = self.page.rsplit("/", 1)[-1]

    def post(self, page: str, action: str, **fields: Any) -> Any:
        token = token_in(self.browser.get(page))
        return self.browser.post(action, data={"csrf_token": token, **fields}, follow_redirects=True)

    def words(self, answer: Any = None) -> str:
        tree = html.fromstring((answer or self.browser.get(self.page)).text)
        (main,) = tree.xpath("//main")
        return " ".join(main.text_content().split())

    @property
    def task(self) -> int:
        """The one open step."""
        with sandbox.looking(self.actor, self.token) as opened:
            (task,) = tasks_of(opened.case_id, "open")
            return task.id

    def fill(self, **fields: Any) -> Any:
        return self.post(self.page, f"{self.page}/tasks/{self.task}/fill", **fields)

    def act(self, act: str, **fields: Any) -> Any:
        place = f"{self.page}/tasks/{self.task}/acts/{act}"
        return self.post(place, place, **fields)

    def options(self, act: str) -> list[str]:
        """What the form of an act offers to choose from."""
        page = html.fromstring(self.browser.get(f"{self.page}/tasks/{self.task}/acts/{act}").text)
        return [str(one.get("value")) for one in page.xpath("//select/option | //input[@type='radio']")]

    def kinds(self) -> list[str]:
        with sandbox.looking(self.actor, self.token) as opened:
            query = select(History.kind).where(History.case_id == opened.case_id).order_by(History.seq)
            return list(session().scalars(query))


@pytest.fixture
def trying(app: Flask) -> Try:
    studio = make_studio()
    draft = begin(studio)
    drafts.save_file(studio.designer, draft.id, SMALL, drawing(), 99)
    drafts.save_file(studio.designer, draft.id, "form/act.json", FORM, 99)
    drafts.save_file(studio.designer, draft.id, "form/act.ui.json", b'{"files": {"ui:widget": "file"}}', None)
    browser = app.test_client()
    login = session().get_one(Person, studio.designer.person_id).login
    assert sign_in(browser, login, PASSWORD).status_code == 302
    return Try(studio, browser, draft.id)


def test_every_act_of_a_step_is_done_as_in_the_office_and_recorded(trying: Try) -> None:
    assert "撤回上一步" not in trying.words()
    trying.fill()
    assert "撤回上一步" in trying.words()
    trying.post(trying.page, f"{trying.page}/tasks/{trying.task - 1}/withdraw")
    assert "拟稿" in trying.words(trying.fill())

    back = trying.options("send-back")
    said = trying.words(trying.act("send-back", target=back[0], reason="金额写错", straight="true"))
    assert "已办理“退回”" in said
    trying.fill()  # done again, and straight back to the leader
    signer = next(one for one in trying.options("add-signer") if one.isdigit())
    trying.act("add-signer", person=signer, place="before", reason="请纪检看看")
    page = trying.words()
    assert "请签署" not in page
    assert "签署意见" in page
    trying.fill(whom=signer)
    trying.act("urge", words="请尽快")
    trying.act("comment", words="补充一句")
    trying.act("transfer", person="1")  # nobody else holds the post: the service refuses
    assert "已办结" in trying.words(trying.fill())
    kinds = trying.kinds()
    assert [one for one in ("withdrawn", "sent_back", "signer_added", "signed", "urged", "commented") if one in kinds] == [
        "withdrawn", "sent_back", "signer_added", "signed", "urged", "commented",
    ]  # fmt: skip

    trying.post(trying.page, f"{trying.page}/keep", title="退回后直达")
    draft = drafts.find(trying.draft_id)
    files = drafts.files_of(draft.id)
    recorded = next(data for name, data in files.items() if name.startswith("tests/"))
    assert recorded.count(b'"do": "back"') == 2
    runs = [one for one in checking.judge(files, draft).findings if one.rule == "recorded-run"]
    assert runs == []


def test_a_refused_case_ends_and_its_run_is_a_test_too(trying: Try) -> None:
    trying.fill()
    assert "不予立项" in trying.words(trying.act("reject", reason="不符合要求"))
    trying.post(trying.page, f"{trying.page}/keep", title="否决")
    draft = drafts.find(trying.draft_id)
    report = checking.judge(drafts.files_of(draft.id), draft)
    assert [one for one in report.findings if one.rule == "recorded-run"] == []


def test_papers_and_money_of_a_try_stay_in_it(trying: Try) -> None:
    page = trying.browser.get(trying.page)
    upload = re.search(r'data-upload="([^"]+)"', page.text)
    assert upload is not None
    address = html.fromstring(f"<p>{upload[1]}</p>").text_content()
    assert address.startswith(trying.page)
    paper = (io.BytesIO(b"%PDF-1.4 trial"), "试办材料.pdf")
    made = trying.browser.post(
        address, data={"csrf_token": token_in(page), "file": paper}, content_type="multipart/form-data"
    )
    number = made.json["id"]
    answer = trying.post(
        trying.page, f"{trying.page}/tasks/{trying.task}", decision="agree", files=str(number)
    )
    assert answer.status_code == 200
    assert trying.browser.get(f"{trying.page}/files/{number}").data == b"%PDF-1.4 trial"
    assert trying.browser.get(f"/files/{number}").status_code == 404
    for table in (StoredFile, Blob):
        assert session().scalar(select(func.count()).select_from(table)) == 0
    large = trying.browser.post(
        address,
        data={"csrf_token": token_in(page), "file": (io.BytesIO(b"%PDF-1.4" + b"0" * 2_200_000), "大.pdf")},
        content_type="multipart/form-data",
    )
    assert large.status_code == 422

    shown = html.fromstring(trying.browser.get(trying.page).text).xpath("//*[@id='money']//tbody/tr")
    with sandbox.looking(trying.actor, trying.token):
        pots = list(session().scalars(select(Pot)))
    years = {one.year for one in pots}
    assert years == {clock.today().year, clock.today().year + 1}
    assert len(shown) == sum(one.year == clock.today().year for one in pots)


def test_a_step_is_shown_on_its_drawing_and_the_clock_goes_where_one_says(trying: Try) -> None:
    trying.fill()
    way = trying.browser.get(f"{trying.page}/way").json
    assert way["states"] == {"write": "done", "decide": "active"}
    assert b"bpmn:definitions" in trying.browser.get(way["xmlUrl"]).data
    assert trying.browser.get(f"{trying.page}/way?path=nowhere").status_code == 404
    assert trying.browser.get(f"{trying.page}/drawing.bpmn?process=nothing").status_code == 404
    later = clock.today().replace(year=clock.today().year + 1)
    trying.post(trying.page, f"{trying.page}/clock", span="day", day=later.isoformat())
    assert later.isoformat() in trying.words()
    said = trying.words(trying.post(trying.page, f"{trying.page}/clock", span="day", day="2001-01-01"))
    assert "时间只能往后拨" in said
    assert trying.browser.get(f"{trying.page}/way").json["states"]["decide"] == "late"


def test_two_windows_cannot_both_act_from_the_same_place(trying: Try) -> None:
    actor, token, first = trying.actor, trying.token, trying.task

    def other_window() -> None:
        sandbox.complete_by_itself(actor, token, first)
        db.close()

    with pytest.raises(Conflict, match="另一个窗口"), sandbox.acting(actor, token):
        window = threading.Thread(target=other_window)
        window.start()
        window.join()
    assert "审定" in trying.words()


def test_the_demo_s_answers_are_filled_in_to_be_changed(trying: Try) -> None:
    trying.post(trying.page, f"{trying.page}/tasks/{trying.task}/prepare")
    page = html.fromstring(trying.browser.get(trying.page).text)
    chosen = page.xpath("//form[@id='task-form']//select[@name='decision']/option[@selected]/@value")
    assert chosen == ["agree"]
    assert "拟稿" in trying.words()
    assert trying.kinds() == ["started"]
