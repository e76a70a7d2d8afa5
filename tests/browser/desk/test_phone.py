"""On a phone: a community clerk files a proposal with six photos and a vote; a resident answers a questionnaire."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.demo import PASSWORD
from app.accounts.models import Person
from app.ballots import surveys
from app.ballots.survey_models import SurveyAnswer
from app.cli import demo
from app.cli import world as worlds
from app.cli.player import Player
from app.cli.proposals import PROPOSALS
from app.core import clock as time
from app.core import db
from app.core.db import session
from app.files.models import Blob, StoredFile
from app.projects.models import Project
from app.runtime import services
from app.runtime.models import Case, Task
from app.runtime.queries import tasks_of
from tests.browser.desk.conftest import PHONE, small
from tests.browser.flow.test_whole_flow import write

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LONGEST = 1600


@pytest.fixture
def player(app: Flask, clock: time.MovableClock) -> Player:
    """The demo's office and a community's proposal about to be started."""
    del app
    world = worlds.build(everything=False)
    db.close()
    return Player(world, demo.plan_for("straight", PROPOSALS[0][1]), clock)


def photo(number: int) -> bytes:
    """A large photo that lies on its side and says so, as phones write them."""
    picture = Image.new("RGB", (2400, 1800), (40 * number, 120, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def waiting(case_id: int, form: str) -> Task:
    db.close()
    return next(task for task in tasks_of(case_id, "open") if task.form_key == form)


def file_step(page: Page, base: str, player: Player, case_id: int, key: str, **more: Any) -> None:
    """Fill in a step with the thumb and send it."""
    task = waiting(case_id, key)
    case = session().get_one(Case, case_id)
    actor = player.actor_for(case, task)
    form = services.prepared_form(actor, task.id)
    answers = {**player._answers(actor, form, task), **more}
    number = task.id
    db.close()
    page.goto(f"{base}/desk/tasks/{number}")
    small(page)
    write(page, form, {name: value for name, value in answers.items() if name != "files"})
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").click()


def add_photos(page: Page) -> None:
    """Six photos: two taken one after the other, the second while the first is on its way, and four from the roll."""
    field = page.locator("[data-upload-field=files]")
    taken = [
        {"name": f"现场{number}.jpg", "mimeType": "image/jpeg", "buffer": photo(number)}
        for number in range(1, 7)
    ]
    for one in taken[:2]:
        page.locator("#f-files-camera").set_input_files(one)  # type: ignore[arg-type]
    page.locator("#f-files").set_input_files(taken[2:])  # type: ignore[arg-type]
    expect(field.locator("input[type=hidden]")).to_have_count(6)
    expect(field.locator("[data-busy]")).to_have_count(0)


@pytest.mark.timeout(240)
def test_a_proposal_with_six_photos_and_a_vote(player: Player, base: str, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    community = player.world.communities[0]
    member = player._person("community.committee_member", community.id)
    page.goto(f"{base}/desk/start")
    page.fill("[name=login]", session().get_one(Person, member.person_id).login)
    page.fill("[name=password]", PASSWORD)
    db.close()
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/desk/start")
    small(page)
    page.locator("[name=origin][value=community]").check()
    page.fill("[name=title]", "长者助餐与上门探访")
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").click()
    case_id = session().scalars(select(Case.id)).one()
    file_step(page, base, player, case_id, "proposal.lead")

    draft = waiting(case_id, "proposal.draft").id
    page.goto(f"{base}/desk/tasks/{draft}")
    expect(page.locator("label[for='f-files-camera']")).to_be_visible()
    assert page.locator("#f-files-camera").get_attribute("capture") == "environment"
    add_photos(page)
    with page.expect_navigation():  # everything else is still empty
        page.locator("#task-form .zj-formbar [type=submit]").click()
    expect(page.locator("#form-errors")).to_be_focused()
    expect(page.locator("[data-upload-field=files] input[type=hidden]")).to_have_count(6)
    small(page)
    task, case = waiting(case_id, "proposal.draft"), session().get_one(Case, case_id)
    actor = player.actor_for(case, task)
    form = services.prepared_form(actor, task.id)
    answers = player._answers(actor, form, task)
    answers.pop("files", None)
    db.close()
    write(page, form, answers)
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").click()
    assert not page.locator("#form-errors").count(), page.locator("#form-errors").inner_text()

    db.close()
    project = session().scalars(select(Project)).one()
    assert len(project.file_ids) == 6
    for stored in session().scalars(select(StoredFile).where(StoredFile.id.in_(project.file_ids))):
        data = session().get_one(Blob, stored.sha256).data
        picture = Image.open(io.BytesIO(data))
        assert max(picture.size) == LONGEST
        assert picture.height > picture.width, "upright, as the photo says"
        assert not picture.getexif(), "without where and when it was taken"
        assert stored.case_id == case_id

    file_step(page, base, player, case_id, "proposal.deliberate")
    task = waiting(case_id, "proposal.vote")
    assert task.form_key == "proposal.vote"
    file_step(page, base, player, case_id, "proposal.vote", against=7)
    expect(page.locator("[name='yes']")).to_have_attribute("aria-invalid", "true")
    page.fill("[name='against']", "6")
    with page.expect_navigation():
        page.locator("#task-form .zj-formbar [type=submit]").click()
    assert waiting(case_id, "proposal.submit")


def test_a_photo_that_does_not_get_through_is_sent_again(player: Player, base: str, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    case_id = player.start("community", "长者助餐")
    member = player._person("community.committee_member", player.world.communities[0].id)
    login, no = session().get_one(Person, member.person_id).login, session().get_one(Case, case_id).no
    db.close()
    page.goto(f"{base}/cases/{no}/comment")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/comment")
    tries = SimpleNamespace(count=0)

    def first_fails(route: Any) -> None:
        tries.count += 1
        route.abort() if tries.count == 1 else route.continue_()

    page.route("**/files", first_fails)
    field = page.locator("[data-upload-field=files]")
    field.locator("input[type=file]").first.set_input_files(
        {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo(1)}
    )
    expect(field).to_contain_text("网络不通，没有传上")
    field.get_by_role("button", name="重新上传").click()
    expect(field.locator("input[type=hidden]")).to_have_count(1)
    expect(field).to_contain_text("已上传")


def test_a_resident_answers_a_questionnaire(player: Player, base: str, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    case_id = player.start("community", "长者助餐")
    clerk = player._person("street.clerk", player.world.street.id)
    survey = surveys.open_survey(
        clerk,
        session().get_one(Case, case_id),
        title="助餐服务满意度调查",
        method="随机发放问卷码",
        until_at=time.now() + timedelta(days=7),
    )
    number, asked = survey.id, [one["key"] for one in survey.questions]
    code = surveys.issue_codes(clerk, number, 1)[0]
    db.close()
    page.goto(f"{base}/c")
    small(page)
    page.get_by_label("问卷码").fill(f"{code[:4]} {code[4:8]} {code[8:]}".lower())
    with page.expect_navigation():
        page.locator("main form [type=submit]").click()
    small(page)
    for key in asked[:-1]:
        page.locator(f"[name='{key}'][value='4']").locator("xpath=ancestor::label[1]").click()
    page.locator("[name=comment]").fill("饭菜很好，希望周末也送。")
    with page.expect_navigation():
        page.locator("main form [type=submit]").click()
    expect(page.locator("#form-errors")).to_be_focused()  # one question was left out
    expect(page.locator("[name=comment]")).to_have_value("饭菜很好，希望周末也送。")
    page.locator(f"[name='{asked[-1]}'][value='5']").locator("xpath=ancestor::label[1]").click()
    with page.expect_navigation():
        page.locator("main form [type=submit]").click()
    expect(page.locator("h1")).to_contain_text("问卷已经收到")
    db.close()
    assert session().scalars(select(SurveyAnswer.comment)).all() == ["饭菜很好，希望周末也送。"]
